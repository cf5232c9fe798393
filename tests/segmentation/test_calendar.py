"""Epochs: local days of 23, 24 and 25 hours, or parts of a day."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmentation.calendar import FIRST_DAY, Calendar, midnights
from tests.segmentation.runs import laws

ZONES = ("UTC", "Europe/Berlin", "Asia/Shanghai", "America/St_Johns", "Australia/Lord_Howe", "America/Sao_Paulo")
seconds = st.integers(946_684_800, 7_258_118_399)
calendars = st.builds(Calendar, st.sampled_from(ZONES), st.sampled_from([900, 3_600, 21_600, 86_400]))


@given(calendars, seconds)
@laws(100)
def test_an_instant_lies_in_its_epoch_and_in_no_other(calendar: Calendar, second: int) -> None:
    epoch = int(calendar.epoch_of(np.array([second]))[0])
    assert calendar.end(epoch - 1) <= second < calendar.end(epoch)
    assert calendar.start(np.array([epoch]))[0] == calendar.end(epoch - 1)


@given(st.sampled_from(ZONES), seconds)
@laws(100)
def test_a_day_is_a_local_day(zone: str, second: int) -> None:
    calendar, local = Calendar(zone), datetime.fromtimestamp(second, UTC).astimezone(ZoneInfo(zone))
    day = calendar.day_of(np.array([second]))
    assert FIRST_DAY + timedelta(days=int(day[0])) == local.date()
    assert bool(calendar.weekend(day)[0]) == (local.weekday() >= 5)
    assert calendar.epoch_of_date(local.date()) == int(day[0])


@pytest.mark.parametrize("zone", ZONES)
def test_days_have_whole_half_hours_between_23_and_25(zone: str) -> None:
    lengths = np.diff(midnights(zone)) / 1_800
    assert set(lengths.tolist()) <= {46.0, 47.0, 48.0, 49.0, 50.0}


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 5, 1), 24)])
def test_the_days_of_the_clock_change(day: date, hours: int) -> None:
    calendar = Calendar("Europe/Berlin")
    epoch = calendar.epoch_of_date(day)
    assert calendar.end(epoch) - calendar.end(epoch - 1) == hours * 3_600


def test_hours_count_from_local_midnight_and_never_pass_23() -> None:
    calendar = Calendar("Europe/Berlin")
    start = midnights("Europe/Berlin")[calendar.epoch_of_date(date(2026, 10, 25))]
    moments = np.array([start, start + 5 * 3_600 - 1, start + 25 * 3_600 - 1])
    assert calendar.hour_of(moments, calendar.day_of(moments)).tolist() == [0, 4, 23]


@pytest.mark.parametrize("length", [0, -3_600, 7_000, 172_800])
def test_an_epoch_that_does_not_divide_a_day_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match="PT1H"):
        Calendar("UTC", length)
