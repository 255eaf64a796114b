"""Each rule finds what it is for, leaves the next run alone, and names a change that works."""

import shlex
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
import yaml

from tests.diagnosis.records import (
    CALM,
    ENGLISH,
    GERMAN,
    TRAIN,
    answered,
    changed,
    compared,
    judged,
    log,
    probed,
    row,
    score,
    usable,
    with_data,
    with_recipe,
    with_summary,
)
from tests.test_readme import parse
from tunesmith.diagnosis.diagnose import RULES, diagnose
from tunesmith.diagnosis.measure_rules import rows_needed
from tunesmith.recipe.load_recipe import recipe_from_mapping
from tunesmith.report.advice.finding import SEVERITIES, Finding
from tunesmith.report.record import AnswerCount, RunRecord

TUNED_CUT = {"tuned": AnswerCount(num_answers=200, num_cut=120)}
LONG_REFERENCES = tuple(answered(row(n, "word " * 400), 10.0, finish="length") for n in range(200))
TASKS = tuple(
    answered(row(n, f"A {n}", tag="opposite"), 30.0 + n % 7)
    if n % 8 in (0, 1)
    else answered(row(n, f"A {n}", tag="capital"), 90.0 + n % 7)
    for n in range(200)
)
SOURCES = tuple(answered(row(n, f"A {n}"), 95.0 if n % 2 else 40.0 + n % 9) for n in range(200))
LABELS = tuple(row(n, "rude" if n < 10 else "polite") for n in range(400))
HEADERS = tuple(
    row(n, f"A {n}", question=f"### Instruction:\nDo {n}\n\n### Response:") for n in range(50)
)
MIXED = tuple(row(n, f"{GERMAN if n % 5 == 0 else ENGLISH}, {n}.") for n in range(400))
LONG = {
    "reason": "too long",
    "source": "a.jsonl:7",
    "detail": "812 tokens, training.max_tokens is 512",
}
PAIR = {"question": "Capital?", "first": {"source": "a:1"}, "second": {"source": "a:2"}}
RIVAL = {"token_f1": {"tuned": score(60.0), "few-shot": score(62.0), "nearest": score(59.0)}}
GOOD_BASE = {"token_f1": {"base": score(88.0), "tuned": score(89.0)}}


def small(difference: float, *, half: float) -> tuple[Any, ...]:
    return (compared("base", difference, "no difference shown", half=half, count=30),)


# A rule: a run that it speaks of, and one much like it of which it does not.
CASES: Mapping[str, tuple[RunRecord, RunRecord]] = {
    "nothing held out": (changed(num_test_rows=0), changed(num_test_rows=1)),
    "diverging": (changed(log=log([2.0, 2.5, 4.0, 5.0])), changed(log=log([2.0, 2.5, 1.9, 1.9]))),
    "hardly learned": (
        changed(log=log([3.0, 2.99, 2.98, 2.97])),
        changed(log=log([0.05, 0.0499, 0.0498, 0.0497])),
    ),
    "still falling": (
        changed(log=log([3.0, 2.0, 1.5, 1.2, 1.0])),
        changed(log=log([3.0, 2.0, 1.5, 1.01, 1.0])),
    ),
    "rose": (
        changed(log=log([3.0, 1.0, 1.2, 1.6])),
        changed(log=log([3.0, 1.0, 1.02, 1.03])),
    ),
    "few validation rows": (
        with_summary(splits={**CALM.summary["splits"], "validation": {"rows": 3}}),
        with_summary(splits={**CALM.summary["splits"], "validation": {"rows": 8}}),
    ),
    "not usable": (changed(usability=usable("not usable yet")), changed(usability=None)),
    "answers cut": (
        changed(answers=TUNED_CUT, rows=LONG_REFERENCES),
        changed(answers={"base": TUNED_CUT["tuned"]}, rows=LONG_REFERENCES),
    ),
    "rows too long": (
        replace(
            with_data(dropped={"too long": (LONG,)}),
            summary={**CALM.summary, "dropped": {"too long": 200}},
        ),
        with_summary(dropped={"too long": 5}),
    ),
    "much dropped": (
        with_summary(dropped={"empty response": 300}),
        with_summary(
            dropped={"near duplicate": 300, "left out by hand": 200, "rejected by ann": 200}
        ),
    ),
    "contradictions": (
        replace(with_data(contradictions=(PAIR,)), summary={**CALM.summary, "contradictions": 40}),
        with_summary(contradictions=0),
    ),
    "doubled headers": (
        with_data(train=HEADERS),
        replace(with_data(train=HEADERS), summary={"template": {"name": "concatenate"}}),
    ),
    "mixed languages": (
        with_data(train=MIXED),
        with_recipe(with_data(train=MIXED), "examples", language="en"),
    ),
    "too few rows": (
        changed(log=log([3.0, 1.2, 0.9, 0.9], train=0.05)),
        changed(log=log([3.0, 1.2, 0.9, 0.9], train=0.5)),
    ),
    "unbalanced labels": (
        with_data(train=LABELS),
        with_data(train=tuple(row(n, "rude" if n < 150 else "polite") for n in range(400))),
    ),
    "weak task": (changed(rows=TASKS), changed(rows=TASKS[:8])),
    "weak source": (
        changed(rows=SOURCES),
        changed(
            rows=tuple(replace(one, example=replace(one.example, source="a:1")) for one in SOURCES)
        ),
    ),
    "look-up as good": (
        changed(scores=RIVAL, comparisons=(compared("nearest", 1.0, "no difference shown"),)),
        changed(scores=RIVAL, comparisons=(compared("nearest", 8.0, "better"),)),
    ),
    "few-shot as good": (
        changed(scores=RIVAL, comparisons=(compared("few-shot", -2.0, "no difference shown"),)),
        changed(scores=RIVAL, comparisons=(compared("few-shot", 8.0, "better"),)),
    ),
    "base already good": (
        changed(scores=GOOD_BASE, comparisons=()),
        changed(scores={"token_f1": {"base": score(60.0), "tuned": score(89.0)}}),
    ),
    "forgot": (changed(probes=probed("forgot")), changed(probes=probed("kept"))),
    "judge untrusted": (changed(judge=judged("do not use")), changed(judge=judged("usable"))),
    "small test": (
        changed(comparisons=small(3.0, half=9.0)),
        changed(comparisons=small(0.0, half=0.3)),
    ),
}


def rules_of(record: RunRecord) -> list[str]:
    return [finding.rule for finding in diagnose(record)]


def test_nothing_stands_out_about_a_good_run() -> None:
    assert diagnose(CALM) == ()


@pytest.mark.parametrize("rule", CASES)
def test_a_rule_finds_what_it_is_for_and_nothing_beside(rule: str) -> None:
    speaks, silent = CASES[rule]
    assert rule in rules_of(speaks)
    assert rule not in rules_of(silent)


def test_every_rule_has_its_two_runs() -> None:
    assert len(CASES) == len(RULES) >= 15


def test_what_a_finding_says_can_be_done() -> None:
    for speaks, _ in CASES.values():
        for finding in diagnose(speaks):
            assert finding.sentence.endswith(".")
            check_change(finding)
            assert Finding.from_json(finding.to_json()) == finding


def check_change(finding: Finding) -> None:
    """A command parses, its settings and the recipe's lines are such that a recipe takes."""
    recipe = {"sources": [{"path": "a.jsonl"}]}
    if not finding.is_command:
        assert recipe_from_mapping(yaml.safe_load(finding.change))
        return
    _, *words = shlex.split(finding.change)
    parse(words)
    settings = [after for before, after in pairwise(words) if before == "--set"]
    assert recipe_from_mapping(recipe, overrides=settings)


def test_the_gravest_comes_first() -> None:
    many = replace(CASES["weak task"][0], log=log([2.0, 2.5, 4.0, 5.0]), judge=judged("noisy"))
    found = diagnose(many)
    assert [SEVERITIES.index(one.severity) for one in found] == [0, 1, 2]


def test_a_run_that_has_only_begun_is_left_alone() -> None:
    begun = RunRecord(
        name="begun",
        recipe={},
        environment={},
        summary={},
        data=replace(CALM.data, train=(), lengths={}),
        log=(),
        rows=(),
        num_test_rows=0,
        answers={},
        scores={},
        comparisons=(),
        failures={},
    )
    assert diagnose(begun) == ()


@pytest.mark.parametrize(
    ("speaks", "change"),
    [
        (CASES["still falling"][0], "tunesmith run mine.yaml --set training.epochs=8"),
        (
            with_recipe(CASES["still falling"][0], "training", steps=100),
            "tunesmith run mine.yaml --set training.steps=200",
        ),
        (CASES["diverging"][0], "tunesmith run mine.yaml --set training.learning_rate=2e-05"),
        (
            with_recipe(CASES["rose"][0], "training", keep="last"),
            "tunesmith run mine.yaml --set training.keep=best",
        ),
        (CASES["rows too long"][0], "tunesmith run mine.yaml --set training.max_tokens=1024"),
    ],
)
def test_the_change_goes_from_what_the_run_had(speaks: RunRecord, change: str) -> None:
    assert diagnose(speaks)[0].change == change


def test_rows_beyond_what_the_model_reads_are_no_matter_of_a_setting() -> None:
    record = with_recipe(CASES["rows too long"][0], "training", max_tokens="auto")
    (found,) = (one for one in diagnose(record) if one.rule == "rows too long")
    assert "takes no more" in found.sentence
    assert found.change.startswith("model:")


def test_answers_that_need_more_room_get_it_and_others_more_training() -> None:
    roomy = with_recipe(CASES["answers cut"][0], "generation", max_new_tokens=2000)
    short = next(one for one in diagnose(CASES["answers cut"][0]) if one.rule == "answers cut")
    (long,) = (one for one in diagnose(roomy) if one.rule == "answers cut")
    assert "generation.max_new_tokens=" in short.change
    assert long.change == "tunesmith curve mine.yaml"  # its loss on held-out rows had risen
    falling = replace(roomy, log=tuple(one for one in roomy.log if one.split == "train"))
    (longer,) = (one for one in diagnose(falling) if one.rule == "answers cut")
    assert "training.epochs=8" in longer.change


def test_the_weak_task_is_named_with_its_figures_and_worst_rows() -> None:
    (finding,) = diagnose(CASES["weak task"][0])
    assert "'opposite'" in finding.sentence
    assert "there (50 rows)" in finding.evidence[0]
    assert len(finding.rows) == 3
    assert {r.example.id for r in TASKS} >= set(finding.rows)


def test_a_label_that_is_rare_in_one_task_only_is_found_there() -> None:
    rest = tuple(row(n, ("yes", "no")[n % 2], tag="check") for n in range(100))
    mood = tuple(row(n, "sad" if n < 4 else "glad", tag="mood") for n in range(100))
    (finding,) = diagnose(with_data(train=(*rest, *mood)))
    assert "of task 'mood'" in finding.sentence
    assert "'sad' is rare" in finding.sentence
    assert diagnose(with_data(train=(*TRAIN[:100], *rest))) == ()


def test_an_answer_that_stands_once_is_no_rare_label() -> None:
    labels = [row(n, ("yes", "no")[n % 2]) for n in range(100)]
    assert diagnose(with_data(train=(*labels, row(100, "Yes, as far as I know.")))) == ()


def test_a_curve_that_was_measured_says_whether_more_rows_help() -> None:
    few = CASES["too few rows"][0]
    for outcome, told in (("gain", ["too few rows"]), ("next to nothing", []), ("not told", [])):
        doubling = {"value": 3.0, "low": 1.0, "high": 6.0, "outcome": outcome}
        curve = {"main": "chrf", "sizes": [50, 100], "metrics": {"chrf": {"doubling": doubling}}}
        record = replace(few, curve={**curve, "sentence": "Twice the rows would bring 3 points."})
        assert rules_of(record) == told


def test_how_many_rows_it_takes_is_the_usual_calculation_of_power() -> None:
    """A standard error of 4 on 30 rows; 5 points need one of 5 / 2.8: 30 * (4 * 2.8 / 5)^2."""
    (comparison,) = small(5.0, half=4.0 * 1.96)
    assert rows_needed(comparison) == 151
