"""Dry run of a model on the wire: whom it would move if it were in force, counted, before it reaches anybody."""

import msgspec


class Shift(msgspec.Struct, frozen=True, rename="camel"):
    """Customers [1] whom a model would move from one cluster to another: all, by the model alone, protected of those.

    A customer moves by the model alone where the model in force, on the same data, would not take it there.
    """

    from_: int = msgspec.field(name="from")
    to: int
    customers: int
    by_model: int
    protected: int


class Trial(msgspec.Struct, frozen=True, rename="camel"):
    """The dry run of model `version` at the close of `epoch`, over all `customers` who have a class [customers].

    Counted is who would leave its class for good if nothing else changed: the margin counts, dwell and cool-down do
    not. `shifts` rise by their clusters.
    """

    version: int
    epoch: int
    customers: int
    shifts: tuple[Shift, ...]

    @property
    def would_move(self) -> int:
        """Return whom the model would move [customers]."""
        return sum(shift.customers for shift in self.shifts)

    @property
    def by_model(self) -> int:
        """Return those of them whom the model alone would move [customers]."""
        return sum(shift.by_model for shift in self.shifts)

    @property
    def protected(self) -> int:
        """Return the protected ones among those whom the model alone would move [customers]."""
        return sum(shift.protected for shift in self.shifts)


class Census(msgspec.Struct, frozen=True, rename="camel"):
    """Who would stand where under a shadow model: members [customers] of a cluster."""

    cluster: int
    name: str
    quadrant: str
    customers: int


class Shadowed(msgspec.Struct, frozen=True, rename="camel"):
    """A shadow model beside the live one at the close of `epoch`, over all `customers` who have a class [customers].

    `elsewhere` would stand in another quadrant, `newly_potential` of them in one of high potential instead of low.
    """

    epoch: int
    customers: int
    members: tuple[Census, ...]
    elsewhere: int
    newly_potential: int
