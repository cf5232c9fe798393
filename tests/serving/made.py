"""Events and states by hand, for the tests of the store and the API."""

import msgspec

from schemas.event import CustomerState, Event, Evidence, Place, Reason
from schemas.expectation import Expectation, Expectations
from schemas.model import Cluster, Model

LOW, HIGH = Place(0, "steady shop", "low-low", "2026-03-01T00:00:00Z"), Place(1, "growing workshop", "low-high")
WHY = (Reason("night_share", 0.5, 0.3, 1.5, 0.7, 0.3),)
EVENT = Event(
    event_id="e1", customer_id="C-1", from_=LOW, to=HIGH, newly_potential=True, cause="customer_moved",
    model_version_from=1, model_version_to=2, status="confirmed", margin=3.0, confidence=0.8, reasons=WHY,
    quality=Evidence(0.1, provisional=False), event_time="2026-03-24T11:00:00Z", batch_id=7,
)  # fmt: skip
MODEL = Model(
    version=2, epoch=20_000, indices=("night_share",), scale_centre=(0.3,), scale_spread=(0.1,), clip=3.0,
    factor_weights=(1.0,), threshold_current=0.0, threshold_potential=0.1,
    clusters=(Cluster(0, "steady shop", "low-low", (0.0,), 5.0, 5.0),
              Cluster(1, "growing workshop", "low-high", (2.0,), 3.0, 3.0)),
    sse=1.0, random_state=0, fingerprint="f",
)  # fmt: skip


def moved(event_id: str, customer: str = "C-1", **changes: object) -> Event:
    """Return an event with another id, customer, and what else differs."""
    return msgspec.structs.replace(EVENT, event_id=event_id, customer_id=customer, **changes)


def stands(customer: str, place: Place = HIGH) -> CustomerState:
    """Return the present class of a customer."""
    return CustomerState(customer, place, 2, "e1")


def expects(bucket: int, *customers: str, generation: int = 1, probability: float = 0.5) -> Expectations:
    """Return the last word of a bucket: the first customer is the most promising."""
    found = tuple(
        Expectation(customer, LOW, probability / (1 + number), 1.2, 0.9) for number, customer in enumerate(customers)
    )
    return Expectations("town", generation, bucket, "2026-03-25T00:00:00Z", found)
