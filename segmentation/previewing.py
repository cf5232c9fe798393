"""What other settings of hysteresis would say: one judge for each, all beside the same replay.

Sums, places and distances do not depend on margin, dwell and cool-down, so they are worked out once at every close and
shown to every judge. What the judges share too, and would not share in replays of their own, are the models: which
candidates are promoted depends a little on who stands where. While no model is promoted a judge says exactly what a
replay with its settings says. Late rows, rollbacks and dismissals are left out: tables have none.
"""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schemas.model import Model
from segmentation import rows as kinds
from segmentation.customers import Customers
from segmentation.decision import NEVER, NONE, rehoused, weighed
from segmentation.local_state import LocalState
from segmentation.parameters import Parameters
from segmentation.potential import outlook, turn
from segmentation.rows import pc
from segmentation.sight import seen
from segmentation.space import centres_of, distances, ids_of, off_grid, space_of
from segmentation.sums import Flags, Floats

Ints = NDArray[np.int64]
_NEW: dict[str, int | bool] = {
    "cluster": NONE, "moved": NEVER, "challenger": NONE, "challenged": NEVER, "high": False, "rose": NEVER,
}  # fmt: skip
"""What a judge has of its own about each customer, as it is before the first class."""


@dataclass(frozen=True)
class Showing:
    """What a close shows to every judge: n `customers` as the replay left them, squared distances `away` (n, k) [1].

    `lasting` (n,) is potential times confidence [1].
    """

    epoch: int
    customers: Customers
    model: Model
    away: Floats
    lasting: Floats

    @property
    def nearest(self) -> Ints:
        """Identity (n,) of the nearest cluster, NONE for those who have no class yet."""
        best = ids_of(self.model)[self.away.argmin(axis=1)]
        return np.where(self.customers.cluster == NONE, NONE, best)


def shown(state: LocalState, parameters: Parameters) -> Showing | None:
    """Return what the last close of `state` was judged by; None before the first model. O(n k d); untouched."""
    model = state.models.force
    if model is None:
        return None
    unsettled = range(state.settled + 1, state.closed + 1)
    sight = seen(state.customers, state.tiles, unsettled, model, parameters)
    away = distances(off_grid(space_of(model).point(sight.traces)), centres_of(model))
    return Showing(state.closed, state.customers, model, away, outlook(sight.view).lasting)


@dataclass(frozen=True)
class Moved:
    """A confirmed move at the close of `epoch`; `from_` and `to` are identities."""

    epoch: int
    customer: str
    from_: int
    to: int


@dataclass
class Judge:
    """One setting, the classes it has given so far, and what it has said: moves, rises as (epoch, customer), falls."""

    parameters: Parameters
    customers: Customers
    moves: list[Moved] = field(default_factory=list)
    rises: list[tuple[int, str]] = field(default_factory=list)
    events: int = 0

    def look(self, showing: Showing) -> None:
        """Judge everybody at a close. O(n k)."""
        customers = carried(self.customers, showing.customers)
        ids = ids_of(showing.model)
        standing, epoch = customers.standing(ids), showing.epoch
        own = weighed(showing.away, standing, epoch, self.parameters)
        verdict = rehoused(own, customers.cluster != NONE, standing)
        turned = turn(showing.lasting, customers, epoch, self.parameters)
        best = ids[verdict.best]
        self._say(customers, verdict.move, best, turned.risen, turned.fallen, epoch)
        changed = ((customers.cluster == NONE) & (showing.customers.cluster != NONE)) | verdict.move
        calm = changed | ~verdict.contested
        self.customers = replace(
            customers,
            cluster=np.where(changed, best, customers.cluster),
            moved=np.where(verdict.move, epoch, customers.moved),
            challenger=np.where(calm, NONE, best),
            challenged=np.where(calm, epoch, verdict.challenged),
            high=turned.high,
            rose=turned.rose,
        )

    def _say(self, customers: Customers, move: Flags, best: Ints, risen: Flags, fallen: Flags, epoch: int) -> None:
        at = np.flatnonzero(move)
        who = kinds.names(customers.ids.take(at))
        pairs = zip(who, customers.cluster[at].tolist(), best[at].tolist(), strict=True)
        self.moves += [Moved(epoch, customer, old, new) for customer, old, new in pairs]
        self.rises += [(epoch, customer) for customer in kinds.names(customers.ids.take(np.flatnonzero(risen)))]
        self.events += int(move.sum() + (risen & ~move).sum() + fallen.sum())


def carried(mine: Customers, now: Customers) -> Customers:
    """Return the customers `now` with the classes and the hysteresis that they have in `mine`; untouched.

    Who is closed, or began anew, has none.
    """
    place = np.arange(len(mine))
    if len(mine) != len(now):
        place = pc.index_in(mine.ids, value_set=now.ids).to_numpy(zero_copy_only=False)
    own = now.started[place] == mine.started
    found: dict[str, Any] = {}
    for name, empty in _NEW.items():
        whole = np.full(len(now), empty, getattr(mine, name).dtype)
        whole[place[own]] = getattr(mine, name)[own]
        found[name] = whole
    return replace(now, **found)


@dataclass
class Diary:
    """The nearest cluster of everybody, close by close: what classes without any hysteresis would be."""

    pages: list[tuple[int, Customers, Ints]] = field(default_factory=list)

    def write(self, epoch: int, customers: Customers, nearest: Ints) -> None:
        """Add a close."""
        self.pages.append((epoch, customers, nearest))

    @property
    def ids(self) -> list[str]:
        """Everybody there is at the end, rising."""
        return kinds.names(self.pages[-1][1].ids)

    def whole(self) -> Ints:
        """Return identities (T, n) of the last page's customers, NONE while one has no class."""
        last = self.pages[-1][1].ids
        found = np.full((len(self.pages), len(last)), NONE, np.int64)
        for row, (_, customers, nearest) in enumerate(self.pages):
            if len(nearest) == len(last):
                found[row] = nearest
            else:
                found[row, pc.index_in(customers.ids, value_set=last).to_numpy(zero_copy_only=False)] = nearest
        return found
