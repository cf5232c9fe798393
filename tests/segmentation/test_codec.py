"""Saved state: it comes back the same, and carries its passport."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from segmentation import codec, parameters
from segmentation.errors import WrongPassport
from segmentation.parameters import DAY_S, Parameters
from segmentation.value_mapping import ValueMapping
from tests.segmentation import hand
from tests.segmentation.runs import begin, cuts, first_model, loaded
from tests.segmentation.towns import FIRST, PARAMETERS, town


def test_a_state_comes_back_the_same() -> None:
    run = begin(town(1).all, first_model(1))
    for messages, early in cuts(town(1), 3, 8):
        run.step(messages, early=early)
    state = run.locals[None]
    again = loaded(state)
    assert state.tiles
    assert codec.pack_hot(again) == codec.pack_hot(state)
    assert (again.models, again.early, again.passport) == (state.models, state.early, state.passport)
    for epoch, tiles in state.tiles.items():
        np.testing.assert_equal(vars(again.tiles[epoch]), vars(tiles))


def test_a_state_that_knows_nobody_comes_back_and_learns() -> None:
    state = hand.remembered([], hand.two_classes("consumption", 1.0, 2.0))
    rows = hand.rows_of(hand.day_of("A", FIRST + 1, 1.0))
    after = hand.closed_with(loaded(state), rows, FIRST + 1).state
    assert codec.pack_hot(after) == codec.pack_hot(hand.closed_with(state, rows, FIRST + 1).state)


def test_a_bucket_that_knows_nobody_is_judged_without_a_word() -> None:
    empty = hand.remembered([], hand.two_classes("consumption", 1.0, 2.0))
    closed = hand.closed_with(empty, hand.rows_of([]), FIRST + 1)
    assert closed.answer is not None
    assert (closed.events, closed.states, closed.answer.shape, closed.answer.clusters) == ((), (), (0, 1), {})


@pytest.mark.parametrize("data", [b"", b"x", b"\x80", codec.pack_early({})])
def test_other_bytes_are_refused_by_name(data: bytes) -> None:
    with pytest.raises(WrongPassport, match="seed again"):
        codec.unpack_hot(data)


def test_another_format_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    data = codec.pack_hot(hand.nobody())
    monkeypatch.setattr(codec, "VERSION", codec.VERSION + 1)
    with pytest.raises(WrongPassport, match=f"format {codec.VERSION - 1}"):
        codec.unpack_hot(data)


@pytest.mark.parametrize("other", [replace(PARAMETERS, stream="else"), replace(PARAMETERS, margin=0.3)])
def test_the_state_of_another_deployment_is_refused_by_name(other: Parameters) -> None:
    hand.nobody().passport.check(PARAMETERS)
    with pytest.raises(WrongPassport, match="the state belongs to stream 'town'"):
        hand.nobody().passport.check(other)


def test_every_parameter_is_in_the_fingerprint() -> None:
    changed = {name: replace(PARAMETERS, **{name: other(value)}) for name, value in vars(PARAMETERS).items()}
    assert len({parameters.fingerprint for parameters in changed.values()} - {PARAMETERS.fingerprint}) == len(changed)


def test_another_version_of_the_value_mapping_is_another_deployment(monkeypatch: pytest.MonkeyPatch) -> None:
    state = hand.nobody()
    monkeypatch.setattr(parameters, "value_mapping", lambda: ValueMapping("new", {}))
    with pytest.raises(WrongPassport, match="seed again"):
        state.passport.check(PARAMETERS)


def other(value: Any) -> Any:  # noqa: ANN401 - a parameter of any type
    return f"{value}?" if isinstance(value, str) else not value if isinstance(value, bool) else value * 2


def test_windows_and_spans_are_rounded_up_to_whole_epochs() -> None:
    assert Parameters(correction_s=DAY_S + 1).window == 2
    assert Parameters(correction_s=0).window == 1
    assert Parameters(epoch_s=3_600).epochs(7 * DAY_S) == 168
