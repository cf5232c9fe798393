"""The space: a trace keeps what a point loses, and a point never depends on which of the two was kept."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from clustering.cells import GRID, to_grid
from clustering.scaling import Scaling
from segmentation.indices import REGISTRY
from segmentation.space import MISSING, Space
from tests.segmentation.runs import laws

D = len(REGISTRY)
SILENT, WEIGHTLESS = 2, 4

values = st.lists(st.floats(-60, 60) | st.just(np.nan), min_size=D, max_size=D)


def space(clip: float = 3.0) -> Space:
    spread, weights = np.linspace(0.1, 2.0, D), np.linspace(0.01, 4.0, D)
    spread[SILENT], weights[WEIGHTLESS] = 0.0, 0.0
    return Space(REGISTRY, Scaling(np.linspace(-1.0, 1.0, D), spread, clip), np.sqrt(weights))


@given(values, st.sampled_from([0.5, 3.0, 15.0, 100.0]))
@laws(100)
def test_a_point_is_the_clipped_and_weighted_value_on_the_grid(given: list[float], clip: float) -> None:
    of, row = space(clip), np.array([given])
    np.testing.assert_array_equal(of.place(row), to_grid(of.scaling.apply(row) * of.root_weights))
    np.testing.assert_array_equal(of.point(of.trace(row)), of.place(row))


@given(values)
@laws(100)
def test_a_trace_tells_every_value_whether_clipped_or_not_and_what_was_missing(given: list[float]) -> None:
    of = space()
    told = of.values(of.trace(np.array([given])))[0]
    for number, (index, value) in enumerate(zip(REGISTRY, given, strict=True)):
        step = of.scaling.spread[number] / max(of.root_weights[number], 1e-3) / GRID
        if np.isnan(value) or number == WEIGHTLESS:
            assert told[number] is None
        elif number != SILENT:
            assert abs((told[number] or 0.0) - index.original(value)) <= step * (1 + abs(index.original(value)))


def test_what_lies_beyond_every_trace_has_a_point_and_no_value() -> None:
    of, far = space(), np.full((2, D), 1e300)
    far[1] = -1e300
    np.testing.assert_array_equal(of.place(far), to_grid(of.scaling.apply(far) * of.root_weights))
    assert of.values(of.trace(far))[0][0] is None
    assert of.values(of.trace(far))[1][0] is None


def test_missing_is_no_value_in_the_middle() -> None:
    of = space()
    missing, middle = of.trace(np.full((1, D), np.nan)), of.trace(of.scaling.centre[None, :])
    np.testing.assert_array_equal(of.point(missing), of.point(middle))
    assert (missing == MISSING).all()
    assert not middle.any()
