"""Factor weights by name: every method asked in the same way, its answer on the same footing."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from clustering.arrays import Floats, Longs, check_count, check_points, check_table, check_weights
from clustering.critic import critic_weights
from clustering.entropy import entropy_weights
from clustering.errors import BadSetting, BadShape, BadWeight
from clustering.left_out import half_left_out
from clustering.ordering import Order, lexicographic, starts
from clustering.sparse import sparse_weights


@dataclass(frozen=True, eq=False)
class Sample:
    """Rows that factor weights are found on.

    Attributes
    ----------
    values : (n, d)
        As they came, NaN = missing [unit of each column].
    scaled : (n, d)
        The same rows as the clustering will see them, before any weight [1].
    mass : (n,)
        A mass counts as that many copies, 0 as none.
    """

    values: Floats
    scaled: Floats
    mass: Floats


@dataclass(frozen=True, eq=False)
class Given:
    """Weights that come from people, not from the rows: ``name`` of the method, ``weights`` (d,) [1]."""

    name: str
    weights: Floats


Method = str | Given
Weigh = Callable[[Sample, int, int], Floats]

METHODS: dict[str, Weigh] = {
    "equal": lambda sample, _k, _state: np.ones(sample.values.shape[1]),
    "eta2": lambda sample, k, state: half_left_out(sample.scaled, sample.mass, k, random_state=state),
    "entropy": lambda sample, _k, _state: entropy_weights(sample.values, sample.mass),
    "critic": lambda sample, _k, _state: critic_weights(sample.values, sample.mass),
    "sparse": lambda sample, k, state: sparse_weights(sample.scaled, sample.mass, k, random_state=state),
}
"""What weighs by itself, given rows, number of clusters and random state."""


def factors(method: Method, sample: Sample, k: int, *, random_state: int) -> Floats:
    """Return how much each column counts in the squared distance.

    Laws: a mass counts as that many copies and 0 as none, the order of the rows changes nothing, the order of the
    columns permutes the result: all to the bit (masses that are no whole numbers, and columns with the very same
    values in another order, excepted: they may change rounding, and which of equally good clusterings is found).

    Parameters
    ----------
    method : str or Given
        One of `METHODS`, or weights that are given.
    sample : Sample
        Untouched.
    k : int
        Number of clusters, for the methods that cluster.
    random_state : int
        For the methods that draw.

    Returns
    -------
    (d,)
        Factors [1], not negative, with mean 1 over the columns whose scaled values vary, and 0 for the others. Where
        a method finds no difference at all the columns count equally. Cost: that of the method, and a sort.
    """
    sample, columns = canonical(sample)
    check_count(k, "k", least=1)
    varies = np.ptp(sample.scaled, axis=0) > 0
    weights = _given(method, columns, varies) if isinstance(method, Given) else _found(method)(sample, k, random_state)
    result = np.zeros(len(columns))
    result[columns] = _normalised(np.where(varies, weights, 0.0), varies)
    return result


def _found(method: str) -> Weigh:
    if method not in METHODS:
        known = ", ".join(METHODS)
        raise BadSetting(expected=f"a method among {known}", found=repr(method), todo="choose one of them")
    return METHODS[method]


def _given(given: Given, columns: Order, varies: Longs) -> Floats:
    weights = check_weights(given.weights, len(columns))[columns]
    if varies.any() and not weights[varies].any():
        raise BadWeight(
            expected=f"a weight above 0 ({given.name}) for at least one column that varies",
            found="0 for every one of them",
            todo="give one of them a weight, or leave the others out",
        )
    return weights


def _normalised(weights: Floats, varies: Longs) -> Floats:
    total = weights.sum()
    return weights * (varies.sum() / total) if total > 0 else varies.astype(np.float64)


def _check(sample: Sample) -> Sample:
    values = check_table(sample.values, "values")
    scaled = check_points(sample.scaled, "scaled values", columns=values.shape[1])
    if len(scaled) != len(values):
        raise BadShape(
            expected=f"as many scaled rows as values, {len(values)}",
            found=f"{len(scaled)}",
            todo="scale the rows of the sample",
        )
    return Sample(values, scaled, check_weights(sample.mass, len(values)))


def canonical(sample: Sample) -> tuple[Sample, Order]:
    """Return the sample without rows of mass 0, equal rows added, rows and columns in an order of their content.

    The second result (d,) is the place of each of its columns in the given sample, which is untouched. Cost: a sort.
    """
    sample = _check(sample)
    heavy = sample.mass > 0
    values, scaled, mass = sample.values[heavy], sample.scaled[heavy], sample.mass[heavy]
    contents = [_content(column, mass) for column in values.T]
    columns = np.array(sorted(range(len(contents)), key=contents.__getitem__), dtype=np.intp)
    keys = [*_bits(values[:, columns]), *_bits(scaled[:, columns])]
    order = lexicographic([*keys, mass.view(np.int64)])
    first = np.flatnonzero(starts(keys, order))
    chosen = order[first]
    merged = np.add.reduceat(mass[order], first)
    return Sample(values[chosen][:, columns], np.asfortranarray(scaled[chosen][:, columns]), merged), columns


def _content(column: Floats, mass: Floats) -> tuple[bytes, bytes]:
    """Return something to order columns by: distinct values and the mass of each."""
    distinct, inverse = np.unique(column + 0.0, return_inverse=True)
    return distinct.tobytes(), np.bincount(inverse, weights=mass).tobytes()


def _bits(table: Floats) -> Longs:
    """Return the columns (d, n) as integers that are equal where the values are, NaN and both zeros included."""
    plain = np.where(np.isnan(table), np.nan, table + 0.0)
    return np.ascontiguousarray(plain.T).view(np.int64)
