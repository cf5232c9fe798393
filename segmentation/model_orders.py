"""Orders about the model: which one is in force, what people say of its clusters, and which one is only watched."""

import msgspec

from schemas.control import Promote, Shadow
from schemas.model import Model
from segmentation.central_state import CentralState, Held, promoted
from segmentation.errors import UnknownIndex
from segmentation.indices import chosen
from segmentation.learning import begun
from segmentation.orders import (
    Accompany,
    BadOrder,
    Done,
    HoldAll,
    ModelOrder,
    Pin,
    PromoteHeld,
    Rename,
    Rollback,
    Unpin,
)

replaced = msgspec.structs.replace


def carried_out(state: CentralState, order: ModelOrder, because: str | None) -> Done:
    """Return what an order leads to.

    Raises
    ------
    BadOrder
        Where it cannot be carried out, in the words of the answer.
    """
    match order:
        case PromoteHeld(version=version):
            done = _promote(state, version)
        case HoldAll():
            done = _hold(state, because or "an operator holds")
        case Rollback(version=version):
            done = _roll_back(state, version)
        case Pin(cluster=cluster):
            done = _change(state, cluster, pinned=True)
        case Unpin(cluster=cluster):
            done = _change(state, cluster, pinned=False)
        case Rename(cluster=cluster, name=name):
            done = _change(state, cluster, name=name)
        case Accompany(model=model):
            done = _accompany(state, model)
    return done


def _promote(state: CentralState, version: int | None) -> Done:
    held = state.held
    if held is None:
        raise BadOrder(
            f"nothing is held: version {state.force.version} is in force, and candidates are promoted by budget"
        )
    if version is not None and (held.model is None or version != held.model.version):
        known = "no version has been tried since" if held.model is None else f"version {held.model.version} is held"
        raise BadOrder(f"version {version} cannot be promoted: {known}; see `kwadrant model list`")
    state = replaced(state, held=None)
    if held.model is None:
        return Done(state, "candidates are promoted by budget again; none was held back yet")
    command = Promote(state.stream, state.generation, held.model, held.trial)
    return Done(promoted(state, held.model), f"version {held.model.version} is promoted", (command,))


def _hold(state: CentralState, because: str) -> Done:
    held = state.held or Held("operator", because)
    if state.held is not None and held.by == "operator":
        raise BadOrder(f"promotions are held already: {held.because}")
    state = replaced(state, held=replaced(held, by="operator", because=because))
    return Done(state, f"no model is promoted until an operator promotes; version {state.force.version} stays in force")


def _roll_back(state: CentralState, version: int) -> Done:
    past = {model.version: model for model in state.past}
    if version == state.force.version:
        raise BadOrder(f"version {version} is in force")
    if version not in past:
        known = ", ".join(map(str, past)) or "none"
        raise BadOrder(f"version {version} was never in force, or too long ago; these can be rolled back to: {known}")
    model = _restored(past[version], state.newest)
    command = Promote(state.stream, state.generation, model, undo=version)
    held = Held("operator", f"rolled back to version {version}")
    pool = begun(model, next_id=state.pool.next_id)
    state = replaced(promoted(state, model), newest=model, pool=pool, held=held)
    said = f"the centres of version {version} are in force again as version {model.version}, and promotions are held"
    return Done(state, said, (command,))


def _restored(past: Model, newest: Model) -> Model:
    """Return a past model as the newest version: what people said of its clusters since then stays."""
    said = {cluster.id: (cluster.name, cluster.pinned) for cluster in newest.clusters}
    clusters = []
    for cluster in past.clusters:
        name, pinned = said.get(cluster.id, (cluster.name, cluster.pinned))
        clusters.append(replaced(cluster, name=name, pinned=pinned))
    return replaced(past, version=newest.version + 1, clusters=tuple(clusters), lineage=newest.lineage)


def _change(state: CentralState, cluster: int, **changes: object) -> Done:
    """Change what people say of a cluster: in the newest model and in the held one, not in the one in force."""
    known = [one.id for one in state.newest.clusters]
    if cluster not in known:
        raise BadOrder(
            f"there is no cluster {cluster}; version {state.newest.version} has {', '.join(map(str, known))}"
        )

    def changed(model: Model) -> Model:
        clusters = (replaced(one, **changes) if one.id == cluster else one for one in model.clusters)
        return replaced(model, clusters=tuple(clusters))

    held = state.held
    if held is not None and held.model is not None:
        held = replaced(held, model=changed(held.model))
    state = replaced(state, newest=changed(state.newest), held=held)
    said = ", ".join(f"{name} {value!r}" for name, value in changes.items())
    return Done(state, f"cluster {cluster} has {said} from the next promoted model on")


def _accompany(state: CentralState, model: Model | None) -> Done:
    command = Shadow(state.stream, state.generation, model)
    if model is None:
        return Done(state, "no shadow is judged any more", (command,))
    try:
        d = len(chosen(model.indices))
    except UnknownIndex as error:
        raise BadOrder(str(error)) from error
    ids = [cluster.id for cluster in model.clusters]
    rows = (model.scale_centre, model.scale_spread, model.factor_weights, *(c.centre for c in model.clusters))
    if {len(row) for row in rows} != {d} or not ids or ids != sorted(set(ids)):
        raise BadOrder(f"the shadow is no whole model: expected clusters with rising ids, and {d} numbers per centre")
    return Done(state, f"a shadow of {len(ids)} clusters is judged beside version {state.force.version}", (command,))
