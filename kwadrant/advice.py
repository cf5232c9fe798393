"""Which method of weighting to trust for a table, and why, in plain words."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from clustering.arrays import Flags
from clustering.lab import Comparison, Trial

SKEWED = 2.0
"""Skewness [1] from which a tail, not the middle, says what entropy gives; 2 is that of an exponential law."""
ALIKE = 0.8
"""Correlation [1] from which two columns say nearly the same."""
CONFIRMED = 0.25
"""What `left_out.confirmed` [1] gives at least to a column that the others confirm."""
_NOISY = 0.5
_MORE = 1.1
_LEFT_OUT = 0.05
_MOVED = 0.01
_SHOWN = 4


@dataclass(frozen=True)
class Advice:
    """What to think of one method here: ``trust`` is yes, careful or no."""

    method: str
    trust: str
    why: str


@dataclass(frozen=True)
class _Case:
    compared: Comparison
    columns: Sequence[str]
    ratio: float | None

    def named(self, which: Flags) -> str:
        """Return the names of some columns, the first few of them."""
        names = [name for name, chosen in zip(self.columns, which, strict=True) if chosen]
        return ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")

    @property
    def noise(self) -> Flags:
        """Return which columns vary, and no other confirms, (d,)."""
        unconfirmed: Flags = self.compared.facts.confirmed < CONFIRMED
        return unconfirmed & self.compared.facts.varies


def advise(compared: Comparison, columns: Sequence[str], ratio: float | None = None) -> list[Advice]:
    """Return one advice per trial, in their order; ``ratio`` is the consistency ratio of the AHP comparisons."""
    case = _Case(compared, columns, ratio)
    return [Advice(trial.method, *_RULES[trial.method](case, trial)) for trial in compared.trials]


def recommended(compared: Comparison) -> tuple[str, str]:
    """Return the method to take, and why.

    The default, unless most columns are noise and sparse k-means finds steadier clusters without them.
    """
    case = _Case(compared, (), None)
    found = {trial.method: trial for trial in compared.trials}
    noise, varying = int(case.noise.sum()), int(compared.facts.varies.sum())
    if noise > _NOISY * varying and found["sparse"].stability > found["eta2"].stability:
        return "sparse", f"{noise} of {varying} columns are noise to the others, and its clusters are steadier"
    if found["eta2"].moved < _MOVED:
        return "eta2", "the default; here it changes next to nothing, so equal weights are as good"
    return "eta2", "the default; no other method has a reason on its side here"


def _equal(_: _Case, __: Trial) -> tuple[str, str]:
    return "yes", "the yardstick: right where every column was chosen with care"


def _eta2(case: _Case, trial: Trial) -> tuple[str, str]:
    varying = int(case.compared.facts.varies.sum())
    if not case.noise.any():
        return "yes", f"all {varying} columns are confirmed by the others; {trial.moved:.0%} of the rows move"
    words = f"{varying - int(case.noise.sum())} of {varying} columns are confirmed by the others"
    return "yes", f"{words}; the rest counts half or so: {case.named(case.noise)}"


def _entropy(case: _Case, trial: Trial) -> tuple[str, str]:
    skewness = np.abs(case.compared.facts.skewness)
    tails = skewness > SKEWED
    share = float(trial.factors[tails].sum() / max(trial.factors.sum(), np.finfo(np.float64).tiny))
    if share > _MORE * tails.sum() / case.compared.facts.varies.sum():
        words = f"{share:.0%} of all weight goes to the {tails.sum()} long tails, {case.named(tails)}"
        steady = "; tails are steady, so its stability says nothing for it" if trial.stability > ALIKE else ""
        return "no", f"{words} (skewness up to {skewness.max():.1f}): tails are no groups{steady}"
    if (wrong := _led_by_noise(case, trial)) is not None:
        return "no", wrong
    return "careful", "it takes uneven for important; no tail draws it here, yet it never looks at groups"


def _critic(case: _Case, trial: Trial) -> tuple[str, str]:
    if (wrong := _led_by_noise(case, trial)) is not None:
        return "no", f"noise conflicts with everything: {wrong}"
    correlation = np.triu(case.compared.facts.correlation, 1)
    i, j = (int(place) for place in np.unravel_index(int(np.abs(correlation).argmax()), correlation.shape))
    pair = f"{case.columns[i]} and {case.columns[j]} (correlation {correlation[i, j]:.2f})"
    if correlation[i, j] > ALIKE:
        return "careful", f"{pair} share one voice: right if they mean one thing, wrong if a group needs both"
    if correlation[i, j] < -ALIKE:
        return "careful", f"{pair} say the same with another sign, which it takes for a conflict and pays twice"
    return "careful", "no two columns are alike, so it mostly rewards a wide spread within the range"


def _led_by_noise(case: _Case, trial: Trial) -> str | None:
    """Return what is wrong where the heaviest column, or the mean of the noise, is noise above its share."""
    heaviest = int(trial.factors.argmax())
    if case.noise[heaviest]:
        return f"its greatest weight goes to {case.columns[heaviest]}, which no other column confirms"
    if case.noise.any() and trial.factors[case.noise].mean() > 1:
        return f"what no other column confirms gets more than its share: {case.named(case.noise)}"
    return None


def _sparse(case: _Case, trial: Trial) -> tuple[str, str]:
    out = (trial.factors < _LEFT_OUT) & case.compared.facts.varies
    varying = int(case.compared.facts.varies.sum())
    if case.noise.sum() > _NOISY * varying:
        return "yes", f"made for this: {int(case.noise.sum())} of {varying} columns are noise to the others"
    left = f"it leaves out {case.named(out)}" if out.any() else "it leaves out nothing"
    return "careful", f"most columns say something here, and it bets on few of them; {left}"


def _ahp(case: _Case, trial: Trial) -> tuple[str, str]:
    words = f"what people said (consistency ratio {case.ratio:.2f}), whatever the rows say"
    return "careful", f"{words}; {trial.moved:.0%} of the rows move by it"


_RULES: dict[str, Callable[[_Case, Trial], tuple[str, str]]] = {
    "equal": _equal, "eta2": _eta2, "entropy": _entropy, "critic": _critic, "sparse": _sparse, "ahp": _ahp,
}  # fmt: skip
