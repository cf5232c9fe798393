"""What the live page says: the words of `events` and `explain`, and a model's centres on the axes of the quadrants."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from kwadrant import expected
from kwadrant.explain import SIGMA, cause, quadrant_words, share_of, sure, way
from kwadrant.quantities import change, quantity
from kwadrant.words import rises, sentence
from schemas.event import Event
from schemas.expectation import Expectation
from schemas.model import Model
from segmentation.calendar import Calendar
from segmentation.quadrants import OUTSTANDING, axes
from segmentation.space import Space, centres_of, space_of
from segmentation.sums import EVENING_ENDS, EVENING_STARTS, HOURS, NIGHT_ENDS, NIGHT_STARTS
from serving.teller import Drawn, Explained, Hours, Part, Trait

DIGITS = 4
MOST_TRAITS = 4
_NIGHT_H = HOURS - NIGHT_STARTS + NIGHT_ENDS
_EVENING_H = EVENING_ENDS - EVENING_STARTS


@dataclass(frozen=True)
class PageTeller:
    """Words and pictures of one stream, whose epochs `calendar` names."""

    calendar: Calendar

    def sentence(self, event: Event) -> str:
        """Return what happened to whom and why."""
        return sentence(event)

    def explained(self, event: Event) -> Explained:
        """Return an event explained, the index with the greatest part first."""
        parts = tuple(Part(change(why), round(share_of(why), DIGITS)) for why in event.reasons)
        whole = "Parts of the rise" if rises(event) else "Parts of the move"
        return Explained(cause(event), way(event), whole, parts, f"{sure(event)} {SIGMA}" if parts else sure(event))

    def expected(self, one: Expectation) -> str:
        """Return who is expected to become a potential customer, how probable that is, and why."""
        return expected.sentence(one)

    def drawn(self, model: Model) -> tuple[Drawn, ...]:
        """Return the clusters of a model as they are drawn."""
        space, centres = space_of(model), centres_of(model)
        places = axes(centres, model).round(DIGITS).tolist()
        return tuple(
            Drawn(
                cluster=one.id, name=one.name, quadrant=one.quadrant, words=quadrant_words(one.quadrant),
                current=current, potential=potential, day=_day(space, scaled), traits=_traits(space, scaled),
            )
            for one, (current, potential), scaled in zip(model.clusters, places, space.scaled(centres), strict=True)
        )  # fmt: skip

    def day(self, epoch: int) -> str:
        """Return the name of an epoch."""
        return self.calendar.name(epoch)


def _value(space: Space, scaled: np.ndarray, number: int) -> float:
    """Return a centre's value of an index in its own unit."""
    scaling = space.scaling
    return space.indices[number].original(float(scaled[number] * scaling.spread[number] + scaling.centre[number]))


def _day(space: Space, scaled: np.ndarray) -> tuple[Hours, ...]:
    """Return a day in its three parts; the rest of the day follows from night and evening, and the mean of 1."""
    number = {index.name: n for n, index in enumerate(space.indices) if space.root_weights[n] > 0}
    if not {"night share", "evening share"} <= number.keys():
        return ()
    night, evening = (max(0.0, _value(space, scaled, number[name])) for name in ("night share", "evening share"))
    rest = max(0.0, (HOURS - _NIGHT_H * night - _EVENING_H * evening) / (HOURS - _NIGHT_H - _EVENING_H))
    hours = (
        (0, NIGHT_ENDS, night), (NIGHT_ENDS, EVENING_STARTS, rest), (EVENING_STARTS, EVENING_ENDS, evening),
        (EVENING_ENDS, NIGHT_STARTS, rest), (NIGHT_STARTS, HOURS, night),
    )  # fmt: skip
    return tuple(Hours(start, end, round(level, DIGITS)) for start, end, level in hours)


def _traits(space: Space, scaled: np.ndarray) -> tuple[Trait, ...]:
    order = np.argsort(-np.abs(scaled), kind="stable")[:MOST_TRAITS].tolist()
    return tuple(_told(space, scaled, [number for number in order if abs(scaled[number]) > OUTSTANDING]))


def _told(space: Space, scaled: np.ndarray, numbers: list[int]) -> Iterator[Trait]:
    for number in numbers:
        index, away = space.indices[number], float(scaled[number])
        said = quantity(_value(space, scaled, number), index.unit)
        yield Trait(index.name, index.high if away > 0 else index.low, said, round(away, DIGITS))
