"""What can go wrong around a stream: Java, jars, child processes, the embedded broker, a request to it.

::

    LaunchError
    ├── JavaError             no Java, too old, or without a module Spark needs
    ├── JarsError
    │   ├── JarsLockError     kwadrant/jars.lock itself cannot be read
    │   ├── JarsFetchError    a jar could not be fetched
    │   ├── JarsMissingError  the lock names a jar the folder has not
    │   ├── JarsExtraError    the folder has a jar the lock does not name
    │   └── JarsChangedError  a jar has another sha256 than the lock says
    ├── ProcessError          a child did not start
    ├── BrokerError           the embedded broker did not become ready
    │   └── BrokerInUseError  another live broker uses the data folder
    ├── RefusedError          a stream cannot do what it was asked for
    └── NoAnswerError         a stream did not answer
"""


class LaunchError(Exception):
    """The root: the message says what was expected, what was there, and what to do."""


class JavaError(LaunchError):
    """No Java, too old, or without a module Spark needs."""


class JarsError(LaunchError):
    """The jars are not the ones of the lock."""


class JarsLockError(JarsError):
    """The lock file cannot be read."""


class JarsFetchError(JarsError):
    """A jar could not be fetched."""


class JarsMissingError(JarsError):
    """The lock names a jar the folder has not."""


class JarsExtraError(JarsError):
    """The folder has a jar the lock does not name: it would be on a class path unseen."""


class JarsChangedError(JarsError):
    """A jar has another sha256 than the lock says."""


class ProcessError(LaunchError):
    """A child process did not start."""


class BrokerError(LaunchError):
    """The embedded broker did not become ready."""


class BrokerInUseError(BrokerError):
    """Another live broker uses the data folder."""


class RefusedError(LaunchError):
    """A stream cannot do what it was asked for; the message is its answer."""


class NoAnswerError(LaunchError):
    """A stream did not answer a request in time."""
