"""Kafka's client gives up with an error that does not say why; why stands in what it logged before."""

import logging

NOTHING = ""


class LastWord(logging.Handler):
    """Keeps the last warning of a log, and prints none."""

    text = NOTHING

    def emit(self, record: logging.LogRecord) -> None:
        """Remember it."""
        self.text = record.getMessage()


_LAST = LastWord(logging.WARNING)


def hear() -> None:
    """Keep Kafka's own log out of the way: from now on its last warning is only remembered."""
    log = logging.getLogger("kafka")
    log.propagate = False
    log.handlers = [_LAST]
    _LAST.text = NOTHING


def last_word() -> str:
    """Return what Kafka's client warned of last, as the end of a sentence; nothing where it did not."""
    return f" (its last warning: {_LAST.text})" if _LAST.text else NOTHING
