"""The command `kwadrant`: each verb one task, each usable alone against any Kafka."""

import os
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from kwadrant import clustering_verbs, model_verbs, operator_verbs, preview_verbs, serving_verbs
from kwadrant.common import client_of, load, say, told
from kwadrant.last_word import hear
from kwadrant.options import (
    NOTHING,
    Archive,
    Bootstrap,
    Clusters,
    Day,
    Duration,
    Folder,
    Map,
    RandomState,
    Readings,
    Transactions,
    Zone,
)

app = typer.Typer(
    help="kWadrant: which customer has just become a potential customer of energy services, and why.",
    no_args_is_help=True, pretty_exceptions_show_locals=False, add_completion=False,
)  # fmt: skip


@app.callback()
def main() -> None:
    """Keep the Kafka client's own log out of the way: its errors come back as sentences."""
    hear()


@app.command()
def demo(
    *,
    for_: Annotated[str | None, typer.Option("--for", help="end so long after it is ready, e.g. 90s, 2m")] = None,
    reset: Annotated[bool, typer.Option("--reset", help="forget the last run and start afresh")] = False,
    folder: Annotated[Path | None, typer.Option(help="where the demo keeps its things")] = None,
    customers: Annotated[int, typer.Option(min=40, help="customers of the town")] = 400,
    random_state: RandomState = 1,
) -> None:
    """A simulated town on an embedded broker and local Spark: watch customers move. Ctrl-C stops all of it."""
    from kwadrant import demo as verb

    with told():
        raise typer.Exit(verb.start(for_, reset=reset, folder=folder, customers=customers, random_state=random_state))


@app.command()
def doctor(bootstrap: Bootstrap = None, folder: Folder = None) -> None:
    """Look at the machine, broker, topics, model and folder, and whether the stream moves; say how to mend each."""
    from kwadrant import health

    with told():
        raise typer.Exit(health.run(load(bootstrap, folder)))


@app.command()
def broker(folder: Annotated[Path, typer.Option(help="data folder")] = Path("var/broker")) -> None:
    """The embedded KRaft broker in the foreground, on free ports of 127.0.0.1; Ctrl-C stops it."""
    from kwadrant import jars
    from kwadrant.broker import Broker
    from kwadrant.stream import stopped_by_signals

    with told():
        stop = stopped_by_signals()
        with Broker(folder, jars.ensure(None, report=say, environment=os.environ).broker) as running:
            say(f"bootstrap: {running.bootstrap}")
            stop.wait()


@app.command()
def topics(
    *,
    bootstrap: Bootstrap = None,
    partitions: Annotated[int | None, typer.Option(min=1, help="of new data topics (setting: partitions)")] = None,
    replication: Annotated[int, typer.Option(min=1, help="replicas of new topics")] = 1,
    check: Annotated[bool, typer.Option("--check", help="only look, create nothing; exit 1 on a difference")] = False,
) -> None:
    """Create the topics that are missing, and say how the others differ from what they have to be."""
    from kwadrant import topics as verb

    with told():
        settings = load(bootstrap)
        client = client_of(settings)
        for name in [] if check else verb.create(client, partitions or settings.partitions, replication):
            say(f"created {name}")
        found = verb.differences(client)
        for difference in found:
            say(f"{difference.topic}: {difference.found}; {difference.mend}")
        say("the topics are as they have to be" if not found else f"{len(found)} differences")
        raise typer.Exit(1 if found else 0)


@app.command()
def simulate(
    *,
    out: Annotated[Path, typer.Option(help="folder of the four tables")],
    customers: Annotated[int, typer.Option(min=1)] = 400,
    days: Annotated[int, typer.Option(min=1)] = 150,
    history_days: Annotated[int, typer.Option(min=1, help="days at the beginning in which nobody changes")] = 60,
    change_share: Annotated[float, typer.Option(min=0, max=1, help="share of the customers that really change")] = 0.3,
    unrest: Annotated[float, typer.Option(min=0, help="0: calm loads; 1: about those of real enterprises")] = 0.0,
    random_state: RandomState = 1,
) -> None:
    """A town with known truth: readings, transactions, archive, and who really changed, when, to what."""
    from simulator import town

    with told():
        made = town.simulate(customers, days, random_state=random_state, history_days=history_days,
                             change_days=max(1, days - history_days), change_share=change_share,
                             unrest=unrest)  # fmt: skip
        town.write(made, out, report=lambda done, of: say(f"day {done} of {of}") if done % 30 == 0 else None)
        say(f"wrote readings, transactions, archive and truth to {out}")


@app.command()
def produce(
    *,
    bootstrap: Bootstrap = None, readings: Readings = None, transactions: Transactions = None,
    archive: Annotated[str | None, typer.Option(help="archive data: a file, or postgresql://USER@HOST/NAME, "
                                                     "sqlite:///FILE with --query")] = None,
    query: Annotated[str | None, typer.Option(help="select with the archive's column names")] = None,
    since_column: Annotated[str | None, typer.Option(help="the query's change time: only what changed is sent")] = None,
    state: Annotated[Path | None, typer.Option(help="file that remembers how far --since-column was sent")] = None,
    password_file: Annotated[Path | None, typer.Option(help="its password; else PGPASSWORD, ~/.pgpass")] = None,
    map_: Map = NOTHING, duration: Duration = None, zone: Zone = None,
    speed: Annotated[float | None, typer.Option(min=0, help="event seconds per second; else as fast as it can")] = None,
    rows_per_second: Annotated[float | None, typer.Option(min=0, help="most rows per second")] = None,
    since: Annotated[datetime | None, typer.Option(help="only rows from this event time (UTC) on")] = None,
    backfill: Annotated[bool, typer.Option("--backfill", help="history: days before all known, however old")] = False,
) -> None:  # fmt: skip
    """Send tables to the topics in event-time order, with a clock record per epoch in every partition."""
    from kwadrant import sending
    from kwadrant.archive_source import Typed, source
    from kwadrant.inputs import inputs
    from kwadrant.stream import stopped_by_signals

    with told():
        stop = stopped_by_signals()
        kept = source(archive, Typed(query, password_file, since_column, state), partly=since is not None)
        given = inputs(readings, transactions, kept.rows, pairs=map_, duration=duration, zone=zone)
        start = since.replace(tzinfo=UTC) if since else None
        sent = sending.run(load(bootstrap, zone=zone), given, speed=speed, rows_per_second=rows_per_second, since=start,
                           backfill=backfill, stop=stop, report=say)  # fmt: skip
        if not stop.is_set():
            kept.sent()
        say(sending.summary(sent, stopped=stop.is_set(), known=kept.known))


@app.command()
def seed(
    *,
    bootstrap: Bootstrap = None, folder: Folder = None, readings: Readings = None, transactions: Transactions = None,
    archive: Archive = None, k: Clusters = 8, random_state: RandomState = 0, map_: Map = NOTHING,
    duration: Duration = None, zone: Zone = None,
    until: Annotated[datetime | None, typer.Option(formats=Day, help="history ends as this local day begins")] = None,
    mapping: Annotated[Path | None, typer.Option(help="value mapping table of the archive's attributes, CSV")] = None,
) -> None:  # fmt: skip
    """The first model from history, by Spark batch; a new seeding begins a new generation, and keeps identities."""
    from kwadrant import seed as verb
    from kwadrant.inputs import inputs
    from kwadrant.value_mapping import read_mapping
    from segmentation.value_mapping import value_mapping

    with told():
        given = inputs(readings, transactions, archive, pairs=map_, duration=duration, zone=zone)
        asked = verb.Asked(k, random_state, read_mapping(mapping).table if mapping else value_mapping())
        for line in verb.told(verb.run(load(bootstrap, folder, zone), given, asked, until=until, report=say)):
            say(line)


@app.command()
def stream(
    *,
    bootstrap: Bootstrap = None, folder: Folder = None,
    until_idle: Annotated[bool, typer.Option("--until-idle", help="end when all is read, commands included")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON line per batch")] = False,
) -> None:  # fmt: skip
    """The streaming job; SIGTERM and Ctrl-C finish the batch in hand and exit 0."""
    from kwadrant import stream as verb

    with told():
        verb.run(load(bootstrap, folder), until_idle=until_idle, as_json=as_json)


@app.command()
def replay(
    *,
    out: Annotated[Path, typer.Option(help="folder for events.jsonl, models.jsonl and customers.parquet")],
    readings: Readings = None, transactions: Transactions = None, archive: Archive = None, k: Clusters = 8,
    random_state: RandomState = 0, map_: Map = NOTHING, duration: Duration = None, zone: Zone = None,
    seed_until: Annotated[datetime | None, typer.Option(formats=Day, help="seed on the days before; else half")] = None,
    early: Annotated[bool, typer.Option("--early", help="early flags too: their moment depends on the cut")] = False,
    control: Annotated[Path | None, typer.Option(help="requests of operators, a JSON object per line")] = None,
) -> None:  # fmt: skip
    """Both folds in one process over files: no Spark, no Kafka, the same bits as the stream."""
    from kwadrant import replay as verb
    from kwadrant.inputs import inputs, refusals
    from kwadrant.progress import lines

    with told():
        began = time.monotonic()
        given = inputs(readings, transactions, archive, pairs=map_, duration=duration, zone=zone)
        found = verb.run(load(zone=zone), given, k=k, random_state=random_state,
                         way=verb.Way(seed_until, early, control), report=lines("epochs", say))  # fmt: skip
        verb.write(found, out)
        if found.refused:
            say(refusals(found.refused))
        for answer in found.answers:
            say(f"{'done' if answer.accepted else 'refused'} before the close of {answer.close}: {answer.said}")
        confirmed = sum(event.status == "confirmed" for event in found.events)
        say(f"{confirmed} confirmed moves, {len(found.models)} models in {time.monotonic() - began:.1f} s; see {out}")


@app.command()
def evaluate(
    *,
    readings: Readings = None, transactions: Transactions = None, archive: Archive = None, k: Clusters = 8,
    random_state: RandomState = 0, map_: Map = NOTHING, duration: Duration = None, zone: Zone = None,
    seed_until: Annotated[datetime, typer.Option(formats=Day, help="seed on the days before; measure from this day")],
    truth: Annotated[Path | None, typer.Option(help="a town's truth.parquet: precision, recall, delay")] = None,
    none: Annotated[float | None, typer.Option(help="a reading of so many kWh stands for none")] = None,
    least: Annotated[float, typer.Option(help="mean of the history that makes a customer eligible [kWh/d]")] = 10.0,
    since: Annotated[int, typer.Option(min=1, help="days that a customer stays on the list")] = 7,
    page: Annotated[Path | None, typer.Option(help="draw what called customers took, as an HTML page")] = None,
) -> None:  # fmt: skip
    """Is a flag worth a call? The product's own flags beside chance and a spreadsheet, and against a known truth."""
    from kwadrant import called_page
    from kwadrant import evaluate as verb
    from kwadrant.inputs import inputs
    from kwadrant.progress import lines

    with told():
        given = inputs(readings, transactions, archive, pairs=map_, duration=duration, zone=zone)
        ask = verb.Ask(k=k, random_state=random_state, seed_until=seed_until, none=none, least=least, since=since)
        found = verb.run(load(zone=zone), given, ask, report=lines("epochs", say))
        for line in verb.lines(found):
            say(line)
        for line in verb.truth_lines(found.events, verb.truth_of(truth)) if truth else ():
            say(line)
        if page is not None:
            page.write_text(called_page.page(found.calls, ask.rules), encoding="utf-8")
            say(f"{len(found.calls)} calls, drawn in {page}")


@app.command("list")
def list_(
    what: Annotated[Literal["newly-potential", "expected"], typer.Argument(help="which list")],
    *,
    folder: Annotated[Path | None, typer.Option("--replay", help="folder of a replay; else Kafka")] = None,
    bootstrap: Bootstrap = None,
    since: Annotated[str, typer.Option(help="how long before the last event: 7d, P7D")] = "7d",
    form: Annotated[Literal["table", "csv", "json"], typer.Option("--format", help="how it is written")] = "table",
) -> None:
    """Whom to call: customers who became potential lately and still are, by potential times confidence.

    `expected`: who is none yet, but may be one within 28 days, by potential times probability.
    """
    from kwadrant import expected, listing
    from kwadrant.tables import parse_duration

    with told():
        if what == "expected":
            found = expected.of_folder(folder) if folder else expected.of_stream(load(bootstrap))
            say(expected.text(found, form))
            return
        span = parse_duration(f"P{since[:-1]}D" if since[:-1].isdigit() and since.endswith("d") else since)
        flags = listing.of_folder(folder, span) if folder else listing.of_topic(client_of(load(bootstrap)), span)
        say(listing.text(flags, form))


@app.command()
def events(
    *,
    bootstrap: Bootstrap = None,
    follow: Annotated[bool, typer.Option("--follow", help="go on waiting for new ones")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object per line")] = False,
) -> None:
    """The product: reclassification events, in words, read with read_committed."""
    import msgspec

    from kwadrant import events as verb
    from kwadrant.stream import stopped_by_signals
    from kwadrant.words import sentence

    with told():
        stop = stopped_by_signals() if follow else threading.Event()
        for event in verb.read(client_of(load(bootstrap)), follow=follow, stop=stop):
            say(msgspec.json.encode(event).decode() if as_json else f"{event.event_time}  {sentence(event)}")


@app.command()
def explain(
    name: Annotated[str, typer.Argument(help="an event's id, or a customer")],
    *,
    bootstrap: Bootstrap = None,
    replayed: Annotated[
        Path | None, typer.Option("--from", help="folder of `kwadrant replay`, instead of Kafka")
    ] = None,
) -> None:
    """An event, or all that was said of a customer: what, why with every index's part, and how sure."""
    from kwadrant import events as verb
    from kwadrant import explain as words

    with told():
        found = words.of_folder(replayed) if replayed else verb.read(client_of(load(bootstrap)))
        say("\n\n".join(map(words.explained, words.meant(found, name))))


@app.command()
def report(
    *,
    out: Annotated[Path, typer.Option(help="page to write: HTML, whole in itself")],
    replayed: Annotated[
        Path | None, typer.Option("--from", help="folder of `kwadrant replay`, instead of the store")
    ] = None,
    store: serving_verbs.Store = serving_verbs.STORE,
    days: Annotated[int, typer.Option(min=1, help="how many days of moves, up to the last event")] = 7,
) -> None:
    """A page for people: the quadrants, the clusters, who moved this week, and why."""
    from kwadrant import report as verb
    from kwadrant.report_page import page
    from kwadrant.report_pictures import counted

    with told():
        found = verb.of_folder(replayed, days) if replayed else verb.of_store(store, days)
        out.write_text(page(found), encoding="utf-8")
        say(f"wrote {out}: {counted(len(found.moves), 'move')}, {len(found.newly_potential)} newly potential")


preview_verbs.add_to(app)
clustering_verbs.add_to(app)
app.command()(serving_verbs.serve)
app.add_typer(serving_verbs.app, name="token")
app.add_typer(model_verbs.app, name="model")
operator_verbs.add_to(app)
