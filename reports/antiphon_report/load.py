"""Reads a JSON file and hands out its values only after checking them.

A report that is wrong is worse than none: whatever is missing or of the wrong kind ends in an InputError with the file, the
place inside it and the reason, before anything is written.
"""

import hashlib
import json
import math

_KINDS = {dict: "an object", list: "a list", str: "a text", bool: "true or false", int: "a number", float: "a number",
          type(None): "null"}
_REQUIRED = object()


class InputError(Exception):
    """An input that cannot be used; its text is one line for the user."""


def kind_of(value):
    return _KINDS[type(value)]


class Node:
    """A JSON value that knows where it came from, so that a complaint can say so."""

    def __init__(self, file, path, value):
        self.file, self.path, self.value = file, path, value

    def fail(self, reason):
        raise InputError(f"{self.file}: {self.path + ': ' if self.path else ''}{reason}")

    def member(self, key):
        """The member of an object; it must be there."""
        if not isinstance(self.value, dict):
            self.fail(f"expected an object, found {kind_of(self.value)}")
        if key not in self.value:
            self.fail(f'"{key}" is missing')
        return Node(self.file, f"{self.path}.{key}" if self.path else key, self.value[key])

    def has(self, key):
        """Whether an object has the member with a value other than null."""
        return isinstance(self.value, dict) and self.value.get(key) is not None

    def _typed(self, key, types, what, default):
        if default is not _REQUIRED and not self.has(key):
            return default
        node = self.member(key)
        if not isinstance(node.value, types) or (isinstance(node.value, bool) and bool not in types):
            node.fail(f"expected {what}, found {kind_of(node.value)}")
        return node.value

    def text(self, key, default=_REQUIRED):
        return self._typed(key, (str,), "a text", default)

    def number(self, key, default=_REQUIRED):
        """A finite number. Google Benchmark writes NaN for the spread of a counter that is always 0: those count as absent."""
        value = self._typed(key, (int, float), "a number", default)
        if value is not default and not math.isfinite(value):
            if default is _REQUIRED:
                self.member(key).fail("expected a finite number")
            return default
        return value

    def flag(self, key, default=_REQUIRED):
        return self._typed(key, (bool,), "true or false", default)

    def mapping(self, key, default=_REQUIRED):
        return self._typed(key, (dict,), "an object", default)

    def one_of(self, key, allowed):
        value = self.text(key)
        if value not in allowed:
            self.member(key).fail(f'"{value}" is none of {", ".join(allowed)}')
        return value

    def each(self, key, default=_REQUIRED):
        """The elements of a list, as nodes."""
        values = self._typed(key, (list,), "a list", default)
        path = f"{self.path}.{key}" if self.path else key
        return [Node(self.file, f"{path}[{index}]", value) for index, value in enumerate(values)]

    def texts(self, key, default=_REQUIRED):
        """A list of texts, as plain strings."""
        nodes = self.each(key, default)
        for node in nodes:
            if not isinstance(node.value, str):
                node.fail(f"expected a text, found {kind_of(node.value)}")
        return tuple(node.value for node in nodes)


class Document(Node):
    """The root of a file, with the digest of the very octets that were read."""

    def __init__(self, file, value, raw):
        super().__init__(file, "", value)
        self.sha256 = hashlib.sha256(raw).hexdigest()


def read(path):
    """The Document of a JSON file."""
    try:
        with open(path, "rb") as stream:
            raw = stream.read()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    try:
        content = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 text (octet {error.start} of {len(raw)})") from None
    if not content.strip():
        raise InputError(f"{path}: the file is empty")
    try:
        return Document(path, json.loads(content), raw)
    except json.JSONDecodeError as error:
        cut = " (cut short?)" if error.pos >= len(content.rstrip()) else ""
        raise InputError(f"{path}: not valid JSON: line {error.lineno}, column {error.colno}: {error.msg}{cut}") from None
    except RecursionError:
        raise InputError(f"{path}: not usable: nested too deeply") from None


def require_schema(owner, wanted):
    """Refuses a file of another kind or of another version, and tells the two apart."""
    found = owner.text("schema")
    if found == wanted:
        return
    kind, _, version = wanted.partition("/")
    if found.partition("/")[0] == kind:
        owner.member("schema").fail(f'"{found}" is another version; this report reads version {version}')
    owner.member("schema").fail(f'"{found}" is another kind of file; expected "{wanted}"')
