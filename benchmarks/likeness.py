"""How like real loads are the simulated ones? `python -m benchmarks.likeness --readings daily.parquet`.

Quantiles over the customers, of the real readings and of towns of several unrests, all by the day. Unsteady days: the
standard deviation of the logarithm of a day's energy over that of the same weekday a week before, over the root of two,
once from the middle deviation (bursts have no part) and once from all of them. Wandering: that of the logarithm of 28
days' mean over the 28 days' before. Sizes of lasting changes: the mean of sixty days over the base of a flag, every 30
days; one kilowatt hour is added everywhere, and 10 kWh a day are needed to count.
"""

import argparse
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from segmentation.evaluation import DEFAULT, Consumption, Floats
from simulator.town import simulate

AT = (0.1, 0.5, 0.9)
SIZES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
MONTH, WEEK = 28, 7
LEAST = 10.0
"""Mean of a customer that counts [kWh/d]."""
MIDDLE = 0.6745
"""Middle deviation of a normal distribution of standard deviation 1 [1]."""


def real(path: Path, none: float) -> Floats:
    """Return the daily energy (days, n) [kWh] of a table of daily readings; a reading of `none` stands for none."""
    rows = pd.read_parquet(path)
    day = "record_date" if "record_date" in rows else "start"
    wide = rows.pivot_table(index=day, columns="customer_id", values="kwh", aggfunc="sum").fillna(0.0)
    return np.asarray(wide.to_numpy(np.float64) * (wide.to_numpy() != none))


def town(unrest: float) -> Floats:
    """Return the daily energy (days, n) [kWh] of a town of 400 customers of whom three in ten change."""
    made = simulate(
        400, 639, random_state=1, resolution=timedelta(days=1), history_days=365, change_days=200, unrest=unrest
    )
    return np.array([block.column("kwh").to_numpy() for block in made.reading_blocks()])


def row(name: str, kwh: Floats) -> str:
    """Return a row of the table."""
    kwh = kwh[:, kwh.mean(axis=0) > LEAST]
    consumption, logs = Consumption(kwh), np.log1p(kwh)
    days = (logs[WEEK:] - logs[:-WEEK]) / np.sqrt(2)
    months = np.array([consumption.mean(day, day + MONTH) for day in range(0, len(kwh) - MONTH + 1, MONTH)])
    sizes = [
        (consumption.mean(day, day + DEFAULT.ahead) + 1) / (consumption.base(day, DEFAULT) + 1)
        for day in range(DEFAULT.base_from, len(kwh) - DEFAULT.ahead, 30)
    ]
    parts = (
        np.quantile(np.median(np.abs(days), axis=0) / MIDDLE, AT), np.quantile(days.std(axis=0), AT),
        np.quantile(np.diff(np.log1p(months), axis=0).std(axis=0), AT), np.quantile(np.concatenate(sizes), SIZES),
    )  # fmt: skip
    cells = (", ".join(f"{value:.2f}" for value in part) for part in parts)
    return f"| {name} | {kwh.shape[1]:,} | " + " | ".join(cells) + " |"


def main() -> None:
    """Print a row for the real readings and one for each town."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--readings", type=Path, default=Path("../shared/data/tianchi_yangzhong/daily.parquet"))
    ask.add_argument("--none", type=float, default=1.0)
    ask.add_argument("--unrest", type=float, nargs="*", default=[0.0, 0.5, 1.0])
    given = ask.parse_args()
    print("| loads | customers | days | days, all | months | lasting changes |\n|---|---|---|---|---|---|")
    print(row("real enterprises", real(given.readings, given.none)), flush=True)
    for unrest in given.unrest:
        print(row(f"town, unrest {unrest:g}", town(unrest)), flush=True)


if __name__ == "__main__":
    main()
