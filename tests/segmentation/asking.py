"""Requests of operators, made by hand or at random."""

from dataclasses import replace
from functools import lru_cache
from itertools import count

import msgspec
import numpy as np

from schemas.control import Control, Reply, Request
from schemas.model import Model
from segmentation.space import centres_of
from tests.segmentation.runs import first_model
from tests.segmentation.towns import CUSTOMERS, DAY, PARAMETERS, SEEDED, name

RESTLESS = replace(PARAMETERS, margin=0.0, dwell_s=0, cool_down_s=5 * DAY, blast_radius=1.0)
"""Whoever is nearer to another centre moves at once, whatever the model has done."""
ACTIONS = ("promote", "hold", "rollback", "name", "pin", "dismiss", "undismiss", "shadow")
DAYS = ("2026-03-29", "2026-03-31", "2026-04-03")
PULLED = 0.2
_numbers = count()


def ask(action: str, epoch: int | None = None, /, *, because: str | None = None, id_: str = "", **arguments: object
        ) -> Request:  # fmt: skip
    """Return a request under an id of its own, or under this one."""
    return Request("town", 1, id_ or f"{action}-{next(_numbers)}", action, arguments, "me", because, epoch)


@lru_cache(maxsize=8)
def off_balance(state: int) -> Model:
    """Return a town's first model with its centres pulled together: what it learns moves customers by itself alone."""
    model = first_model(state, RESTLESS)
    centres = centres_of(model)
    pulled = centres.mean(axis=0) + PULLED * (centres - centres.mean(axis=0))
    clusters = (
        msgspec.structs.replace(cluster, centre=tuple(centre.tolist()))
        for cluster, centre in zip(model.clusters, pulled, strict=True)
    )
    return msgspec.structs.replace(model, clusters=tuple(clusters))


def restless(seed: int, requests: int = 8) -> list[Request]:
    """Return what a restless operator asks for: anything, at random, for the next epochs, much of it impossible."""
    source = np.random.default_rng(seed)

    def one(number: int) -> Request:
        action, who = str(source.choice(ACTIONS)), name(int(source.integers(0, CUSTOMERS)))
        shadow = msgspec.to_builtins(first_model(1, RESTLESS)) if source.random() < 0.7 else None
        arguments: dict[str, dict[str, object]] = {
            "rollback": {"version": int(source.integers(1, 9))},
            "name": {"cluster": int(source.integers(0, 4)), "name": "steady shop"},
            "pin": {"cluster": int(source.integers(0, 4))},
            "dismiss": {"customer": who, "until": str(source.choice(DAYS))},
            "undismiss": {"customer": who},
            "shadow": {"model": shadow},
        }
        epoch = SEEDED + int(source.integers(1, 8))
        return ask(action, epoch, because="a mistake", id_=f"r-{number}", **arguments.get(action, {}))

    return [one(number) for number in range(requests)]


def replies(log: list[Control]) -> list[tuple[bool, str]]:
    """Return every answer on a control topic."""
    return [(record.accepted, record.said) for record in log if isinstance(record, Reply)]
