"""Golden folders: a whole replay writes what it wrote before. `make golden` makes them anew, on purpose.

The last digits of a float are the processor's (its logarithms differ), so twelve digits are compared between machines;
on one machine it is every byte.
"""

import re
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.golden.remake import CASES, FILES, make

_FLOAT = re.compile(rb"-?\d+\.\d+(?:e-?\d+)?")


@pytest.fixture(scope="module", params=CASES, ids=lambda case: case.name)
def case(request: pytest.FixtureRequest) -> Path:
    """Return a golden folder."""
    folder: Path = request.param
    return folder


@pytest.fixture(scope="module")
def out(case: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return what a replay of the case writes now."""
    folder = tmp_path_factory.mktemp("out")
    make(case, folder, tmp_path_factory.mktemp("town"))
    return folder


def twelve_digits(data: bytes) -> bytes:
    return _FLOAT.sub(lambda found: b"%.11e" % float(found[0]), data)


@pytest.mark.parametrize("name", ["events.jsonl", "models.jsonl"])
def test_events_and_models_are_the_golden_ones(name: str, case: Path, out: Path) -> None:
    assert twelve_digits((out / name).read_bytes()) == twelve_digits((case / name).read_bytes())


def test_customers_are_the_golden_ones(case: Path, out: Path) -> None:
    found, golden = (pq.read_table(folder / "customers.parquet") for folder in (out, case))
    assert found.equals(golden)


def test_the_same_replay_writes_the_same_bytes(case: Path, out: Path, tmp_path: Path) -> None:
    make(case, tmp_path / "again", tmp_path / "town")
    assert [(tmp_path / "again" / name).read_bytes() for name in FILES] == [(out / name).read_bytes() for name in FILES]


def test_the_case_is_worth_the_name(case: Path) -> None:
    events = (case / "events.jsonl").read_text().splitlines()
    assert sum('"status":"confirmed"' in event for event in events) >= 5
    assert len((case / "models.jsonl").read_text().splitlines()) >= 10
