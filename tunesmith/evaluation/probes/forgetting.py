"""What base and tuned make of probes and texts -> kept, some loss or forgot, by stated rules.

A figure is *lost* only where chance is ruled out: p-values of swapping the models item by item are
corrected by Holm's method over all figures of the table, and the interval lies beyond 0.

| figure | some loss | forgot |
|---|---|---|
| right choices: a skill, or all | shown to be fewer | half of what base had above guessing gone |
| perplexity of general texts | shown to be above 1.1 times base's | above 1.5 times |
| KL(tuned, base) on these texts | above 0.1 nats a token, not towards the texts | never alone |

"Half" is 5 points at least; the KL's whole interval has to lie above. A divergence says how far
tuned has moved, not whether to the worse: where tuned predicts the texts better than base did
(the interval of the quotient of perplexities lies below 1), it is no loss.
Where base itself does no better on texts than to expect every token of its vocabulary alike, their
perplexity says nothing and is not judged. The verdict is the worst of the figures.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from math import exp, log
from typing import Any, Literal

import numpy as np

from tunesmith.evaluation.interval import (
    RowScores,
    difference_interval,
    mean_interval,
    swap_p_value,
)
from tunesmith.evaluation.probes.items import PROBE_LANGUAGES, SKILLS
from tunesmith.evaluation.score import SIGNIFICANCE

Keeping = Literal["kept", "some loss", "forgot"]
FigureKind = Literal["right", "perplexity", "divergence"]
WORDS: tuple[Keeping, ...] = ("kept", "some loss", "forgot")
LESS_POINTS = 5.0
LESS_SHARE = 0.5
PERPLEXITY_RATIOS = (1.1, 1.5)
DIVERGENCE = 0.1  # nats a token
_PERCENT = (0.0, 100.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeGrade:
    """The points of both models for one probe, and what guessing would earn; 0 to 100."""

    probe_id: str
    base: float
    tuned: float
    chance: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TextShift:
    """What two models make of one text: sums over its `num_tokens` predicted tokens, in nats.

    `divergence` is the sum of KL(tuned || base) over as many; None where it was not measured.
    """

    text_id: str
    num_tokens: int
    base: float
    tuned: float
    divergence: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepingFigure:
    """One line of the table.

    Attributes:
        name: A skill, `all`, `perplexity`, `divergence`; with a language where there are two.
        kind: Share of right choices in points, perplexity, or nats a token.
        base: Of the base model.
        tuned: Of the tuned one.
        difference: Tuned minus base; of perplexities the quotient.
        low: Of its 95 % interval.
        high: Of it.
        count: Probes or texts.
        p_value: Of swapping the models; None for the divergence, which has two sides.
        chance: What guessing would earn; None but for right choices.
        word: None where it says nothing.
    """

    name: str
    kind: FigureKind
    base: float
    tuned: float
    difference: float
    low: float
    high: float
    count: int
    p_value: float | None = None
    chance: float | None = None
    word: Keeping | None = "kept"


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgetting:
    """The verdict, and the figures that it rests on."""

    word: Keeping
    figures: tuple[KeepingFigure, ...]

    def to_json(self) -> dict[str, Any]:
        """The record as it stands in `scores.json`."""
        return {"word": self.word, "figures": [asdict(figure) for figure in self.figures]}


def assess_forgetting(
    grades: Sequence[ProbeGrade], shifts: Sequence[TextShift], *, num_tokens_known: int
) -> Forgetting:
    """Judge what tuned still knows of what base knew.

    Args:
        grades: Of probes, whose ids say language and skill.
        shifts: Of general texts.
        num_tokens_known: The size of base's vocabulary.
    """
    figures = [*_skill_figures(grades), *_text_figures(shifts)]
    shown = _shown(figures)
    nearer = {f"divergence{_language(one)}" for one in figures if _is_nearer(one)}
    judged = tuple(
        replace(one, word="kept")
        if one.name in nearer
        else replace(one, word=_word(one, is_shown=one.name in shown, vocabulary=num_tokens_known))
        for one in figures
    )
    worst = max((WORDS.index(one.word) for one in judged if one.word), default=0)
    return Forgetting(word=WORDS[worst], figures=judged)


def _skill_figures(grades: Sequence[ProbeGrade]) -> list[KeepingFigure]:
    parts = [one.probe_id.split("/") for one in grades]  # language, skill, number
    languages = [name for name in PROBE_LANGUAGES if any(part[0] == name for part in parts)]
    groups: dict[str, list[int]] = {
        skill: [i for i, part in enumerate(parts) if part[1] == skill] for skill in SKILLS
    }
    for language in languages:
        name = f"all, {language}" if len(languages) > 1 else "all"
        groups[name] = [i for i, part in enumerate(parts) if part[0] == language]
    return [_right(name, [grades[i] for i in group]) for name, group in groups.items() if group]


def _right(name: str, grades: Sequence[ProbeGrade]) -> KeepingFigure:
    base, tuned = (_rows([getattr(one, model) for one in grades]) for model in ("base", "tuned"))
    low, high = difference_interval(base, tuned, bounds=_PERCENT)
    return KeepingFigure(
        name=name,
        kind="right",
        base=base.mean,
        tuned=tuned.mean,
        difference=tuned.mean - base.mean,
        low=low,
        high=high,
        count=len(grades),
        p_value=swap_p_value(base, tuned),
        chance=sum(one.chance for one in grades) / len(grades),
    )


def _text_figures(shifts: Sequence[TextShift]) -> list[KeepingFigure]:
    languages = list(dict.fromkeys(one.text_id.split("/")[0] for one in shifts))
    found = []
    for language in languages:
        some = [one for one in shifts if one.text_id.split("/")[0] == language]
        tail = f", {language}" if len(languages) > 1 else ""
        found.append(_perplexity(f"perplexity{tail}", some))
        if measured := [one for one in some if one.divergence is not None]:
            found.append(_divergence(f"divergence{tail}", measured))
    return found


def _perplexity(name: str, shifts: Sequence[TextShift]) -> KeepingFigure:
    weights = [one.num_tokens for one in shifts]
    base = _rows([one.base / one.num_tokens for one in shifts], weights)
    tuned = _rows([one.tuned / one.num_tokens for one in shifts], weights)
    low, high = difference_interval(base, tuned, bounds=None)
    return KeepingFigure(
        name=name,
        kind="perplexity",
        base=exp(base.mean),
        tuned=exp(tuned.mean),
        difference=exp(tuned.mean - base.mean),
        low=exp(low),
        high=exp(high),
        count=len(shifts),
        p_value=swap_p_value(base, tuned),
    )


def _divergence(name: str, shifts: Sequence[TextShift]) -> KeepingFigure:
    rows = _rows(
        [(one.divergence or 0.0) / one.num_tokens for one in shifts],
        [one.num_tokens for one in shifts],
    )
    low, high = mean_interval(rows, bounds=None) or (rows.mean, rows.mean)
    return KeepingFigure(
        name=name,
        kind="divergence",
        base=0.0,
        tuned=rows.mean,
        difference=rows.mean,
        low=low,
        high=high,
        count=len(shifts),
    )


def _rows(scores: Sequence[float], weights: Sequence[float] | None = None) -> RowScores:
    values = np.array(scores, dtype=np.float64)
    shares = np.ones(len(values)) if weights is None else np.array(weights, dtype=np.float64)
    return RowScores(scores=values, weights=shares)


def _shown(figures: Sequence[KeepingFigure]) -> set[str]:
    """The figures whose difference survives Holm's correction."""
    tried = sorted(
        (one for one in figures if one.p_value is not None), key=lambda f: f.p_value or 0
    )
    names: set[str] = set()
    for rank, one in enumerate(tried):
        if (one.p_value or 0) * (len(tried) - rank) >= SIGNIFICANCE:
            break
        names.add(one.name)
    return names


def _language(one: KeepingFigure) -> str:
    """The tail of a figure's name that tells languages apart."""
    return one.name.removeprefix("perplexity")


def _is_nearer(one: KeepingFigure) -> bool:
    """Whether tuned predicts the texts better than base."""
    return one.kind == "perplexity" and one.high < 1


def _word(one: KeepingFigure, *, is_shown: bool, vocabulary: int) -> Keeping | None:
    if one.kind == "divergence":
        return "some loss" if one.low > DIVERGENCE else "kept"
    if one.kind == "perplexity":
        if log(one.base) >= log(vocabulary):
            return None
        is_lost = is_shown and one.low > 1
        return WORDS[sum(is_lost and one.difference > ratio for ratio in PERPLEXITY_RATIOS)]
    if not is_shown or one.high >= 0:
        return "kept"
    had = one.base - (one.chance or 0.0)
    is_gone = one.difference <= -max(LESS_POINTS, LESS_SHARE * had)
    return "forgot" if is_gone else "some loss"
