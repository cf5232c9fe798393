"""What can go wrong in the mathematics, as one tree.

    ClusteringError (ValueError)
    ├── BadShape            an array has the wrong number of axes, rows or columns
    ├── BadSetting          a number that steers the calculation is outside its range
    ├── BadWeight           a weight or mass is negative, not finite, or all of them are zero
    ├── BadComparisons      a comparison matrix is none, or contradicts itself
    ├── NotFinite           NaN or infinity where a number is needed
    ├── NotOnGrid           an integer coordinate lies outside the fixed-point grid
    ├── TooFewDistinctRows  fewer distinct rows with weight than clusters asked for
    └── SumWouldOverflow    an integer sum could pass 2^63

Every message says what was expected, what was there and what to do.
"""
# ruff: noqa: N818 - the names say what is wrong, the root says that it is an error


class ClusteringError(ValueError):
    """Root of the errors of this package; the three parts are kept as ``args``, so it pickles."""

    def __init__(self, expected: str, found: str, todo: str) -> None:
        """Keep what was ``expected``, what was ``found`` and what the caller is ``todo``."""
        super().__init__(expected, found, todo)

    def __str__(self) -> str:
        """Return the three parts as one sentence."""
        expected, found, todo = self.args
        return f"expected {expected}; found {found}; {todo}"


class BadShape(ClusteringError):
    """An array has the wrong number of axes, rows or columns."""


class BadSetting(ClusteringError):
    """A number that steers the calculation is outside its range."""


class BadWeight(ClusteringError):
    """A weight or mass is negative, not finite, or all of them are zero."""


class BadComparisons(ClusteringError):
    """A comparison matrix is none, or contradicts itself."""


class NotFinite(ClusteringError):
    """NaN or infinity where a number is needed."""


class NotOnGrid(ClusteringError):
    """An integer coordinate lies outside the fixed-point grid."""


class TooFewDistinctRows(ClusteringError):
    """Fewer distinct rows with weight than clusters asked for."""


class SumWouldOverflow(ClusteringError):
    """An integer sum could pass 2^63."""
