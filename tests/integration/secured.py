"""A broker that lets nobody in without a name: PLAIN on one door, SCRAM over TLS on another, and a list of rights."""

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from kafka import KafkaAdminClient
from kafka.admin import (
    ACL,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ResourcePattern,
    ResourceType,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from kwadrant import broker, java
from kwadrant.processes import LOOPBACK, free_port
from schemas.topics import TOPICS

USER = "kwadrant"
SECRET = "hush-7f3a91"  # noqa: S105 - of a user that lives as long as a test
PASSWORD = f'{SECRET} "quoted" \\ back'
"""With what Java's sentence has to escape."""
_STORE_PASSWORD = "changeit"  # noqa: S105 - of a store that lives as long as a test
_TOPIC_RIGHTS = (ACLOperation.CREATE, ACLOperation.DESCRIBE_CONFIGS, ACLOperation.READ, ACLOperation.WRITE)


@dataclass(frozen=True)
class Doors:
    """Addresses of a secured broker; `certificate` is a PEM file, `password` a file too."""

    plain: str
    scram: str
    certificate: Path
    password: Path


@contextmanager
def secured(folder: Path, jars: Sequence[Path]) -> Iterator[Doors]:
    """Give the doors of a broker whose only user may do what `kwadrant` has to, and nothing else."""
    folder.mkdir()
    plain, scram = (f"{LOOPBACK}:{free_port()}" for _ in range(2))
    doors = Doors(plain, scram, folder / "broker.pem", folder / "password")
    doors.password.write_text(PASSWORD + "\n")
    _make_certificate(folder / "broker.p12", doors.certificate)
    open_to_all = broker.properties

    def properties(data: Path, port: int, controller: int) -> str:
        return open_to_all(data, port, controller) + _closed(doors, folder / "broker.p12", (port, controller))

    with patch.object(broker, "properties", properties), broker.Broker(folder / "broker", jars) as running:
        _admit(running.bootstrap)
        yield doors


def _closed(doors: Doors, store: Path, ports: tuple[int, int]) -> str:
    """Return settings that replace those of the same name: a Java properties file takes the last."""
    jaas = "org.apache.kafka.common.security"
    quoted = PASSWORD.replace("\\", "\\\\").replace('"', '\\"').replace("\\", "\\\\")
    settings = {
        "listeners": f"PLAINTEXT://{LOOPBACK}:{ports[0]},CONTROLLER://{LOOPBACK}:{ports[1]},"
                     f"USERS://{doors.plain},CIPHER://{doors.scram}",
        "advertised.listeners": f"PLAINTEXT://{LOOPBACK}:{ports[0]},CONTROLLER://{LOOPBACK}:{ports[1]},"
                                f"USERS://{doors.plain},CIPHER://{doors.scram}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,"
                                          "USERS:SASL_PLAINTEXT,CIPHER:SASL_SSL",
        "listener.name.users.sasl.enabled.mechanisms": "PLAIN",
        "listener.name.users.plain.sasl.jaas.config": f'{jaas}.plain.PlainLoginModule required user_{USER}="{quoted}";',
        "listener.name.cipher.sasl.enabled.mechanisms": "SCRAM-SHA-512",
        "listener.name.cipher.scram-sha-512.sasl.jaas.config": f"{jaas}.scram.ScramLoginModule required;",
        "ssl.keystore.type": "PKCS12", "ssl.keystore.location": store, "ssl.keystore.password": _STORE_PASSWORD,
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS",
    }  # fmt: skip
    return "".join(f"{name}={value}\n" for name, value in settings.items())


def _make_certificate(store: Path, certificate: Path) -> None:
    keytool = java.find(os.environ).resolve().with_name("keytool")
    name = ("-alias", "broker", "-keystore", store, "-storetype", "PKCS12", "-storepass", _STORE_PASSWORD)
    make = ("-genkeypair", "-keyalg", "RSA", "-dname", "CN=broker", "-ext", f"SAN=ip:{LOOPBACK}", "-validity", "2")
    for command in (make, ("-exportcert", "-rfc", "-file", certificate)):
        subprocess.run([keytool, *command, *name], check=True, capture_output=True)


def _admit(bootstrap: str) -> None:
    """Give the user a password for SCRAM and its rights, by the door that only the broker's owner has."""
    topics = [ResourcePattern(ResourceType.TOPIC, topic.name) for topic in TOPICS]
    rights = [(topic, operation) for topic in topics for operation in _TOPIC_RIGHTS]
    prefix = ResourcePattern(ResourceType.TRANSACTIONAL_ID, "kwadrant-", ACLResourcePatternType.PREFIXED)
    group = ResourcePattern(ResourceType.GROUP, "kwadrant-", ACLResourcePatternType.PREFIXED)
    rights += [(prefix, ACLOperation.WRITE), (group, ACLOperation.READ)]
    acls = [ACL(f"User:{USER}", "*", operation, ACLPermissionType.ALLOW, pattern) for pattern, operation in rights]
    with closing(KafkaAdminClient(bootstrap_servers=bootstrap)) as admin:
        credential = UserScramCredentialUpsertion(USER, ScramMechanism.SCRAM_SHA_512, PASSWORD)
        assert admin.alter_user_scram_credentials([credential]) == {USER: None}
        assert admin.create_acls(acls)["failed"] == []
