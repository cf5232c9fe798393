"""How the topics of a cluster differ from what they have to be, over a cluster made by hand."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from kafka.admin import ConfigResource, NewTopic

from kwadrant import topics
from kwadrant.topics import Difference
from schemas.topics import CONTROL, EVENTS, INPUTS, PROGRESS, READINGS, TOPICS, TRANSACTIONS, dead_letters_of


@dataclass
class Cluster:
    """What an admin client sees: partitions and policies by topic."""

    partitions: dict[str, int] = field(default_factory=dict)
    config: dict[str, dict[str, str]] = field(default_factory=dict)

    def list_topics(self) -> list[str]:
        """Return every name, ours or not."""
        return [*self.partitions, "somebody.elses"]

    def describe_topics(self, names: list[str]) -> list[dict[str, Any]]:
        """Return the partitions of some topics."""
        return [{"name": name, "partitions": [{}] * self.partitions[name]} for name in names]

    def describe_configs(self, resources: list[ConfigResource], config_filter: str) -> dict[str, Any]:
        """Return the policies of some topics."""
        assert config_filter == "all"
        return {"topic": {one.name: {k: {"value": v} for k, v in self.config[one.name].items()} for one in resources}}

    def create_topics(self, new: list[NewTopic]) -> None:
        """Make topics."""
        for topic in new:
            self.partitions[topic.name] = topic.num_partitions
            self.config[topic.name] = dict(topic.topic_configs)

    def close(self) -> None:
        """Let go of nothing."""


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Cluster:
    """Return an empty cluster that the admin client talks to."""
    made = Cluster()
    monkeypatch.setattr(topics, "KafkaAdminClient", lambda **_: made)
    return made


def test_what_create_makes_is_as_it_has_to_be(cluster: Cluster) -> None:
    assert topics.create({}, 6) == [topic.name for topic in TOPICS]
    assert topics.differences({}) == []
    assert (cluster.partitions[READINGS], cluster.partitions[CONTROL]) == (6, 1)


def test_create_leaves_topics_that_exist_alone(cluster: Cluster) -> None:
    cluster.create_topics([NewTopic(READINGS, 2, 1, topic_configs={"cleanup.policy": "delete"})])
    assert READINGS not in topics.create({}, 6)
    assert cluster.partitions[READINGS] == 2


def test_every_missing_topic_is_named(cluster: Cluster) -> None:
    assert cluster.partitions == {}
    assert [(one.topic, one.found) for one in topics.differences({})] == [(t.name, "it does not exist") for t in TOPICS]


def test_a_topic_whose_order_is_its_meaning_has_one_partition(cluster: Cluster) -> None:
    topics.create({}, 6)
    cluster.partitions[CONTROL] = 3
    mend = "delete the topic and run `kwadrant topics`: its order is its meaning"
    assert topics.differences({}) == [Difference(CONTROL, "3 partitions, not 1", mend)]


@pytest.mark.parametrize(
    ("name", "option", "value"),
    [
        (READINGS, "message.timestamp.type", "CreateTime"),
        (CONTROL, "retention.ms", "604800000"),
        (EVENTS, "retention.ms", "604800000"),
        (EVENTS, "retention.bytes", "1073741824"),
        (PROGRESS, "cleanup.policy", "delete"),
    ],
)
def test_a_policy_that_loses_data_is_named_with_the_line_that_mends_it(
    cluster: Cluster, name: str, option: str, value: str
) -> None:
    topics.create({}, 6)
    wanted = cluster.config[name][option]
    cluster.config[name] = {**cluster.config[name], option: value}
    mend = f"kafka-configs --alter --topic {name} --add-config {option}={wanted}"
    assert topics.differences({}) == [Difference(name, f"{option} is {value}, not {wanted}", mend)]


DAY_MS = 86_400_000


def test_a_topic_is_created_with_its_retention_and_the_broker_s_own_does_not_count(cluster: Cluster) -> None:
    topics.create({}, 6)
    kept = {name: cluster.config[name].get("retention.ms") for name in cluster.partitions}
    assert {kept[name] for name in (READINGS, TRANSACTIONS)} == {str(30 * DAY_MS)}
    assert {kept[dead_letters_of(name)] for name in INPUTS} == {str(90 * DAY_MS)}
    deleted = {name for name, config in cluster.config.items() if config["cleanup.policy"] == "delete"}
    assert [name for name in deleted if kept[name] is None] == []


@pytest.mark.parametrize("name", [READINGS, TRANSACTIONS, dead_letters_of(READINGS)])
@pytest.mark.parametrize("days", [7, 400, None])
def test_how_long_rows_are_kept_is_the_utility_s_choice(cluster: Cluster, name: str, days: int | None) -> None:
    topics.create({}, 6)
    cluster.config[name]["retention.ms"] = "-1" if days is None else str(days * DAY_MS)
    assert topics.differences({}) == []
