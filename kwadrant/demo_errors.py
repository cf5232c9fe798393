"""What can go wrong in the demo itself.

::

    DemoError (a LaunchError)
    ├── FolderError      the folder is in use, of another town, or not ours
    ├── ChildEndedError  a child ended by itself, or not as it should
    └── DurationError    a length of time that cannot be read
"""

from kwadrant.errors import LaunchError


class DemoError(LaunchError):
    """The root: the message says what was expected, what was there, and what to do."""


class FolderError(DemoError):
    """The folder is used by another demo, holds another town, or is no folder of ours."""


class ChildEndedError(DemoError):
    """A child ended by itself, or with another exit code than 0."""


class DurationError(DemoError):
    """A length of time that cannot be read."""
