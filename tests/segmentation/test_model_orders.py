"""Orders about the model: what they do, and the words of what is refused."""

import re

import msgspec
import pytest

from schemas.control import Candidate, Control, Hold, Promote, Reply, Request, Shadow
from schemas.model import Model
from schemas.trial import Shift, Trial
from segmentation import central_state
from segmentation.central_node import fold
from segmentation.central_state import CentralState, Held
from segmentation.learning import begun
from segmentation.output import Output
from tests.segmentation import hand
from tests.segmentation.asking import ask
from tests.segmentation.test_central_node import answer, cells
from tests.segmentation.towns import FIRST, LANES, PARAMETERS

MODEL = hand.two_classes("consumption", 2.0, 8.0)
TOO_MANY = Trial(2, FIRST + 1, 10, (Shift(0, 1, 5, 4, 0),))


def version(number: int, high: float = 8.0) -> Model:
    low, other = MODEL.clusters
    clusters = (low, msgspec.structs.replace(other, centre=(high,)))
    return msgspec.structs.replace(MODEL, version=number, clusters=clusters)


def state(**changes: object) -> CentralState:
    """Return a state with version 4 in force, 5 on trial, and 2 and 3 before it."""
    first = central_state.first_state(PARAMETERS, 1, LANES, version(4, 4.0))
    past = (version(2, 2.5), version(3, 3.0))
    return msgspec.structs.replace(first, **({"newest": version(5, 5.0), "past": past} | changes))


def held(by: str = "budget", model: Model | None = None) -> CentralState:
    """Return a state in which version 5 is held, and 6 is on trial."""
    kept = Held(by, "it would move 4 of 10", model or version(5, 5.0), TOO_MANY)  # type: ignore[arg-type]
    return state(newest=version(6, 6.0), held=kept)


def obeyed(before: CentralState, *requests: Request) -> tuple[CentralState, list[Control]]:
    after, controls, promoted = fold(before, [Output(0, requests=requests)], {}, PARAMETERS)
    assert promoted == [one.model for one in controls if isinstance(one, Promote)]
    return after, controls


def test_a_held_model_is_promoted_with_its_dry_run_and_the_younger_stays_on_trial() -> None:
    after, (promote, reply) = obeyed(held(), ask("promote", id_="r"))
    assert promote == Promote("town", 1, version(5, 5.0), TOO_MANY)
    assert reply == Reply("town", 1, "r", True, "version 5 is promoted", "2026-03-23", 5)  # noqa: FBT003
    assert (after.force, after.newest, after.held) == (version(5, 5.0), version(6, 6.0), None)
    assert [model.version for model in after.past] == [2, 3, 4]


def test_an_operators_hold_that_held_nothing_back_yet_is_just_lifted() -> None:
    holding, _ = obeyed(state(), ask("hold", because="holidays"))
    after, (reply,) = obeyed(holding, ask("promote"))
    assert (after.held, isinstance(reply, Reply), after.force) == (None, True, state().force)


def test_an_operators_hold_takes_over_what_the_budget_holds() -> None:
    after, _ = obeyed(held(), ask("hold", because="holidays"))
    assert after.held == Held("operator", "holidays", version(5, 5.0), TOO_MANY)


def test_a_rollback_is_a_new_version_with_old_centres_and_what_people_said_since() -> None:
    named = msgspec.structs.replace(version(5).clusters[1], name="bakeries", pinned=True)
    before = state(newest=msgspec.structs.replace(version(5), clusters=(version(5).clusters[0], named)))
    after, (promote, reply) = obeyed(before, ask("rollback", version=2))
    assert isinstance(promote, Promote)
    assert isinstance(reply, Reply)
    assert (promote.model.version, promote.undo, reply.version) == (6, 2, 6)
    assert [c.centre for c in promote.model.clusters] == [(2.0,), (2.5,)]
    assert [(c.name, c.pinned) for c in promote.model.clusters] == [("low", False), ("bakeries", True)]
    assert (after.force, after.newest) == (promote.model, promote.model)
    assert after.held == Held("operator", "rolled back to version 2")


def test_after_a_rollback_no_identity_of_before_it_is_given_again() -> None:
    after, _ = obeyed(state(pool=begun(version(5), next_id=9)), ask("rollback", version=2))
    assert after.pool.next_id == 9


def test_after_a_rollback_candidates_learn_from_the_old_centres_and_are_held() -> None:
    after, _ = obeyed(state(), ask("rollback", version=2))
    closing = msgspec.structs.replace(after, commanded=FIRST + 1)
    heard = Output(0, answer=answer(FIRST + 1, cells((3.0, 1)), TOO_MANY))
    learned, (candidate,), _ = fold(closing, [heard], {}, PARAMETERS)
    assert isinstance(candidate, Candidate)
    assert (candidate.model.version, learned.force.version) == (7, 6)
    closing = msgspec.structs.replace(learned, commanded=FIRST + 2)
    calm = Trial(7, FIRST + 2, 10, ())
    held, (hold, _), _ = fold(closing, [Output(0, answer=answer(FIRST + 2, cells((3.0, 1)), calm))], {}, PARAMETERS)
    assert hold == Hold("town", 1, "operator", "rolled back to version 2", calm)
    assert held.held == Held("operator", "rolled back to version 2", candidate.model, calm)
    assert obeyed(held, ask("promote"))[0].force == candidate.model


@pytest.mark.parametrize(("action", "pinned"), [("pin", True), ("unpin", False)])
def test_what_people_say_of_a_cluster_stands_in_the_next_models(action: str, *, pinned: bool) -> None:
    before, _ = obeyed(held(), ask("pin", cluster=0))
    after, _ = obeyed(before, ask(action, cluster=1), ask("name", cluster=1, name="bakeries"))
    assert after.held is not None
    assert after.held.model is not None
    for model in (after.newest, after.held.model):
        assert [(c.name, c.pinned) for c in model.clusters] == [("low", True), ("bakeries", pinned)]
        assert [(c.id, c.quadrant) for c in model.clusters] == [(c.id, c.quadrant) for c in MODEL.clusters]
    assert after.force == held().force
    closing = msgspec.structs.replace(after, commanded=FIRST + 1)
    later, _, _ = fold(closing, [Output(0, answer=answer(FIRST + 1, cells((3.0, 1))))], {}, PARAMETERS)
    assert [(c.name, c.pinned) for c in later.newest.clusters] == [("low", True), ("bakeries", pinned)]


@pytest.mark.parametrize("model", [MODEL, None])
def test_a_shadow_is_told_to_the_local_nodes(model: Model | None) -> None:
    _, (shadow, reply) = obeyed(state(), ask("shadow", model=msgspec.to_builtins(model)))
    assert shadow == Shadow("town", 1, model)
    assert isinstance(reply, Reply)
    assert reply.accepted


def shadow(**changes: object) -> Request:
    return ask("shadow", model=msgspec.to_builtins(msgspec.structs.replace(MODEL, **changes)))


TWICE = (MODEL.clusters[1], MODEL.clusters[0])
REFUSED = {
    "nothing held": (state(), ask("promote"), "nothing is held: version 4 is in force"),
    "another version": (held(), ask("promote", version=6), "version 6 cannot be promoted: version 5 is held"),
    "not tried": (
        state(held=Held("operator", "x")), ask("promote", version=5), "version 5 cannot .*: no version has been tried"
    ),
    "held already": (held("operator"), ask("hold"), "promotions are held already: it would move 4 of 10"),
    "in force": (state(), ask("rollback", version=4), "version 4 is in force"),
    "never in force": (state(), ask("rollback", version=5), "version 5 was never in force.* rolled back to: 2, 3"),
    "no past": (state(past=()), ask("rollback", version=3), "rolled back to: none"),
    "no cluster": (state(), ask("pin", cluster=9), "there is no cluster 9; version 5 has 0, 1"),
    "no name": (state(), ask("name", cluster=0, name=""), "name cannot be read: Expected `str` of length >= 1"),
    "unknown index": (state(), shadow(indices=("charm",)), r"names the indices \['charm'\]"),
    "a short centre": (state(), shadow(scale_spread=()), "the shadow is no whole model"),
    "falling ids": (state(), shadow(clusters=TWICE), "rising ids"),
    "no clusters": (state(), shadow(clusters=()), "the shadow is no whole model"),
    "no model": (state(), ask("shadow", model={"version": 1}), "shadow cannot be read: .* missing required field"),
    "no version": (state(), ask("rollback"), "rollback cannot be read: .*missing required field `version`"),
    "no such argument": (state(), ask("hold", hard=True), "hold cannot be read: .*unknown field `hard`"),
    "no such action": (state(), ask("explode"), "explode cannot be read: Invalid value 'explode'"),
    "a wrong type": (state(), ask("pin", cluster="x"), "pin cannot be read: Expected `int`, got `str`"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_done_is_refused_in_words_and_changes_nothing(name: str) -> None:
    before, request, words = REFUSED[name]
    after, (reply,) = obeyed(before, request)
    assert isinstance(reply, Reply)
    assert not reply.accepted
    assert re.search(words, reply.said)
    assert msgspec.structs.replace(after, heard=()) == before
