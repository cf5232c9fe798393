"""Ctrl-C, SIGTERM and SIGHUP: the first asks the demo to end, one that comes later ends it at once."""

import os
import signal
import time
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, Self

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_PATIENCE = 1.0  # [s]; a finger that stays on the keys is one wish


class Asked(BaseException):
    """Somebody asked the demo to end: a wish, not an error, which nothing but the demo may swallow."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.code = 128 + number
        """Exit code that says so [1]."""


class Signals:
    """Raises `Asked` in the main thread at the first signal, if `calm` was not said before.

    After that nothing disturbs what is being stopped; who asks again after a second is obeyed at once: the process
    ends, the kernel kills its children, and what they have written survives that.
    """

    def __init__(self, at_once: Callable[[], object]) -> None:
        self._at_once = at_once
        self._calm = False
        self._first: float | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        """Begin to listen."""
        self._before = {number: signal.signal(number, self._hear) for number in _SIGNALS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let whoever listened before listen again."""
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def calm(self) -> None:
        """Raise nothing from now on: everything is being stopped already."""
        self._calm = True

    def _hear(self, number: int, _frame: FrameType | None) -> None:
        now = time.monotonic()
        if self._first is not None and now - self._first > _PATIENCE:
            self._at_once()
            os._exit(128 + number)
        self._first = self._first or now
        if not self._calm:
            self._calm = True
            raise Asked(number)
