"""Tiles and memories: integer sums of an epoch, folded into exponentially forgetting sums in epoch order."""

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from segmentation import rows as kinds
from segmentation.calendar import DAY_S, Calendar
from segmentation.rows import pc

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

COLUMNS = (
    "wh", "seconds", "fine_wh", "fine_s", "night_wh", "night_s", "evening_wh", "evening_s", "weekend_wh", "weekend_s",
    "export_wh", "estimated_s", "workdays", "log_power", "peak", "fine_active",
    "transactions", "purchases", "purchase_cents", "enquiries", "payments", "late_payments",
)  # fmt: skip
"""Columns of a tile: energy [Wh], covered time [s], peak power [W], counts [1], amounts [cents]; `log_power` is
LOG_STEPS ln(1 + mean power / IDLE_W) [1] of an epoch from Monday to Friday."""

COLUMN = {name: number for number, name in enumerate(COLUMNS)}
WIDTH = len(COLUMNS)
HOURS = 24
ASSETS = ("heat_pump", "pv", "storage", "ev_charging")
"""Services that leave something at the customer's."""
OFFERED = (*ASSETS, "efficiency", "managed_load")
"""Services that are offered; a customer holds those it bought, and those it pays for."""
PAID = 8
"""How far the bits of services paid for lie above those of services bought [1]."""
NIGHT_ENDS, NIGHT_STARTS, EVENING_STARTS, EVENING_ENDS = 6, 22, 17, 21
IDLE_W = 10
"""A power [W] that is next to nothing: a meter and a lamp."""
LOG_STEPS = 1_024
"""Steps of a natural logarithm that is kept as an integer [1]."""
_DERIVED = ("workdays", "log_power", "peak", "fine_active")
_SUMMED = ["kind", "status", "value", "seconds", "fine", "start", "epoch", "text"]
"""Columns of rows that make tiles."""
_ESTIMATED, _MEASURED = 1, 2
_BLOCK_ROWS = 4_096


@dataclass(frozen=True)
class Tiles:
    """Sums of some customers and epochs: row i is customer `customer[i]` (its number) in epoch `epoch[i]`.

    `sums` (m, WIDTH) and `hours` (m, 24) [Wh by local hour] are exact integers, `owned` (m,) the set of services held:
    one bit for each of OFFERED bought, PAID bits above it one for each paid for; rows are in (epoch, customer) order.
    """

    customer: Ints
    epoch: Ints
    sums: Ints
    hours: Ints
    owned: Ints

    def of_epoch(self, epoch: int) -> "Tiles":
        """Return the tiles of one epoch, a view."""
        begin, end = np.searchsorted(self.epoch, [epoch, epoch + 1])
        return self.some(slice(int(begin), int(end)))

    def places(self, count: int) -> slice | Ints:
        """Return which of `count` customers these tiles of one epoch are of; all of them are faster to take."""
        return slice(None) if len(self.customer) == count else self.customer

    def some(self, chosen: slice | Flags) -> "Tiles":
        """Return the chosen tiles."""
        return Tiles(*(part[chosen] for part in (self.customer, self.epoch, self.sums, self.hours, self.owned)))

    def of_customers(self, numbers: Ints) -> "Tiles":
        """Return the tiles of these customers (m,), rising, under their new numbers 0 to m - 1."""
        mine = self.some(np.isin(self.customer, numbers))
        return replace(mine, customer=np.searchsorted(numbers, mine.customer))


def tile(rows: pa.Table, ids: kinds.Texts, calendar: Calendar) -> Tiles:
    """Integer sums of `rows` by customer and epoch. Each identity must stand once in `rows` (see `rows.distinct`).

    `ids` (n,) are the known customers, sorted; rows of others are left out. O(rows log rows).
    """
    number = pc.index_in(rows.column("customer"), value_set=ids)
    if number.null_count:
        rows = rows.filter(pc.is_valid(number))
    customer = pc.drop_null(number).to_numpy().astype(np.int64)
    epoch = kinds.numbers(rows, "epoch").astype(np.int64)
    order = np.lexsort([customer, epoch])
    if (order[1:] < order[:-1]).any():
        customer, epoch, rows = customer[order], epoch[order], rows.select(_SUMMED).take(order)
    first = np.flatnonzero(np.r_[True, (np.diff(customer) != 0) | (np.diff(epoch) != 0)][: len(order)])
    if len(first) == 0:
        return Tiles(first, first, np.zeros((0, WIDTH), np.int64), np.zeros((0, HOURS), np.int64), first)
    parts, hours = _contributions(rows, calendar)
    peak, owned = parts[:, COLUMN["peak"]], _bought(rows)
    if len(first) < len(order):
        peak, owned = np.maximum.reduceat(peak, first), np.bitwise_or.reduceat(owned, first)
        parts, hours = _of_runs(parts, first), _of_runs(hours, first)
    return Tiles(customer[first], epoch[first], _derive(parts, peak.copy()), hours, owned)


def _of_runs(values: Ints, first: Ints) -> Ints:
    """Return the sums of the runs of rows that begin at `first`; a total that passes 2^63 comes back as it went."""
    upto = np.cumsum(values, axis=0)[np.append(first[1:], len(values)) - 1]
    return np.asarray(np.diff(upto, axis=0, prepend=np.zeros((1, values.shape[1]), np.int64)))


def _contributions(rows: pa.Table, calendar: Calendar) -> tuple[Ints, Ints]:
    parts = np.zeros((rows.num_rows, WIDTH), np.int64)
    hours = np.zeros((rows.num_rows, HOURS), np.int64)
    # columns are written one after the other: what is written to has to stay near
    for start in range(0, rows.num_rows, _BLOCK_ROWS):
        some = slice(start, start + _BLOCK_ROWS)
        _contribute(rows.slice(start, _BLOCK_ROWS), calendar, parts[some], hours[some])
    return parts, hours


def _contribute(rows: pa.Table, calendar: Calendar, parts: Ints, hours: Ints) -> None:
    """Fill what each row adds to `parts` and `hours` in place."""
    kind, status = kinds.numbers(rows, "kind"), kinds.numbers(rows, "status")
    value, seconds = kinds.numbers(rows, "value"), kinds.numbers(rows, "seconds")
    counted = (kind == kinds.IMPORT) & (status > 0)
    fine = counted & kinds.numbers(rows, "fine")
    epoch = kinds.numbers(rows, "epoch")
    begin = np.maximum(kinds.numbers(rows, "start"), calendar.start(epoch))
    day = epoch if calendar.epoch_s == DAY_S else calendar.day_of(begin)
    masks = {"": counted, "weekend_": counted & calendar.weekend(day)}
    if fine.any():
        hour = calendar.hour_of(begin, day)
        masks |= {
            "fine_": fine, "night_": fine & ((hour < NIGHT_ENDS) | (hour >= NIGHT_STARTS)),
            "evening_": fine & (hour >= EVENING_STARTS) & (hour < EVENING_ENDS),
        }  # fmt: skip
        parts[:, COLUMN["peak"]] = np.where(fine, value * 3_600 // np.maximum(seconds, 1), 0)
        hours[np.flatnonzero(fine), hour[fine]] = value[fine]
    told = {f"{name}wh": (mask, value) for name, mask in masks.items()}
    told |= {f"{name}s" if name else "seconds": (mask, seconds) for name, mask in masks.items()}
    told["estimated_s"] = counted & (status == _ESTIMATED), seconds
    told["export_wh"] = (kind == kinds.EXPORT) & (status > 0), value
    for name, (mask, values) in told.items():
        if mask.any():
            parts[:, COLUMN[name]] = np.where(mask, values, 0)
    if (kind > kinds.EXPORT).any():
        _count_transactions(parts, kind, value)


def _count_transactions(parts: Ints, kind: Ints, value: Ints) -> None:
    """Fill the transaction columns of `parts` in place."""
    late = kind == kinds.LATE_PAYMENT
    parts[:, COLUMN["transactions"]] = (kind >= kinds.PURCHASE) & (kind <= kinds.OTHER)
    parts[:, COLUMN["purchases"]] = kind == kinds.PURCHASE
    parts[:, COLUMN["purchase_cents"]] = np.where(kind == kinds.PURCHASE, value, 0)
    parts[:, COLUMN["enquiries"]] = kind == kinds.ENQUIRY
    parts[:, COLUMN["payments"]] = (kind == kinds.PAYMENT) | late
    parts[:, COLUMN["late_payments"]] = late


def _bought(rows: pa.Table) -> Ints:
    """Return the bit (n,) of the service that each row says was bought, or is paid for, 0 of all other rows."""
    kind = kinds.numbers(rows, "kind")
    if not (kind > kinds.EXPORT).any():
        return np.zeros(len(kind), np.int64)
    service = pc.fill_null(pc.index_in(rows.column("text"), value_set=pa.array(OFFERED)), len(OFFERED)).to_numpy()
    bits = np.array([*(1 << n for n in range(len(OFFERED))), 0], np.int64)[service]
    paid = np.isin(kind, [kinds.PAYMENT, kinds.LATE_PAYMENT])
    return np.asarray(np.where(kind == kinds.PURCHASE, bits, 0) | np.where(paid, bits << PAID, 0), np.int64)


def add_up(whole: Ints, tiles: Tiles) -> Ints:
    """Return sums (n, WIDTH) of an epoch with `tiles` of the same epoch added; `whole` is left untouched."""
    together = whole.copy()
    together[tiles.customer] += tiles.sums
    peak = np.maximum(whole[tiles.customer, COLUMN["peak"]], tiles.sums[:, COLUMN["peak"]])
    together[tiles.customer] = _derive(together[tiles.customer], peak)
    return together


def _derive(sums: Ints, peak: Ints) -> Ints:
    """Fill what is no sum of rows: logarithm of the mean power, the greatest interval's power, counts; in place."""
    seconds = sums[:, COLUMN["seconds"]]
    power = sums[:, COLUMN["wh"]] * 3_600 / np.maximum(seconds, 1)
    workday = (seconds > 0) & (sums[:, COLUMN["weekend_s"]] == 0)
    steps = np.where(workday, np.rint(LOG_STEPS * np.log1p(power / IDLE_W)), 0).astype(np.int64)
    values = (workday, steps, peak, sums[:, COLUMN["fine_s"]] > 0)
    for name, column in zip(_DERIVED, values, strict=True):
        sums[:, COLUMN[name]] = column
    return sums


def absorb(memories: Floats, tiles: Tiles, decays: Floats) -> Floats:
    """Memories one epoch later: every sum shrinks by its decay, then the epoch's tiles are added.

    `memories` (n, m, WIDTH) is left untouched; `tiles` are of one epoch; `decays` (m,) [1]. Elementwise, so that a
    customer's bits depend on its own tiles alone. O(n).
    """
    grown = memories * decays[None, :, None]
    grown[tiles.places(len(grown))] += tiles.sums[:, None, :]
    return grown


def absorb_hours(hours: Floats, tiles: Tiles, decay: float) -> Floats:
    """Load-shape sums (n, 24) [Wh] one epoch later."""
    grown = hours * decay
    grown[tiles.places(len(grown))] += tiles.hours
    return grown
