"""From a verdict to the sentence: which customer moved, from where to where, and why."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from schemas.event import Cause, Event, Evidence, Place, Reason, Status
from schemas.model import Model
from schemas.times import iso
from segmentation.attribution import BACKFILL, DEFINITION_CHANGED, Attribution, attribute
from segmentation.calendar import Calendar
from segmentation.customers import Customers
from segmentation.decision import Verdict
from segmentation.quadrants import LOW, is_newly_potential
from segmentation.space import Space, Traces, centres_of, ids_of, off_grid, space_of

Floats = NDArray[np.float64]
PROVISIONAL = 0.5
"""From this share of estimated seconds a decision is provisional [1]."""
GONE = "a group that is no more"
SECOND_US = 1_000_000


@dataclass(frozen=True)
class Look:
    """A look at some customers: their numbers `rows` (m,), traces (m, d), verdict on each, and the moment.

    `estimated` (m,) is the share of estimated seconds behind each [1]; `times` (m,) the events' time [us]; `backfilled`
    (m,) whether history has come that moves them.
    """

    rows: NDArray[np.int64]
    traces: Traces
    verdict: Verdict
    estimated: Floats
    times: NDArray[np.int64]
    backfilled: NDArray[np.bool_]


def moves(look: Look, customers: Customers, model: Model, past: Mapping[int, Model], status: Status,
          calendar: Calendar) -> Iterator[Event]:  # fmt: skip
    """One event for every move of the verdict, in order of the customers."""
    space, ids, moving = space_of(model), ids_of(model), np.flatnonzero(look.verdict.move)
    ways = (marks(space, traces) for traces in (customers.anchor[look.rows[moving]], look.traces[moving]))
    pairs: dict[tuple[int, int, int], tuple[Floats, Floats]] = {}
    for at, was, now in zip(moving.tolist(), *ways, strict=True):
        row = int(look.rows[at])
        before = past[int(customers.anchor_version[row])]
        redefined = before.definition != model.definition
        old, new = int(customers.cluster[row]), int(ids[look.verdict.best[at]])
        way = before.version, old, new
        pairs[way] = pairs.get(way) or _pairs(before, model, old, new)
        parts = attribute(was.point, now.point, *pairs[way])
        since = iso(calendar.end(int(customers.since[row])) * SECOND_US)
        left = place_of(model if old in ids else before, old, since)
        yield _event(
            customer=customers.ids[row].as_py(), places=(left, place_of(model, new, None)),
            versions=(before.version, model.version),
            distances=(float(look.verdict.own_distance[at]), float(look.verdict.best_distance[at])),
            reasons=reasons_of(space, parts, was, now), status=status,
            estimated=float(look.estimated[at]), time=iso(int(look.times[at])),
            cause=BACKFILL if look.backfilled[at] else DEFINITION_CHANGED if redefined else parts.cause,
        )  # fmt: skip


def _pairs(before: Model, model: Model, old: int, new: int) -> tuple[Floats, Floats]:
    """Return the centres (2, d) of the old and the new cluster in both models.

    One that is not there yet, or no more, is where the other one is; an old one that ended as the new one began stays.
    """
    first, last = _centre(before, old), _centre(model, new)
    came, left = _centre(before, new), _centre(model, old)
    then = first if came is None else came
    stays = (last if came is not None else first) if left is None else left
    return np.array([first, then]), np.array([stays, last])


def _centre(model: Model, cluster: int) -> Floats | None:
    at = next((at for at, one in enumerate(model.clusters) if one.id == cluster), None)
    return None if at is None else centres_of(model)[at]


def place_of(model: Model, cluster: int, since: str | None) -> Place:
    """Return the place of a cluster's identity in `model`; of one that is no more, as its lineage tells."""
    for one in model.clusters:
        if one.id == cluster:
            return Place(cluster, one.name, one.quadrant, since)
    for change in reversed(model.lineage):
        if change.cluster == cluster:
            return Place(cluster, change.name, change.quadrant, since)
    return Place(cluster, GONE, f"{LOW}-{LOW}", since)


def _event(*, customer: str, places: tuple[Place, Place], versions: tuple[int, int],
           distances: tuple[float, float], reasons: tuple[Reason, ...], status: Status, estimated: float,
           time: str, cause: Cause) -> Event:  # fmt: skip
    old, new = places
    own, best = distances
    return Event(
        event_id=event_id(customer, old.cluster, new.cluster, status, cause, *versions, time),
        customer_id=customer, from_=old, to=new, newly_potential=is_newly_potential(old.quadrant, new.quadrant),
        cause=cause, model_version_from=versions[0], model_version_to=versions[1], status=status,
        margin=own - best, confidence=1.0 - best / own if own > 0 else 0.0, reasons=reasons,
        quality=Evidence(estimated, estimated > PROVISIONAL), event_time=time,
        origin="backfill" if cause == BACKFILL else "live",
    )  # fmt: skip


def event_id(*parts: object) -> str:
    """Deterministic id: 128 bits of the hash of what the event says."""
    return hashlib.blake2b("\x1f".join(map(str, parts)).encode(), digest_size=16).hexdigest()


class Mark(NamedTuple):
    """Where a customer lay: `point` and `scaled` (d,) [1; robust standard deviations], `values` in their own units."""

    point: Floats
    scaled: Floats
    values: list[float | None]


def marks(space: Space, traces: Traces) -> list[Mark]:
    """Return where customers of these traces (n, d) lay."""
    points = off_grid(space.point(traces))
    return [Mark(*each) for each in zip(points, space.scaled(points), space.values(traces), strict=True)]


def reasons_of(space: Space, parts: Attribution, before: Mark, now: Mark) -> tuple[Reason, ...]:
    """Every index that has a part in the move, the greatest part first."""
    total = parts.total
    if total == 0:
        return ()
    weight = (parts.customer + parts.model) / total
    scaled = now.scaled - before.scaled
    change, customer, model = (part.tolist() for part in (scaled, parts.customer / total, parts.model / total))
    return tuple(
        Reason(
            index=space.indices[j].name, value=_rounded(now.values[j]), previous=_rounded(before.values[j]),
            change=_rounded(change[j]) or 0.0, share_customer=customer[j], share_model=model[j],
        )
        for j in np.argsort(-weight, kind="stable").tolist() if parts.customer[j] or parts.model[j]
    )  # fmt: skip


def _rounded(value: float | None) -> float | None:
    """Six significant digits, at most five decimals: what a person can use, and nothing of the grid's steps."""
    return None if value is None else round(float(f"{value:.6g}"), 5)


def foreseen(confirmed: Event, time: int) -> Event:
    """Return the early event that foresees a confirmed one; `time` [us] is that of the row that gave it away."""
    text, old, new = iso(time), confirmed.from_.cluster, confirmed.to.cluster
    versions = (confirmed.model_version_from, confirmed.model_version_to)
    # a flag that a dismissal withdrew, and one raised after it for the same move, are two
    mark = () if confirmed.dismissed is None else (confirmed.dismissed.until,)
    known = event_id(confirmed.customer_id, old, new, "early", confirmed.cause, *versions, text, *mark)
    return msgspec.structs.replace(confirmed, status="early", event_time=text, event_id=known)


def withdrawn(early: Event) -> Event:
    """Return the withdrawal of an early event, linked to it."""
    known = event_id(early.event_id, "withdrawn")
    return msgspec.structs.replace(early, status="withdrawn", supersedes=early.event_id, event_id=known, services=())
