"""The model file of `kwadrant fit`: everything that is needed to place a row and to name its cluster; plain JSON.

A row's place, from its raw values x, in float64 and in this order:

1. scaled: s = (x - `centre`) / `spread`, cut at ±`clip` where there is one; 0 in a column of spread 0 and for NaN;
2. on the grid: s is rounded to the nearest multiple of 2^-`grid`, ties to even;
3. its cluster is the nearest of `scaled_centres` in the sum of `factor_weights` times squared differences, ties to the
   smaller number.

`sha256` is that of the other fields as ``json.dumps(rest, sort_keys=True, separators=(",", ":"))`` in UTF-8.
"""

import hashlib
import json
from pathlib import Path
from typing import Annotated, Literal

import msgspec

VERSION = 1
"""Of this contract."""

Digest = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
Count = Annotated[int, msgspec.Meta(ge=1)]
Numbers = tuple[float, ...]


class FittedError(ValueError):
    """A model file that is not one, or was changed: the message says what was expected and what to do."""


class Scaling(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """What makes columns comparable: `centre` (d,) becomes 0, `spread` (d,) becomes 1 [unit of each column].

    A spread of 0 silences its column; `clip` is the largest scaled value in either direction [1], None where there is
    none; for `none` the centre is 0 and the spread 1.
    """

    kind: Literal["none", "zscore", "minmax", "robust"]
    centre: Numbers
    spread: Numbers
    clip: float | None


class MappingUsed(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """Which value mapping table made texts into numbers: its version, and the sha256 of its file."""

    version: str
    sha256: Digest


class Fitted(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """A clustering of a table; the clusters are ordered by falling mass.

    Shapes: `columns`, `factor_weights` and `grid` are (d,); `centres` [unit of each column] and `scaled_centres` [1]
    are (k, d); `masses` (k,) [unit of the weights, or rows]. `factor_weights` stand on squared distances. `sse` is the
    weighted sum of squared distances in that space [1], and `sse_bound` what its cells promised it would not pass.
    `software` is the version of the program that wrote the file; `mapping` is None where all columns were numbers.
    """

    version: Literal[1]
    software: str
    columns: tuple[str, ...]
    id_column: str | None
    weight_column: str | None
    k: Count
    start: str
    random_state: Annotated[int, msgspec.Meta(ge=0)]
    scaling: Scaling
    weighting: str
    factor_weights: Numbers
    grid: tuple[int, ...]
    centres: tuple[Numbers, ...]
    scaled_centres: tuple[Numbers, ...]
    masses: Numbers
    rows: Count
    sse: float
    sse_bound: float
    mapping: MappingUsed | None = None
    sha256: Digest = "0" * 64


def sealed(model: Fitted) -> Fitted:
    """Return the model with its `sha256`."""
    return msgspec.structs.replace(model, sha256=_digest(msgspec.to_builtins(model)))


def write(model: Fitted, path: Path) -> None:
    """Write a model as indented JSON with its `sha256`."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(sealed(model)), indent=2) + b"\n")


def read(path: Path) -> Fitted:
    """Return the model of a file, whole and unchanged.

    Raises
    ------
    FittedError
        Where the file is no model, was changed after it was written, or its parts do not fit together.
    """
    try:
        content = json.loads(path.read_bytes())
        model = msgspec.convert(content, Fitted)
    except (msgspec.MsgspecError, ValueError) as error:
        raise FittedError(f"{path} is no model of kwadrant fit: {error}") from error
    if _digest(content) != model.sha256:
        message = f"{path}: expected sha256 {model.sha256}, found {_digest(content)}; the file was changed, fit again"
        raise FittedError(message)
    return _checked(model, path)


def _digest(content: dict[str, object]) -> str:
    rest = {name: value for name, value in content.items() if name != "sha256"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _checked(model: Fitted, path: Path) -> Fitted:
    d, k = len(model.columns), model.k
    wide = (model.factor_weights, model.grid, model.scaling.centre, model.scaling.spread)
    rows = (*wide, *model.centres, *model.scaled_centres)
    if {len(row) for row in rows} != {d} or {len(model.centres), len(model.scaled_centres), len(model.masses)} != {k}:
        raise FittedError(f"{path}: expected {k} centres and masses in {d} columns; found other sizes; fit again")
    return model
