"""The list of whom to call, as people and as programs read it."""

import csv
import io
import json

import msgspec

from kwadrant.listing import COLUMNS, text
from schemas.event import Offer
from tests.kwadrant.test_explain import EVENT

FLAG = msgspec.structs.replace(EVENT, services=(Offer("ev_charging", "night share rose: a night tariff"),
                                                Offer("storage", "holds solar panels: a battery")))  # fmt: skip
SAID = "EV charging: night share rose: a night tariff; battery storage: holds solar panels: a battery"


def test_services_stand_in_every_form_of_the_list() -> None:
    (row,) = csv.DictReader(io.StringIO(text([FLAG], "csv")))
    assert (tuple(row), row["services"]) == (COLUMNS, SAID)
    assert json.loads(text([FLAG], "json"))["services"] == SAID
    assert text([FLAG], "table").endswith(SAID)
