"""Facts: a hold is an alarm that says why, and what to do."""

import re

import msgspec
import pytest

from segmentation.central_state import Held, first_state
from streaming.facts import Circumstances, facts_of
from tests.segmentation import hand
from tests.segmentation.towns import LANES, PARAMETERS

MODEL = hand.two_classes("consumption", 2.0, 8.0)


@pytest.mark.parametrize(
    ("held", "words"),
    [
        (None, None),
        (Held("operator", "holidays"), "no model is promoted: holidays; `kwadrant model promote` ends it"),
        (Held("budget", "too many", MODEL), "version 1 is not promoted: too many; .* `model promote 1`"),
    ],
)
def test_a_hold_is_told_with_what_to_do(held: Held | None, words: str | None) -> None:
    central = msgspec.structs.replace(first_state(PARAMETERS, 1, LANES, MODEL), held=held)
    told = facts_of([], central, 0, Circumstances(1, repeated=False, seconds=0.5)).held
    assert (told is None) if words is None else re.search(words, told or "")
