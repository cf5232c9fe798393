"""States, models and rows made by hand."""

from collections.abc import Iterable
from dataclasses import replace

import pyarrow as pa

from schemas.event import Event
from schemas.model import Cluster, Model
from schemas.reading import Reading
from segmentation import closing, local_node
from segmentation.history import classified, remember
from segmentation.intake import Intake, read
from segmentation.local_state import LocalState, empty_state
from segmentation.parameters import Parameters
from tests.segmentation.towns import CALENDAR, FIRST, HOUR, PARAMETERS, READ, Sent, reading, town_of

EVERYTHING = dict.fromkeys((0, 1, 4096, 8192), 1 << 60)
NOBODY_RISES = replace(PARAMETERS, potential=1e9)
EAGER = replace(NOBODY_RISES, dwell_s=0)


def two_classes(index: str, low: float, high: float, epoch: int = FIRST, *, spread: float = 1.0,
                potentials: tuple[str, str] = ("low", "high")) -> Model:  # fmt: skip
    """Return a model of one index with a low and a high class at these transformed values."""
    clusters = tuple(
        Cluster(number, name, f"low-{potential}", (centre / spread,), 10.0, 10.0)
        for number, (name, centre, potential) in enumerate(zip(("low", "high"), (low, high), potentials, strict=True))
    )
    return Model(
        version=1, epoch=epoch, indices=(index,), scale_centre=(0.0,), scale_spread=(spread,), clip=15.0,
        factor_weights=(1.0,), threshold_current=0.0, threshold_potential=0.0, clusters=clusters, sse=0.0,
        random_state=0, fingerprint="",
    )  # fmt: skip


def day_of(customer: str, epoch: int, kwh: float, *, hours: Iterable[int] = range(0, 24, 6)) -> list[Sent]:
    """Return hourly readings of one local day, each sent when its hour is over."""
    midnight = CALENDAR.end(epoch - 1)
    return [sent(reading(customer, midnight + hour * HOUR, kwh)) for hour in hours]


def sent(record: Reading) -> Sent:
    end = int(record.interval.start.timestamp()) + HOUR
    return Sent(end, READ[0], record)


def intake_of(sent: Iterable[Sent], parameters: Parameters = PARAMETERS) -> Intake:
    return read(town_of(list(sent)).all, FIRST, parameters)


def rows_of(sent: Iterable[Sent]) -> pa.Table:
    return intake_of(sent).rows


def remembered(sent: Iterable[Sent], model: Model | None, parameters: Parameters = PARAMETERS) -> LocalState:
    """Return the state after the history in `sent`, with first classes where there is a model."""
    state = remember(rows_of(sent), FIRST, parameters, 1)
    return state if model is None else classified(state, model, parameters)


def nobody(parameters: Parameters = PARAMETERS) -> LocalState:
    return empty_state(parameters, 1, FIRST)


def closed_with(state: LocalState, rows: pa.Table, epoch: int, parameters: Parameters = PARAMETERS) -> closing.Closed:
    """Return what the close of `epoch` leaves behind when these rows came just before it."""
    return closing.close(replace(state, open=(*state.open, rows)), epoch, EVERYTHING, parameters)


def early_events(
    state: LocalState, sent: Iterable[Sent], parameters: Parameters = EAGER
) -> tuple[LocalState, list[Event]]:
    state, said = local_node.fold(state, (), intake_of(sent, parameters), 0, parameters)
    return state, list(said.events)
