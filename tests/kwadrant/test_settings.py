"""Settings: environment over `kwadrant.toml` over defaults, and an unknown key is an error by its name."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from kwadrant.common import load
from kwadrant.settings import ELSEWHERE, Settings


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def toml(text: str) -> None:
    Path("kwadrant.toml").write_text(text)


def test_without_a_word_the_defaults_hold() -> None:
    assert (Settings().stream, Settings().epoch, Settings().kafka) == ("kwadrant", "P1D", {})


def test_the_file_is_over_the_defaults_and_the_environment_over_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    toml('stream = "file"\nepoch = "PT1H"')
    monkeypatch.setenv("KWADRANT_STREAM", "environment")
    assert (Settings().stream, Settings().epoch, Settings().lateness) == ("environment", "PT1H", "PT2H")


def test_what_is_typed_is_over_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KWADRANT_FOLDER", "environment")
    monkeypatch.setenv("KWADRANT_KAFKA__BOOTSTRAP_SERVERS", "environment:1")
    settings = load("typed:1", Path("typed"))
    assert (settings.folder, settings.kafka) == (Path("typed"), {"bootstrap.servers": "typed:1"})


def test_a_typed_zone_gives_way_to_a_set_one(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load(zone="Asia/Shanghai").time_zone == "Asia/Shanghai"
    monkeypatch.setenv("KWADRANT_TIME_ZONE", "Europe/Berlin")
    assert load(zone="Asia/Shanghai").time_zone == "Europe/Berlin"


@pytest.mark.parametrize("name", ["KWADRANT_EPOCHS", "KWADRANT_KAFKAS__BOOTSTRAP_SERVERS", "kwadrant_typo"])
def test_an_unknown_name_in_the_environment_is_an_error(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "x")
    with pytest.raises(ValidationError, match=name.lower().removeprefix("kwadrant_")):
        Settings()


def test_names_that_the_jars_read_are_none_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ELSEWHERE:
        monkeypatch.setenv(f"KWADRANT_{name.upper()}", "x")
    assert Settings().stream == "kwadrant"


@pytest.mark.parametrize("text", ['epochs = "P1D"', "[marjin]\nx = 1"])
def test_an_unknown_key_in_the_file_is_an_error(text: str) -> None:
    toml(text)
    with pytest.raises(ValidationError, match=r"epochs|marjin"):
        Settings()


@pytest.mark.parametrize(
    "text",
    [
        '[kafka]\n"bootstrap.servers" = "a:1"\n"sasl.mechanism" = "PLAIN"',
        '[kafka]\nbootstrap.servers = "a:1"\nsasl.mechanism = "PLAIN"',
        '[kafka]\nbootstrap_servers = "a:1"\nsasl_mechanism = "PLAIN"',
    ],
)
def test_kafka_options_have_dots_however_they_are_written(text: str) -> None:
    toml(text)
    assert Settings().kafka == {"bootstrap.servers": "a:1", "sasl.mechanism": "PLAIN"}


def test_kafka_options_of_file_and_environment_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    toml('[kafka]\n"bootstrap.servers" = "file:1"\n"security.protocol" = "SASL_SSL"')
    monkeypatch.setenv("KWADRANT_KAFKA__BOOTSTRAP_SERVERS", "environment:1")
    assert Settings().kafka == {"bootstrap.servers": "environment:1", "security.protocol": "SASL_SSL"}


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings().stream = "other"


def test_durations_become_the_folds_seconds() -> None:
    parameters = Settings(epoch="PT1H", lateness="PT30M", correction="P2D").parameters(buckets=3)
    assert (parameters.epoch_s, parameters.lateness_s, parameters.correction_s) == (3_600, 1_800, 172_800)
    assert parameters.buckets == 3
