"""The fold of the driver: pool the micro-clusters, move the centres, decide when an epoch is complete.

`fold(state, outputs) -> state, controls`. Pure; the state is plain data, published whole whenever it changes.
"""

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from clustering.assignment import two_nearest
from clustering.cells import GRID, Cells, means, merge
from schemas.control import Candidate, Close, Control, Promote
from schemas.model import Cluster, Model
from schemas.topics import LANES_PER_TOPIC
from segmentation.crossings import Crossing, kept, upto
from segmentation.output import Answer, Output
from segmentation.parameters import Parameters
from segmentation.space import centres_of

FIRST_SPARSE = LANES_PER_TOPIC
"""First lane of the topics that may be silent for long: transactions and archive."""


class CentralState(msgspec.Struct, frozen=True):
    """What the central node remembers: lanes, models, crossings, and how far epochs are commanded and answered.

    `lanes` are all data partitions; `newest` is the last model made, on trial unless it is `force`.
    """

    stream: str
    generation: int
    lanes: tuple[int, ...]
    force: Model
    newest: Model
    commanded: int
    answered: int
    crossings: tuple[Crossing, ...] = ()


def first_state(parameters: Parameters, generation: int, lanes: Sequence[int], model: Model) -> CentralState:
    """Return the state after seeding: `model` in force, nothing commanded after its epoch."""
    return CentralState(parameters.stream, generation, tuple(sorted(lanes)), model, model, model.epoch, model.epoch)


def fold(state: CentralState, outputs: Sequence[Output], ends: dict[int, int], parameters: Parameters
         ) -> tuple[CentralState, list[Control], list[Model]]:  # fmt: skip
    """One micro-batch of all buckets: the new state, the commands that follow, and the models promoted by them.

    `ends` are the offsets up to which each lane has been read; they matter only where sparse topics write no clocks.
    """
    news = [crossing for output in outputs for crossing in output.crossings]
    crossings = kept((*state.crossings, *news), state.commanded, parameters.witnesses)
    state = msgspec.structs.replace(state, crossings=crossings)
    controls: list[Control] = []
    promoted: list[Model] = []
    answers = [output.answer for output in outputs if output.answer is not None]
    if answers:
        state = _learn(state, answers, controls, promoted, parameters)
    if state.answered == state.commanded:
        state = _close_next(state, controls, ends, parameters)
    return state, controls, promoted


def _learn(state: CentralState, answers: list[Answer], controls: list[Control], promoted: list[Model],
           parameters: Parameters) -> CentralState:  # fmt: skip
    """Promote the model that was on trial; make the next one from the answers, and put it on trial."""
    if state.newest.version != state.force.version:
        controls.append(Promote(state.stream, state.generation, state.newest))
        promoted.append(state.newest)
    trial = moved(state.newest, pooled(answers), answers[0].epoch, parameters)
    controls.append(Candidate(state.stream, state.generation, trial))
    return msgspec.structs.replace(state, force=state.newest, newest=trial, answered=answers[0].epoch)


def _close_next(state: CentralState, controls: list[Control], ends: dict[int, int], parameters: Parameters
                ) -> CentralState:  # fmt: skip
    epoch = state.commanded + 1
    limits = {lane: upto(state.crossings, lane, epoch, parameters.witnesses) for lane in state.lanes}
    known = {lane: offset for lane, offset in limits.items() if offset is not None}
    if not parameters.sparse_clocks:
        silent = {lane for lane in state.lanes if lane not in known and lane >= FIRST_SPARSE}
        known |= {lane: ends[lane] for lane in silent & set(ends)}
    if len(known) < len(state.lanes):
        return state
    controls.append(Close(state.stream, state.generation, epoch, {str(lane): offset for lane, offset in known.items()}))
    crossings = kept(state.crossings, epoch, parameters.witnesses)
    return msgspec.structs.replace(state, commanded=epoch, crossings=crossings)


def pooled(answers: list[Answer]) -> Cells:
    """Return the micro-clusters of all answers, in an order that depends on their content alone."""
    return merge([_cells(answer) for answer in answers])


def _cells(answer: Answer) -> Cells:
    mass, sums, squares = (np.frombuffer(part, np.int64) for part in (answer.mass, answer.sums, answer.squares))
    return Cells(mass, sums.reshape(answer.shape), squares)


def moved(model: Model, cells: Cells, epoch: int, parameters: Parameters) -> Model:
    """Return the model one epoch later: weighted mini-batch update with event-time forgetting and a floor.

    A centre is the mean of all mass it ever took, forgotten with half-life `centre_memory_s`; the seed's mass is
    carried in, and what is carried never falls below `mass_floor` of it. An epoch without mass changes nothing but the
    version. `cells` untouched. O(m k d).
    """
    centres = centres_of(model)
    old = np.array([cluster.mass for cluster in model.clusters])
    seed = np.array([cluster.seed_mass for cluster in model.clusters])
    if len(cells.mass) == 0:
        return msgspec.structs.replace(model, version=model.version + 1, epoch=epoch)
    points = means(cells)
    nearest = two_nearest(points, centres)
    added, sums = _by_cluster(cells, nearest.label, len(centres))
    carried = np.maximum(old * parameters.decay(parameters.centre_memory_s), parameters.mass_floor * seed)
    mass = carried + added
    updated = (centres * carried[:, None] + sums) / mass[:, None]
    clusters = tuple(
        Cluster(cluster.id, cluster.name, cluster.quadrant, tuple(centre.tolist()), float(weight), cluster.seed_mass)
        for cluster, centre, weight in zip(model.clusters, updated, mass, strict=True)
    )
    sse = float(np.sum(cells.mass * nearest.squared_distance))
    return msgspec.structs.replace(model, version=model.version + 1, epoch=epoch, clusters=clusters, sse=sse)


def _by_cluster(cells: Cells, label: NDArray[np.int32], k: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Mass (k,) and sums (k, d) of the cells of each centre, exact until the last division."""
    mass, sums = np.zeros(k, np.int64), np.zeros((k, cells.sums.shape[1]), np.int64)
    np.add.at(mass, label, cells.mass)
    np.add.at(sums, label, cells.sums)
    return mass, sums / GRID
