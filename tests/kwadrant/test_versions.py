"""The versions of a model as a person reads them, out of the control topic of a town whose operators are busy."""

from collections.abc import Sequence
from io import StringIO

import msgspec
import pytest
from rich.console import Console

from kwadrant.shifts import lines, shifts
from kwadrant.versions import History, history, listing, versions
from schemas.control import Control, Promote, Request, Shadow
from schemas.model import Model
from segmentation.calendar import Calendar
from tests.segmentation import hand
from tests.segmentation.asking import RESTLESS, ask
from tests.segmentation.runs import begin, first_model
from tests.segmentation.towns import SEEDED, town

HELD = (ask("hold", SEEDED + 5, because="holidays"), ask("name", SEEDED + 7, cluster=1, name="bakeries [new]"),
        ask("pin", SEEDED + 7, cluster=2))  # fmt: skip
ROLLED_BACK = (ask("rollback", SEEDED + 5, version=2), ask("promote", SEEDED + 8))
SHADOW = ask("shadow", SEEDED + 3, model=msgspec.to_builtins(first_model(1, RESTLESS)))


def told(asked: Sequence[Request] = ()) -> History:
    run = begin(town(0).all, first_model(0, RESTLESS), parameters=RESTLESS)
    run.over([(town(0).all, False)], asked)
    log: list[Control] = [Promote("town", 1, first_model(0, RESTLESS)), *run.log]
    others: list[Control] = [Promote("else", 1, first_model(1, RESTLESS)), Promote("town", 2, first_model(1, RESTLESS))]
    return history([*others, *log], "town", 1, run.central)


def printed(found: History, rows: int = 20) -> list[str]:
    said = StringIO()
    Console(width=160, file=said).print(listing(found, Calendar("Europe/Berlin"), rows))
    return [line.rstrip() for line in said.getvalue().splitlines()]


def statuses(found: History) -> list[tuple[int, str]]:
    return [(one.model.version, one.status) for one in versions(found)]


def test_versions_are_past_in_force_and_on_trial() -> None:
    assert statuses(told()) == [*((n, "past") for n in range(1, 7)), (7, "in force"), (8, "on trial")]
    assert [one.trial is None for one in versions(told())] == [True, *[False] * 6, True]


def test_a_held_version_stands_beside_the_one_in_force_with_its_dry_run() -> None:
    found = versions(told(HELD))
    assert [one.status for one in found[-3:]] == ["in force", "held", "on trial"]
    assert found[-2].trial is not None
    assert found[-2].trial.version == found[-2].model.version
    assert "held by operator: holidays" in printed(told(HELD))


def test_a_rollback_is_a_version_that_says_so() -> None:
    assert (6, "past, rolled back to 2") in statuses(told(ROLLED_BACK)) or (
        7, "past, rolled back to 2") in statuses(told(ROLLED_BACK))  # fmt: skip


def test_what_people_said_is_shown_where_the_next_model_will_have_it() -> None:
    text = printed(told(HELD))
    assert any("→ bakeries [new]" in line for line in text)
    assert [line.split()[-1] for line in text if "→ pinned" in line] == ["pinned"]


def test_the_shadow_is_counted_in_words() -> None:
    (line,) = (line for line in printed(told((SHADOW,))) if line.startswith("shadow:"))
    assert "of 16 customers would stand in another quadrant" in " ".join(line.split())
    before = history([Shadow("town", 1, first_model(1))], "town", 1)
    assert printed(before)[-1] == "shadow of 3 clusters: judged from the next close on"


def test_only_the_last_rows_are_shown_and_shares_with_them() -> None:
    text = printed(told(), rows=2)
    assert [line.split()[0] for line in text[1:3]] == ["7", "8"]
    assert "%)" in text[1]


def test_without_a_stream_that_ran_the_seeding_is_in_force() -> None:
    found = history([Promote("town", 1, first_model(0))], "town", 1)
    assert statuses(found) == [(1, "in force")]
    assert statuses(history([], "town", 1)) == []
    assert printed(history([], "town", 1))


LIVE = hand.two_classes("consumption", 5.0, 9.0)


def moved(**centres: float) -> Model:
    clusters = (
        msgspec.structs.replace(c, centre=(centres.get(c.name, c.centre[0]),), mass=20.0) for c in LIVE.clusters
    )
    return msgspec.structs.replace(LIVE, version=2, clusters=tuple(clusters))


def test_a_difference_names_the_cluster_that_moved_most_first_in_the_indexs_own_unit() -> None:
    assert list(lines(LIVE, moved(low=5.01, high=9.7))) == [
        "1: high: 0.700; mass 10 → 20", "   consumption +0.7σ (8.1 kW → 16 kW)", "0: low: 0.010; mass 10 → 20",
    ]  # fmt: skip


def test_the_index_that_changed_most_comes_first() -> None:
    before, after = first_model(0), first_model(0)
    centre = list(before.clusters[0].centre)
    centre[0], centre[1] = centre[0] + 0.2, centre[1] - 0.9
    changed = msgspec.structs.replace(before.clusters[0], centre=tuple(centre))
    after = msgspec.structs.replace(before, clusters=(changed, *before.clusters[1:]))
    (first, *_) = shifts(before, after)
    assert [text.split(" +")[0].split(" −")[0] for text in first.changes] == ["capacity use", "consumption"]


def test_clusters_of_one_model_alone_are_gone_or_new() -> None:
    other = msgspec.structs.replace(LIVE, clusters=(msgspec.structs.replace(LIVE.clusters[0], id=7, name="odd"),))
    assert list(lines(LIVE, other)) == ["0: low: gone", "1: high: gone", "7: odd: new"]


def test_models_of_two_seedings_have_no_difference() -> None:
    with pytest.raises(ValueError, match="versions 1 and 1 have different scales"):
        shifts(LIVE, hand.two_classes("consumption", 5.0, 9.0, spread=2.0))
