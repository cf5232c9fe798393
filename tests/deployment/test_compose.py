"""docker-compose.yml: the compose specification's own schema, and what it does not say but a utility expects.

There is no container engine here: what was checked of it, and how, stands in docs/containers.md.
"""

import copy
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from typer.main import get_command

from kwadrant.cli import app
from schemas.topics import LARGEST_RECORD, TOPICS

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DEMO = {"demo-simulate", "demo-seed", "demo-produce"}
OURS = sorted(name for name, service in SERVICES.items() if service["image"].startswith("kwadrant:"))


def test_it_keeps_the_compose_specification() -> None:
    schema = json.loads((Path(__file__).parent / "compose-spec.json").read_text(encoding="utf-8"))
    told = copy.deepcopy({key: value for key, value in COMPOSE.items() if key[:2] != "x-"})
    # `required` came with Compose 2.20, after this schema
    for service in told["services"].values():
        for wait in service.get("depends_on", {}).values():
            assert isinstance(wait.pop("required", True), bool)
    jsonschema.Draft7Validator(schema).validate(told)


def test_the_schema_sees_a_fault() -> None:
    schema = json.loads((Path(__file__).parent / "compose-spec.json").read_text(encoding="utf-8"))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft7Validator(schema).validate({"services": {"a": {"imagee": "x"}}})


def test_everything_of_the_picture_is_there() -> None:
    assert set(SERVICES) == {
        "kafka", "init-topics", "kwadrant", "demo-simulate", "demo-seed", "demo-produce", "stream", "api", "postgres",
        "prometheus", "grafana",
    }  # fmt: skip
    profiles = {name: service["profiles"] for name, service in SERVICES.items() if "profiles" in service}
    assert profiles == {"kwadrant": ["tools"], **{name: ["demo"] for name in DEMO}}


def started_with(name: str) -> set[str]:
    """Return what `docker compose run NAME` starts: all that it waits for, whatever the profile, and what those do."""
    waits = SERVICES[name].get("depends_on", {})
    needed = {other for other, wait in waits.items() if wait.get("required", True)}
    return needed.union(*(started_with(other) for other in needed))


@pytest.mark.parametrize("name", sorted(set(SERVICES) - DEMO))
def test_nothing_of_the_demo_comes_with_a_service_that_is_not_of_the_demo(name: str) -> None:
    assert started_with(name) & DEMO == set()
    optional = {other for other, wait in SERVICES[name].get("depends_on", {}).items() if not wait.get("required", True)}
    assert optional <= ({"demo-seed"} if name == "stream" else set())


def test_only_the_demo_reads_the_invented_town() -> None:
    invented = {name for name, service in SERVICES.items() if "/data/town" in str(service.get("command"))}
    assert invented == DEMO
    assert started_with("demo-seed") >= {"demo-simulate", "kafka"}


def test_what_the_page_tells_to_run_is_a_service_without_the_demo_and_a_verb() -> None:
    page = (ROOT / "docs" / "containers.md").read_text(encoding="utf-8")
    told = re.findall(r'docker compose run --rm(?: -v "\S+")? (\S+) (\S+)', page)
    assert {service for service, _ in told} == {"kwadrant"}
    assert {"seed", "produce"} <= {verb for _, verb in told} <= set(get_command(app).commands)  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_service_may_do_no_more_than_it_has_to(name: str) -> None:
    service = SERVICES[name]
    assert str(service["user"]) not in {"0", "root"}
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
    tag = service["image"].partition(":")[2]
    assert tag[:1].isdigit() or tag[:2].startswith("v")


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_whoever_is_waited_for_says_when_it_is_ready(name: str) -> None:
    for other, wait in SERVICES[name].get("depends_on", {}).items():
        healthy = wait["condition"] == "service_healthy"
        assert healthy == ("healthcheck" in SERVICES[other])
        assert healthy or SERVICES[other]["restart"] == "no"


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_mounted_file_exists_and_nothing_of_ours_is_written(name: str) -> None:
    for volume in SERVICES[name].get("volumes", []):
        source, _, rest = volume.partition(":")
        if source.startswith("."):
            assert (ROOT / source).exists()
            assert rest.endswith(":ro")
        else:
            assert source in COMPOSE["volumes"]


def test_passwords_are_files_that_a_script_makes_once(tmp_path: Path) -> None:
    def made() -> dict[str, str]:
        subprocess.run([ROOT / "deploy" / "make-secrets", tmp_path / "secrets"], check=True, capture_output=True)
        return {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "secrets").iterdir()}

    found = made()
    assert {f"deploy/secrets/{name}" for name in found} == {one["file"] for one in COMPOSE["secrets"].values()}
    assert f"password={found['postgres_password']}\n" in found["pg_service"]
    assert len(found["grafana_password"]) == len(found["postgres_password"]) == 48
    assert made() == found
    assert "/deploy/secrets/" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert (tmp_path / "secrets").stat().st_mode & 0o077 == 0
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8").lower()
    assert "password=" not in text
    assert 'password: "' not in text
    assert set(re.findall(r"password:.*", text)) == {
        f"password: {{file: {one['file']}}}" for name, one in COMPOSE["secrets"].items() if name.endswith("password")
    }


@pytest.mark.parametrize("name", OURS)
def test_a_command_of_ours_is_one_that_there_is(name: str) -> None:
    verb, *rest = SERVICES[name]["command"]
    command = get_command(app).commands[verb]  # type: ignore[attr-defined]
    known = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in rest if word.startswith("--")} <= known


def test_the_image_has_every_package_of_the_wheel_and_the_build_sees_no_more() -> None:
    wheel = (ROOT / "pyproject.toml").read_text(encoding="utf-8").partition("packages = [")[2].partition("]")[0]
    packages = {name.strip(' "\n') for name in wheel.split(",") if name.strip()}
    lines = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8").splitlines()
    copied = {line.split()[1] for line in lines if line.startswith("COPY")}
    assert copied == packages | {"requirements.lock"}
    seen = {line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").split() if line[0] == "!"}
    assert seen == copied


def test_kafka_takes_the_largest_record_by_its_topics_setting() -> None:
    assert any(dict(topic.config).get("max.message.bytes") == str(LARGEST_RECORD) for topic in TOPICS)
    assert SERVICES["kafka"]["environment"]["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"
