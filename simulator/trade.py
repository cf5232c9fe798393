"""What customers buy, ask and pay: the transactions of the town."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from simulator.kinds import CHANGES, KINDS
from simulator.load import INSTANT
from simulator.plan import DAY, HOUR

if TYPE_CHECKING:
    from simulator.plan import Plan
    from simulator.population import Population

TRANSACTIONS = pa.schema(
    [
        ("transaction_id", pa.string()),
        ("customer_id", pa.string()),
        ("time", INSTANT),
        ("kind", pa.string()),
        ("service", pa.string()),
        ("amount", pa.float64()),
        ("currency", pa.string()),
        ("due", INSTANT),
    ]
)
PRICES = {"heat_pump": 18_500, "pv": 11_200, "storage": 7_400, "ev_charging": 42_000, "efficiency": 6_900,
          "managed_load": 3_300}  # fmt: skip
"""Price of a service for a household or, in industry, of its first unit [EUR]."""

FEES = {"heat_pump": 24, "pv": 9, "storage": 12, "ev_charging": 310, "efficiency": 150, "managed_load": 85}
"""Monthly fee of a service [EUR]."""

_EUR_PER_KWH = 0.29
_LATE_PAYERS = 0.1
_CURIOUS = 0.02
_DUE_DAY = 15


@dataclass(frozen=True)
class Deal:
    """One transaction; `customer` is its number, `time` and `due` are [s since 1970], `amount` [EUR]."""

    customer: int
    time: int
    kind: str
    service: str | None = None
    amount: float | None = None
    due: int | None = None

    def row(self) -> tuple[object, ...]:
        """Return the transaction as a row of `TRANSACTIONS`; its id follows from what it says."""
        name = f"T-{self.customer:010d}-{datetime.fromtimestamp(self.time, UTC):%Y%m%d%H%M%S}-{self.kind}"
        due = None if self.due is None else self.due * 1_000_000
        identity = name if self.service is None else f"{name}-{self.service}"
        currency = None if self.amount is None else "EUR"
        customer = f"C-{self.customer:010d}"
        return identity, customer, self.time * 1_000_000, self.kind, self.service, self.amount, currency, due


def transactions(plan: "Plan", people: "Population") -> pa.Table:
    """Return the transactions inside the simulated time, by time, then customer, then id.

    A change shows on its first day: an enquiry in the morning, the purchase (or the change of contract) in the
    afternoon; never before. Everybody pays monthly and now and then asks for something without any consequence.
    """
    deals = [deal for month in _months(plan) for deal in _monthly(plan, people, month)]
    deals += [deal for i in np.flatnonzero(people.change >= 0).tolist() for deal in _changing(plan, people, i)]
    first, after = plan.midnight(0), plan.midnight(plan.days)
    rows = sorted((d.row() for d in deals if first <= d.time < after), key=lambda row: (row[2], row[1], row[0]))
    columns = list(zip(*rows, strict=True)) or [()] * len(TRANSACTIONS)
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, TRANSACTIONS, strict=True)], schema=TRANSACTIONS)


def _months(plan: "Plan") -> list[int]:
    """Return the months that can touch the simulation, as year × 12 + month - 1, with one on either side."""
    last = plan.start + timedelta(days=plan.days)
    return list(range(plan.start.year * 12 + plan.start.month - 2, last.year * 12 + last.month + 1))


def _monthly(plan: "Plan", people: "Population", month: int) -> list[Deal]:
    """Return the payments due in one month and the enquiries made in it, for all customers."""
    due = int(datetime(month // 12, month % 12 + 1, _DUE_DAY, 23, tzinfo=ZoneInfo(plan.zone)).timestamp())
    luck = plan.generator("payments", month).random((len(people), 5))
    habitual = people.habit[:, 2] < _LATE_PAYERS
    late = luck[:, 0] < np.where(habitual, 0.5, 0.03)
    delay = np.where(late, 1 + luck[:, 1] * 20, -luck[:, 1] * 6) * DAY
    kinds = people.kind_on((due - plan.midnight(0)) // DAY)
    bill = people.level(kinds) * 730 * _EUR_PER_KWH * (0.95 + 0.1 * luck[:, 2])
    when = due + delay.astype(np.int64)
    deals = [Deal(i, w, "payment", None, round(b, 2), due) for i, (w, b) in enumerate(zip(when.tolist(), bill.tolist(),
                                                                                          strict=True))]  # fmt: skip
    for i, kind in enumerate(kinds.tolist()):
        deals += [Deal(i, int(when[i]), "payment", s, float(FEES[s]), due) for s in KINDS[kind].holds]
    for i in np.flatnonzero(luck[:, 3] < _CURIOUS).tolist():
        asked = due + int((luck[i, 4] - 0.5) * 28 * DAY)
        deals.append(Deal(i, asked, "enquiry", "efficiency"))
    return deals


def _changing(plan: "Plan", people: "Population", i: int) -> list[Deal]:
    """Return what one customer's change leaves in the books, all on its first day."""
    change, day = CHANGES[people.change[i]], int(people.day[i])
    morning = plan.midnight(day) + 9 * HOUR + i % 3600
    afternoon = morning + 5 * HOUR
    deals = [Deal(i, morning + n, "enquiry", service) for n, service in enumerate(change.sells)]
    deals += [Deal(i, afternoon + n, "purchase", s, float(PRICES[s])) for n, s in enumerate(change.sells)]
    return deals or [Deal(i, afternoon, "contract_change")]
