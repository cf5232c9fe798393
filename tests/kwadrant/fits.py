"""A model file for the tests of what is made from one."""

import numpy as np

from clustering.arrays import Floats
from schemas.fitted import Fitted, Scaling, sealed

NAMES = ("kwh", "peak `kW`", "night.share", "assets")


def fit(*, k: int = 5, clip: float | None = 3.0, state: int = 0) -> Fitted:
    """Return a model of four columns, the third of them without spread, the fourth without weight."""
    source = np.random.default_rng(state)
    scaled = np.rint(source.normal(0, 2, (k, 4)) * 2**20) / 2**20
    centre, spread = source.normal(0, 100, 4), source.uniform(0.1, 30, 4)
    spread[2] = scaled[:, 2] = 0.0
    return sealed(
        Fitted(
            version=1, software="test", columns=NAMES, id_column=None, weight_column=None, k=k, start="rgs",
            random_state=0, scaling=Scaling("robust", tuple(centre.tolist()), tuple(spread.tolist()), clip),
            weighting="eta2", factor_weights=(1.3, 0.7, 1.0, 0.0), grid=(20, 21, 20, 20),
            centres=_rows(scaled * spread + centre), scaled_centres=_rows(scaled), masses=(1.0,) * k, rows=k,
            sse=1.0, sse_bound=1.0,
        )
    )  # fmt: skip


def _rows(table: Floats) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(row) for row in table.tolist())
