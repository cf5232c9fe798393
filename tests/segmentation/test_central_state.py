"""The central node's state: it comes back the same, its past from the control topic, and carries its format."""

import msgspec
import pytest

from segmentation.central_state import (
    FORMAT,
    PAST,
    CentralState,
    Cutoff,
    Held,
    first_state,
    pack,
    promoted,
    unpack,
    with_past,
)
from segmentation.crossings import CLOCK, Crossing
from segmentation.errors import WrongPassport
from tests.segmentation import hand
from tests.segmentation.asking import ask
from tests.segmentation.runs import begin, cuts, first_model
from tests.segmentation.towns import LANES, PARAMETERS, town

MODEL = hand.two_classes("consumption", 2.0, 8.0)
FIRST_STATE = first_state(PARAMETERS, 1, LANES, MODEL)
FULL = msgspec.structs.replace(
    FIRST_STATE, crossings=(Crossing(0, 7, 9, CLOCK),), held=Held("operator", "holidays", MODEL), idle={"4096": 7},
    cutoff=Cutoff(9, {"0": 3, "4096": 7}), waiting=(ask("rollback", 12, version=3),), heard=("a", "b"),
)  # fmt: skip


@pytest.mark.parametrize("state", [FIRST_STATE, FULL])
def test_it_comes_back_from_its_bytes(state: CentralState) -> None:
    assert unpack(pack(state)) == state


def test_its_past_is_not_among_them_and_comes_from_what_was_promoted() -> None:
    run = begin(town(0).all, first_model(0)).over(cuts(town(0), 3, 12))
    state = run.central
    assert len(state.past) >= 3
    assert b'"past":[]' in pack(state)
    assert with_past(unpack(pack(state)), [first_model(0), *run.models]) == state


def test_what_was_promoted_after_it_is_not_its_past() -> None:
    later = [msgspec.structs.replace(MODEL, version=version) for version in range(1, 5)]
    state = msgspec.structs.replace(FIRST_STATE, force=later[2])
    assert with_past(state, later).past == tuple(later[:2])


def test_it_remembers_the_last_models_that_were_in_force() -> None:
    state = FIRST_STATE
    for version in range(2, PAST + 9):
        state = promoted(state, msgspec.structs.replace(MODEL, version=version))
    assert [model.version for model in state.past] == list(range(8, PAST + 8))


@pytest.mark.parametrize("change", [{"format": FORMAT - 1}, {"format": None}, {"lanes": "x"}])
def test_another_format_is_refused_by_name(change: dict[str, object]) -> None:
    data = msgspec.json.encode(msgspec.json.decode(pack(FIRST_STATE)) | change)
    with pytest.raises(WrongPassport, match=r"central node's state .*format.*seed again"):
        unpack(data)


def test_a_state_of_before_there_were_formats_is_refused_by_name() -> None:
    old = {name: value for name, value in msgspec.json.decode(pack(FIRST_STATE)).items() if name != "format"}
    with pytest.raises(WrongPassport, match="missing required field `format`"):
        unpack(msgspec.json.encode(old))
