"""`kwadrant list expected`: who may soon become a potential customer, from a replay's folder or as the stream says."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet as pq

from kwadrant.asking import stream_of
from kwadrant.common import UsageError, client_of
from kwadrant.listing import Format, written
from kwadrant.settings import Settings
from schemas.expectation import Expectation, Expectations, worth
from schemas.topics import EXPECTED
from segmentation.expecting import AHEAD, LEAST
from streaming.topic import committed_records

COLUMNS = ("rank", "customer_id", "probability", "potential", "confidence", "worth", "slope", "class", "because")
NOBODY = "nobody is expected to become a potential customer soon"
NOT_YET = "nothing is told yet: the stream says who is expected at its closes, the first after the seeding"
_decode = msgspec.json.Decoder(Expectations).decode


@dataclass(frozen=True)
class Found:
    """The list's rows, and as of when (RFC 3339) where the stream said so: empty before its first close."""

    rows: list[dict[str, object]]
    as_of: str | None = None


def text(found: Found, form: Format) -> str:
    """Return the list as a table for people, as CSV with a header, or as one JSON object per line."""
    if form != "table" or found.as_of is None:
        return written(found.rows, COLUMNS, form, NOBODY)
    return f"{written(found.rows, COLUMNS, form, NOBODY)}\nas of {found.as_of}" if found.as_of else NOT_YET


def of_folder(folder: Path, least: float = LEAST) -> Found:
    """Return those whose probability is `least` or more, by potential times probability, the most promising first.

    Ties go to the smaller customer id. `slope` is by how much more a customer takes with every week [1].

    Raises
    ------
    UsageError
        Where no replay is there, or one that tells no probabilities.
    """
    file = folder / "customers.parquet"
    if not file.exists():
        raise UsageError(f"{file} is not there; name the folder that `kwadrant replay --out` wrote")
    if "expected" not in pq.read_schema(file).names:
        raise UsageError(f"{file} tells no probabilities: an older version wrote it; replay again")
    rows = [row for row in pq.read_table(file).to_pylist() if row["expected"] is not None and row["expected"] >= least]
    rows.sort(key=lambda row: (-row["potential"] * row["expected"], row["customer_id"]))
    return Found([_row(rank, row) for rank, row in enumerate(rows, start=1)])


def of_stream(settings: Settings) -> Found:
    """Return whom the buckets of the stream's last seeding expect, as of its last close."""
    stream = stream_of(client_of(settings), settings.stream)
    records = (value for _, value in committed_records(stream.client, EXPECTED) if value is not None)
    return together(latest(map(_decode, records), stream.name, stream.generation))


def latest(said: Iterable[Expectations], stream: str, generation: int) -> Mapping[int, Expectations]:
    """Return the last word of each bucket of a stream's generation, of all that was `said` in the topic's order."""
    return {one.bucket: one for one in said if (one.stream, one.generation) == (stream, generation)}


def together(buckets: Mapping[int, Expectations]) -> Found:
    """Return the list of all buckets, in the order of `of_folder`."""
    found = [one for bucket in buckets.values() for one in bucket.customers]
    found.sort(key=lambda one: (-worth(one), one.customer_id))
    rows = [_row(rank, _told(one)) for rank, one in enumerate(found, start=1)]
    return Found(rows, max((bucket.as_of for bucket in buckets.values()), default=""))


def _told(one: Expectation) -> dict[str, Any]:
    return {
        "customer_id": one.customer_id, "potential": one.potential, "confidence": one.confidence, "slope": one.slope,
        "expected": one.probability, "name": one.place.name,
    }  # fmt: skip


def _row(rank: int, row: Mapping[str, Any]) -> dict[str, object]:
    slope, probability = row["slope"], row["expected"]
    return {
        "rank": rank, "customer_id": row["customer_id"], "probability": round(probability, 3),
        "potential": round(row["potential"], 3), "confidence": round(row["confidence"], 3),
        "worth": round(row["potential"] * probability, 3), "slope": None if slope is None else round(slope, 4),
        "class": row["name"], "because": because(slope, row["potential"]),
    }  # fmt: skip


def sentence(one: Expectation) -> str:
    """Return who is expected, how probable that is, and why; the name of its class stands between asterisks."""
    chance = f"{one.probability:.0%}".replace("%", " %")
    return (
        f"{one.customer_id} in *{one.place.name}*: {chance} likely to become a potential customer within {AHEAD} days; "
        f"{because(one.slope, one.potential)}"
    )


def because(slope: float | None, potential: float) -> str:
    """Return why somebody is expected, in words."""
    more = f"stands at {potential:.2f} times what it was"
    if slope is None:
        return more
    return f"takes {abs(slope):.1%} {'more' if slope > 0 else 'less'} every week; {more}"
