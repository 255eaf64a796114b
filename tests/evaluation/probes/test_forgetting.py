"""The rules of kept, some loss and forgot: what each takes, and how often chance alone speaks."""

from collections.abc import Sequence

import numpy as np
import pytest

from tunesmith.evaluation.probes.forgetting import (
    Forgetting,
    KeepingFigure,
    ProbeGrade,
    TextShift,
    assess_forgetting,
)
from tunesmith.evaluation.probes.items import SKILLS

VOCABULARY = 4_000


def graded(base: Sequence[bool], tuned: Sequence[bool]) -> list[ProbeGrade]:
    """Probes of all skills in turn."""
    return [
        ProbeGrade(
            probe_id=f"en/{SKILLS[i % len(SKILLS)]}/{i}",
            base=100.0 * before,
            tuned=100.0 * after,
            chance=100 / 3,
        )
        for i, (before, after) in enumerate(zip(base, tuned, strict=True))
    ]


def shifted(
    *, loss: float = 4.0, by: float = 0.0, divergence: float | None = 0.0, noise: float = 0.0
) -> list[TextShift]:
    """Twenty texts of fifty tokens, of which tuned predicts each a little otherwise."""
    extra = np.random.default_rng(0).normal(by, noise, 20)
    return [
        TextShift(
            text_id=f"en/texts/{i}",
            num_tokens=50,
            base=50 * loss,
            tuned=50 * (loss + float(more)),
            divergence=None if divergence is None else 50 * divergence * (1 + i / 100),
        )
        for i, more in enumerate(extra)
    ]


def judged(grades: Sequence[ProbeGrade], shifts: Sequence[TextShift]) -> Forgetting:
    return assess_forgetting(grades, shifts, num_tokens_known=VOCABULARY)


def figure(found: Forgetting, name: str) -> KeepingFigure:
    return next(one for one in found.figures if one.name == name)


def right(share: float, count: int = 600, seed: int = 0) -> list[bool]:
    return list(np.random.default_rng(seed).random(count) < share)


def test_the_same_model_has_kept_everything() -> None:
    answers = right(0.5)
    found = judged(graded(answers, answers), shifted())
    assert found.word == "kept"
    assert {one.word for one in found.figures} == {"kept"}


@pytest.mark.parametrize(
    ("share_lost", "word"), [(0.0, "kept"), (0.12, "some loss"), (0.5, "forgot")]
)
def test_right_answers_that_turn_wrong_decide_by_their_share(share_lost: float, word: str) -> None:
    base = right(0.7)
    tuned = [one and not lost for one, lost in zip(base, right(share_lost, seed=1), strict=True)]
    found = judged(graded(base, tuned), shifted())
    assert found.word == figure(found, "all").word == word


def test_a_model_that_knew_little_forgets_little_of_it_by_points_alone() -> None:
    """Half of what stood above guessing is gone, but not five points: some loss."""
    base = [True] * 222 + [False] * 378  # 37 of 100, guessing is 33
    tuned = [True] * 204 + [False] * 396
    assert judged(graded(base, tuned), shifted()).word == "some loss"


def test_gains_are_no_loss() -> None:
    found = judged(graded(right(0.3), right(0.9)), shifted(by=-0.5, noise=0.1))
    assert found.word == "kept"


@pytest.mark.parametrize(
    ("by", "word"), [(0.05, "kept"), (0.2, "some loss"), (0.6, "forgot"), (-0.6, "kept")]
)
def test_perplexity_decides_by_its_quotient(by: float, word: str) -> None:
    found = judged([], shifted(by=by, noise=0.02))
    assert figure(found, "perplexity").word == found.word == word


def test_texts_that_differ_by_chance_are_no_loss() -> None:
    assert judged([], shifted(by=0.2, noise=2.0)).word == "kept"


def test_perplexity_of_a_base_that_cannot_read_says_nothing() -> None:
    found = judged([], shifted(loss=9.0, by=1.0, noise=0.1))
    assert figure(found, "perplexity").word is None
    assert found.word == "kept"


@pytest.mark.parametrize(
    ("divergence", "word"), [(0.05, "kept"), (0.3, "some loss"), (5.0, "some loss")]
)
def test_the_divergence_alone_never_says_forgot(divergence: float, word: str) -> None:
    assert judged([], shifted(divergence=divergence)).word == word


def test_a_divergence_towards_the_texts_is_no_loss() -> None:
    """Tuning may teach a weak base to write: it moves far, and reads better."""
    found = judged([], shifted(by=-0.3, noise=0.05, divergence=0.8))
    assert figure(found, "divergence").word == found.word == "kept"
    assert judged([], shifted(by=-0.01, noise=0.3, divergence=0.8)).word == "some loss"


def test_without_a_divergence_the_rest_is_judged() -> None:
    found = judged([], shifted(divergence=None, by=0.6, noise=0.01))
    assert [one.name for one in found.figures] == ["perplexity"]
    assert found.word == "forgot"


def test_two_languages_stand_apart_and_the_worse_one_decides() -> None:
    base = right(0.7)
    english = graded(base, base)
    lost = [one and chance for one, chance in zip(base, right(0.3, seed=1), strict=True)]
    chinese = [
        ProbeGrade(probe_id=f"zh{g.probe_id[2:]}", base=g.base, tuned=g.tuned, chance=g.chance)
        for g in graded(base, lost)
    ]
    found = judged([*english, *chinese], shifted())
    assert figure(found, "all, en").word == "kept"
    assert figure(found, "all, zh").word == found.word == "forgot"


def alarm_rate(*, num_trials: int, share_flipped: float) -> float:
    """How often two models with the same worth, swapped probe by probe and text by text, differ."""
    alarms = 0
    for trial in range(num_trials):
        draw = np.random.default_rng(trial)
        base = draw.random(600) < 0.6
        other = np.where(draw.random(600) < share_flipped, ~base, base)
        is_swapped = draw.random(600) < 0.5
        first, second = np.where(is_swapped, other, base), np.where(is_swapped, base, other)
        moved = draw.choice([-1, 1], 20) * np.abs(draw.normal(0, 0.4, 20))
        shifts = [
            TextShift(
                text_id=f"en/texts/{i}",
                num_tokens=50,
                base=200.0,
                tuned=200.0 + 50 * float(more),
                divergence=0.0,
            )
            for i, more in enumerate(moved)
        ]
        alarms += judged(graded(list(first), list(second)), shifts).word != "kept"
    return alarms / num_trials


@pytest.mark.slow
def test_models_of_equal_worth_are_told_apart_in_at_most_five_of_a_hundred() -> None:
    assert alarm_rate(num_trials=200, share_flipped=0.2) <= 0.05
