"""`kwadrant list expected`: who may soon become a potential customer, from a replay's folder."""

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from kwadrant.common import UsageError

COLUMNS = ("rank", "customer_id", "probability", "potential", "confidence", "worth", "slope", "class", "because")
NOBODY = "nobody is expected to become a potential customer soon"
LEAST = 0.05
"""Below this probability nobody is listed [1]."""


def of_folder(folder: Path | None, least: float = LEAST) -> list[dict[str, object]]:
    """Return those whose probability is `least` or more, by potential times probability, the most promising first.

    Ties go to the smaller customer id. `slope` is by how much more a customer takes with every week [1].

    Raises
    ------
    UsageError
        Where no replay is named or there, or one that tells no probabilities.
    """
    if folder is None:
        raise UsageError("give --replay FOLDER of `kwadrant replay --out`: events tell no slopes")
    file = folder / "customers.parquet"
    if not file.exists():
        raise UsageError(f"{file} is not there; name the folder that `kwadrant replay --out` wrote")
    if "expected" not in pq.read_schema(file).names:
        raise UsageError(f"{file} tells no probabilities: an older version wrote it; replay again")
    rows = [row for row in pq.read_table(file).to_pylist() if row["expected"] is not None and row["expected"] >= least]
    rows.sort(key=lambda row: (-row["potential"] * row["expected"], row["customer_id"]))
    return [_row(rank, row) for rank, row in enumerate(rows, start=1)]


def _row(rank: int, row: dict[str, Any]) -> dict[str, object]:
    slope, probability = row["slope"], row["expected"]
    return {
        "rank": rank, "customer_id": row["customer_id"], "probability": round(probability, 3),
        "potential": round(row["potential"], 3), "confidence": round(row["confidence"], 3),
        "worth": round(row["potential"] * probability, 3), "slope": None if slope is None else round(slope, 4),
        "class": row["name"], "because": because(slope, row["potential"]),
    }  # fmt: skip


def because(slope: float | None, potential: float) -> str:
    """Return why somebody is expected, in words."""
    more = f"stands at {potential:.2f} times what it was"
    if slope is None:
        return more
    return f"takes {abs(slope):.1%} {'more' if slope > 0 else 'less'} every week; {more}"
