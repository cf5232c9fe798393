"""Create the topics, or say how they differ from what they have to be."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from contextlib import closing
from dataclasses import dataclass
from time import monotonic, sleep

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType, NewTopic

from schemas.topics import TOPICS, Topic

SHOWN_S = 30.0


@dataclass(frozen=True)
class Difference:
    """What is wrong with a topic, and how to mend it."""

    topic: str
    found: str
    mend: str


def create(client: Mapping[str, object], partitions: int, replication: int = 1) -> list[str]:
    """Create the topics that are missing; returns their names. Those that exist are left as they are."""
    with closing(KafkaAdminClient(**client)) as admin:
        present = set(admin.list_topics())
        missing = [topic for topic in TOPICS if topic.name not in present]
        if missing:
            admin.create_topics([_new(topic, partitions, replication) for topic in missing])
            _await(admin, {topic.name for topic in missing})
        return [topic.name for topic in missing]


def _new(topic: Topic, partitions: int, replication: int) -> NewTopic:
    config = {**topic.config, **topic.chosen}
    return NewTopic(topic.name, topic.partitions or partitions, replication, topic_configs=config)


def _await(admin: KafkaAdminClient, names: AbstractSet[str]) -> None:
    """Wait until the broker shows new topics: the controller says yes before every broker has heard of them.

    Raises TimeoutError where one does not.
    """
    until = monotonic() + SHOWN_S
    while missing := names - set(admin.list_topics()):
        if monotonic() > until:
            raise TimeoutError(f"created, but not shown by the broker after {SHOWN_S} s: {', '.join(sorted(missing))}")
        sleep(0.1)


def differences(client: Mapping[str, object]) -> list[Difference]:
    """How the topics of a cluster differ from what they have to be: missing, partitions, policies.

    What a utility may choose, such as how long readings are kept, is not compared.
    """
    with closing(KafkaAdminClient(**client)) as admin:
        present = set(admin.list_topics())
        missing = [topic.name for topic in TOPICS if topic.name not in present]
        found = [Difference(name, "it does not exist", "run `kwadrant topics`") for name in missing]
        there = [topic for topic in TOPICS if topic.name in present]
        described = {entry["name"]: entry for entry in admin.describe_topics([topic.name for topic in there])}
        for topic in there:
            count = len(described[topic.name]["partitions"])
            if topic.partitions is not None and count != topic.partitions:
                mend = "delete the topic and run `kwadrant topics`: its order is its meaning"
                found.append(Difference(topic.name, f"{count} partitions, not {topic.partitions}", mend))
            found += _config_differences(topic, _config(admin, topic.name))
    return found


def _config(admin: KafkaAdminClient, name: str) -> dict[str, str]:
    answer = admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name)], config_filter="all")
    described = [entries for named in answer.values() for entries in named.values()]
    return {key: str(data["value"]) for entries in described for key, data in entries.items()}


def _config_differences(topic: Topic, config: Mapping[str, str]) -> list[Difference]:
    return [
        Difference(
            topic.name, f"{name} is {config[name]}, not {value}",
            f"kafka-configs --alter --topic {topic.name} --add-config {name}={value}",
        )
        for name, value in topic.config.items() if name in config and config[name] != value
    ]  # fmt: skip
