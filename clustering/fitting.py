"""The plan of a fit: at most five scans over a table, and what is worked out between them.

1. A survey with a uniform sample (`survey`): from it scaling, factor weights, first centres.
2. A second sample, in which no far-off row is missing (`coreset`): from it the clustering.
3. and 4. Two steps of Lloyd over all rows, in exact integer sums (`totals`).
5. What the centres are worth: masses and SSE.

A table with few distinct rows is wholly in the first sample, and needs no other scan of its own. One of moderate size
is brought near, where the search goes on over all rows and steps of Lloyd until nothing moves.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from clustering import sketch
from clustering.arrays import Flags, Floats, check_count
from clustering.asking import Ask
from clustering.assignment import nearest
from clustering.blocks import Batch
from clustering.coreset import Drawing, represented
from clustering.engine import Engine
from clustering.faults import check_survey
from clustering.lloyd import lloyd
from clustering.masses import STEPS
from clustering.measuring import fit_metric
from clustering.memory import Memory
from clustering.metric import Metric
from clustering.seeding import kmeans_plus_plus
from clustering.sketch import Drawn
from clustering.starts import solve
from clustering.survey import Surveying
from clustering.swaps import removal_gain_swaps
from clustering.totals import Summing, Totals, about_origin, means, sse

Report = Callable[[str], None]

NEAR = 2**17
"""Distinct rows that are brought near, by estimate."""
_FAR_STEPS = 2
_NEAR_STEPS = 100
_FIRST_STEPS = 3
# more of them on a sample change less than the steps over all rows that follow
_CARRIED_STEPS = 10
# whoever works the bound out again may round otherwise
_ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class Fit:
    """A clustering of a table.

    Attributes
    ----------
    metric : Metric
    centres : (k, d)
        Places [1], by falling mass before the last step.
    masses : (k,)
        [weight]
    rows : int
        Of weight above 0.
    sse, bound : float
        Of the rows' places, and a number it was sure not to pass before the last scan [weight].
    constant, missing : tuple of int
        Columns that say nothing: those with one value, and those with none.
    """

    metric: Metric
    centres: Floats
    masses: Floats
    rows: int
    sse: float
    bound: float
    constant: tuple[int, ...]
    missing: tuple[int, ...]


def fit(engine: Engine, names: Sequence[str], ask: Ask, report: Report) -> Fit:
    """Cluster the rows of an engine.

    Laws: the order of the rows, their blocks and parts change no bit; a weight counts as that many copies, 0 as none;
    the same random state gives the same bytes.

    Parameters
    ----------
    engine : Engine
        Of rows with as many columns as ``names``.
    names : sequence of str
        What to call the columns in an error.
    ask : Ask
    report : callable
        Told what begins.

    Returns
    -------
    Fit
        Cost: five scans of O(n k d), and the clustering of a sample of ``ask.rows`` rows.
    """
    check_count(ask.k, "k", least=1)
    report("looking at the table")
    survey = engine.run(Surveying(len(names), ask.sample, ask.random_state))
    check_survey(survey, names, engine)
    survey = replace(survey, sample=sketch.settled(survey.sample))
    kept = survey.sample.kept
    report("weighing the columns")
    metric = fit_metric(survey, ask)
    whole = len(kept) <= ask.sample
    near = whole or ask.sample / survey.sample.limit <= NEAR
    if whole:
        engine = _memory(kept)
    report("clustering a sample")
    if near and not whole:
        every = engine.run(Surveying(len(names), 2 * NEAR, ask.random_state)).sample
        engine, seeds = _brought_near(sketch.settled(every).kept, kept, metric, ask)
    else:
        seeds = _solved(kept, metric, ask) if whole else _sampled(engine, kept, metric, ask)
    scan = Summing(metric, seeds, survey.unit, metric.reach(survey.extremes))
    found = _descended(engine, scan, _NEAR_STEPS if near else _FAR_STEPS, report)
    width = survey.high - survey.low
    return Fit(
        metric, found.centres, found.totals.masses * survey.unit / STEPS, survey.rows, found.sse,
        found.bound * (1 + _ROUNDING), _where(width == 0), _where(width < 0),
    )  # fmt: skip


def _solved(rows: Drawn, metric: Metric, ask: Ask) -> Floats:
    """Return centres (k, d) of rows that are all there are."""
    found = solve(ask.start, _points(rows, metric), rows.masses / STEPS, ask.k, random_state=ask.random_state)
    return metric.relaxed(found.centres.T).T


def _sampled(engine: Engine, uniform: Drawn, metric: Metric, ask: Ask) -> Floats:
    """Return centres (k, d) from a sample of the rows, drawn with the help of a uniform one."""
    few = _points(uniform.take(slice(ask.rows)), metric)
    even = np.ones(len(few))
    first = kmeans_plus_plus(few, even, ask.k, random_state=ask.random_state)
    first = lloyd(few, even, first, steps=_FIRST_STEPS).centres
    mean = max(float(nearest(few, first)[1].mean()), np.finfo(np.float64).tiny)
    drawing = Drawing(metric, first, mean, ask.sample, ask.random_state).knowing(uniform)
    drawn = drawing.drawn(engine.run(drawing))
    some, all_but_last = (_weighted(drawn, count, ask) for count in (ask.rows, min(ask.sample, len(drawn) - 1)))
    found = solve(ask.start, _points(some[0], metric), some[1], ask.k, random_state=ask.random_state)
    carried = lloyd(_points(all_but_last[0], metric), all_but_last[1], found.centres, steps=_CARRIED_STEPS)
    return metric.relaxed(carried.centres.T).T


def _brought_near(rows: Drawn, uniform: Drawn, metric: Metric, ask: Ask) -> tuple[Memory, Floats]:
    """Return an engine over all rows and centres (k, d), found on a sample and then swapped on all of them."""
    engine = _memory(rows)
    seeds = _sampled(engine, uniform, metric, ask)
    if ask.start == "rgs":
        points, weights = np.asfortranarray(_points(rows, metric)), rows.masses / STEPS
        stretched = metric.stretched(seeds.T).T
        found = removal_gain_swaps(points, weights, lloyd(points, weights, stretched, steps=_FIRST_STEPS))
        seeds = metric.relaxed(found.centres.T).T
    return engine, seeds


def _weighted(drawn: Drawn, count: int, ask: Ask) -> tuple[Drawn, Floats]:
    """Return the first ``count`` rows drawn, and the weight that each stands for."""
    rows = drawn.take(slice(count))
    return rows, rows.masses / STEPS * represented(rows, float(drawn.keys[count]), ask.random_state)


@dataclass(frozen=True, eq=False)
class _Descent:
    centres: Floats
    totals: Totals
    sse: float
    bound: float


def _descended(engine: Engine, scan: Summing, steps: int, report: Report) -> _Descent:
    """Move the centres to the means of their rows, again and again, and add up what belongs to the last ones."""
    report("step 1 over all rows")
    totals = engine.totals(scan)
    origin = about_origin(totals, scan)
    last = scan, totals, scan.centres
    for step in range(steps):
        moved = means(totals, scan)
        order = np.lexsort((*moved.T[::-1], -totals.masses))
        if (moved[order] == scan.centres).all():
            break
        last = scan, totals, moved
        report("masses and SSE" if step == steps - 1 else f"step {step + 2} over all rows")
        scan = replace(scan, centres=moved[order], reach=0.0, order=order)
        totals = engine.totals(scan)
    before, sums, moved = last
    return _Descent(scan.centres, totals, sse(totals, scan, scan.centres, origin), sse(sums, before, moved, origin))


def _memory(rows: Drawn) -> Memory:
    return Memory((Batch(tuple(rows.columns), rows.masses / STEPS, rows.hashes),))


def _points(rows: Drawn, metric: Metric) -> Floats:
    """Return rows stretched (n, d), where distances are plain."""
    return metric.stretched(metric.places(rows.columns)).T


def _where(which: Flags) -> tuple[int, ...]:
    return tuple(np.flatnonzero(which).tolist())
