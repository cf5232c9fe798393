"""The second sample: what is known beforehand spares work and changes nothing."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from clustering import sketch
from clustering.arrays import Floats
from clustering.asking import Ask
from clustering.coreset import Drawing
from clustering.measuring import fit_metric
from clustering.memory import Memory
from clustering.sketch import Drawn
from clustering.survey import Surveying
from tests.clustering.tables import customers, memory

SIZE = 60


def scan(engine: Memory, rows: Floats, state: int) -> tuple[Drawing, Drawn]:
    """Return a scan that knows nothing, and the uniform sample."""
    survey = engine.run(Surveying(rows.shape[1], SIZE, state))
    survey = replace(survey, sample=sketch.settled(survey.sample))
    metric = fit_metric(survey, Ask(k=4, scale="none", weights="equal"))
    return Drawing(metric, rows[:4] - rows.mean(axis=0), 30.0, SIZE, state), survey.sample.kept


def content(kept: Drawn) -> list[bytes]:
    return [array.tobytes() for array in (kept.keys, kept.hashes, kept.masses, kept.columns)]


@given(st.integers(0, 2**32), st.integers(SIZE + 1, 900), st.booleans())
@settings(max_examples=25, deadline=None)
def test_a_scan_that_knows_rows_it_will_meet_finds_the_same_sample(state: int, count: int, doubled: bool) -> None:  # noqa: FBT001 - hypothesis gives it
    rows = customers(state, count)
    table = np.concatenate([rows, rows[::3]]) if doubled else rows
    engine = memory(table)
    blind, uniform = scan(engine, table, state)
    knowing = blind.knowing(uniform)
    assert np.isfinite(knowing.limit)
    drawn = knowing.drawn(engine.run(knowing))
    assert content(drawn) == content(blind.drawn(engine.run(blind)))
    assert len(drawn) == SIZE + 1


def test_what_is_known_beforehand_spares_most_rows() -> None:
    rows = customers(3, 6_000)
    engine = memory(rows)
    blind, uniform = scan(engine, rows, 3)

    def met(drawing: Drawing) -> int:
        wider = replace(drawing, size=10_000)
        return len(wider.drawn(engine.run(wider)))

    assert met(blind) == 6_000
    assert met(replace(blind.knowing(uniform), size=10_000)) < 300
