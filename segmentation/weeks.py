"""Weeks: the mean power of each whole week of a year and a fortnight, in two bytes each, and what they tell.

The base is the mean of the thirteen weeks that ended at least four weeks ago: a quarter of a year in which what is new
in the last month has no part. What stayed a year ago, when the same weeks were over, tells a season from a change.
Weeks are seven epochs of a day, counted from the calendar's first.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from clustering.sums import one_by_one
from segmentation.parameters import DAY_S, Parameters
from segmentation.sums import COLUMN, IDLE_W, LOG_STEPS, Floats, Tiles

Codes = NDArray[np.uint16]
WEEK_S = 7 * DAY_S
GAP, BASE = 4, 13
"""Weeks between the base and the present, and weeks of the base [1]."""
YEAR, SAME, AHEAD = 52, 2, 8
"""Weeks of a year, those of a year ago that are the present's, and those after them that were ahead [1]."""
WEEKS = YEAR + SAME
UNKNOWN = 0
"""Code of a week in which nothing was metered."""
_LARGEST = int(np.iinfo(np.uint16).max)


def absorbed_weeks(
    week: Floats, weeks: Codes, tiles: Mapping[int, Tiles], epochs: range, parameters: Parameters
) -> tuple[Floats, Codes]:  # fmt: skip
    """Return the week in progress (n, 2) [Wh, s] and the ring of whole weeks (n, WEEKS) after these epochs; untouched.

    Week w stands in place w modulo WEEKS. In the order of the epochs, customer by customer: any cut gives the same.
    """
    week, weeks, length = week.copy(), weeks.copy(), parameters.epochs(WEEK_S)
    columns = [COLUMN["wh"], COLUMN["seconds"]]
    for epoch in epochs:
        if epoch % length == 0:
            weeks[:, (epoch // length - 1) % WEEKS] = _coded(week)
            week[:] = 0.0
        if epoch in tiles:
            today = tiles[epoch]
            week[today.places(len(week))] += today.sums[:, columns]
    return week, weeks


def _coded(week: Floats) -> Codes:
    """Return mean power (n,) of a week (n, 2) [Wh, s] as 1 + 1,024 ln(1 + power / 10 W), to 0.1 %; 0 where unknown."""
    energy, seconds = week.T
    power = np.divide(energy * 3_600, seconds, out=np.zeros(len(week)), where=seconds > 0)
    steps = np.minimum(np.rint(LOG_STEPS * np.log1p(power / IDLE_W)), _LARGEST - 1)
    return np.where(seconds > 0, 1 + steps, UNKNOWN).astype(np.uint16)


_POWERS = np.r_[np.nan, IDLE_W * np.expm1(np.arange(_LARGEST) / LOG_STEPS)]
_SUMMED = np.nan_to_num(_POWERS)


def powers(codes: Codes) -> Floats:
    """Return the mean power [W] of coded weeks, NaN where it is unknown; of any shape."""
    return np.asarray(_POWERS[codes])


def base(weeks: Codes, epoch: int, parameters: Parameters) -> Floats:
    """Return the mean power (n,) [W] of the known weeks of the base as of the end of `epoch`, NaN where there is none.

    Needs a correction window of less than four weeks: what the ring holds is settled then. Week by week, so that a
    customer's bits depend on its own weeks alone, however many others there are. O(n).
    """
    end = _over(epoch, parameters) - GAP
    return _mean(weeks, range(end - BASE, end), 1)


def stayed(weeks: Codes, epoch: int, parameters: Parameters) -> Floats:
    """Return the part (n,) [1] of its level that each customer kept a year ago, after the same weeks, at most 1.

    The mean of the eight weeks that followed over that of the two that have just passed, 52 weeks before the end of
    `epoch`; next to nothing more in both keeps an empty site finite. 1 where a week of them is unknown. O(n).
    """
    present = _over(epoch, parameters) - YEAR
    then = _mean(weeks, range(present - SAME, present), SAME)
    ahead = _mean(weeks, range(present, present + AHEAD), AHEAD)
    return np.asarray(np.fmin((ahead + IDLE_W) / (then + IDLE_W), 1.0))


def _over(epoch: int, parameters: Parameters) -> int:
    """Return the first week that is not over at the end of `epoch`."""
    return (epoch + 1) // parameters.epochs(WEEK_S)


def _mean(weeks: Codes, asked: range, least: int) -> Floats:
    """Return the mean power (n,) [W] of the known ones of the weeks `asked`, NaN where they are fewer than `least`."""
    codes = np.array([weeks[:, week % WEEKS] for week in asked])
    total, count = one_by_one(_SUMMED[codes]), (codes != UNKNOWN).sum(axis=0)
    return np.asarray(np.divide(total, count, out=np.full(len(weeks), np.nan), where=count >= least))


def together(weeks: Codes, older: Codes) -> Codes:
    """Return rings with what both know; a week that both know a part of is as the first says it is."""
    return np.where(weeks == UNKNOWN, older, weeks)
