"""Who may soon become a potential customer: what each bucket says of its customers at every close."""

import msgspec

from schemas.event import Place


class Expectation(msgspec.Struct, frozen=True, rename="camel"):
    """A customer who is no potential customer yet, and the `probability` [1] of being one within 28 days.

    `potential` and `confidence` [1] are those of now; `slope` is how fast its power grew over the last whole weeks
    [1/week], null where that is not known.
    """

    customer_id: str
    place: Place
    probability: float
    potential: float
    confidence: float
    slope: float | None = None


def worth(one: Expectation) -> float:
    """Return what sorts the list, the greatest first [1]: potential times probability."""
    return one.potential * one.probability


class Expectations(msgspec.Struct, frozen=True, rename="camel"):
    """Whom a bucket expects `as_of` the close of an epoch (RFC 3339), the most promising first.

    Each record takes the place of the bucket's last one, whole: who is not in it is not expected any more. Buckets of
    another generation than the newest are no more.
    """

    stream: str
    generation: int
    bucket: int
    as_of: str
    customers: tuple[Expectation, ...] = ()
