"""What is seen of customers as of the end of an epoch: their memories with all unsettled tiles, and where they lie."""

from collections.abc import Mapping
from dataclasses import dataclass

from schemas.model import Model
from segmentation.customers import Customers
from segmentation.indices import View, vectors
from segmentation.local_state import LocalState
from segmentation.memories import absorbed, view_of
from segmentation.parameters import Parameters
from segmentation.potential import Outlook, outlook
from segmentation.space import Traces, space_of
from segmentation.sums import Floats, Tiles
from segmentation.traits import equipped


@dataclass(frozen=True)
class Sight:
    """n customers as of the end of an epoch: `memories` (n, 2, WIDTH), the formulas' `view`, `traces` (n, d)."""

    memories: Floats
    view: View
    traces: Traces


def seen(customers: Customers, tiles: Mapping[int, Tiles], unsettled: range, model: Model, parameters: Parameters
         ) -> Sight:  # fmt: skip
    """Return what is seen of `customers` after the epochs `unsettled`, whose tiles their memories do not hold yet."""
    memories = absorbed(customers.memories, tiles, unsettled, parameters)
    view = view_of(equipped(customers, tiles, unsettled), memories, unsettled.stop - 1, parameters)
    space = space_of(model)
    return Sight(memories, view, space.trace(vectors(view, space.indices)))


def present(state: LocalState, parameters: Parameters) -> Outlook:
    """Return the outlook on all customers of `state` as of its last close. O(n); untouched."""
    epochs = range(state.settled + 1, state.closed + 1)
    memories = absorbed(state.customers.memories, state.tiles, epochs, parameters)
    return outlook(view_of(equipped(state.customers, state.tiles, epochs), memories, state.closed, parameters))
