"""A town seeded, streamed, and seeded again with another value mapping, by the verbs: identities go on."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from schemas.event import Event
from schemas.model import Model
from simulator.town import simulate, write
from streaming.start import newest_seeding, promotions
from tests.integration.verbs import kwadrant

CUSTOMERS, DAYS, STREAM = 60, 24, "again"
TABLES = tuple(
    part for name in ("readings", "transactions", "archive") for part in (f"--{name}", f"town/{name}.parquet")
)
MAPPING = "version,column,value,number\n2,industry,residential,0.4\n2,industry,metalworking,2.5\n"

pytestmark = [
    pytest.mark.integration,
    pytest.mark.slow,
    pytest.mark.timeout(1_800),
    pytest.mark.long,  # make own
]


@dataclass(frozen=True)
class Twice:
    """The model in force at the end of the first run, that of the second seeding, what it said, events after it."""

    before: Model
    after: Model
    said: str
    events: list[Event]


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory, client: dict[str, str]) -> Twice:
    """Return what comes of two seedings."""
    folder: Path = tmp_path_factory.mktemp("again")
    town = simulate(CUSTOMERS, DAYS, random_state=1, history_days=12, change_days=10, resolution=timedelta(hours=1))
    write(town, folder / "town")
    (folder / "mapping.csv").write_text(MAPPING)
    kafka, stream = ("--bootstrap", client["bootstrap_servers"]), {"KWADRANT_STREAM": STREAM}
    kwadrant("topics", *kafka, folder=folder)
    kwadrant("produce", *kafka, *TABLES, folder=folder)
    kwadrant("seed", *kafka, *TABLES, "--until", "2025-01-18", "-k", "4", folder=folder, **stream)
    kwadrant("stream", *kafka, "--until-idle", folder=folder, **stream)
    before = promotions(client, STREAM, 1)[-1]
    told = kwadrant("events", *kafka, "--json", folder=folder).splitlines()
    said = kwadrant("seed", *kafka, *TABLES, "--until", "2025-01-26", "-k", "5", "--mapping", "mapping.csv",
                    folder=folder, **stream)  # fmt: skip
    again = newest_seeding(client, STREAM)
    assert again is not None
    kwadrant("stream", *kafka, "--until-idle", folder=folder, **stream)
    lines = kwadrant("events", *kafka, "--json", folder=folder).splitlines()
    events = [msgspec.json.decode(line, type=Event) for line in sorted(set(lines) - set(told))]
    return Twice(before, again.model, said, events)


def test_clusters_keep_what_people_know_them_by(twice: Twice) -> None:
    old = {cluster.id: (cluster.name, cluster.quadrant) for cluster in twice.before.clusters}
    new = {cluster.id: (cluster.name, cluster.quadrant) for cluster in twice.after.clusters}
    kept = old.keys() & new.keys()
    assert kept
    assert {one: old[one] for one in kept} == {one: new[one] for one in kept}
    assert all(one > max(old) for one in new.keys() - old.keys())
    assert {change.cluster for change in twice.after.lineage} >= old.keys() ^ new.keys()


def test_the_second_is_another_version_of_another_definition(twice: Twice) -> None:
    assert twice.after.version > twice.before.version
    assert (twice.before.definition, twice.after.definition) == (1, 2)
    assert twice.after.value_mapping is not None
    assert twice.after.value_mapping.version == "2"


def test_it_says_what_it_does_to_the_classes(twice: Twice) -> None:
    assert f"of {CUSTOMERS} customers with a class" in twice.said
    assert "by this seeding alone" in twice.said


def test_what_the_seeding_moves_is_told_as_such(twice: Twice) -> None:
    by_it = [one for one in twice.events if one.model_version_from < twice.after.version <= one.model_version_to]
    assert all(event.cause == "definition_changed" for event in by_it)
    assert ("no event" in twice.said) <= (by_it == [])
