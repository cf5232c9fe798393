"""The fold of the driver: pool the micro-clusters, move the centres, decide when an epoch is complete.

`fold(state, outputs) -> state, controls`. Pure; the state is plain data, published whole whenever it changes.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec
import numpy as np

from clustering.cells import Cells, merge
from schemas.control import Candidate, Close, Control, Hold, Promote
from schemas.model import Model
from schemas.topics import LANES_PER_TOPIC
from schemas.trial import Trial
from segmentation import dry_run, shadow
from segmentation.central_state import CentralState, Held, promoted
from segmentation.crossings import kept, upto
from segmentation.learning import learned, toward
from segmentation.operating import heard, obey
from segmentation.output import Answer, Output
from segmentation.parameters import Parameters

FIRST_SPARSE = LANES_PER_TOPIC
"""First lane of the topics that may be silent for long: transactions and archive."""
SLOWEST = 1 / 64
"""Least part of what was learned that a candidate takes over [1]."""
replaced = msgspec.structs.replace


def fold(state: CentralState, outputs: Sequence[Output], ends: Mapping[int, int], parameters: Parameters
         ) -> tuple[CentralState, list[Control], list[Model]]:  # fmt: skip
    """One micro-batch of all buckets: the new state, the commands that follow, and the models promoted by them.

    `ends` are the offsets up to which each lane has been read; they matter where sparse topics write no clocks, for an
    idle lane, and where an operator closes an epoch.
    """
    news = [crossing for output in outputs for crossing in output.crossings]
    crossings = kept((*state.crossings, *news), state.commanded, parameters.witnesses)
    state = heard(replaced(state, crossings=crossings), outputs)
    controls: list[Control] = []
    answers = [output.answer for output in outputs if output.answer is not None]
    if answers:
        state = _learn(state, answers, controls, parameters)
    if state.answered == state.commanded:
        state = obey(state, controls, parameters)
        state = _close_next(state, controls, ends, parameters)
    return state, controls, [control.model for control in controls if isinstance(control, Promote)]


def _learn(state: CentralState, answers: list[Answer], controls: list[Control], parameters: Parameters
           ) -> CentralState:  # fmt: skip
    """Decide about the model that was on trial; make the next one from the answers, and put it on trial."""
    trial = dry_run.together([answer.trial for answer in answers if answer.trial is not None])
    if trial is not None and state.newest.version != state.force.version:
        state = _decided(state, trial, controls, parameters)
    epoch = answers[0].epoch
    pool, newest = learned(state.pool, state.newest, pooled(answers), unheard(answers), epoch)
    newest = toward(state.force, newest, state.pace)
    controls.append(Candidate(state.stream, state.generation, newest))
    seen = shadow.together([answer.shadow for answer in answers if answer.shadow is not None])
    return replaced(state, newest=newest, pool=pool, answered=epoch, shadow=seen)


def _decided(state: CentralState, trial: Trial, controls: list[Control], parameters: Parameters) -> CentralState:
    """Promote the newest model, or hold it: where an operator holds, or its dry run is outside the budget.

    What the budget holds, the budget lets go: a later candidate has learned more, goes only half as far, and is tried
    like any other.
    """
    held, because = state.held, dry_run.beyond(trial, parameters)
    if held is not None and held.by == "operator":
        held = replaced(held, model=state.newest, trial=trial)
    else:
        held = None if because is None else Held("budget", because, state.newest, trial)
    if held is None:
        controls.append(Promote(state.stream, state.generation, state.newest, trial))
        return replaced(promoted(state, state.newest), held=None, pace=min(2 * state.pace, 1.0))
    controls.append(Hold(state.stream, state.generation, held.by, held.because, trial))
    slower = held.by == "budget" and parameters.blast_radius > 0
    return replaced(state, held=held, pace=max(state.pace / 2, SLOWEST) if slower else state.pace)


def _close_next(state: CentralState, controls: list[Control], ends: Mapping[int, int], parameters: Parameters
                ) -> CentralState:  # fmt: skip
    epoch = state.commanded + 1
    limits = {lane: _limit(state, lane, epoch, ends, parameters) for lane in state.lanes}
    known = {lane: offset for lane, offset in limits.items() if offset is not None}
    if not parameters.sparse_clocks:
        silent = {lane for lane in state.lanes if lane not in known and lane >= FIRST_SPARSE}
        known |= {lane: ends[lane] for lane in silent & set(ends)}
    if len(known) < len(state.lanes):
        return state
    controls.append(Close(state.stream, state.generation, epoch, {str(lane): offset for lane, offset in known.items()}))
    crossings = kept(state.crossings, epoch, parameters.witnesses)
    return replaced(state, commanded=epoch, crossings=crossings, cutoff=None)


def _limit(state: CentralState, lane: int, epoch: int, ends: Mapping[int, int], parameters: Parameters) -> int | None:
    """Return the offset below which a lane's rows are in `epoch`, None while that is not known.

    An offset that an operator gave counts once all before it has been read; an earlier crossing goes before it.
    """
    crossed, given = upto(state.crossings, lane, epoch, parameters.witnesses), state.idle.get(str(lane))
    if given is None and state.cutoff is not None:
        given = state.cutoff.upto[str(lane)]
    if given is None or (crossed is not None and crossed <= given and str(lane) not in state.idle):
        return crossed
    return given if ends.get(lane, 0) >= given else None


def pooled(answers: list[Answer]) -> Cells:
    """Return the micro-clusters of all answers, in an order that depends on their content alone."""
    return merge([_cells(answer) for answer in answers])


def unheard(answers: list[Answer]) -> dict[int, float]:
    """Return by cluster the mass of customers who stand there and were not heard [mass of an epoch]."""
    total: Counter[int] = Counter()
    for answer in answers:
        total.update(answer.silent)
    return {cluster: float(mass) for cluster, mass in sorted(total.items())}


def _cells(answer: Answer) -> Cells:
    mass, sums, squares = (np.frombuffer(part, np.int64) for part in (answer.mass, answer.sums, answer.squares))
    return Cells(mass, sums.reshape(answer.shape), squares)
