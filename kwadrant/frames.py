"""Records of the contracts as Arrow tables, and as pandas frames."""

import types
from collections.abc import Sequence
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
import pyarrow as pa

_PLAIN: dict[object, pa.DataType] = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_()}
Frame = Literal["arrow", "pandas"]


def table_of(records: Sequence[msgspec.Struct], kind: type[msgspec.Struct]) -> pa.Table:
    """Return one row per record, a column per field: structs and lists where the contract has them.

    Columns are called as the fields in Python: `event_id`, `from`. What is left out on the wire has its default.
    """
    rows = [_plain(record) for record in records]
    return pa.Table.from_pylist(rows, schema=pa.schema(list(_struct(kind))))


def known(frame: str) -> None:
    """Refuse a kind of frame that there is not."""
    if frame not in get_args(Frame):
        raise ValueError(f"frame: expected 'arrow' or 'pandas', found {frame!r}")


def framed(tables: Sequence[pa.Table], frame: Frame) -> list[Any]:
    """Return tables as they are asked for."""
    return [table.to_pandas() if frame == "pandas" else table for table in tables]


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever a contract holds
    if isinstance(value, msgspec.Struct):
        return {name.rstrip("_"): _plain(getattr(value, name)) for name in value.__struct_fields__}
    return [_plain(one) for one in value] if isinstance(value, tuple) else value


def _struct(kind: type[Any]) -> "list[pa.Field[Any]]":
    hints = get_type_hints(kind)
    return [pa.field(name.rstrip("_"), _type(hints[name])) for name in kind.__struct_fields__]


def _type(hint: Any) -> pa.DataType:  # noqa: ANN401 - a type or a form of typing
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        (one,) = (arm for arm in inner if arm is not types.NoneType)
        return _type(one)
    if origin is Literal:
        return _PLAIN[type(inner[0])]
    if origin is tuple:
        return pa.list_(_type(inner[0]))
    return _PLAIN[hint] if hint in _PLAIN else pa.struct(_struct(hint))
