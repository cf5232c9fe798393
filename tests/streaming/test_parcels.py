"""Parcels: any cut of the messages into blocks gives the same rows, refusals and crossings, and the same digest."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import msgspec
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from segmentation.blocks import MESSAGES
from segmentation.buckets import bucket_of
from segmentation.crossings import Crossing, kept
from segmentation.decision import NEVER
from segmentation.intake import Intake, Message, read
from segmentation.output import Output, Rejected
from segmentation.rows import names
from streaming.digest import digest_of
from streaming.parcels import pack, unpack
from tests.segmentation.runs import laws
from tests.segmentation.towns import PARAMETERS, town
from tests.streaming.hand import said

FEW = 160
Cut = tuple[int, ...]
cuts = st.lists(st.integers(0, FEW), max_size=5).map(lambda places: tuple(sorted(places)))
buckets = range(PARAMETERS.buckets)


def messages() -> list[Message]:
    """Return some messages of every lane, three bad ones among them."""
    some = town(0).all[:: len(town(0).all) // FEW][:FEW]
    spoiled = (msgspec.json.encode({"customerId": 5}), None, b"[")
    return [
        Message(one.lane, one.offset, one.time, one.key, spoiled[n // 50 % 3], 9) if n % 50 == 7 else one
        for n, one in enumerate(some)
    ]


def block(part: Sequence[Message]) -> pa.RecordBatch:
    rows = [dict(zip(MESSAGES.names, vars(one).values(), strict=True)) for one in part]
    return pa.RecordBatch.from_pylist(rows, schema=MESSAGES)


def parceled(cut: Cut, order: int = 0) -> dict[int, Intake]:
    """Return each bucket's intake where the messages came in blocks that end at the places of `cut`."""
    blocks = [block(messages()[begin:end]) for begin, end in pairwise((0, *cut, FEW))]
    parcels = [row for made in pack(PARAMETERS)(iter(blocks)) for row in made.to_pylist()]
    parcels = parcels[order:] + parcels[:order]
    return {
        bucket: unpack([bytes(parcel["payload"]) for parcel in parcels if parcel["bucket"] == bucket])[0]
        for bucket in buckets
    }


def rows_of(intakes: Iterator[Intake] | Sequence[Intake]) -> list[dict[str, Any]]:
    together = pa.concat_tables([intake.rows for intake in intakes])
    return together.sort_by([(name, "ascending") for name in ("lane", "offset", "epoch")]).to_pylist()


@given(cuts, st.integers(0, 5))
@laws(25)
def test_any_cut_gives_the_same_rows_refusals_and_crossings(cut: Cut, order: int) -> None:
    found, whole = list(parceled(cut, order).values()), read(messages(), NEVER, PARAMETERS)
    assert rows_of(found) == rows_of([whole])
    assert sorted(row for intake in found for row in intake.rejected) == sorted(whole.rejected)
    crossings = [crossing for intake in found for crossing in intake.crossings]
    assert kept(crossings, NEVER, PARAMETERS.witnesses) == kept(whole.crossings, NEVER, PARAMETERS.witnesses)


def test_every_row_travels_to_the_bucket_of_its_customer() -> None:
    for bucket, intake in parceled((40, 90)).items():
        assert {bucket_of(name, PARAMETERS.buckets) for name in names(intake.rows["customer"])} == {bucket}


def test_the_example_has_rows_refusals_and_crossings() -> None:
    whole = read(messages(), NEVER, PARAMETERS)
    assert whole.rows.num_rows > FEW / 2
    assert {row.reason for row in whole.rejected} >= {"wrong_type", "tombstone"}
    assert whole.crossings


def test_a_block_without_a_good_row_still_brings_its_refusals() -> None:
    bad = next(one for one in messages() if one.value is None)
    ((row,),) = (parcel.to_pylist() for parcel in pack(PARAMETERS)(iter([block([bad])])))
    assert [(one.offset, one.reason) for one in unpack([row["payload"]])[0].rejected] == [(bad.offset, "tombstone")]


def test_an_empty_block_makes_no_parcel() -> None:
    assert list(pack(PARAMETERS)(iter([block([])]))) == []
    assert unpack([])[1:] == ([], 0)


def test_the_oldest_arrival_of_all_blocks_counts() -> None:
    made = pack(PARAMETERS)(iter([block(messages()[:40]), block(messages()[40:])]))
    payloads = [bytes(row["payload"]) for parcel in made for row in parcel.to_pylist()]
    assert unpack(payloads)[2] == min(one.time for one in messages())


def outputs(cut: Cut, order: int) -> list[Output]:
    """Return what buckets say of a batch that only brings messages, blocks cut and tasks ordered in some way."""
    found = [
        Output(
            bucket,
            intake.crossings,
            rejected=intake.rejected,
            counts={"rejected": len(intake.rejected)},
            arrived=cut[0] if cut else 1,
        )
        for bucket, intake in parceled(cut, order).items()
    ]
    return found[order % 3 :] + found[: order % 3]


@given(cuts, st.integers(0, 5))
@laws(25)
def test_the_digest_does_not_depend_on_how_a_batch_was_cut(cut: Cut, order: int) -> None:
    witnesses = PARAMETERS.witnesses
    assert digest_of(outputs(cut, order), witnesses) == digest_of(outputs((), 0), witnesses)


CHANGES: list[dict[str, Any]] = [
    {"events": ()},
    {"states": ()},
    {"answer": None},
    {"counts": {}},
    {"rejected": (Rejected(0, 1, "empty", "", None, None),)},
    {"crossings": (Crossing(0, 1, 30_000, ""),)},
]


def test_the_digest_tells_every_change_apart() -> None:
    batch = next(batch for batch in said() if batch[0].events and batch[0].answer and batch[0].states)
    changed = [[msgspec.structs.replace(batch[0], **change), *batch[1:]] for change in CHANGES]
    digests = {digest_of(outputs, PARAMETERS.witnesses) for outputs in [batch, *changed]}
    assert len(digests) == 1 + len(CHANGES)
