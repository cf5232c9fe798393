"""The store's tables and indexes, for SQLite and PostgreSQL alike.

Every question that the API asks has its index; a test looks at the plans.
"""

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Integer, MetaData, String, Table, Text

META = MetaData()
_Count = BigInteger().with_variant(Integer, "sqlite")

EVENTS = Table(
    "event", META,
    Column("event_id", String(64), primary_key=True),
    Column("customer_id", String(64), nullable=False),
    Column("event_us", _Count, nullable=False),
    Column("status", String(16), nullable=False),
    Column("cause", String(32), nullable=False),
    Column("from_cluster", Integer, nullable=False),
    Column("to_cluster", Integer, nullable=False),
    Column("newly_potential", Boolean, nullable=False),
    Column("rank", Float, nullable=False),
    Column("batch", _Count),
    Column("body", Text, nullable=False),
    Column("seq", _Count),
)  # fmt: skip
"""One row for each event; `rank` sorts newly potential customers, `body` is the event as it was on the topic, `seq`
numbers events as they came in."""

NOWHERE = -1
"""Cluster and mark of a closed customer: no member of any, in no sample."""

CUSTOMERS = Table(
    "customer", META,
    Column("customer_id", String(64), primary_key=True),
    Column("cluster", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("quadrant", String(32), nullable=False),
    Column("since", String(40)),
    Column("model_version", Integer, nullable=False),
    Column("event_id", String(64)),
    Column("current_value", Float),
    Column("potential_value", Float),
    Column("mark", _Count),
    Column("closed", String(40)),
    Column("successors", Text),
    Column("seq", _Count),
)  # fmt: skip
"""The present class of every customer, from the state topic; one that is `closed` since an instant is a member of none,
and `successors` are those that it went into, with spaces between; `mark` is a digest of its id: the customers of the
smallest marks are an even sample; `seq` numbers changes as they came in."""

FLAGS = Table(
    "flag", META,
    Column("customer_id", String(64), primary_key=True),
    Column("event_id", String(64), nullable=False),
    Column("event_us", _Count, nullable=False),
    Column("status", String(16), nullable=False),
    Column("rank", Float, nullable=False),
    Column("body", Text, nullable=False),
)  # fmt: skip
"""Customers who are newly potential now, early or confirmed: few rows, the sales list."""

EXPECTED = Table(
    "expected", META,
    Column("customer_id", String(64), primary_key=True),
    Column("generation", Integer, nullable=False),
    Column("bucket", Integer, nullable=False),
    Column("as_of", String(40), nullable=False),
    Column("rank", Float, nullable=False),
    Column("body", Text, nullable=False),
)  # fmt: skip
"""Customers who may soon become potential ones, by the last word of their bucket; `rank` sorts them."""

MODELS = Table(
    "model", META,
    Column("version", Integer, primary_key=True),
    Column("epoch", Integer, nullable=False),
    Column("body", Text, nullable=False),
)  # fmt: skip

ORDERS = Table(
    "model_order", META,
    Column("at", _Count, primary_key=True),
    Column("generation", Integer, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("version", Integer, nullable=False),
    Column("body", Text, nullable=False),
)  # fmt: skip
"""What was decided about models: candidates, holds and promotions, by their offset `at` in the control topic."""

POSITIONS = Table(
    "position", META,
    Column("topic", String(200), primary_key=True),
    Column("part", Integer, primary_key=True),
    Column("next_offset", _Count, nullable=False),
)  # fmt: skip
"""How far each partition is taken in: written in the same transaction as what was read."""

TOKENS = Table(
    "token", META,
    Column("digest", String(64), primary_key=True),
    Column("name", String(64), nullable=False),
    Column("role", String(8), nullable=False),
)  # fmt: skip
"""SHA-256 of each token: the token itself is shown once and kept nowhere."""

WEBHOOKS = Table(
    "webhook", META,
    Column("webhook_id", String(32), primary_key=True),
    Column("url", Text, nullable=False),
    Column("secret", String(64), nullable=False),
    Column("newly_potential_only", Boolean, nullable=False),
)  # fmt: skip

DELIVERIES = Table(
    "delivery", META,
    Column("webhook_id", String(32), primary_key=True),
    Column("event_id", String(64), primary_key=True),
    Column("tries", Integer, nullable=False),
    Column("due_us", _Count, nullable=False),
    Column("done", Boolean, nullable=False),
    Column("last_answer", Text),
)  # fmt: skip
"""What still has to go to whom, and when it is tried next."""

Index("event_by_customer", EVENTS.c.customer_id, EVENTS.c.event_us.desc(), EVENTS.c.event_id)
Index("event_by_time", EVENTS.c.event_us, EVENTS.c.event_id)
_CONFIRMED = EVENTS.c.status == "confirmed"
Index("event_confirmed", EVENTS.c.customer_id, EVENTS.c.event_us.desc(), sqlite_where=_CONFIRMED,
      postgresql_where=_CONFIRMED)  # fmt: skip
Index("customer_by_cluster", CUSTOMERS.c.cluster, CUSTOMERS.c.customer_id)
Index("event_by_seq", EVENTS.c.seq)
Index("customer_by_quadrant", CUSTOMERS.c.quadrant)
Index("customer_by_seq", CUSTOMERS.c.seq)
Index("customer_by_mark", CUSTOMERS.c.mark, CUSTOMERS.c.customer_id)
# with the time in it: who is too old for the list is passed over without a look at its row
Index("flag_by_worth", FLAGS.c.rank.desc(), FLAGS.c.customer_id, FLAGS.c.event_us)
Index("expected_by_worth", EXPECTED.c.rank.desc(), EXPECTED.c.customer_id)
Index("expected_by_bucket", EXPECTED.c.bucket)
_WAITING = DELIVERIES.c.done.is_(False)
Index("delivery_waiting", DELIVERIES.c.due_us, sqlite_where=_WAITING, postgresql_where=_WAITING)
