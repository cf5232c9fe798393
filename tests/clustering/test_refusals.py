"""What is refused, and in which words."""

import pickle
from collections.abc import Callable

import numpy as np
import pytest

from clustering import cells, errors, quality, scaling, seeding, weighting
from clustering.assignment import squared_distances, two_nearest
from clustering.lloyd import lloyd
from clustering.swaps import removal_gain_swaps

X = np.arange(10.0).reshape(5, 2)
W = np.ones(5)
HOLE = np.where(X == 4, np.nan, X)
G = X.astype(np.int64)
M = np.ones(5, dtype=np.int64)
Z = np.zeros(5, dtype=np.int32)
CELLS, _ = cells.summarise(G, M, Z, 5)
FULL = cells.Cells(CELLS.mass, CELLS.sums + 2**61, CELLS.squares)
FIT = scaling.fit_robust(X)

REFUSALS: list[tuple[Callable[[], object], type[errors.ClusteringError], str]] = [
    (lambda: lloyd(HOLE, W, X[:2]), errors.NotFinite, "1 of 5 rows with one, the first at row 2"),
    (lambda: lloyd(X, W, HOLE[2:]), errors.NotFinite, "expected centres without NaN"),
    (lambda: lloyd(X, W, X[:2, :1]), errors.BadShape, r"points of shape \(n, 1\)"),
    (lambda: lloyd(X[:0], W[:0], X[:2]), errors.BadShape, r"at least one row.*found shape \(0, 2\)"),
    (lambda: lloyd(X[0], W, X[:2]), errors.BadShape, r"found shape \(2,\)"),
    (lambda: lloyd(X, W[:3], X[:2]), errors.BadShape, r"one weight per row, shape \(5,\); found shape \(3,\)"),
    (
        lambda: lloyd(X, W - [0, 2, 0, 0, 0], X[:2]),
        errors.BadWeight,
        "not negative; found 1 other, the first -1.0 at row 1",
    ),
    (lambda: lloyd(X, W * np.nan, X[:2]), errors.BadWeight, "5 other, the first nan at row 0"),
    (lambda: lloyd(X, W * np.inf, X[:2]), errors.BadWeight, "5 other, the first inf at row 0"),
    (lambda: lloyd(X, W * 0, X[:2]), errors.BadWeight, "found 5 weights of 0; skip an empty block"),
    (lambda: lloyd(X, W, X[:2], steps=-1), errors.BadSetting, "steps as a whole number of at least 0; found -1"),
    (lambda: lloyd(X, W, X[:2], tolerance=np.nan), errors.BadSetting, "tolerance of at least 0; found nan"),
    (lambda: squared_distances(HOLE, X), errors.NotFinite, "no finite distance at row 2"),
    (lambda: two_nearest(HOLE, X), errors.NotFinite, "no finite distance at row 2"),
    (lambda: quality.sse(HOLE, W, X), errors.NotFinite, "no finite distance at row 2"),
    (lambda: two_nearest(X, HOLE), errors.NotFinite, "expected centres"),
    (lambda: seeding.seed(HOLE, W, 2, random_state=0), errors.NotFinite, "set these rows aside"),
    (lambda: seeding.seed(X, W, 0, random_state=0), errors.BadSetting, "k as a whole number of at least 1; found 0"),
    (lambda: seeding.seed(X, W, 2.5, random_state=0), errors.BadSetting, "found 2.5"),  # type: ignore[arg-type]
    (lambda: seeding.seed(X, W, 2, random_state=-1), errors.BadSetting, "random_state as a whole number"),
    (
        lambda: seeding.seed(X // 6, W, 3, random_state=0),
        errors.TooFewDistinctRows,
        "k = 3 distinct rows.*found 2; ask for",
    ),
    (lambda: seeding.seed(X, [1, 1, 0, 0, 0], 3, random_state=0), errors.TooFewDistinctRows, "found 2"),  # type: ignore[arg-type]
    (lambda: seeding.local_search(X, W, X[:2], steps=-1, random_state=0), errors.BadSetting, "steps"),
    (lambda: removal_gain_swaps(X, W, lloyd(X, W, X[:2]), swaps=-1), errors.BadSetting, "swaps"),
    (lambda: weighting.half_eta_squared(HOLE, W, 2, random_state=0), errors.NotFinite, "expected scaled features"),
    (lambda: weighting.half_eta_squared(X, W, 2, random_state=0, rounds=0), errors.BadSetting, "rounds"),
    (lambda: scaling.fit_robust(X, clip=0), errors.BadSetting, "clip above 0"),
    (lambda: scaling.fit_robust(X[:0]), errors.BadShape, "at least one row"),
    (lambda: scaling.fit_robust(np.where(X == 4, np.inf, X)), errors.NotFinite, "infinity at row 2, column 0"),
    (lambda: FIT.apply(X[:, :1]), errors.BadShape, r"\(n, 2\)"),
    (lambda: FIT.apply(np.where(X == 4, -np.inf, X)), errors.NotFinite, "infinity at row 2, column 0"),
    (lambda: FIT.invert(X[:, :1]), errors.BadShape, r"\(n, 2\)"),
    (lambda: cells.to_grid(HOLE), errors.NotFinite, "1 NaN"),
    (lambda: cells.summarise(X, M, Z, 3), errors.NotOnGrid, "type float64; make them with to_grid"),  # type: ignore[arg-type]
    (lambda: cells.summarise(G * 2**22, M, Z, 3), errors.NotOnGrid, "5 outside"),
    (lambda: cells.summarise(-G * 2**22, M, Z, 3), errors.NotOnGrid, "5 outside"),
    (lambda: cells.summarise(G[0], M, Z, 3), errors.BadShape, r"\(n, d\)"),
    (lambda: cells.summarise(G, M - 2, Z, 3), errors.BadWeight, "smallest -1"),
    (lambda: cells.summarise(G, W, Z, 3), errors.BadWeight, "type float64"),  # type: ignore[arg-type]
    (lambda: cells.summarise(G, M[:2], Z, 3), errors.BadShape, "one mass per row"),
    (lambda: cells.summarise(G, M, Z[:2], 3), errors.BadShape, "one group per row"),
    (lambda: cells.summarise(G, M, Z, 0), errors.BadSetting, "limit as a whole number of at least 1"),
    (lambda: cells.summarise(G, M * 2**58, Z, 3), errors.SumWouldOverflow, "sums of coordinates below 2.63"),
    (
        lambda: cells.summarise(G * 0 + 15 * 2**20, M * 2**36, Z, 3),
        errors.SumWouldOverflow,
        "sums of squares below 2.63",
    ),
    (lambda: cells.condense(CELLS, 0), errors.BadSetting, "limit"),
    (lambda: cells.condense(FULL, 2), errors.SumWouldOverflow, "sums of coordinates"),
    (lambda: cells.merge([]), errors.BadShape, "at least one set of cells"),
    (lambda: cells.merge([CELLS, cells.summarise(G[:, :1], M, Z, 3)[0]]), errors.BadShape, r"columns \[1, 2\]"),
    (lambda: quality.adjusted_rand_index([1, 2], [1]), errors.BadShape, "label the same rows twice"),
    (lambda: quality.adjusted_rand_index([], []), errors.BadShape, "n > 0"),
]


@pytest.mark.parametrize(("call", "error", "words"), REFUSALS, ids=[f"{e.__name__}: {w}" for _, e, w in REFUSALS])
def test_it_is_refused_with_these_words(
    call: Callable[[], object], error: type[errors.ClusteringError], words: str
) -> None:
    with pytest.raises(error, match=words) as caught:
        call()
    assert type(caught.value) is error


def test_an_error_survives_the_way_between_processes() -> None:
    error = errors.NotFinite(expected="a", found="b", todo="c")
    assert str(pickle.loads(pickle.dumps(error))) == "expected a; found b; c"  # noqa: S301 - our own bytes
    assert isinstance(error, ValueError)
