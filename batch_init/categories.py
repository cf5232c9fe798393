"""Texts and codes made into numbers by a value mapping table."""

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.compute
import pyarrow.types as pt

from batch_init.errors import BadColumnError
from segmentation.value_mapping import ValueMapping

pc: Any = pyarrow.compute  # the stubs know fewer argument types than there are

_SHOWN = 8


def mapped(column: "pa.Array[Any]", name: str, mapping: ValueMapping, place: Callable[[int], str]) -> "pa.Array[Any]":
    """Return a column of texts, codes or categories as float64 numbers; what is empty stays missing, as null.

    Parameters
    ----------
    column : Arrow array (n,)
    name : str
        Of the column.
    mapping : ValueMapping
    place : callable
        What to call a row in an error.

    Raises
    ------
    BadColumnError
        Where the mapping has no number for a value: names column, row and value.
    """
    if pt.is_floating(column.type) or pt.is_temporal(column.type):
        raise BadColumnError(f"column {name!r}: expected texts or whole numbers to map, found {column.type}")
    known = mapping.of(name)
    words = column.cast(pa.string())
    at = pc.index_in(words, value_set=pa.array(known, pa.string()))
    lost = pc.and_(pc.is_null(at), pc.fill_null(pc.not_equal(words, ""), fill_value=False))
    if (first := pc.index(lost, value=True).as_py()) >= 0:
        some = ", ".join(sorted(known)[:_SHOWN]) + (", ..." if len(known) > _SHOWN else "")
        raise BadColumnError(
            f"column {name!r}, {place(first)}: expected a value that version {mapping.version} of the mapping has a "
            f"number for ({some}), found {words[first].as_py()!r}; add a line to the mapping, or correct the value"
        )
    found: pa.Array[Any] = pc.take(pa.array(known.values(), pa.float64()), at)
    return found
