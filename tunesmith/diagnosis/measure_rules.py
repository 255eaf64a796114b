"""The test set and the judge of a run -> whether they can tell what they are asked.

How many rows a difference takes is the usual calculation of power: to be found in 80 % of
tests at p < 0.05, a difference has to be 2.8 standard errors, and these shrink with the
root of the rows.
"""

from math import ceil

from tunesmith.diagnosis.cures import again_with, command, more_rows
from tunesmith.diagnosis.main_metric import main_comparison, main_score
from tunesmith.evaluation.grade import Comparison
from tunesmith.language.translate import sentences, translate
from tunesmith.report.advice.finding import Finding
from tunesmith.report.judge_facts import judge_sentence
from tunesmith.report.number_text import counted, interval, number, signed
from tunesmith.report.record import BASE, TUNED, RunRecord

_FOUND = 2.8  # standard errors: 1.96 for p < 0.05, 0.84 for a power of 80 %
_HALF_WIDTH = 1.96
_SMALLEST_POINTS = 2.0  # smaller differences are not worth looking for
_WIDE = 15.0  # points either way at which a score says little
_MOST_HELD_OUT = 0.3


def nothing_held_out(record: RunRecord) -> Finding | None:
    """There is no test row, so nothing is known."""
    if record.num_test_rows or not record.summary:
        return None
    return Finding(
        rule="nothing held out",
        severity="fix first",
        sentence=translate(
            "No row was held out for testing, so nobody can say whether the model is better."
        ),
        evidence=(counted(0, "test row"),),
        change=again_with(record, examples__split__test=0.1),
    )


def small_test(record: RunRecord) -> Finding | None:
    """The test has too few rows to tell the difference there may be."""
    compared = main_comparison(record, BASE)
    if compared is None or compared.difference is None or compared.low is None:
        return None
    if compared.verdict == "no difference shown":
        needed = rows_needed(compared)
        sentence = translate(
            "The test is too small to tell: {rows} cannot tell a difference of {points} points "
            "from chance; about {count:,} could.",
            rows=counted(compared.count, "row"),
            points=number(_looked_for(compared)),
            count=needed,
        )
        evidence = (
            translate(
                "tuned − base {value} ({range})",
                value=signed(compared.difference),
                range=interval(compared.low, compared.high, sign=True),
            ),
        )
    else:
        score = main_score(record, TUNED)
        if score is None or score.low is None or score.high is None:
            return None
        half = (score.high - score.low) / 2
        if half < _WIDE:
            return None
        needed = ceil(score.count * (half / (_WIDE / 2)) ** 2)
        sentence = translate(
            "With {rows} tuned's score is known to {points} points either way only; about "
            "{count:,} rows would tell it to {limit}.",
            rows=counted(score.count, "test row"),
            points=number(half),
            count=needed,
            limit=number(_WIDE / 2),
        )
        evidence = (
            translate(
                "{value} ({range})",
                value=number(score.value),
                range=interval(score.low, score.high),
            ),
        )
    if needed <= compared.count:
        return None
    return Finding(
        rule="small test",
        severity="good to know",
        sentence=sentence,
        evidence=evidence,
        change=_more_test_rows(record, needed),
    )


def rows_needed(compared: Comparison) -> int:
    """Test rows that would show the difference seen (or the smallest worth it) in 8 of 10 tests."""
    width = (compared.high or 0.0) - (compared.low or 0.0)
    error = width / 2 / _HALF_WIDTH
    return ceil(compared.count * (_FOUND * error / _looked_for(compared)) ** 2)


def _looked_for(compared: Comparison) -> float:
    return max(abs(compared.difference or 0.0), _SMALLEST_POINTS)


def _more_test_rows(record: RunRecord, needed: int) -> str:
    """A larger share of the rows where they suffice, else a file of test rows."""
    kept = record.summary.get("kept", 0)
    share = ceil(100 * needed / kept) / 100 if kept else 1.0
    if share <= _MOST_HELD_OUT:
        return again_with(record, examples__split__test=share)
    return f"{more_rows('test')}\n  use_as: test"


def judge_untrusted(record: RunRecord) -> Finding | None:
    """The judge fell for planted answers."""
    verdict = record.judge.get("trust", {}).get("verdict", "usable")
    if verdict == "usable":
        return None
    return Finding(
        rule="judge untrusted",
        severity="fix first" if verdict == "do not use" else "good to know",
        sentence=sentences(
            judge_sentence(record.judge),
            translate("Take a larger model as judge, and try it alone."),
        ),
        evidence=tuple(record.judge["trust"].get("reasons", ())),
        change=command("evaluate", record.recipe_file, "--check-judge"),
    )
