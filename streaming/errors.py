"""Errors of the shell.

StreamingError
├── Fenced             another run of the same stream has taken over
├── CannotResume       the progress record and the checkpoint do not fit together
├── Diverged           a repeated batch gave another output than the published one
├── NotSeeded          there is no first model, or no initial state, to start from
├── PublishFailed      Kafka did not take a batch: a start anew decides what became of it
├── UnknownOption      a Kafka option that not every client here knows
├── UnreadableSecret   a file that should hold a secret is not there
└── NoFileSystem       a folder that Hadoop cannot read and write
"""


class StreamingError(Exception):
    """Root of this package's errors."""


class Fenced(StreamingError):  # noqa: N818 - named after what is wrong
    """Another run of the same stream has taken over."""


class CannotResume(StreamingError):  # noqa: N818 - named after what is wrong
    """The progress record and the checkpoint do not fit together."""


class Diverged(StreamingError):  # noqa: N818 - named after what is wrong
    """A repeated batch gave another output than the published one."""


class NotSeeded(StreamingError):  # noqa: N818 - named after what is wrong
    """There is no first model, or no initial state, to start from."""


class PublishFailed(StreamingError):  # noqa: N818 - named after what is wrong
    """Kafka did not take a batch: a start anew decides what became of it."""


class UnknownOption(StreamingError):  # noqa: N818 - named after what is wrong
    """A Kafka option that not every client here knows."""


class UnreadableSecret(StreamingError):  # noqa: N818 - named after what is wrong
    """A file that should hold a secret is not there."""


class NoFileSystem(StreamingError):  # noqa: N818 - named after what is wrong
    """A folder that Hadoop cannot read and write."""
