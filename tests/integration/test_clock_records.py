"""The clock records of docs/operating.md, as the page has them: a day ends by them in every partition of the topic."""

import re
import subprocess
import sys
from datetime import date
from typing import Any

import pytest

from kwadrant import topics
from schemas.topics import READINGS, lane
from segmentation.calendar import Calendar
from segmentation.crossings import CLOCK
from segmentation.intake import Message, read
from segmentation.parameters import Parameters
from tests.integration.conftest import read_topic
from tests.integration.verbs import ROOT

pytestmark = pytest.mark.integration
PAGE = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
ARRIVED = 1_791_172_800_000_000  # 2026-10-05T04:00:00Z [us]


def test_the_script_of_the_page_ends_the_day_that_it_names(client: dict[str, Any]) -> None:
    topics.create(client, 3)
    (script,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    program = script.replace("broker:9092", str(client["bootstrap_servers"]))
    subprocess.run([sys.executable, "-c", program], check=True)
    records = [record for record in read_topic(str(client["bootstrap_servers"]), READINGS) if record.key is None]
    mine = [record for record in records if record.value == b'{"clock":"2026-10-05T02:00:00Z"}']
    found = read((_message(record) for record in mine), 0, Parameters())
    assert found.rejected == ()
    ended = Calendar("UTC").epoch_of_date(date(2026, 10, 4))
    partitions = {record.partition for record in mine}
    assert {(one.lane, one.epoch, one.customer) for one in found.crossings} == {
        (lane(READINGS, number), ended, CLOCK) for number in partitions
    }
    assert partitions == {0, 1, 2}


def _message(record: Any) -> Message:  # noqa: ANN401 - kafka-python has no types
    return Message(
        lane(READINGS, record.partition), record.offset, ARRIVED, record.key, record.value, len(record.value)
    )
