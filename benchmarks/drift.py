"""Ten scenarios of drift, our rule beside the peers': `make drift`.

Every epoch each rule learns the customers that were heard, and its centres are compared with those of an oracle that
clusters other customers of the same town as they are in this epoch: the ratio of the two SSEs on these. Customers are
judged by the model that the rule made two epochs before, as in the product. Sizes and speeds stand in `drift_streams`.
"""

import argparse
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import reduce
from itertools import product
from operator import add

import numpy as np
from numpy.typing import NDArray

from benchmarks.drift_flaps import NO_HYSTERESIS, Classes, Diary, Flaps, counted
from benchmarks.drift_rules import Fitted, Maker, makers
from benchmarks.drift_streams import GROUPS, SCENARIOS, Moment, Scenario, life, town
from clustering.assignment import nearest
from clustering.lloyd import Clustering, lloyd
from clustering.quality import sse
from clustering.seeding import seed
from clustering.swaps import removal_gain_swaps
from segmentation.parameters import Parameters

Floats = NDArray[np.float64]
CUSTOMERS, OTHERS = 2_000, 6_000
"""Of the stream, and of the oracle."""
SCALE = 0.5
"""Length of one standard deviation of a group in the space: the fixed-point grid ends at 16."""
IN_FORCE = 2
"""A model is tried at the next close, and judges from the one after that."""
DEFAULTS = Parameters()


@dataclass(frozen=True)
class Ask:
    """What one job works on: a scenario and a random state, rules by name, share of the customers heard [1]."""

    scenario: str
    random_state: int
    rules: tuple[str, ...]
    heard: float = 1.0


@dataclass(frozen=True)
class Course:
    """How a rule did in one town: SSE ratios (T,), and moves with the default hysteresis and without any."""

    rule: str
    scenario: str
    ratios: Floats
    calm: Flaps
    raw: Flaps


def courses(ask: Ask) -> list[Course]:
    """Run the rules through one town."""
    scenario = town(ask.scenario, ask.random_state)
    moments = list(life(scenario, CUSTOMERS, ask.random_state, heard=ask.heard))
    oracle = list(_oracle(scenario, ask.random_state))
    known = makers()
    return [_course(name, known[name], scenario, moments, oracle) for name in ask.rules]


def _oracle(scenario: Scenario, random_state: int) -> Iterable[tuple[Floats, float]]:
    """Yield in each epoch other customers' places, and the SSE of their best clustering found."""
    centres = None
    for epoch, moment in enumerate(life(scenario, OTHERS, random_state)):
        places = np.asfortranarray(moment.points * SCALE)
        even = np.ones(len(places))
        found = seed(places, even, GROUPS, random_state=0) if centres is None else _better(places, centres)
        alive = np.unique(moment.group)
        if len(alive) == GROUPS:
            found = min(found, _better(places, scenario.means[epoch, alive] * SCALE), key=lambda one: one.sse)
        centres = found.centres
        yield places, found.sse


def _better(places: Floats, centres: Floats) -> Clustering:
    even = np.ones(len(places))
    return removal_gain_swaps(places, even, lloyd(places, even, centres))


def _course(name: str, maker: Maker, scenario: Scenario, moments: Sequence[Moment],
            oracle: Sequence[tuple[Floats, float]]) -> Course:  # fmt: skip
    places = [moment.points * SCALE for moment in moments]
    first = seed(places[0], np.ones(CUSTOMERS), GROUPS, random_state=0)
    models = [Fitted(first.centres, np.arange(GROUPS))]
    rule = maker(models[0], places[0])
    calm, raw = (Classes(places[0], models[0], parameters) for parameters in (DEFAULTS, NO_HYSTERESIS))
    ratios, rows = [], [(calm.own, raw.own, _target(scenario, 0, models[0]))]
    for epoch, (moment, place) in enumerate(zip(moments[1:], places[1:], strict=True), start=1):
        force = models[max(0, epoch - IN_FORCE)]
        for classes in (calm, raw):
            classes.judge(moment, place, force, epoch)
        rows.append((calm.own, raw.own, _target(scenario, epoch, force)))
        models.append(rule.learn(place[moment.heard], epoch, calm.silent(moment)))
        others, best = oracle[epoch]
        ratios.append(sse(others, np.ones(OTHERS), models[-1].centres) / best)
    group, changed = (np.stack([getattr(moment, part) for moment in moments]) for part in ("group", "changed"))
    owns, raws, target = (np.stack(part) for part in zip(*rows, strict=True))
    flaps = (counted(Diary(classes, group, changed, target)) for classes in (owns, raws))
    return Course(name, scenario.name, np.array(ratios), *flaps)


def _target(scenario: Scenario, epoch: int, model: Fitted) -> NDArray[np.int64]:
    """Return the identity nearest to the mean of each group."""
    return np.asarray(model.ids[nearest(scenario.means[epoch] * SCALE, model.centres)[0]])


def tables(found: Sequence[Course]) -> Iterable[str]:
    """Yield the lines of two Markdown tables: SSE ratios, and flaps per true change."""
    rules = _best_of_mllib(found)
    names = [name for name in SCENARIOS if any(course.scenario == name for course in found)]
    yield f"| SSE ratio to the oracle | mean | p95 | {' | '.join(names)} |"
    yield "|---" * (3 + len(names)) + "|"
    for rule, mine in rules.items():
        each = [_ratios(course for course in mine if course.scenario == name) for name in names]
        every = np.concatenate(each)
        cells = " | ".join(f"{one.mean():.3f} ({np.quantile(one, 0.95):.3f})" if len(one) else "" for one in each)
        yield f"| {rule} | **{every.mean():.3f}** | **{np.quantile(every, 0.95):.3f}** | {cells} |"
    yield ""
    yield f"| flaps per true change | found | delay | all | {' | '.join(names)} |"
    yield "|---" * (4 + len(names)) + "|"
    for rule, mine in rules.items():
        for title, part in (("", "raw"), (", hysteresis", "calm")):
            each_flaps = [[getattr(course, part) for course in mine if course.scenario == name] for name in names]
            yield f"| {rule}{title} | {_flaps(each_flaps)} |"


def _flaps(each: Sequence[Sequence[Flaps]]) -> str:
    total = reduce(add, [one for many in each for one in many])
    rates = [reduce(add, many) for many in each if many]
    cells = " | ".join(f"{one.flaps / one.changes:.2f}" for one in rates)
    share, delay = total.found / total.lasting, float(np.median(total.delays))
    return f"{share:.3f} | {delay:.0f} | **{total.flaps / total.changes:.2f}** | {cells}"


def _ratios(mine: Iterable[Course]) -> Floats:
    return np.concatenate([np.empty(0), *(course.ratios for course in mine)])


def _best_of_mllib(found: Sequence[Course]) -> dict[str, list[Course]]:
    """Group by rule; of MLlib's half-lives keep the one that turned out best."""
    rules: dict[str, list[Course]] = {}
    for course in found:
        rules.setdefault(course.rule, []).append(course)
    tried = [rule for rule in rules if "half-life" in rule]
    best = min(tried, key=lambda rule: _ratios(rules[rule]).mean(), default="")
    return {f"{rule}, best of {len(tried)}" if rule == best else rule: mine
            for rule, mine in rules.items() if rule not in tried or rule == best}  # fmt: skip


def main() -> None:
    """Print the tables."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--states", type=int, default=3, help="random states; river runs in the first one only")
    ask.add_argument("--scenarios", nargs="+", default=list(SCENARIOS), choices=list(SCENARIOS))
    ask.add_argument("--rules", default="", help="only rules with this text in their name")
    ask.add_argument("--heard", type=float, default=1.0, help="share of the customers heard in an epoch")
    ask.add_argument("--workers", type=int, default=2)
    given = ask.parse_args()
    rules = [name for name in makers() if given.rules in name]
    asks = [
        Ask(name, state, tuple(rule for rule in rules if state == 0 or "river" not in rule), given.heard)
        for state, name in product(range(given.states), given.scenarios)
    ]
    with ProcessPoolExecutor(given.workers) as workers:
        found = [course for many in workers.map(courses, asks) for course in many]
    print("\n".join(tables(found)))


if __name__ == "__main__":
    main()
