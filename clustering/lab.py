"""The weights lab: every method on the same rows, and what each would change."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from clustering.arrays import Flags, Floats, Labels
from clustering.assignment import nearest_labels
from clustering.drawing import even_rows, generator
from clustering.errors import TooFewDistinctRows
from clustering.factors import Given, Method, Sample, canonical, factors
from clustering.hungarian import best_assignment
from clustering.left_out import confirmed
from clustering.ordering import Order
from clustering.quality import adjusted_rand_index
from clustering.seeding import seed
from clustering.weighting import scatters

Report = Callable[[str], None]

_STREAM_HALVES = 4
_ROWS = 4_096
_ROWS_PER_CLUSTER = 64
_SPLITS = 2


@dataclass(frozen=True, eq=False)
class Trial:
    """One method and what it would change.

    Attributes
    ----------
    method : str
    factors : (d,)
        [1]
    agreement : float
        Adjusted Rand index of its clusters and those of equal weights [1].
    moved : float
        Share of the rows that fall into another cluster than under equal weights, clusters matched one to one [1].
    unexplained : float
        Share of the equally weighted scatter that its clusters leave inside them [1]: equal weights leave least.
    stability : float
        Mean adjusted Rand index of all rows' clusters as two halves of the rows find them, weights and all [1]; NaN
        where a half has too few distinct rows.
    """

    method: str
    factors: Floats
    agreement: float
    moved: float
    unexplained: float
    stability: float


@dataclass(frozen=True, eq=False)
class Facts:
    """What the columns are like.

    Attributes
    ----------
    skewness : (d,)
        Third standardised moment of the raw values [1].
    correlation : (d, d)
        Of the scaled values [1]; 0 where one is constant.
    confirmed : (d,)
        See `left_out.confirmed` [1].
    varies : (d,)
    """

    skewness: Floats
    correlation: Floats
    confirmed: Floats
    varies: Flags


@dataclass(frozen=True, eq=False)
class Comparison:
    """The trials, equal weights first, and the facts of the columns."""

    trials: tuple[Trial, ...]
    facts: Facts


def compare(methods: Sequence[Method], sample: Sample, k: int, *, random_state: int, report: Report) -> Comparison:
    """Try methods on a sample, side by side.

    The factors are those that a fit finds on this sample. The clusters that they make are found on at most 4,096 rows,
    or 64 per cluster, drawn at even steps of the running mass. The order of the rows changes no bit.

    Parameters
    ----------
    methods : sequence of Method
        Beside ``equal``, which is always tried.
    sample : Sample
        Untouched.
    k : int
        Number of clusters.
    random_state : int
        Of the methods, the clusterings and the halves.
    report : callable
        Told the name of each method as its trial begins.

    Returns
    -------
    Comparison
        Cost: of each method 5 times its factors and a `seed`.
    """
    whole, columns = canonical(sample)
    limit = max(_ROWS, _ROWS_PER_CLUSTER * k)
    rows = even_rows(whole.mass, min(limit, max(len(whole.mass), round(whole.mass.sum()))))
    bench = _Bench(whole, _taken(whole, rows), k, random_state)
    equal, back = bench.clustered("equal")[1], np.argsort(columns)
    trials = []
    for method in ("equal", *methods):
        report(name_of(method))
        trial = bench.trial(_reordered(method, columns), equal)
        trials.append(replace(trial, factors=trial.factors[back]))
    return Comparison(tuple(trials), _facts(bench, back))


def name_of(method: Method) -> str:
    """Return what to call a method."""
    return method.name if isinstance(method, Given) else method


@dataclass(frozen=True, eq=False)
class _Bench:
    """The whole sample, on which factors are found, and some rows of mass 1, which are clustered."""

    whole: Sample
    rows: Sample
    k: int
    random_state: int

    def factors(self, method: Method, on: Sample) -> Floats:
        return factors(method, on, self.k, random_state=self.random_state)

    def centres(self, weights: Floats, on: Sample) -> Floats:
        """Return the centres of the rows under weights, where distances are plain."""
        return seed(on.scaled * np.sqrt(weights), on.mass, self.k, random_state=self.random_state).centres

    def labels(self, weights: Floats, centres: Floats) -> Labels:
        return nearest_labels(self.rows.scaled * np.sqrt(weights), centres)

    def clustered(self, method: Method) -> tuple[Floats, Labels]:
        """Return the weights that a fit would use, and the clusters of the rows under them."""
        weights = self.factors(method, self.whole)
        return weights, self.labels(weights, self.centres(weights, self.rows))

    def trial(self, method: Method, equal: Labels) -> Trial:
        weights, labels = self.clustered(method)
        between, total = scatters(self.rows.scaled, self.rows.mass, labels, self.k)
        return Trial(
            name_of(method),
            weights,
            adjusted_rand_index(labels, equal),
            _moved(labels, equal, self.k),
            1.0 - float(between.sum() / max(total.sum(), np.finfo(np.float64).tiny)),
            self.stability(method),
        )

    def stability(self, method: Method) -> float:
        source = generator(self.random_state, _STREAM_HALVES)
        orders = [source.permutation(len(self.rows.mass)) for _ in range(_SPLITS)]
        try:
            return float(np.mean([self.agreement(method, order) for order in orders]))
        except TooFewDistinctRows:
            return float("nan")

    def agreement(self, method: Method, order: Order) -> float:
        """Return how far two halves of the rows, each with its own weights and centres, put all rows together alike."""
        found = []
        for half in (_taken(self.rows, order[::2]), _taken(self.rows, order[1::2])):
            weights = self.factors(method, half)
            found.append(self.labels(weights, self.centres(weights, half)))
        return adjusted_rand_index(*found)


def _taken(sample: Sample, rows: Order) -> Sample:
    """Return some rows of a sample, each of mass 1."""
    return Sample(sample.values[rows], sample.scaled[rows], np.ones(len(rows)))


def _reordered(method: Method, columns: Order) -> Method:
    return Given(method.name, method.weights[columns]) if isinstance(method, Given) else method


def _moved(labels: Labels, equal: Labels, k: int) -> float:
    """Return the share of the rows that leave their cluster, where each goes to the one that takes most of it."""
    together = np.bincount(equal.astype(np.intp) * k + labels, minlength=k * k).reshape(k, k).astype(np.float64)
    partner = best_assignment(together)
    return 1.0 - float(together[np.arange(k), partner].sum() / len(labels))


def _facts(bench: _Bench, order: Order) -> Facts:
    scaled, mass = bench.rows.scaled, bench.rows.mass
    varies = np.ptp(bench.whole.scaled, axis=0) > 0
    away = scaled - scaled.mean(axis=0)
    length = np.sqrt((away**2).sum(axis=0))
    unit = away / np.where(length > 0, length, 1.0)
    # no matrix product: its rounding would depend on the number of threads
    correlation = np.einsum("ni,nj->ij", unit, unit)
    said = confirmed(scaled, mass, bench.k, random_state=bench.random_state)
    skewness = np.array([_skewness(column) for column in bench.rows.values.T])
    return Facts(skewness[order], correlation[np.ix_(order, order)], said[order], varies[order])


def _skewness(column: Floats) -> float:
    """Return the third standardised moment of the values present; 0 where they are equal or none is."""
    present = column[~np.isnan(column)]
    if len(present) == 0 or np.ptp(present) == 0:
        return 0.0
    away = (present - present.mean()) / np.ptp(present)
    return float((away**3).mean() / (away**2).mean() ** 1.5)
