"""Which of its changes made a search's winner better: from the baseline to it, one at a time."""

from __future__ import annotations

from dataclasses import dataclass

from hpstudy.analysis.family import Compared, Pair
from hpstudy.analysis.sequential import Outcome, judged
from hpstudy.metric import ALIKE, Metric, Quantity, Spreads, Verdict
from hpstudy.numeric import finite, mean
from hpstudy.results.ablation import Ablation, Changes, Part
from hpstudy.results.search import SearchResults
from hpstudy.sampler import Level
from hpstudy.wording import difference, enumerated, level, spelled, words


@dataclass(frozen=True)
class Effect:
    """What a change does to a setting.

    Attributes:
        difference: With the change less without it; intervals hold all together. None as long as
            it is not known, and where seeds of either diverged.
        verdict: What that shows; None as long as it is not known.
    """

    difference: Quantity | None = None
    verdict: Verdict | None = None


@dataclass(frozen=True)
class Step:
    """One of a winner's changes.

    Attributes:
        name: The hyperparameter.
        before: Its value in the baseline.
        after: Its value in the winner.
        alone: What it does to the baseline.
        added: What it does to the baseline with all changes before it.
    """

    name: str
    before: Level
    after: Level
    alone: Effect
    added: Effect


@dataclass(frozen=True)
class Steps:
    """The way from the baseline to the winner.

    Attributes:
        metric: The metric.
        total: The winner less the baseline.
        seeds: On how many seeds each setting is trained.
        steps: The changes, in the order in which they are made.
        is_whole: Whether all settings between the two have their seeds.
        margin: What difference counts; None where any does.
    """

    metric: Metric
    total: float
    seeds: int
    steps: tuple[Step, ...]
    is_whole: bool
    margin: float | None = None


def ablation_steps(search: SearchResults) -> Steps | None:
    """Says what each of a winner's changes does, by itself and after those that gain more.

    All differences are one family: those of single changes from the baseline, and each step but
    the first, which is one of them. So it is paid for that the order is chosen by the same values.
    Together they call a difference where there is none in at most 5 % of such walks.

    Returns:
        The steps, or None where no setting between the two was trained.
    """
    found, won = search.ablation, search.winner
    if found is None or won is None or len(found.changes) < 2:
        return None
    between = {*found.singles, *found.path[1:-1]}
    if not any(found.parts[one].values or found.parts[one].diverged for one in found.singles):
        return None
    margin, spreads = (won.looks.margin, won.looks.spreads) if won.looks else (None, ALIKE)
    effects = _effects(found, won.metric, margin, spreads)
    steps = [
        Step(
            name,
            search.baseline[name],
            won.setting[name],
            effects.get((frozenset([name]), frozenset()), Effect()),
            effects.get(pair, Effect()),
        )
        for name, pair in zip(found.changes, _on_the_way(found), strict=True)
    ]
    gains = [finite(won.values[seed] - won.baseline_values[seed]) for seed in found.seeds]
    is_whole = all(found.parts[one].has(found.seeds) for one in between) and found.is_ordered
    total = mean(gains)
    return Steps(won.metric, total, len(found.seeds), tuple(steps), is_whole, margin)


def _on_the_way(found: Ablation) -> list[Pair[Changes]]:
    return list(zip(found.path[1:], found.path, strict=False))


def _effects(
    found: Ablation, metric: Metric, margin: float | None, spreads: Spreads
) -> dict[Pair[Changes], Effect]:
    nothing: Changes = frozenset()
    pairs = [(one, nothing) for one in found.singles]
    if found.is_ordered:
        pairs += _on_the_way(found)[1:]
    parts = {one: part for one, part in found.parts.items() if part.has(found.seeds)}
    whole = [pair for pair in pairs if all(one in parts for one in pair)]
    outcomes = {one: _outcome(part) for one, part in parts.items()}
    compared, _ = judged(outcomes, whole, metric, margin=margin, spreads=spreads)
    return {pair: _effect(compared.get(pair), parts[pair[0]], metric) for pair in whole}


def _outcome(part: Part) -> Outcome:
    return Outcome(part.values, frozenset(part.diverged), part.failed)


def _effect(one: Compared | None, ours: Part, metric: Metric) -> Effect:
    if ours.diverged:
        return Effect(None, Verdict.UNSTABLE if ours.values else Verdict.DIVERGES)
    if one is None:
        return Effect(None, Verdict.CANNOT_TELL)
    # By rank, where the other one diverged: then this is the better one.
    by_rank = Verdict.BETTER if one.is_shown else Verdict.NOT_SHOWN
    verdict = one.decision(metric.sign) or by_rank
    return Effect(one.difference, verdict)


def ablation_told(steps: Steps) -> str:
    """Says which changes matter: "epochs 5 to 18 gives +0.15 of +0.20 points; the rest …"."""
    if not steps.is_whole:
        return "Not all of these settings are trained yet."
    better, worse = (
        [step for step in steps.steps if step.added.verdict == verdict]
        for verdict in (Verdict.BETTER, Verdict.WORSE)
    )
    rest = len(steps.steps) - len(better) - len(worse)
    total = spelled(steps.total, steps.metric)
    gains = enumerated(
        [f"{change_told(s)} gives {difference(s.added.difference, steps.metric)}" for s in better]
    )
    told = [f"{gains} of {total}"] if better else []
    if worse:
        does = "makes" if len(worse) == 1 else "make"
        told.append(f"{enumerated([change_told(step) for step in worse])} {does} it worse")
    if rest and told:
        told.append("the rest is not shown to matter")
    if not told:
        return f"No change is shown to matter, of {total} together."
    return f"{'; '.join(told)}."


def change_told(step: Step) -> str:
    """Says which change a step makes: "epochs 5 → 18"."""
    return f"{words(step.name)} {level(step.before)} → {level(step.after)}"
