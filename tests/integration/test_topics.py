"""The topics on a real broker: created as they have to be, and what differs is found."""

from collections.abc import Mapping
from contextlib import closing
from typing import Any

import pytest
from kafka import KafkaAdminClient
from kafka.admin import NewTopic

from kwadrant import topics
from schemas.topics import ARCHIVE, CONTROL, EXPECTED, TOPICS
from streaming.errors import NotSeeded
from streaming.start import check_topics

pytestmark = pytest.mark.integration


def test_topics_made_by_hand_are_told_apart_from_ours(client: Mapping[str, Any]) -> None:
    with closing(KafkaAdminClient(**client)) as admin:
        admin.create_topics([NewTopic(CONTROL, 3, 1), NewTopic(ARCHIVE, 1, 1, topic_configs={"retention.ms": "1000"})])
    with pytest.raises(NotSeeded, match=f"{EXPECTED}.*kwadrant topics"):
        check_topics(client)
    assert set(topics.create(client, 2)) == {topic.name for topic in TOPICS} - {CONTROL, ARCHIVE}
    check_topics(client)
    found = [(one.topic, one.found) for one in topics.differences(client)]
    assert (CONTROL, "3 partitions, not 1") in found
    assert (ARCHIVE, "retention.ms is 1000, not -1") in found
    assert (ARCHIVE, "message.timestamp.type is CreateTime, not LogAppendTime") in found
    assert {name for name, _ in found} == {CONTROL, ARCHIVE}
