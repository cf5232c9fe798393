"""The first model: the same for any grouping, ordered by position, named after its customers."""

from dataclasses import replace

import numpy as np
import pytest

from segmentation.errors import NothingToSeed
from segmentation.first_model import Fit, fit, sample, thinned
from segmentation.history import Portrait
from segmentation.indices import NAMES
from segmentation.quadrants import axes, quadrant
from segmentation.space import centres_of, ids_of, space_of
from segmentation.traits import NOUNS
from tests.segmentation.towns import PARAMETERS, SEEDED

ASK = Fit(k=3, epoch=SEEDED)
LEVELS = (2.0, 5.0, 9.0)
BUSINESS, PLANT = NOUNS.index("business"), NOUNS.index("plant")


def portrait() -> Portrait:
    """Return sixty customers of three sizes; the small ones are businesses, the rest plants."""
    source = np.random.default_rng(7)
    values = np.full((60, len(NAMES)), np.nan)
    values[:, NAMES.index("consumption")] = np.repeat(LEVELS, 20) + source.normal(0, 0.1, 60)
    values[:, NAMES.index("growth")] = np.repeat((0.0, 0.5, -0.5), 20) + source.normal(0, 0.05, 60)
    nouns = np.array([BUSINESS] * 20 + [PLANT] * 40)
    return Portrait([f"C{n:02d}" for n in range(60)], values, nouns)


def parts_of(whole: Portrait) -> list[Portrait]:
    """Return the same customers dealt out to three buckets, the last bucket first."""
    return [Portrait(whole.ids[n::3], whole.values[n::3], whole.nouns[n::3]) for n in (2, 1, 0)]


def test_a_place_on_the_axes_lies_in_the_quadrant_that_bears_its_name() -> None:
    model = fit(portrait(), ASK, PARAMETERS)
    thresholds = (model.threshold_current, model.threshold_potential)
    places = axes(centres_of(model), model).tolist()
    assert [quadrant(current, potential, thresholds) for current, potential in places] == [
        cluster.quadrant for cluster in model.clusters
    ]
    assert len({cluster.quadrant for cluster in model.clusters}) > 1


@pytest.mark.parametrize("limit", [60, 25])
def test_a_sample_is_the_same_for_any_grouping(limit: int) -> None:
    one, many = sample([portrait()], limit), sample(parts_of(portrait()), limit)
    assert one.ids == many.ids == sorted(one.ids)
    np.testing.assert_equal((one.values, one.nouns), (many.values, many.nouns))
    assert len(one.ids) == limit


@pytest.mark.parametrize("share", [0.1, 0.6, 2.0])
def test_a_thinned_portrait_has_the_customers_that_a_smaller_sample_takes(share: float) -> None:
    left = [thinned(part, share) for part in parts_of(portrait())]
    count = sum(len(part.ids) for part in left)
    assert count == pytest.approx(min(share, 1) * 60, abs=9)
    some, whole = sample(left, count), sample([portrait()], count)
    assert some.ids == whole.ids
    np.testing.assert_equal((some.values, some.nouns), (whole.values, whole.nouns))


def test_the_clusters_stand_in_the_order_of_their_positions_and_bear_their_customers_noun() -> None:
    model = fit(portrait(), ASK, PARAMETERS)
    centres = centres_of(model)
    assert ids_of(model).tolist() == [0, 1, 2]
    assert [tuple(c) for c in centres] == sorted(tuple(c) for c in centres)
    assert [cluster.name.split()[-1] for cluster in model.clusters] == ["business", "plant", "plant"]
    assert [cluster.noun for cluster in model.clusters] == ["business", "plant", "plant"]
    assert fit(sample(parts_of(portrait())), ASK, PARAMETERS) == model


def test_a_cluster_holds_the_mass_that_its_customers_bring_in_an_epoch() -> None:
    model, doubled = (fit(portrait(), ASK, PARAMETERS, customers=count) for count in (60, 120))
    assert [cluster.mass / 16 for cluster in model.clusters] == pytest.approx([20, 20, 20])
    assert [cluster.seed_mass for cluster in doubled.clusters] == pytest.approx([2 * c.mass for c in model.clusters])


def test_an_index_that_nobody_has_is_silent() -> None:
    model = fit(portrait(), ASK, PARAMETERS)
    speaking = {name for name, weight in zip(NAMES, model.factor_weights, strict=True) if weight > 0}
    assert speaking == {"consumption", "growth"}


def test_a_place_in_the_space_is_told_in_the_indexs_own_unit() -> None:
    model = fit(portrait(), ASK, PARAMETERS)
    values, space = portrait().values[[3]], space_of(model)
    told = dict(zip(NAMES, space.values(space.trace(values))[0], strict=True))
    assert told["consumption"] == pytest.approx(np.expm1(values[0, NAMES.index("consumption")]), rel=1e-4)
    assert [name for name, value in told.items() if value is not None] == ["consumption", "growth"]


def test_fewer_customers_than_clusters_are_refused_by_name() -> None:
    with pytest.raises(NothingToSeed, match="61 clusters need at least as many metered customers, history has 60"):
        fit(portrait(), replace(ASK, k=61), PARAMETERS)
