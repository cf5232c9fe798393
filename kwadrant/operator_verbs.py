"""`kwadrant dismiss|undismiss|lane|close`: what an operator says of a customer, a partition, an epoch."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from kwadrant.asking import ask_and_say, asked, ends, stream_of
from kwadrant.common import UsageError, calendar_of, client_of, load, say, told
from kwadrant.options import Because, Bootstrap, Wait
from schemas.topics import ARCHIVE, READINGS, STATES, TRANSACTIONS
from schemas.topics import lane as lane_of
from streaming.topic import last_record

lane = typer.Typer(help="A partition that has fallen silent: leave it out of the closes, or wait for it again.",
                   no_args_is_help=True)  # fmt: skip
SHORT = {"readings": READINGS, "transactions": TRANSACTIONS, "archive": ARCHIVE}
Customer = Annotated[str, typer.Argument(metavar="CUSTOMER")]
Topic = Annotated[str, typer.Argument(help="a data topic: readings, transactions, archive, or its whole name")]
Partition = Annotated[int, typer.Argument(min=0)]


def add_to(app: typer.Typer) -> None:
    """Add these verbs to the command."""
    for verb in (dismiss, undismiss, close):
        app.command()(verb)
    app.add_typer(lane, name="lane")


def dismiss(
    customer: Customer,
    *,
    until: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="the first local day on which it may again")],
    because: Annotated[str, typer.Option(help="why: stands in the withdrawal, and in the customer's next events")],
    bootstrap: Bootstrap = None,
    wait: Wait = True,
    unseen: Annotated[bool, typer.Option("--unseen", help="also a customer who has no class yet")] = False,
) -> None:
    """Take CUSTOMER off the list: it is not newly potential, its flag is withdrawn, and it gets none before a day."""
    with told():
        settings = load(bootstrap)
        client = client_of(settings)
        stream = stream_of(client, settings.stream)
        if not unseen and last_record(client, STATES, customer, bytes) is None:
            message = (
                f"no customer {customer} has a class: is that its whole number, as on the list? "
                "--unseen dismisses one who will have its first class later"
            )
            raise UsageError(message)
        say(asked(stream, "dismiss", {"customer": customer, "until": until.date().isoformat()}, because, wait=wait))


def undismiss(customer: Customer, *, bootstrap: Bootstrap = None, because: Because = None, wait: Wait = True) -> None:
    """Lift the dismissal of CUSTOMER; what was withdrawn stays so."""
    ask_and_say(bootstrap, "undismiss", {"customer": customer}, because, wait=wait)


def close(
    epoch: Annotated[str, typer.Argument(help="the next epoch to close: a day, or where they are shorter an instant")],
    *, bootstrap: Bootstrap = None, because: Because = None, wait: Wait = True,
) -> None:  # fmt: skip
    """Close an epoch now, with what has arrived, without waiting for readings of the next."""
    with told():
        settings = load(bootstrap)
        calendar = calendar_of(settings)
        if datetime.fromtimestamp(calendar.end(calendar.named(epoch)), UTC) > datetime.now(UTC):
            raise UsageError(f"{epoch} is not over: what is still to come would be late")
        stream = stream_of(client_of(settings), settings.stream)
        upto = {str(number): offset for number, offset in ends(stream).items()}
        say(asked(stream, "close", {"epoch": epoch, "upto": upto}, because, wait=wait))


@lane.command()
def idle(topic: Topic, partition: Partition, *, bootstrap: Bootstrap = None, because: Because = None,
         wait: Wait = True) -> None:  # fmt: skip
    """Do not wait for a partition: what comes there from now on counts once it is busy again."""
    with told():
        settings = load(bootstrap)
        stream, name = stream_of(client_of(settings), settings.stream), SHORT.get(topic, topic)
        offset = ends(stream).get(lane_of(name, partition)) if name in SHORT.values() else None
        arguments = {"topic": name, "partition": partition, "offset": offset or 0}
        say(asked(stream, "idle", arguments, because, wait=wait))


@lane.command()
def busy(topic: Topic, partition: Partition, *, bootstrap: Bootstrap = None, because: Because = None,
         wait: Wait = True) -> None:  # fmt: skip
    """Wait for a partition again."""
    ask_and_say(bootstrap, "busy", {"topic": SHORT.get(topic, topic), "partition": partition}, because, wait=wait)
