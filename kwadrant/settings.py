"""Settings: one frozen model; environment over `kwadrant.toml` over defaults; an unknown key is an error."""

from pathlib import Path
from typing import Any

from pydantic import Field
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from segmentation.parameters import DAY_S, Parameters

FILE = Path("kwadrant.toml")
SHAPING = ("stream", "time_zone", "epoch", "lateness", "correction", "margin", "dwell", "cool_down", "sparse_clocks")


class Settings(BaseSettings):
    """Settings of every command. Durations are ISO 8601; `kafka` takes any client option by its dotted name.

    The environment names them `KWADRANT_<NAME>`, Kafka's options `KWADRANT_KAFKA__<name>`.
    """

    model_config = SettingsConfigDict(
        env_prefix="KWADRANT_", env_nested_delimiter="__", toml_file=FILE, extra="forbid", frozen=True
    )

    kafka: dict[str, str] = Field(default_factory=dict, description="Kafka client options, e.g. bootstrap.servers")
    stream: str = Field("kwadrant", description="id of the stream: one per deployment")
    folder: Path = Field(Path("var"), description="initial state and checkpoint, readable by all executors")
    master: str = Field("local[2]", description="Spark master")
    driver_memory: str = Field("1500m", description="memory of Spark's driver")
    partitions: int = Field(4, ge=1, description="partitions of the data topics where they are created")
    rows_per_batch: int = Field(200_000, ge=1, description="most rows of the data topics in one micro-batch")
    time_zone: str = Field("UTC", description="zone whose local days are the epochs")
    epoch: str = Field("P1D", description="length of an epoch: P1D, or hours that divide a day")
    lateness: str = Field("PT2H", description="allowed lateness")
    correction: str = Field("P3D", description="correction window")
    margin: float = Field(1.0, ge=0, description="a customer leaves only if (1 + margin) d²(new) < d²(old)")
    dwell: str = Field("P7D", description="how long the evidence must last")
    cool_down: str = Field("P30D", description="rest after a move")
    sparse_clocks: bool = Field(True, description="transactions and archive topics carry clock records")

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource, dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:  # fmt: skip
        """Arguments over environment over `kwadrant.toml`."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    def parameters(self, **changes: Any) -> Parameters:  # noqa: ANN401 - fields of Parameters, checked by it
        """The folds' parameters that these settings ask for."""
        from schemas.times import duration_seconds  # noqa: PLC0415 - keeps `--help` fast

        return Parameters(
            stream=self.stream, time_zone=self.time_zone, epoch_s=duration_seconds(self.epoch) or DAY_S,
            lateness_s=duration_seconds(self.lateness), correction_s=duration_seconds(self.correction), margin=self.margin,
            dwell_s=duration_seconds(self.dwell), cool_down_s=duration_seconds(self.cool_down),
            sparse_clocks=self.sparse_clocks, **changes,
        )  # fmt: skip
