"""Scaling, grid and factor weights from what a survey saw."""

from dataclasses import replace

import numpy as np

from clustering.arrays import Flags, Floats
from clustering.asking import Ask
from clustering.factors import Given, Sample, factors
from clustering.masses import STEPS
from clustering.metric import Metric, grid
from clustering.scaling import Scaling, fit_scaling
from clustering.survey import Survey


def fit_metric(survey: Survey, ask: Ask) -> Metric:
    """Return scaling and factor weights fitted to the survey's sample, and a grid that fits the whole table.

    Only a column with one value in the whole table, or none, is silent. Where just the sample shows no difference, the
    spread is that between the extremes, and the column counts as the mean one does.

    Parameters
    ----------
    survey : Survey
        Checked, its sample settled; untouched.
    ask : Ask

    Returns
    -------
    Metric
        Cost: that of the weighting, on ``ask.rows`` rows.
    """
    varies = survey.high > survey.low
    scaling = _scaling(survey, ask.scale, varies)
    by_rows = not isinstance(ask.weights, Given) and ask.weights != "equal"
    values = survey.sample.kept.columns[:, : ask.rows].T if by_rows else survey.extremes
    mass = survey.sample.kept.masses[: ask.rows] / STEPS if by_rows else np.ones(2)
    scaled = scaling.apply(values)
    found = factors(ask.weights, Sample(values, scaled, mass), ask.k, random_state=ask.random_state)
    found = np.where(varies & (np.ptp(scaled, axis=0) == 0), 1.0, found)
    return Metric(scaling, found, grid(scaling.apply(survey.extremes), survey.mass // survey.unit))


def _scaling(survey: Survey, scale: str, varies: Flags) -> Scaling:
    kept = survey.sample.kept
    found = fit_scaling(scale, kept.columns.T, kept.masses / STEPS)
    width: Floats = np.where(varies, survey.high - survey.low, 0.0)
    if scale == "none":
        return replace(found, spread=varies.astype(np.float64))
    return replace(found, spread=width if scale == "minmax" else np.where(found.spread > 0, found.spread, width))
