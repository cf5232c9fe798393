"""What holds the rows of a table and runs scans over them, in one process or in many."""

from typing import Protocol, TypeVar

from clustering.blocks import Place, Scan
from clustering.totals import Summing, Totals

P = TypeVar("P")


class Engine(Protocol):
    """The rows of a table."""

    def run(self, scan: Scan[P]) -> P:
        """Return the result of a scan over all rows."""

    def totals(self, scan: Summing) -> Totals:
        """Return the result of a scan that may follow on the last one."""

    def name(self, place: Place) -> str:
        """Return what to call a row in an error."""
