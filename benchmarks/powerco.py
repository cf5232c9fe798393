"""Who holds several services? `python -m benchmarks.powerco [--folder ../shared/data/powerco]`.

Small and medium customers of a real utility. A customer counts as holding several services where more than one product
is active; gas is one of them, so nothing of gas is looked at. The rule to beat is "consumption above the median". Ours
are classes: `kwadrant.api.fit` on what is known of consumption, capacity, prices, margins and dates, and of each class
the share that holds several, counted on one half of the customers and used on the other, both ways round.
"""

import argparse
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier

from clustering.arrays import Flags, Floats
from kwadrant.api import fit

FOLDER = Path("../shared/data/powerco")
SKEWED = ("cons_12m", "cons_last_month", "forecast_cons_12m", "forecast_cons_year", "imp_cons", "pow_max",
          "forecast_meter_rent_12m", "net_margin")  # fmt: skip
PLAIN = ("margin_gross_pow_ele", "forecast_discount_energy", "forecast_price_energy_p1", "forecast_price_energy_p2",
         "forecast_price_pow_p1", "num_years_antig")  # fmt: skip
DATES = ("date_activ", "date_modif_prod", "date_renewal", "date_end")
NOW = pd.Timestamp("2016-01-01")


def factors(rows: pd.DataFrame) -> pd.DataFrame:
    """Return what is looked at: skewed amounts as logarithms with their sign, dates as days before 2016 [d]."""
    found = {name: np.sign(rows[name]) * np.log1p(rows[name].abs()) for name in SKEWED}
    found |= {name: rows[name] for name in PLAIN}
    found |= {name: (NOW - rows[name]).dt.days for name in DATES}
    found["growth"] = np.log((rows["cons_last_month"].clip(lower=0) * 12 + 1) / (rows["cons_12m"].clip(lower=0) + 1))
    return pd.DataFrame(found).astype(np.float64)


def by_class(known: pd.DataFrame, several: Flags, asked: pd.DataFrame, k: int) -> Floats:
    """Return the share of several services (m,) in the class of each of the customers `asked`."""
    middle = known.median()
    found = fit(known.fillna(middle), k)
    labels = found.labels
    held, size = (np.bincount(labels, weight, minlength=k) for weight in (several.astype(float), np.ones(len(labels))))
    return np.asarray((held / np.maximum(size, 1))[found.predict(asked.fillna(middle))])


def trained(known: pd.DataFrame, several: Flags, asked: pd.DataFrame) -> Floats:
    """Return what a classifier trained on the answers says (m,): about what the data hold."""
    return np.asarray(HistGradientBoostingClassifier(random_state=0).fit(known, several).predict_proba(asked)[:, 1])


def scores(rows: pd.DataFrame, several: Flags) -> Mapping[str, Floats]:
    """Return scores (n,) by name, each customer's from the other half of the customers."""
    looked_at, half = factors(rows), np.arange(len(rows)) % 2 == 0
    found = {name: np.zeros(len(rows)) for name in ("classes, 8", "classes, 24", "trained on the answers")}
    for mine, other in ((half, ~half), (~half, half)):
        given = looked_at[other], several[other], looked_at[mine]
        found["classes, 8"][mine] = by_class(*given, 8)
        found["classes, 24"][mine] = by_class(*given, 24)
        found["trained on the answers"][mine] = trained(*given)
    return {"consumption": rows["cons_12m"].to_numpy(np.float64), **found}


def row(name: str, score: Floats, several: Flags, calls: int) -> str:
    """Return a row of the table for the best `calls` customers."""
    chosen = np.argsort(-score, kind="stable")[:calls]
    right, share = several[chosen].sum(), several.mean()
    precision = right / calls
    return f"| {name} | {calls:,} | {precision:.3f} | {right / several.sum():.3f} | {precision / share:.2f} |"


def main() -> None:
    """Print precision, recall and lift for as many calls as the median rule makes, and for a tenth of the customers."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--folder", type=Path, default=FOLDER)
    rows = pd.read_parquet(ask.parse_args().folder / "customers.parquet").sort_values("id", ignore_index=True)
    several = rows["nb_prod_act"].to_numpy() > 1
    above = int((rows["cons_12m"] > rows["cons_12m"].median()).sum())
    print(f"{len(rows):,} customers, {several.mean():.1%} hold several services\n")
    print("| rule | calls | precision | recall | lift |\n|---|---|---|---|---|")
    found = scores(rows, several)
    for calls in (above, len(rows) // 10):
        for name, score in found.items():
            print(row(name, score, several, calls), flush=True)


if __name__ == "__main__":
    main()
