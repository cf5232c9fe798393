"""Spark's report of a batch, as text: what is read of it."""

import json

from schemas.facts import Progressed
from streaming.listener import progressed

REPORT = {
    "id": "7f0c", "name": "town", "batchId": 3, "numInputRows": 41,
    "durationMs": {"addBatch": 250, "triggerExecution": 500},
    "sources": [{"description": "Kafka", "endOffset": {"t": {"0": 9}}}], "sink": {"numOutputRows": -1},
}  # fmt: skip


def test_times_are_seconds_and_the_whole_trigger_is_no_phase() -> None:
    expected = Progressed(phases={"addBatch": 0.25}, seconds=0.5, records=41)
    assert progressed(json.dumps(REPORT)) == ("town", expected)


def test_a_query_without_name_or_batch_has_a_report_too() -> None:
    assert progressed('{"name": null, "durationMs": {}}') == (None, Progressed(phases={}, seconds=0.0, records=0))
