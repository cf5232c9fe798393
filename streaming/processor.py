"""The bucket processor: Spark's state around the local node's fold.

Five state variables that change at different times: `trail` and `open` with every batch, `hot` with a command, `window`
when an epoch closes, `early` when a flag is raised or resolved.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa
from pyspark.sql.streaming.stateful_processor import StatefulProcessor, StatefulProcessorHandle

from schemas import control
from schemas.control import Control
from segmentation import codec, output
from segmentation import rows as kinds
from segmentation.early import follow
from segmentation.intake import Intake
from segmentation.local_node import fold
from segmentation.local_state import Flag, LocalState
from segmentation.parameters import Parameters
from streaming import memo
from streaming.errors import NotSeeded
from streaming.parcels import unpack
from streaming.source import COMMAND

OUTPUT = "bucket int, payload binary"
INITIAL_STATE = "bucket int, payload binary"
_PAYLOAD = "payload binary"


@dataclass(frozen=True)
class Batch:
    """A bucket's part of a micro-batch: commands in the order of the log, whatever the order of arrival."""

    controls: list[Control]
    intake: Intake
    trace: list[bytes]
    arrived: int


class BucketProcessor(StatefulProcessor):
    """Runs `local_node.fold` for each bucket; the memo saves reading what has not changed."""

    def __init__(self, parameters: Parameters, run: str) -> None:
        self._parameters = parameters
        self._run = run

    def init(self, handle: StatefulProcessorHandle) -> None:
        """Name the state variables."""
        self._trail = handle.getValueState("trail", _PAYLOAD)
        self._hot = handle.getValueState("hot", _PAYLOAD)
        self._early = handle.getValueState("early", _PAYLOAD)
        self._open = handle.getMapState("open", "block int", _PAYLOAD)
        self._window = handle.getMapState("window", "epoch int", _PAYLOAD)

    # names and keyword arguments are Spark's; its types allow rows as well as frames
    def handleInitialState(self, key: Any, initialState: Any, timerValues: Any) -> None:  # noqa: ANN401, ARG002, N802, N803
        """Take the seeded state: one row per bucket."""
        self._hot.update((bytes(initialState["payload"].iloc[0]),))

    def handleInputRows(self, key: Any, rows: Any, timerValues: Any) -> Iterator[pd.DataFrame]:  # noqa: ANN401, ARG002, N802, N803
        """Fold one batch of one bucket."""
        bucket = int(key[0])
        batch = _batch(rows)
        trail = memo.unpack(_value(self._trail))
        before = self._load(bucket, trail)
        after, said = fold(before, batch.controls, batch.intake, bucket, self._parameters)
        self._save(before, after)
        trail = memo.longer(trail, batch.trace, len(after.open), afresh=_hot_changed(before, after))
        self._trail.update((memo.pack(trail),))
        memo.keep(self._run, bucket, trail, after)
        said = msgspec.structs.replace(said, arrived=batch.arrived)
        yield pd.DataFrame({"bucket": [bucket], "payload": [output.pack(said)]})

    def close(self) -> None:
        """Nothing to release: the memo outlives the task on purpose."""

    def _load(self, bucket: int, trail: memo.Trail) -> LocalState:
        known = memo.recall(self._run, bucket, trail)
        if known is None:
            return self._read(bucket, trail)
        state, present = known
        if present:
            return state
        missed = self._blocks(len(state.open), trail[-1].blocks)
        return replace(follow(state, missed, self._parameters), early=self._flags())

    def _read(self, bucket: int, trail: memo.Trail) -> LocalState:
        hot = _value(self._hot)
        if hot is None:
            message = f"bucket {bucket} has no initial state; run `kwadrant seed` for this deployment first"
            raise NotSeeded(message)
        state = codec.unpack_hot(hot)
        state.passport.check(self._parameters)
        return replace(
            state,
            open=self._blocks(0, trail[-1].blocks if trail else 0),
            window={int(epoch[0]): bytes(row[0]) for epoch, row in self._window.iterator()},
            early=self._flags(),
        )

    def _blocks(self, first: int, end: int) -> tuple[pa.Table, ...]:
        # a block that is missing is a lost state: let it fail
        rows = (self._open.getValue((block,))[0] for block in range(first, end))  # type: ignore[index]
        return tuple(kinds.unpack(bytes(row)) for row in rows)

    def _flags(self) -> Mapping[str, Flag]:
        early = _value(self._early)
        return {} if early is None else codec.unpack_early(early)

    def _save(self, before: LocalState, after: LocalState) -> None:
        if _hot_changed(before, after):
            self._hot.update((codec.pack_hot(after),))
        if after.early is not before.early:
            self._early.update((codec.pack_early(after.early),))
        self._save_open(before.open, after.open)
        self._save_window(before, after)

    def _save_open(self, before: tuple[pa.Table, ...], after: tuple[pa.Table, ...]) -> None:
        same = 0
        while same < min(len(before), len(after)) and before[same] is after[same]:
            same += 1
        for block in range(same, len(after)):
            self._open.updateValue((block,), (kinds.pack(after[block]),))
        for block in range(len(after), len(before)):
            self._open.removeKey((block,))

    def _save_window(self, before: LocalState, after: LocalState) -> None:
        for epoch in before.window.keys() - after.window.keys():
            self._window.removeKey((epoch,))
        for epoch, rows in after.window.items():
            if before.window.get(epoch) is not rows:
                self._window.updateValue((epoch,), (rows,))


def _hot_changed(before: LocalState, after: LocalState) -> bool:
    same = after.models is before.models and after.dismissed is before.dismissed
    return after.closed != before.closed or not same


def _value(state: Any) -> bytes | None:  # noqa: ANN401 - Spark gives no type for its state handles
    return bytes(state.get()[0]) if state.exists() else None


def _batch(frames: Iterable[pd.DataFrame]) -> Batch:
    together = pd.concat(list(frames), ignore_index=True)
    command = together["lane"].to_numpy() == COMMAND
    commands = together[command].sort_values("offset")
    intake, trace, arrived = unpack([bytes(payload) for payload in together["payload"][~command]])
    times = [*commands["time"].tolist(), *([arrived] if arrived else [])]
    found = (control.read(bytes(payload)) for payload in commands["payload"])
    controls = [one for one in found if one is not None]
    trace = [*trace, commands["offset"].to_numpy(np.int64).tobytes()]
    return Batch(controls, intake, trace, int(min(times)))
