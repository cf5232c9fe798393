"""The engine in memory: what it leaves out changes no bit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clustering.arrays import Floats
from clustering.metric import Metric
from clustering.scaling import Scaling
from clustering.screening import Singles
from clustering.totals import Groups, Summing, Totals
from tests.clustering.tables import customers, memory

laws = settings(max_examples=25, deadline=None)
states = st.integers(0, 2**32)


def scan(centres: Floats) -> Summing:
    d = centres.shape[1]
    plain = Scaling(np.zeros(d), np.ones(d), np.inf)
    return Summing(Metric(plain, np.ones(d), np.full(d, 30)), centres, 2**20, 0.0)


def content(totals: Totals) -> bytes:
    return totals.masses.tobytes() + totals.sums.tobytes()


@pytest.mark.parametrize("weighted", [False, True])
@given(states, st.integers(1, 9), st.sampled_from([0.0, 1e-3, 0.3, 5.0]))
@laws
def test_a_scan_that_follows_finds_what_a_whole_one_does(weighted: bool, state: int, k: int, move: float) -> None:  # noqa: FBT001
    source = np.random.default_rng(state)
    rows = np.round(customers(state, 500), state % 4)
    engine = memory(rows, source.integers(0, 3, 500).astype(np.float64) if weighted else None)
    now = scan(rows[source.integers(500, size=k)])
    engine.totals(now)
    for _ in range(3):
        order = source.permutation(k)
        centres = now.centres[order] + move * source.normal(size=(k, 3)) * (source.random((k, 1)) < 0.5)
        now = Summing(now.metric, centres, now.unit, 0.0, order)
        assert content(engine.totals(now)) == content(engine.run(now))


def test_centres_that_hardly_move_let_nearly_all_rows_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = customers(3, 2_000)
    engine, now = memory(rows), scan(rows[[1, 20, 300, 1_999]])
    engine.totals(now)
    looked: list[int] = []
    look = Summing.labels_and_gaps

    def counted(scan: Summing, places: Floats) -> tuple[Groups, Singles]:
        looked.append(places.shape[1])
        return look(scan, places)

    monkeypatch.setattr(Summing, "labels_and_gaps", counted)
    engine.totals(Summing(now.metric, now.centres + 1e-4, now.unit, 0.0, np.arange(4)))
    assert sum(looked) < 10
