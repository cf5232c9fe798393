"""The versions of a stream's model, as the topics tell them: past, in force, held, on trial, shadow."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from schemas.control import Candidate, Control, Promote, Shadow
from schemas.model import Lineage, Model
from schemas.trial import Shadowed, Trial
from segmentation.calendar import Calendar
from segmentation.central_state import CentralState

_PINNED = {
    (False, False): "", (True, True): "pinned", (False, True): "→ pinned", (True, False): "pinned → free",
}  # fmt: skip
"""What is said of a cluster by whether it is pinned in the model in force, and in the newest."""


@dataclass(frozen=True)
class Version:
    """A model, what became of it, and its dry run."""

    model: Model
    status: str
    trial: Trial | None = None


@dataclass(frozen=True)
class History:
    """What the topics say of one generation: promotions in their order, every model by its version, the shadow.

    `central` is the central node's present state, None before its first batch.
    """

    promotions: tuple[Promote, ...] = ()
    models: Mapping[int, Model] = field(default_factory=dict)
    shadow: Model | None = None
    central: CentralState | None = None


def history(controls: Iterable[Control], stream: str, generation: int, central: CentralState | None = None) -> History:
    """Return what the records of a stream's generation say."""
    found, models = History(central=central), dict[int, Model]()
    for record in controls:
        if (record.stream, record.generation) != (stream, generation):
            continue
        match record:
            case Promote(model=model):
                found, models[model.version] = replace(found, promotions=(*found.promotions, record)), model
            case Candidate(model=model):
                models.setdefault(model.version, model)
            case Shadow(model=model):
                found = replace(found, shadow=model)
    return replace(found, models=models)


def versions(found: History) -> list[Version]:
    """Return all versions that were in force, oldest first, and those beside the one that is."""
    last, central = len(found.promotions) - 1, found.central
    listed = [
        Version(one.model, _past(one, in_force=number == last), one.trial)
        for number, one in enumerate(found.promotions)
    ]
    if central is None:
        return listed
    if central.held is not None and central.held.model is not None:
        listed.append(Version(central.held.model, "held", central.held.trial))
    if central.newest.version != central.force.version:
        listed.append(Version(central.newest, "on trial"))
    return listed


def _past(one: Promote, *, in_force: bool) -> str:
    status = "in force" if in_force else "past"
    return status if one.undo is None else f"{status}, rolled back to {one.undo}"


def listing(found: History, calendar: Calendar, rows: int) -> Group:
    """Return the last `rows` versions as a table, the clusters of the one in force, a hold and the shadow in words."""
    central = found.central
    parts: list[RenderableType] = [_versions(versions(found)[-rows:], calendar)]
    if found.promotions:
        model = found.promotions[-1].model
        newest = model if central is None else central.newest
        parts += [Text(), _clusters(model, newest)]
        if newest.lineage:
            parts += [Text(), *(Text(befell(one, newest)) for one in newest.lineage[-rows:])]
    if central is not None and central.held is not None:
        parts += [Text(), Text(f"held by {central.held.by}: {central.held.because}", style="bold yellow")]
    if found.shadow is not None:
        parts += [Text(), Text(_shadow(found.shadow, None if central is None else central.shadow))]
    return Group(*parts)


def _versions(listed: Sequence[Version], calendar: Calendar) -> Table:
    table = Table(box=None, padding=(0, 2), header_style="dim")
    for name in ("version", "data until", "status"):
        table.add_column(name)
    for name in ("would move", "by it alone", "protected"):
        table.add_column(name, justify="right")
    for one in listed:
        trial = one.trial
        counts = ("", "", "") if trial is None else (_share(trial.would_move, trial), _share(trial.by_model, trial),
                                                     str(trial.protected))  # fmt: skip
        table.add_row(str(one.model.version), calendar.name(one.model.epoch), one.status, *counts)
    return table


def _share(count: int, trial: Trial) -> str:
    return f"{count} ({count / trial.customers:.1%})" if trial.customers else str(count)


def _clusters(model: Model, newest: Model) -> Table:
    table = Table(box=None, padding=(0, 2), header_style="dim")
    for name in ("cluster", "name", "quadrant", "pinned"):
        table.add_column(name)
    said = {cluster.id: cluster for cluster in newest.clusters}
    for cluster in model.clusters:
        new = said.get(cluster.id, cluster)
        name = cluster.name if new.name == cluster.name else f"{cluster.name} → {new.name}"
        table.add_row(str(cluster.id), escape(name), cluster.quadrant, _PINNED[cluster.pinned, new.pinned])
    return table


def befell(one: Lineage, model: Model) -> str:
    """Return what befell a cluster, as a sentence; names are those of `model`, whose lineage it is of."""
    names = {cluster.id: cluster.name for cluster in model.clusters} | {
        past.cluster: past.name for past in model.lineage
    }
    other = "" if one.other is None else f"cluster {one.other} ({names.get(one.other, 'of the seeding')})"
    said = {
        "birth": "is new",
        "split": f"was part of {other}, {one.share:.0%} of it",
        "death": "is no more",
        "merge": f"became part of {other}, {one.share:.0%} of it",
    }[one.kind]
    return f"version {one.version}: cluster {one.cluster} ({one.name}) {said}"


def _shadow(model: Model, seen: Shadowed | None) -> str:
    if seen is None:
        return f"shadow of {len(model.clusters)} clusters: judged from the next close on"
    members = ", ".join(f"{one.name} {one.customers}" for one in seen.members)
    return (
        f"shadow: {seen.elsewhere} of {seen.customers} customers would stand in another quadrant, "
        f"{seen.newly_potential} of them newly potential; members: {members}"
    )
