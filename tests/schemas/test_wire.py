"""The wire contracts: the files agree with the types, examples pass, known-bad records do not."""

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pyarrow as pa
import pytest
from jsonschema import Draft202012Validator

from kwadrant import encode
from kwadrant.tables import ARCHIVE, READINGS, TRANSACTIONS, Layout
from schemas.archive import Archive
from schemas.control import Candidate, Close, Dismiss, Hold, Promote, Reply, Request, Shadow, read
from schemas.event import CANONICAL_OUT, CustomerState, Dismissed, Event, Evidence, Place, Reason
from schemas.expectation import Expectation, Expectations
from schemas.fitted import Fitted, Scaling
from schemas.model import Cluster, Model
from schemas.progress import Progress
from schemas.reading import Clock, Interval, Quality, Reading
from schemas.transaction import Transaction
from schemas.trial import Shift, Trial
from schemas.wire_contracts import FOLDER, RECORDS, contract

NOW = datetime(2026, 11, 20, 7, 45, tzinfo=UTC)
PLACE = Place(1, "large, even factory", "high-low", "2026-11-20T07:45:00Z")
MODEL = Model(
    version=1, epoch=9_820, indices=("growth",), scale_centre=(0.0,), scale_spread=(0.5,), clip=3.0,
    factor_weights=(1.0,), threshold_current=0.0, threshold_potential=0.1,
    clusters=(Cluster(0, "a", "low-low", (0.5,), 2.0, 1.0),), sse=0.0, random_state=0, fingerprint="f",
)  # fmt: skip
EVENT = Event(
    event_id="e", customer_id="C", from_=PLACE, to=PLACE, newly_potential=True, cause="both", model_version_from=1,
    model_version_to=2, status="early", margin=1.0, confidence=0.5,
    reasons=(Reason("growth", 0.1, None, 0.2, 0.6, 0.1),),
    quality=Evidence(0.0, provisional=False), event_time="2026-11-20T07:45:00Z",
)  # fmt: skip
TRIAL = Trial(2, 9_820, 40, (Shift(0, 1, 3, 2, 1),))
FITTED = Fitted(
    version=1, software="0.1.0", columns=("kwh",), id_column=None, weight_column=None, k=1, start="rgs",
    random_state=0, scaling=Scaling("robust", (1.0,), (2.0,), 5.0), weighting="eta2", factor_weights=(1.0,), grid=(31,),
    centres=((3.0,),), scaled_centres=((1.0,),), masses=(4.0,), rows=4, sse=0.5, sse_bound=0.5,
)  # fmt: skip
EXAMPLES: list[tuple[str, msgspec.Struct]] = [
    ("reading", Reading("C", Interval(NOW, "PT15M"), 0.412, "kWh", Quality("measured", "1.0.0"), received_at=NOW)),
    ("clock", Clock(NOW)),
    ("transaction", Transaction("T", "C", NOW, "payment", "pv", 9.5, "EUR", NOW)),
    ("transaction", Transaction("T", "C", NOW, "enquiry")),
    ("archive", Archive("C", NOW, industry="metal", capacity_kw=30.0, contract_start=NOW, protected=True)),
    ("event", EVENT),
    ("event", msgspec.structs.replace(EVENT, origin="backfill", supersedes="d", batch_id=3, processed_time="now")),
    ("event", msgspec.structs.replace(EVENT, because="closed", dismissed=Dismissed("2026-12-01T00:00:00Z", "closed"))),
    ("customer-state", CustomerState("C", PLACE, 1, "e")),
    ("expectations", Expectations("town", 1, 3, EVENT.event_time, (Expectation("C", PLACE, 0.2, 1.3, 0.9, 0.01),))),
    ("expectations", Expectations("town", 1, 3, EVENT.event_time, (Expectation("C", PLACE, 0.2, 1.3, 0.9),))),
    ("model", MODEL),
    ("fitted", FITTED),
    ("control", Promote("town", 1, MODEL)),
    ("control", Promote("town", 1, MODEL, TRIAL, undo=3)),
    ("control", Hold("town", 1, "budget", "it would move 3 of 40", TRIAL)),
    ("control", Candidate("town", 1, MODEL)),
    ("control", Shadow("town", 1, MODEL)),
    ("control", Shadow("town", 1, None)),
    ("control", Dismiss("town", 1, "C", 9_830, "closed")),
    ("control", Request("town", 1, "r", "rollback", {"version": 3}, "me", "a bad day", 9_820)),
    ("control", Reply("town", 1, "r", accepted=True, said="done", close="2026-11-20", version=4)),
    ("control", Close("town", 1, 9_820, {"0": 17, "4096": 3})),
    ("progress", Progress("town", 1, "q", 3, 0, 1, "d", ("{}",), 9_820, {"rows": 5})),
]


def validator(name: str) -> Any:  # noqa: ANN401 - jsonschema ships no types
    return Draft202012Validator(json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8")))


@pytest.mark.parametrize("name", RECORDS)
def test_the_file_agrees_with_the_type(name: str) -> None:
    found = (FOLDER / f"{name}.json").read_text(encoding="utf-8")
    assert found == contract(name), "run: python -m schemas.wire_contracts"
    Draft202012Validator.check_schema(json.loads(found))


def test_there_is_no_file_without_a_type() -> None:
    assert {path.stem for path in FOLDER.iterdir()} == set(RECORDS)


@pytest.mark.parametrize(("name", "record"), EXAMPLES)
def test_an_example_passes_and_comes_back_the_same(name: str, record: msgspec.Struct) -> None:
    text = msgspec.json.encode(record)
    validator(name).validate(json.loads(text))
    assert msgspec.json.decode(text, type=RECORDS[name]) == record


def test_every_contract_has_an_example() -> None:
    assert {name for name, _ in EXAMPLES} == set(RECORDS)


@pytest.mark.parametrize(
    ("layout", "name", "row"),
    [
        (READINGS, "reading", {"customer_id": "C", "start": NOW, "duration_s": 900, "kwh": 0.4, "status": "estimated"}),
        (TRANSACTIONS, "transaction", {"transaction_id": "T", "customer_id": "C", "time": NOW, "kind": "purchase"}),
        (ARCHIVE, "archive", {"customer_id": "C", "valid_from": NOW, "capacity_kw": 3.0}),
    ],
)  # fmt: skip
def test_what_produce_writes_passes(layout: Layout, name: str, row: dict[str, Any]) -> None:
    table = pa.Table.from_pylist([row], layout.schema)
    (text,) = {"reading": encode.readings, "transaction": encode.transactions, "archive": encode.archive}[name](table)
    assert validator(name).is_valid(json.loads(text.as_py()))
    assert validator("clock").is_valid(json.loads(encode.clock(NOW)))


BAD: list[tuple[str, dict[str, Any]]] = [
    ("reading", {"customerId": ""}), ("reading", {"customerId": "C" * 65}), ("reading", {"value": -1}),
    ("reading", {"value": "0.4"}), ("reading", {"value": 1e10}), ("reading", {"unit": "MWh"}),
    ("reading", {"quality": {"status": "guessed"}}), ("reading", {"readingType": "1.2"}),
    ("reading", {"flowDirection": "up"}), ("reading", {"interval": {"start": "2026-11-20T07:45:00Z"}}),
    ("transaction", {"kind": "gift"}), ("transaction", {"service": "yoga"}), ("transaction", {"currency": "Euro"}),
    ("transaction", {"amount": -1}), ("archive", {"capacityKw": -1}), ("archive", {"zone": "Z" * 65}),
    ("clock", {"clock": 5}), ("event", {"status": "perhaps"}), ("event", {"cause": "the moon"}),
    ("event", {"from": None}),
    ("control", {"type": "explode"}), ("control", {"upto": {"0": "x"}}), ("model", {"clusters": 3}),
    ("progress", {"batch": "1"}), ("customer-state", {"place": {}}),
    ("fitted", {"version": 2}), ("fitted", {"k": 0}), ("fitted", {"sha256": "00"}), ("fitted", {"more": 1}),
    ("fitted", {"scaling": {"kind": "log", "centre": [0], "spread": [1], "clip": None}}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "change"), BAD)
def test_a_known_bad_record_does_not_pass(name: str, change: dict[str, Any]) -> None:
    example = next(record for of, record in reversed(EXAMPLES) if of == name)
    content = json.loads(msgspec.json.encode(example)) | change
    assert not validator(name).is_valid(content)


@pytest.mark.parametrize(
    ("name", "field"), [("reading", "interval"), ("clock", "clock"), ("event", "to"), ("progress", "digest")]
)
def test_a_record_without_a_required_field_does_not_pass(name: str, field: str) -> None:
    content = json.loads(msgspec.json.encode(next(record for of, record in EXAMPLES if of == name)))
    del content[field]
    assert not validator(name).is_valid(content)


@pytest.mark.parametrize("record", [record for name, record in EXAMPLES if name == "control"])
def test_a_command_is_read(record: msgspec.Struct) -> None:
    assert read(msgspec.json.encode(record)) == record


@pytest.mark.parametrize(
    "value", [b"", b"{", b"[1]", b"\xff", b'{"type":"request"}', b'{"type":"request","stream":"town","generation":"x"}',
              b'{"type":"of somebody else"}', b'{"type":7}'],
)  # fmt: skip
def test_what_is_no_record_of_ours_stops_nobody(value: bytes) -> None:
    assert read(value) is None


@pytest.mark.parametrize("kind", ["promote", "candidate", "hold", "close", "shadow", "dismiss", "reply"])
def test_a_command_that_cannot_be_read_is_an_error_and_not_lost(kind: str) -> None:
    with pytest.raises(msgspec.ValidationError, match="stream"):
        read(b'{"type":"%s"}' % kind.encode())


def test_the_fields_that_two_cuts_may_say_differently_are_fields_of_an_event() -> None:
    assert set(CANONICAL_OUT) <= {field.encode_name for field in msgspec.structs.fields(Event)}
