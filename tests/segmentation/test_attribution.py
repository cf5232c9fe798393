"""Cause and reasons: exact shares of the margin's change."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from segmentation.attribution import Attribution, Floats, attribute
from tests.segmentation.runs import laws

vectors = arrays(np.float64, 4, elements=st.floats(-8, 8, width=16))
pairs = arrays(np.float64, (2, 4), elements=st.floats(-8, 8, width=16))


def margin(point: Floats, centres: Floats) -> float:
    return float(((point - centres[0]) ** 2).sum() - ((point - centres[1]) ** 2).sum())


@given(vectors, vectors, pairs, pairs)
@laws(100)
def test_the_shares_add_up_to_the_margins_change(x0: Floats, x1: Floats, c0: Floats, c1: Floats) -> None:
    parts = attribute(x0, x1, c0, c1)
    assert parts.total == pytest.approx(margin(x1, c1) - margin(x0, c0), abs=1e-6)


@given(vectors, vectors, pairs)
@laws(50)
def test_who_did_not_move_has_no_share(x0: Floats, x1: Floats, c0: Floats) -> None:
    assert not attribute(x0, x1, c0, c0).model.any()
    assert not attribute(x0, x0, c0, c0 + 1).customer.any()


@given(vectors, vectors, pairs, pairs)
@laws(50)
def test_told_backwards_every_share_changes_its_sign(x0: Floats, x1: Floats, c0: Floats, c1: Floats) -> None:
    forth, back = attribute(x0, x1, c0, c1), attribute(x1, x0, c1, c0)
    np.testing.assert_allclose(back.customer, -forth.customer, atol=1e-6)
    np.testing.assert_allclose(back.model, -forth.model, atol=1e-6)


@given(vectors, vectors, pairs, pairs)
@laws(50)
def test_an_index_that_nobody_moved_has_no_share(x0: Floats, x1: Floats, c0: Floats, c1: Floats) -> None:
    x1[2], c1[:, 2] = x0[2], c0[:, 2]
    parts = attribute(x0, x1, c0, c1)
    assert parts.customer[2] == parts.model[2] == 0.0


OLD, NEW = np.array([0.0]), np.array([4.0])


@pytest.mark.parametrize(
    ("to", "centres", "cause"),
    [
        (4.0, (0.0, 4.0), "customer_moved"), (1.0, (-6.0, 1.0), "model_moved"), (1.6, (-0.6, 3.4), "both"),
        (3.9, (0.0, 3.9), "customer_moved"), (1.0, (0.0, 4.0), "both"),
    ],
)  # fmt: skip
def test_the_cause_is_who_moved(to: float, centres: tuple[float, float], cause: str) -> None:
    now = np.array([[centres[0]], [centres[1]]])
    assert attribute(np.array([1.0]), np.array([to]), np.array([OLD, NEW]), now).cause == cause


@pytest.mark.parametrize(
    ("share", "cause"), [(0.67, "customer_moved"), (0.66, "both"), (0.34, "both"), (0.33, "model_moved")]
)
def test_from_two_thirds_of_the_change_on_one_side_alone_is_the_cause(share: float, cause: str) -> None:
    assert Attribution(np.array([share]), np.array([1.0 - share])).cause == cause
