"""The dry run of a model: whom it would move, and whom by itself alone, counted before it is in force."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from schemas.model import Model
from schemas.trial import Shift, Trial
from segmentation.customers import Customers
from segmentation.decision import NONE, Verdict, judge
from segmentation.parameters import Parameters
from segmentation.space import centres_of, ids_of, off_grid

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


def dry_run(trial: Model, points: Ints, verdict: Verdict, model: Model, customers: Customers, *, epoch: int,
            parameters: Parameters) -> Trial:  # fmt: skip
    """Return whom `trial` would take from their classes, at `points` (n, d), where `model` in force gave `verdict`.

    Dwell and cool-down are left out: they only put off what a model does, and a model that waits a week before it moves
    a fifth of the customers must not look harmless. `customers` are as they were before the verdict. O(n k d).
    """
    standing, classed = customers.standing(ids_of(trial)), customers.cluster != NONE
    seen = judge(off_grid(points), centres_of(trial), standing, epoch, parameters)
    target = ids_of(trial)[seen.best]
    moving = seen.contested | (classed & (standing.own == NONE))
    alone = moving & ~(verdict.contested & (ids_of(model)[verdict.best] == target))
    return Trial(trial.version, epoch, int(classed.sum()), _shifts(customers, target, moving, alone))


def _shifts(customers: Customers, target: Ints, moving: Bools, alone: Bools) -> tuple[Shift, ...]:
    width = int(target.max(initial=0)) + 1
    kinds, which = np.unique(customers.cluster[moving] * width + target[moving], return_inverse=True)
    counts = [
        np.bincount(which[mask[moving]], minlength=len(kinds)).tolist()
        for mask in (moving, alone, alone & customers.protected)
    ]
    pairs = (divmod(kind, width) for kind in kinds.tolist())
    return tuple(Shift(*pair, *count) for pair, *count in zip(pairs, *counts, strict=True))


def together(trials: Sequence[Trial]) -> Trial | None:
    """Return the dry run of all buckets, None where no bucket tried anything."""
    if not trials:
        return None
    total: defaultdict[tuple[int, int], list[int]] = defaultdict(lambda: [0, 0, 0])
    for shift in (shift for trial in trials for shift in trial.shifts):
        counts = total[shift.from_, shift.to]
        for number, count in enumerate((shift.customers, shift.by_model, shift.protected)):
            counts[number] += count
    shifts = tuple(Shift(*pair, *counts) for pair, counts in sorted(total.items()))
    return Trial(trials[0].version, trials[0].epoch, sum(trial.customers for trial in trials), shifts)


def beyond(trial: Trial, parameters: Parameters) -> str | None:
    """Return why a dry run is outside the budget, None where it is inside; a budget of 0 lets nothing through."""
    moved, of = trial.by_model, trial.customers
    if trial.protected:
        return f"it would move {trial.protected} protected customers by itself alone; the budget has none"
    if parameters.blast_radius == 0:
        return "the budget is 0: only an operator promotes"
    if moved > parameters.blast_radius * of:
        share, budget = moved / of, parameters.blast_radius
        return f"it would move {moved} of {of} customers ({share:.1%}) by itself alone; the budget is {budget:.1%}"
    return None
