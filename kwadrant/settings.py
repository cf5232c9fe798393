"""Settings: one frozen model; environment over `kwadrant.toml` over defaults; an unknown key is an error."""

import os
import tomllib
from collections.abc import Callable, Mapping
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, InstanceOf, field_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from kwadrant.setting_values import duration, epoch, zone
from schemas.times import duration_seconds
from segmentation.parameters import Parameters
from streaming.location import HadoopPath, location

FILE = Path("kwadrant.toml")
Zone = Annotated[str, AfterValidator(zone)]
Epoch = Annotated[str, AfterValidator(epoch)]
Duration = Annotated[str, AfterValidator(duration)]
SHAPING = (
    "stream", "time_zone", "epoch", "lateness", "correction", "margin", "dwell", "cool_down", "potential",
    "blast_radius", "sparse_clocks",
)  # fmt: skip
ELSEWHERE = ("jars", "maven_mirror")
"""Names in the environment that are no settings: `kwadrant.jars` reads them before there are any."""
OWN_SPARK = ("master", "app.name", "submit.pyFiles", "sql.session.timeZone", "sql.streaming.stateStore.providerClass",
             "sql.streaming.stateStore.checkpointFormatVersion",
             "sql.execution.pythonUDF.pandas.preferIntExtensionDtype")  # fmt: skip
"""Spark's options that are not a user's: the stream's results stand on them, or a setting of ours says them."""


class _Environment(EnvSettingsSource):
    """The environment, in which a name of ours that is no setting is an error like any other unknown key."""

    def __call__(self) -> dict[str, Any]:
        ours = (name.removeprefix(self.env_prefix.lower()) for name in self.env_vars if self._is_ours(name))
        known = {*self.settings_cls.model_fields, *ELSEWHERE}
        unknown = {name: "" for name in ours if name.split("__")[0] not in known}
        spark = {"spark": self._spark()} if self._spark() else {}
        return {**super().__call__(), **spark, **unknown}

    def _spark(self) -> dict[str, str]:
        """Spark's options, whose names have capitals that count: as they are written, unless all are capitals."""
        prefix = f"{self.env_prefix}SPARK__"
        found = {name[len(prefix) :]: value for name, value in os.environ.items() if name.upper().startswith(prefix)}
        return {(name.lower() if name.isupper() else name).replace("_", "."): value for name, value in found.items()}

    def _is_ours(self, name: str) -> bool:
        return name.startswith(self.env_prefix.lower())


class _File(TomlConfigSettingsSource):
    """`kwadrant.toml`; what cannot be read of it is an error that names it."""

    def _read_file(self, file_path: Path | Traversable) -> dict[str, Any]:
        try:
            return super()._read_file(file_path)
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
            message = f"the settings in {Path(str(file_path)).absolute()} cannot be read as TOML: {error}"
            raise ValueError(message) from error


class Metrics(BaseModel):
    """Where Prometheus is answered."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    port: int = Field(default=0, ge=0, le=65_535, description="port that `stream` answers Prometheus on; 0 is none")
    address: str = Field(default="127.0.0.1", description="address it listens on; 0.0.0.0 is every one of the machine")


class Settings(BaseSettings):
    """Settings of every command. Durations are ISO 8601; `kafka` and `spark` take options by their dotted names.

    The environment names them `KWADRANT_<NAME>`, Kafka's options `KWADRANT_KAFKA__<NAME>` with `_` for every dot, and
    Spark's `KWADRANT_SPARK__<NAME>` likewise: `spark.executor.memory` is `KWADRANT_SPARK__EXECUTOR_MEMORY`, and
    `spark.driver.maxResultSize`, for its capitals, `KWADRANT_SPARK__driver_maxResultSize`.
    """

    model_config = SettingsConfigDict(
        env_prefix="KWADRANT_", env_nested_delimiter="__", toml_file=FILE, extra="forbid", frozen=True
    )

    kafka: dict[str, str] = Field(
        default_factory=dict, repr=False, description="Kafka client options, e.g. bootstrap.servers"
    )
    spark: dict[str, str] = Field(
        default_factory=dict, repr=False, description="Spark's options without their `spark.`, e.g. executor.memory"
    )
    stream: str = Field(default="kwadrant", description="id of the stream: one per deployment")
    folder: Annotated[InstanceOf[Path] | InstanceOf[HadoopPath], BeforeValidator(location)] = Field(
        default=Path("var"), description="initial state and checkpoint: a path or URI that all executors reach"
    )
    master: str = Field(default="local[2]", description="Spark master: local[N], spark://HOST:PORT, ...")
    driver_memory: str = Field(default="1500m", description="memory of Spark's driver")
    partitions: int = Field(default=4, ge=1, description="partitions of the data topics where they are created")
    rows_per_batch: int = Field(default=200_000, ge=1, description="most rows of the data topics in one micro-batch")
    time_zone: Zone = Field(default="UTC", description="zone whose local days are the epochs")
    epoch: Epoch = Field(default="P1D", description="length of an epoch: P1D, or hours that divide a day")
    lateness: Duration = Field(default="PT2H", description="allowed lateness")
    correction: Duration = Field(default="P3D", description="correction window, less than P28D")
    margin: float = Field(default=1.0, ge=0, description="a customer leaves only if (1 + margin) d²(new) < d²(old)")
    dwell: Duration = Field(default="P7D", description="how long the evidence must last")
    cool_down: Duration = Field(default="P30D", description="rest after a move")
    potential: float = Field(
        default=1.5, ge=1.0, description="potential x confidence that makes a potential customer; 1 is as ever"
    )
    blast_radius: float = Field(
        default=0.02, ge=0, le=1, description="most customers a model may move alone and be promoted by itself, of all"
    )
    sparse_clocks: bool = Field(default=True, description="transactions and archive topics carry clock records")
    metrics: Metrics = Field(default=Metrics(), description="Prometheus")
    group: str = Field(
        default="kwadrant-{stream}",
        description="consumer group that is told how far the stream has read, for lag tools; `{stream}` is its id, "
        "empty is none",
    )

    @field_validator("kafka", mode="before")
    @classmethod
    def _dotted(cls, given: object) -> object:
        """Kafka's names have dots, which the environment has not, and which TOML takes for tables."""
        return dict(_flat(given, lambda name: name.replace("_", "."))) if isinstance(given, Mapping) else given

    @field_validator("spark", mode="before")
    @classmethod
    def _spark_dotted(cls, given: object) -> object:
        """Spark's names have dots, and now and then an underscore that is one."""
        return dict(_flat(given, str)) if isinstance(given, Mapping) else given

    @field_validator("spark")
    @classmethod
    def _not_ours(cls, given: dict[str, str]) -> dict[str, str]:
        for name in given:
            if name.startswith("spark."):
                raise ValueError(f"{name}: leave out the first `spark.`, it stands for every option here")
            if name in OWN_SPARK:
                raise ValueError(f"{name} is kWadrant's own; leave it out (the master is the setting `master`)")
        return given

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic-settings passes it
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments over environment over `kwadrant.toml`."""
        return init_settings, _Environment(settings_cls), _File(settings_cls)

    def parameters(self, **changes: Any) -> Parameters:  # noqa: ANN401 - fields of Parameters, checked by it
        """Return the folds' parameters that these settings ask for."""
        return Parameters(
            stream=self.stream,
            time_zone=self.time_zone,
            epoch_s=duration_seconds(self.epoch),
            lateness_s=duration_seconds(self.lateness),
            correction_s=duration_seconds(self.correction),
            margin=self.margin,
            dwell_s=duration_seconds(self.dwell),
            cool_down_s=duration_seconds(self.cool_down),
            potential=self.potential,
            blast_radius=self.blast_radius,
            sparse_clocks=self.sparse_clocks,
            **changes,
        )


def _flat(given: Mapping[str, object], named: Callable[[str], str], prefix: str = "") -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name, value in given.items():
        whole = prefix + named(str(name))
        found += _flat(value, named, f"{whole}.") if isinstance(value, Mapping) else [(whole, _text(value))]
    return found


def _text(value: object) -> str:
    """Return an option as Java's clients read it; TOML has numbers and truths as well."""
    return str(value).lower() if isinstance(value, bool) else str(value)
