"""Settings: environment over `kwadrant.toml` over defaults, and an unknown key is an error by its name."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from kwadrant.common import load
from kwadrant.setting_errors import sentences
from kwadrant.settings import ELSEWHERE, OWN_SPARK, Settings
from streaming.location import HadoopPath, Location


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
    settings = load("typed:1", "typed")
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


def test_sparks_options_keep_their_capitals_in_file_and_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    toml('[spark]\nexecutor.memory = "1g"\n"sql.shuffle.partitions" = 16\n"executorEnv.A_B" = true')
    monkeypatch.setenv("KWADRANT_SPARK__EXECUTOR_MEMORY", "2g")
    monkeypatch.setenv("KWADRANT_SPARK__driver_maxResultSize", "3g")
    assert Settings().spark == {
        "executor.memory": "2g", "sql.shuffle.partitions": "16", "executorEnv.A_B": "true",
        "driver.maxResultSize": "3g",
    }  # fmt: skip


@pytest.mark.parametrize("name", [*OWN_SPARK, "spark.executor.memory"])
def test_an_option_of_spark_that_is_not_the_users_is_refused_by_name(name: str) -> None:
    toml(f'[spark]\n"{name}" = "x"')
    with pytest.raises(ValidationError, match=name.replace(".", r"\.")):
        Settings()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("var/town", Path("var/town")), ("/shared/my town", Path("/shared/my town")),
        ("file:///shared/my town", Path("/shared/my town")), ("file:/shared", Path("/shared")),
        ("hdfs://node:8020/town", HadoopPath("hdfs://node:8020/town")), ("S3A://b/c", HadoopPath("S3A://b/c")),
    ],
)  # fmt: skip
def test_a_folder_is_a_path_of_this_machine_or_a_uri(text: str, expected: Location) -> None:
    toml(f'folder = "{text}"')
    assert Settings().folder == expected
    assert load(folder=text).folder == expected


def test_a_folder_that_is_none_is_an_error() -> None:
    toml("folder = 5")
    with pytest.raises(ValidationError, match="folder"):
        Settings()


def test_a_setting_that_may_hold_a_secret_is_not_shown() -> None:
    settings = Settings(kafka={"sasl.password": "hush"}, spark={"hadoop.fs.s3a.secret.key": "hush"})
    assert "hush" not in repr(settings)


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings().stream = "other"


def test_durations_become_the_folds_seconds() -> None:
    parameters = Settings(epoch="PT1H", lateness="PT30M", correction="P2D").parameters(buckets=3)
    assert (parameters.epoch_s, parameters.lateness_s, parameters.correction_s) == (3_600, 1_800, 172_800)
    assert parameters.buckets == 3


NO_VALUES = {
    "a zone": ("time_zone", "Europe/Berln", "there is no time zone 'Europe/Berln'; did you mean Europe/Berlin?"),
    "a zone like no other": ("time_zone", "!", "there is no time zone '!'; expected a name like Europe/Berlin"),
    "a folder of zones": ("time_zone", "Europe", "there is no time zone 'Europe'"),
    "an epoch of no fixed length": ("epoch", "P1M", "expected an ISO 8601 duration such as PT15M or P1D, found 'P1M'"),
    "an epoch that divides no day": ("epoch", "PT7H", "an epoch must divide one day, found 25200 s"),
    "an epoch of no length": ("epoch", "PT0S", "an epoch must divide one day, found 0 s"),
    **{
        name: (name, "2h", "expected an ISO 8601 duration such as PT15M or P1D, found '2h'")
        for name in ("lateness", "correction", "dwell", "cool_down")
    },
}


@pytest.mark.parametrize("case", NO_VALUES)
@pytest.mark.parametrize("in_file", [True, False])
def test_a_zone_or_duration_that_is_none_is_refused_as_it_was_typed(
    case: str, monkeypatch: pytest.MonkeyPatch, *, in_file: bool
) -> None:
    name, value, words = NO_VALUES[case]
    if in_file:
        toml(f'{name} = "{value}"')
    else:
        monkeypatch.setenv(f"KWADRANT_{name.upper()}", value)
    source = f"{name} (kwadrant.toml): " if in_file else f"KWADRANT_{name.upper()} (environment): "
    assert [line.startswith(source + words) for line in refused()] == [True]


def refused() -> list[str]:
    """Return what is said of the settings as they are."""
    with pytest.raises(ValidationError) as error:
        Settings()
    return sentences(error.value)


UNKNOWN = {
    "KWADRANT_EPOCHS": "did you mean KWADRANT_EPOCH?",
    "kwadrant_time_zome": "did you mean KWADRANT_TIME_ZONE?",
    "KWADRANT_METRICS__PROT": "did you mean KWADRANT_METRICS__PORT?",
    "KWADRANT_KAFKAS__BOOTSTRAP_SERVERS": "did you mean KWADRANT_KAFKA__BOOTSTRAP_SERVERS?",
    "KWADRANT_JAR": "did you mean KWADRANT_JARS?",
    "KWADRANT_XYZZY": "docs/configuration.md lists them all",
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_an_unknown_name_is_said_as_it_was_typed_with_what_was_meant(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "1")
    assert refused() == [f"{name} (environment): no such setting; {UNKNOWN[name]}"]


def test_an_unknown_key_of_the_file_is_told_from_one_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    toml("marjin = 2\n[metrics]\nprot = 1")
    monkeypatch.setenv("KWADRANT_STREAMS", "x")
    assert sorted(refused()) == [
        "KWADRANT_STREAMS (environment): no such setting; did you mean KWADRANT_STREAM?",
        "marjin (kwadrant.toml): no such setting; did you mean margin?",
        "metrics.prot (kwadrant.toml): no such setting; did you mean metrics.port?",
    ]


def test_an_option_of_a_table_is_told_with_every_place_where_the_table_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KWADRANT_SPARK__MASTER", "x")
    assert [line.partition(": ")[0] for line in refused()] == ["spark (environment)"]
    toml('[spark]\nexecutor.memory = "1g"')
    assert [line.partition(": ")[0] for line in refused()] == ["spark (environment or kwadrant.toml)"]


def test_a_file_that_is_no_toml_is_named() -> None:
    toml("margin = = 2")
    with pytest.raises(ValueError, match=rf"{Path('kwadrant.toml').absolute()} cannot be read as TOML: .*line 1"):
        Settings()
