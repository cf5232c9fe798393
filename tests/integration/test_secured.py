"""The verbs against a broker that asks for a name and encrypts: one spelling of the options serves every client."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest

from kwadrant.jars import JarFolder
from simulator import town
from tests.integration.secured import SECRET, USER, Doors, secured
from tests.integration.verbs import attempt

pytestmark = [
    pytest.mark.integration,
    pytest.mark.slow,
    pytest.mark.timeout(1_800),
    pytest.mark.long,  # make own
]
START, HISTORY_DAYS, DAYS, CUSTOMERS = date(2025, 1, 6), 20, 32, 40
UNTIL = START + timedelta(days=HISTORY_DAYS)
READINGS = ("--readings", "town/readings.parquet")
SETTINGS = """
driver_memory = "800m"
margin = 0.1
dwell = "P1D"

[kafka]
bootstrap.servers = "{doors.scram}"
security.protocol = "SASL_SSL"
sasl.mechanism = "SCRAM-SHA-512"
sasl.username = "{user}"
sasl.password.file = "{doors.password}"
ssl.truststore.location = "{doors.certificate}"
"""
PLAIN = {"KWADRANT_KAFKA__SECURITY_PROTOCOL": "SASL_PLAINTEXT", "KWADRANT_KAFKA__SASL_MECHANISM": "PLAIN"}


@dataclass(frozen=True)
class Heard:
    """What the verbs said, how each ended, and every command line that stood in the list of processes meanwhile."""

    folder: Path
    doors: Doors
    ended: dict[str, int]
    said: dict[str, str]
    processes: set[bytes]


@contextmanager
def watched(seen: set[bytes]) -> Iterator[None]:
    """Collect the command lines of all processes, ten times a second."""
    done = threading.Event()

    def look() -> None:
        while not done.wait(0.1):
            seen.update(line for line in map(_command, Path("/proc").glob("[0-9]*")) if line)

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()


def _command(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes()
    except OSError:  # it ended meanwhile
        return b""


@pytest.fixture(scope="module")
def heard(tmp_path_factory: pytest.TempPathFactory, fetched: JarFolder) -> Iterator[Heard]:
    """Return what came of the verbs: all by SCRAM and TLS, and the history's by PLAIN."""
    folder = tmp_path_factory.mktemp("secured")
    made = town.simulate(CUSTOMERS, DAYS, random_state=3, start=START, history_days=HISTORY_DAYS,
                         change_days=DAYS - HISTORY_DAYS, change_share=0.9)  # fmt: skip
    town.write(made, folder / "town")
    with secured(folder / "kafka", fetched.broker) as doors:
        (folder / "kwadrant.toml").write_text(SETTINGS.format(doors=doors, user=USER))
        found, plain = Heard(folder, doors, {}, {}, set()), {**PLAIN, "KWADRANT_KAFKA__BOOTSTRAP_SERVERS": doors.plain}
        verbs: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
            "topics": ((), {}),
            "produce": ((*READINGS, "--since", f"{UNTIL - timedelta(days=2)}"), plain),
            "seed": ((*READINGS, "--until", f"{UNTIL}", "-k", "4"), plain),
            "stream": (("--until-idle",), {}),
            "events": ((), {}),
            "doctor": ((), {}),
        }
        with watched(found.processes):
            for verb, (options, environment) in verbs.items():
                done = attempt(verb, *options, folder=folder, **environment)
                found.ended[verb], found.said[verb] = done.returncode, done.stdout + done.stderr
        yield found


def test_every_verb_comes_in_by_either_door(heard: Heard) -> None:
    assert heard.ended == dict.fromkeys(heard.ended, 0), heard.said
    assert "topics present: all" in heard.said["doctor"]
    assert "moved from" in heard.said["events"]


def test_the_password_is_neither_said_nor_in_the_list_of_processes(heard: Heard) -> None:
    assert not [verb for verb, said in heard.said.items() if SECRET in said]
    assert any(b"SparkSubmit" in line for line in heard.processes)
    assert not [line for line in heard.processes if SECRET.encode() in line]


def test_a_wrong_password_is_refused_with_a_sentence_that_does_not_hold_it(heard: Heard) -> None:
    wrong = heard.folder / "wrong"
    wrong.write_text("wrong-hush")
    done = attempt("topics", folder=heard.folder, KWADRANT_KAFKA__SASL_PASSWORD_FILE=str(wrong))
    assert done.returncode == 2
    assert "are name and password right?" in done.stderr
    assert "wrong-hush" not in done.stdout + done.stderr
