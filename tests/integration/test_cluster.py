"""The verbs on a real Spark cluster, their folder on a file system that is none of this machine's to Python."""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import msgspec
import pytest

from schemas.event import Event
from schemas.model import Model
from schemas.topics import MODELS
from simulator import town
from tests.integration.cluster import WORKERS, cluster
from tests.integration.conftest import bare, canonical, plain, read_topic
from tests.integration.verbs import kwadrant

pytestmark = [
    pytest.mark.integration,
    pytest.mark.slow,
    pytest.mark.timeout(1_800),
    pytest.mark.long,  # make own
]
START, HISTORY_DAYS, DAYS, CUSTOMERS = date(2025, 1, 6), 20, 32, 80
UNTIL = START + timedelta(days=HISTORY_DAYS)
TABLES = [part for name in ("readings", "transactions", "archive") for part in (f"--{name}", f"town/{name}.parquet")]
FOLDER = "viewfs://shared/deployment"
SETTINGS = """
folder = "{folder}"
master = "{master}"
driver_memory = "800m"
rows_per_batch = 15000
margin = 0.0
dwell = "P1D"
cool_down = "P2D"

[kafka]
bootstrap.servers = "{bootstrap}"

[spark]
"hadoop.fs.viewfs.mounttable.shared.link./deployment" = "file://{shared}"
"""


@dataclass(frozen=True)
class Found:
    """What the cluster said, what the replay says, and where things were."""

    events: list[Event]
    replayed: list[Event]
    models: list[Model]
    replayed_models: list[Model]
    folder: Path


def decoded(lines: str) -> list[Event]:
    return [msgspec.json.decode(line, type=Event) for line in lines.splitlines()]


def models(values: list[bytes]) -> list[Model]:
    found = [bare(msgspec.json.decode(value, type=Model)) for value in values]
    return sorted(found, key=lambda model: model.version)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory, client: dict[str, str]) -> Found:
    """Return what comes of the verbs, each in a process of its own, on a cluster."""
    folder, kafka = tmp_path_factory.mktemp("cluster"), client["bootstrap_servers"]
    (folder / "shared").mkdir()
    made = town.simulate(CUSTOMERS, DAYS, random_state=3, start=START, history_days=HISTORY_DAYS,
                         change_days=DAYS - HISTORY_DAYS, change_share=0.9)  # fmt: skip
    town.write(made, folder / "town")
    with cluster(folder / "spark") as master:
        text = SETTINGS.format(folder=FOLDER, master=master, bootstrap=kafka, shared=folder / "shared")
        (folder / "kwadrant.toml").write_text(text)
        kwadrant("topics", folder=folder)
        kwadrant("produce", *TABLES, "--since", f"{UNTIL - timedelta(days=2)}", folder=folder)
        kwadrant("seed", *TABLES, "--until", f"{UNTIL}", folder=folder, SPARK_LOCAL_IP="127.0.0.1")
        kwadrant("stream", "--until-idle", folder=folder, SPARK_LOCAL_IP="127.0.0.1")
        kwadrant("doctor", folder=folder)
    said = kwadrant("events", "--json", folder=folder)
    kwadrant("replay", *TABLES, "--seed-until", f"{UNTIL}", "--out", "replayed", folder=folder)
    replayed = (folder / "replayed" / "models.jsonl").read_bytes().splitlines()
    promoted = [record.value for record in read_topic(kafka, MODELS)]
    return Found(
        decoded(said), decoded((folder / "replayed" / "events.jsonl").read_text()), models(promoted), models(replayed),
        folder,
    )  # fmt: skip


def test_confirmed_events_and_models_equal_those_of_the_replay(found: Found) -> None:
    assert canonical(plain(found.events)) == canonical(plain(found.replayed))
    assert found.models == found.replayed_models


def test_the_case_is_worth_the_name(found: Found) -> None:
    assert len(canonical(plain(found.events))) >= 10
    assert len(found.models) >= (DAYS - HISTORY_DAYS) // 2  # the budget holds some, where so few customers are


def test_every_worker_ran_executors_of_both_jobs(found: Found) -> None:
    for number in range(WORKERS):
        work = found.folder / "spark" / f"worker-{number}"
        assert len(list(work.glob("app-*/*/stderr"))) == len(("seed", "stream")), work


def test_all_that_is_kept_lies_in_the_shared_folder_and_the_rows_are_gone(found: Found) -> None:
    kept = {path.name for path in (found.folder / "shared").iterdir()} - {".deployment.json.crc"}
    assert kept == {"checkpoint-1", "initial-state-1", "history-1", "deployment.json"}
