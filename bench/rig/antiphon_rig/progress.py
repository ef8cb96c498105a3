"""Progress on standard error: one line that changes on a terminal, a line now and then elsewhere."""

import sys
import time

from . import estimate

EVERY = 15  # seconds between lines where nobody watches them change


class Progress:
    def __init__(self, stream=sys.stderr):
        self.stream, self.terminal = stream, stream.isatty()
        self.begun = self.last = time.monotonic()
        self.stage, self.expected = "", None

    def expect(self, seconds):
        """How long it will take, told at once and with each stage."""
        self.expected = seconds
        self._write(f"this takes {estimate.words(seconds)}")
        if self.terminal:
            self.stream.write("\n")

    def begin(self, stage):
        """A new stage: always told."""
        self.stage = stage
        self._write(stage)

    def tell(self, what):
        """A step of the stage."""
        if self.terminal:
            self._write(f"{self.stage}: {what}")
        elif time.monotonic() - self.last > EVERY:
            self._write(f"{self.stage}: {what}")

    def done(self):
        if self.terminal:
            self.stream.write("\r\033[K")
            self.stream.flush()

    def _write(self, text):
        self.last = time.monotonic()
        seconds = int(self.last - self.begun)
        whole = f" of {estimate.words(self.expected)}" if self.expected else ""
        line = f"[{seconds // 60}:{seconds % 60:02}{whole}] {text}"
        self.stream.write(f"\r\033[K{line[:110]}" if self.terminal else f"{line}\n")
        self.stream.flush()
