"""State as bytes: Arrow for tables, MessagePack for the rest; never pickle. `VERSION` guards the format."""

from collections.abc import Mapping

import msgspec
import numpy as np
import pyarrow as pa

from schemas.event import Event
from schemas.model import Model
from segmentation.customers import from_table, to_table
from segmentation.errors import WrongPassport
from segmentation.local_state import Dismissal, Flag, LocalState, Models, Passport
from segmentation.recent import Recent
from segmentation.risen import Risen
from segmentation.sums import HOURS, WIDTH, Ints, Tiles

VERSION = 6


class _Hot(msgspec.Struct, frozen=True):
    """The part of a state that changes when an epoch closes or a command comes."""

    version: int
    passport: Passport
    seeded: int
    settled: int
    closed: int
    force: Model | None
    trial: Model | None
    past: Mapping[int, Model]
    shadow: Model | None
    undo: int | None
    customers: bytes
    recent: Mapping[str, Recent]
    risen: Mapping[str, Risen]
    dismissed: Mapping[str, Dismissal]
    tiles: Mapping[int, tuple[bytes, bytes, bytes, bytes]]


_pack = msgspec.msgpack.Encoder().encode
_hot = msgspec.msgpack.Decoder(_Hot)
_early = msgspec.msgpack.Decoder(dict[str, tuple[int, Event]])
_COMPRESSED = pa.ipc.IpcWriteOptions(compression="lz4")


def pack_hot(state: LocalState) -> bytes:
    """Bytes of everything in a state but its open rows, its window and its early flags."""
    models = state.models
    hot = _Hot(
        version=VERSION, passport=state.passport, seeded=state.seeded, settled=state.settled, closed=state.closed,
        force=models.force, trial=models.trial, past=dict(models.past), shadow=models.shadow, undo=models.undo,
        customers=_table_bytes(to_table(state.customers)), recent=dict(state.recent),
        risen=dict(state.risen), dismissed=dict(state.dismissed),
        tiles={epoch: _tile_bytes(tiles) for epoch, tiles in state.tiles.items()},
    )  # fmt: skip
    return _pack(hot)


def unpack_hot(data: bytes) -> LocalState:
    """Return the inverse of `pack_hot`, with nothing open.

    Raises
    ------
    WrongPassport
        Where another version of the format wrote the bytes.
    """
    try:
        hot = _hot.decode(data)
    except msgspec.DecodeError as error:
        message = f"the state is of another format than version {VERSION}: {error}; seed again with this version"
        raise WrongPassport(message) from error
    if hot.version != VERSION:
        message = f"the state has format {hot.version}, this program reads {VERSION}; seed again with this version"
        raise WrongPassport(message)
    return LocalState(
        passport=hot.passport, seeded=hot.seeded, settled=hot.settled, closed=hot.closed,
        customers=from_table(pa.ipc.open_stream(hot.customers).read_all()),
        models=Models(hot.force, hot.trial, hot.past, hot.shadow, hot.undo),
        recent=hot.recent, risen=hot.risen, dismissed=hot.dismissed,
        tiles={epoch: _tiles(epoch, *parts) for epoch, parts in hot.tiles.items()},
    )  # fmt: skip


def pack_early(early: Mapping[str, Flag]) -> bytes:
    """Bytes of the early flags."""
    return _pack({customer: (flag.epoch, flag.event) for customer, flag in early.items()})


def unpack_early(data: bytes) -> dict[str, Flag]:
    """Return the inverse of `pack_early`."""
    return {customer: Flag(epoch, event) for customer, (epoch, event) in _early.decode(data).items()}


def _table_bytes(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=_COMPRESSED) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def _tile_bytes(tiles: Tiles) -> tuple[bytes, bytes, bytes, bytes]:
    customer, sums, hours, owned = map(_array_bytes, (tiles.customer, tiles.sums, tiles.hours, tiles.owned))
    return customer, sums, hours, owned


def _array_bytes(part: Ints) -> bytes:
    return bytes(pa.compress(part.tobytes(), codec="lz4_raw", asbytes=True)) + part.nbytes.to_bytes(8, "little")


def _array(data: bytes) -> Ints:
    size = int.from_bytes(data[-8:], "little")
    return np.frombuffer(pa.decompress(data[:-8], size, codec="lz4_raw", asbytes=True), np.int64)


def _tiles(epoch: int, customer: bytes, sums: bytes, hours: bytes, owned: bytes) -> Tiles:
    numbers = _array(customer)
    return Tiles(
        numbers, np.full(len(numbers), epoch), _array(sums).reshape(-1, WIDTH), _array(hours).reshape(-1, HOURS),
        _array(owned),
    )  # fmt: skip
