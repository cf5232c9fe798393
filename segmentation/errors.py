"""Errors of the folds.

SegmentationError
├── WrongPassport      a state belongs to another stream, generation or set of parameters
├── OutOfOrder         a control record asks for an epoch that is not the next one
├── BadParameters      a deployment's parameters do not fit together
├── UnknownIndex       a model names an index that this version does not have
├── BadMapping         a value mapping table is not what it has to be
└── NothingToSeed      history holds no customer to seed from
"""


class SegmentationError(Exception):
    """Root of this package's errors."""


class WrongPassport(SegmentationError):  # noqa: N818 - named after what is wrong
    """A state belongs to another stream, generation or set of parameters."""


class OutOfOrder(SegmentationError):  # noqa: N818
    """A control record asks for an epoch that is not the next one."""


class BadParameters(SegmentationError):  # noqa: N818
    """A deployment's parameters do not fit together."""


class UnknownIndex(SegmentationError):  # noqa: N818
    """A model names an index that this version does not have."""


class BadMapping(SegmentationError):  # noqa: N818
    """A value mapping table is not what it has to be."""


class NothingToSeed(SegmentationError):  # noqa: N818
    """History holds no customer to seed from."""
