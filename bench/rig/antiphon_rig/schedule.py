"""In which order samples are taken, and which rows are wanted. Pure."""

import fnmatch


def rounds(names, pairs):
    """So many rounds of all names, every other one backwards: A B C, C B A, A B C ... Whatever drifts over the run
    meets the first and the last of a round equally often, and each two of a round are a pair."""
    return [list(names) if number % 2 == 0 else list(reversed(names)) for number in range(pairs)]


def wanted(name, pattern):
    """Whether a row's id is asked for: a glob on the whole id, or on its beginning up to a slash."""
    return pattern is None or fnmatch.fnmatchcase(name, pattern) or fnmatch.fnmatchcase(name, pattern.rstrip("/") + "/*")
