"""What a fit of a table is asked for."""

from dataclasses import dataclass

from clustering.factors import Method

LEAST_ROWS = 4_096
ROWS_PER_CLUSTER = 64
WIDER = 4


@dataclass(frozen=True, kw_only=True)
class Ask:
    """Number of clusters, and how to find them.

    Attributes
    ----------
    k : int
    scale : str
        As for `scaling.fit_scaling`.
    weights : Method
        As for `factors.factors`.
    start : str
        As for `starts.solve`.
    random_state : int
    """

    k: int
    scale: str = "robust"
    weights: Method = "eta2"
    start: str = "rgs"
    random_state: int = 0

    @property
    def rows(self) -> int:
        """Return on how many rows of a sample the searching is done."""
        return max(LEAST_ROWS, ROWS_PER_CLUSTER * self.k)

    @property
    def sample(self) -> int:
        """Return how many rows a sample has: what was found is then carried on with all of them."""
        return WIDER * self.rows
