"""Facts: what the buckets and the central node say of a batch, put together."""

import re
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from schemas.facts import Begun, Facts
from schemas.model import Model
from segmentation.central_state import CentralState, Held, first_state
from streaming import checkpoint
from streaming.facts import Circumstances, begun_of, clusters_of, facts_of
from tests.segmentation import hand
from tests.segmentation.towns import CALENDAR, LANES, PARAMETERS
from tests.streaming.hand import Broker, Folder, Shaky, said, start, stream

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
    central = msgspec.structs.replace(state(MODEL), held=held)
    of = Circumstances(batch=1, repeated=False, seconds=0.5, commands=0, offsets=(), before=central)
    told = facts_of([], central, of, PARAMETERS).held
    assert (told is None) if words is None else re.search(words, told or "")


def test_a_run_begins_where_the_central_state_stands() -> None:
    held = Held("operator", "holidays")
    central = msgspec.structs.replace(state(MODEL), answered=20_000, commanded=20_001, held=held)
    assert begun_of(central, PARAMETERS) == Begun(
        closed_until=CALENDAR.end(20_000), pending=1, model_version=MODEL.version,
        held="no model is promoted: holidays; `kwadrant model promote` ends it",
    )  # fmt: skip


def state(force: Model, newest: Model | None = None) -> CentralState:
    return msgspec.structs.replace(first_state(PARAMETERS, 1, LANES, force), newest=newest or force)


@pytest.fixture
def told(tmp_path: Path) -> Sequence[Facts]:
    """Return the facts of a town's batches."""
    folder, heard = Folder(tmp_path / "found"), list[Facts]()
    stream(start(Shaky(Broker(), 7), folder, (heard.append,)), folder, said())
    assert heard[-1].offsets == checkpoint.offsets(folder.path, len(said()) - 1)
    return heard


def test_every_refused_row_has_its_reason(told: Sequence[Facts]) -> None:
    for facts in told:
        assert sum(facts.rejected.values()) == facts.counts["rejected"] + facts.counts.get("too_late", 0)


def test_clusters_and_quadrants_count_the_same_customers_at_every_close(told: Sequence[Facts]) -> None:
    closes = [facts for facts in told if facts.clusters]
    assert len(closes) > 1
    for facts in closes:
        for quadrant, customers in facts.quadrants.items():
            assert sum(one.members for one in facts.clusters if one.quadrant == quadrant) == customers
    assert all(not facts.quadrants for facts in told if not facts.clusters)
    assert max(one.shift for facts in closes for one in facts.clusters) > 0


def test_the_shift_is_what_the_last_model_made_moved_a_centre_by() -> None:
    first, newest = MODEL.clusters[0], MODEL.clusters[1]
    moved = msgspec.structs.replace(newest, centre=(newest.centre[0] - 0.25,))
    after = state(MODEL, msgspec.structs.replace(MODEL, clusters=(first, moved)))
    found = clusters_of({first.id: 7}, state(MODEL), after)
    assert [(one.cluster, one.members, one.shift) for one in found] == [(first.id, 7, 0.0), (newest.id, 0, 0.25)]


def test_the_end_of_the_last_closed_epoch_is_told(told: Sequence[Facts]) -> None:
    for facts in told:
        assert facts.closed_until == CALENDAR.end(facts.closed)
