"""Comparisons of baselines with tuned -> which of them do as well, and what that means.

Where the answer of the most similar training question scores as well as the tuned model, the test
cannot tell whether the model learned to answer or to repeat.
"""

from collections.abc import Mapping, Sequence
from statistics import fmean

from tunesmith.evaluation.grade import Comparison, Score
from tunesmith.evaluation.token_metrics import BESIDE_TEXT
from tunesmith.evaluation.usability.tally import RIGHT
from tunesmith.evaluation.usability.usability import UsabilityFinding
from tunesmith.evaluation.verdict import overall_verdict
from tunesmith.language.translate import message

TUNED, NEAREST, FEW_SHOT = "tuned", "nearest", "few-shot"
AS_GOOD_SENTENCES = {
    NEAREST: message(
        "A look-up of the nearest training question does as well: the model has learned to "
        "repeat, not to answer."
    ),
    FEW_SHOT: message(
        "The base model, shown training examples in its prompt, does as well: a prompt may be "
        "enough."
    ),
}
_PERHAPS = {
    NEAREST: message("No difference from a look-up of the nearest training question is shown."),
    FEW_SHOT: message(
        "No difference from the base model with training examples in its prompt is shown."
    ),
}
_AHEAD = 5.0  # points by which a model may be better though few rows do not show it


def as_good(comparisons: Sequence[Comparison]) -> tuple[str, ...]:
    """The baselines than which tuned is not shown to be better."""
    return tuple(name for name in AS_GOOD_SENTENCES if _is_as_good(_against(comparisons, name)))


def as_good_sentence(comparisons: Sequence[Comparison], name: str) -> str:
    """What that means; less is claimed where tuned may be better, were there more rows."""
    told = [c.difference for c in _against(comparisons, name) if c.difference is not None]
    return (_PERHAPS if fmean(told) > _AHEAD else AS_GOOD_SENTENCES)[name]


def look_up_finding(
    comparisons: Sequence[Comparison], rates: Mapping[str, Score]
) -> UsabilityFinding | None:
    """That a look-up does as well, beside how often it is right; None where nobody looked."""
    if RIGHT not in rates:
        return None
    sentence = as_good_sentence(comparisons, NEAREST)
    return UsabilityFinding(
        rule="look_up", outcome="usable with care", sentence=sentence, rate=rates[RIGHT]
    )


def _against(comparisons: Sequence[Comparison], name: str) -> list[Comparison]:
    """Of metrics of answers: the loss of a look-up is not measured."""
    return [
        c
        for c in comparisons
        if (c.first, c.second) == (name, TUNED) and c.metric not in BESIDE_TEXT
    ]


def _is_as_good(comparisons: Sequence[Comparison]) -> bool:
    outcome = overall_verdict(comparisons).outcome
    return outcome not in ("better", "not compared")
