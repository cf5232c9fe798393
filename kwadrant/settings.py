"""Settings: one frozen model; environment over `kwadrant.toml` over defaults; an unknown key is an error."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field, field_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from schemas.times import duration_seconds
from segmentation.parameters import DAY_S, Parameters

FILE = Path("kwadrant.toml")
SHAPING = (
    "stream", "time_zone", "epoch", "lateness", "correction", "margin", "dwell", "cool_down", "blast_radius",
    "sparse_clocks",
)  # fmt: skip
ELSEWHERE = ("jars", "maven_mirror")
"""Names in the environment that are no settings: `kwadrant.jars` reads them before there are any."""


class _Environment(EnvSettingsSource):
    """The environment, in which a name of ours that is no setting is an error like any other unknown key."""

    def __call__(self) -> dict[str, Any]:
        ours = (name.removeprefix(self.env_prefix.lower()) for name in self.env_vars if self._is_ours(name))
        known = {*self.settings_cls.model_fields, *ELSEWHERE}
        unknown = {name: "" for name in ours if name.split("__")[0] not in known}
        return {**super().__call__(), **unknown}

    def _is_ours(self, name: str) -> bool:
        return name.startswith(self.env_prefix.lower())


class Settings(BaseSettings):
    """Settings of every command. Durations are ISO 8601; `kafka` takes any client option by its dotted name.

    The environment names them `KWADRANT_<NAME>`, Kafka's options `KWADRANT_KAFKA__<NAME>` with `_` for every dot.
    """

    model_config = SettingsConfigDict(
        env_prefix="KWADRANT_", env_nested_delimiter="__", toml_file=FILE, extra="forbid", frozen=True
    )

    kafka: dict[str, str] = Field(default_factory=dict, description="Kafka client options, e.g. bootstrap.servers")
    stream: str = Field(default="kwadrant", description="id of the stream: one per deployment")
    folder: Path = Field(default=Path("var"), description="initial state and checkpoint, readable by all executors")
    master: str = Field(default="local[2]", description="Spark master")
    driver_memory: str = Field(default="1500m", description="memory of Spark's driver")
    partitions: int = Field(default=4, ge=1, description="partitions of the data topics where they are created")
    rows_per_batch: int = Field(default=200_000, ge=1, description="most rows of the data topics in one micro-batch")
    time_zone: str = Field(default="UTC", description="zone whose local days are the epochs")
    epoch: str = Field(default="P1D", description="length of an epoch: P1D, or hours that divide a day")
    lateness: str = Field(default="PT2H", description="allowed lateness")
    correction: str = Field(default="P3D", description="correction window")
    margin: float = Field(default=1.0, ge=0, description="a customer leaves only if (1 + margin) d²(new) < d²(old)")
    dwell: str = Field(default="P7D", description="how long the evidence must last")
    cool_down: str = Field(default="P30D", description="rest after a move")
    blast_radius: float = Field(
        default=0.02, ge=0, le=1, description="most customers a model may move alone and be promoted by itself, of all"
    )
    sparse_clocks: bool = Field(default=True, description="transactions and archive topics carry clock records")

    @field_validator("kafka", mode="before")
    @classmethod
    def _dotted(cls, given: object) -> object:
        """Kafka's names have dots, which the environment has not, and which TOML takes for tables."""
        return dict(_flat(given)) if isinstance(given, Mapping) else given

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
        return init_settings, _Environment(settings_cls), TomlConfigSettingsSource(settings_cls)

    def parameters(self, **changes: Any) -> Parameters:  # noqa: ANN401 - fields of Parameters, checked by it
        """Return the folds' parameters that these settings ask for."""
        return Parameters(
            stream=self.stream,
            time_zone=self.time_zone,
            epoch_s=duration_seconds(self.epoch) or DAY_S,
            lateness_s=duration_seconds(self.lateness),
            correction_s=duration_seconds(self.correction),
            margin=self.margin,
            dwell_s=duration_seconds(self.dwell),
            cool_down_s=duration_seconds(self.cool_down),
            blast_radius=self.blast_radius,
            sparse_clocks=self.sparse_clocks,
            **changes,
        )


def _flat(given: Mapping[str, object], prefix: str = "") -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = []
    for name, value in given.items():
        whole = prefix + str(name).replace("_", ".")
        found += _flat(value, f"{whole}.") if isinstance(value, Mapping) else [(whole, value)]
    return found
