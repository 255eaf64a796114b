"""Completions and references -> one grade a row.

Exact match and token F1 follow SQuAD's evaluation, with the words of `normalise`; ROUGE-L is
the F-measure of the longest common subsequence of the same words (Lin 2004); chrF is
sacrebleu's (Popović 2015). All are 0 to 100. A row without a
completion is a failure with its reason, never a 0.
"""

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import redirect_stdout
from dataclasses import replace
from functools import cache, partial
from typing import Protocol

from rapidfuzz.distance import LCSseq
from sacrebleu.metrics.chrf import CHRF

from tunesmith.entry_points import find_plugin, in_words, load_plugin
from tunesmith.errors import DataError, RecipeError
from tunesmith.evaluation.final_answer import final_answer
from tunesmith.evaluation.grade import CUT, Grade
from tunesmith.evaluation.metric import MeasureError, Metric
from tunesmith.evaluation.normalise import normalised_words
from tunesmith.evaluation.token_metrics import BESIDE_TEXT

_ROUNDING = 1e-6


class GradableAnswer(Protocol):
    """What grading reads of a completion."""

    @property
    def example_id(self) -> str:
        """The example that was answered."""

    @property
    def text(self) -> str:
        """What the model wrote."""

    @property
    def finish_reason(self) -> str:
        """`stop` or `length`; anything else is why there is no answer."""


def exact_match(completion: str, reference: str) -> float:
    """100 where the words are the same after normalisation, else 0."""
    return 100.0 * (normalised_words(completion) == normalised_words(reference))


def token_f1(completion: str, reference: str) -> float:
    """Harmonic mean of precision and recall of the words, in any order."""
    candidate, expected = normalised_words(completion), normalised_words(reference)
    common = (Counter(candidate) & Counter(expected)).total()
    return _f_measure(common, len(candidate), len(expected))


def rouge_l(completion: str, reference: str) -> float:
    """Harmonic mean of precision and recall of the words in the same order."""
    candidate, expected = normalised_words(completion), normalised_words(reference)
    common = LCSseq.similarity(candidate, expected)
    return _f_measure(common, len(candidate), len(expected))


def chrf(completion: str, reference: str) -> float:
    """F-score of character n-grams up to 6, recall weighing twice; case and marks count."""
    if not completion.strip() or not reference.strip():
        return 100.0 * (completion.strip() == reference.strip())
    return float(_chrf_scorer().sentence_score(completion, [reference]).score)


def _f_measure(common: int, num_candidate: int, num_expected: int) -> float:
    if num_candidate == 0 or num_expected == 0:
        return 100.0 * (num_candidate == num_expected)
    return 200.0 * common / (num_candidate + num_expected)


@cache
def _chrf_scorer() -> CHRF:
    return CHRF()


METRICS = (
    Metric(
        name="exact_match",
        measure=exact_match,
        description="100 where the words are the same after normalisation, else 0",
    ),
    Metric(name="token_f1", measure=token_f1, description="words in common, in any order"),
    Metric(name="rouge_l", measure=rouge_l, description="words in common, in the same order"),
    Metric(name="chrf", measure=chrf, description="character n-grams in common"),
    Metric(
        name="final_answer",
        measure=final_answer,
        description="100 where an answer that is reasoned towards ends in the right one, else 0",
    ),
)
TEXT_METRICS: Mapping[str, Callable[[str, str], float]] = {
    metric.name: metric.measure for metric in METRICS
}
_RESERVED = frozenset({*TEXT_METRICS, *BESIDE_TEXT})


def find_metric(name: str) -> Metric:
    """The metric of answers of a name, built in or of a package.

    Raises:
        RecipeError: It is unknown, or the package that offers it cannot be used.
    """
    found = next((metric for metric in METRICS if metric.name == name), None)
    if found is not None:
        return found
    plugin = find_plugin("metrics", name, built_in=_RESERVED)
    if plugin is None:
        raise RecipeError(f"metric '{name}' is unknown", cure=f"Known: {', '.join(TEXT_METRICS)}.")
    metric: Metric = load_plugin(plugin, (Metric,))
    return replace(metric, measure=partial(_measured, metric))


def _measured(metric: Metric, completion: str, reference: str) -> float:
    """The mark of a package's metric; where its code fails, that row fails."""
    try:
        with redirect_stdout(sys.stderr):  # stdout is the command's result
            score = float(metric.measure(completion, reference))
    except (Exception, SystemExit) as error:
        raise MeasureError(f"metric {metric.name} failed ({in_words(error)})") from error
    if not 0 <= score <= 100 + _ROUNDING:
        raise MeasureError(f"metric {metric.name} gave {score:g}, not 0 to 100")
    return score


def grade_completions(
    completions: Iterable[GradableAnswer],
    references: Mapping[str, str],
    *,
    metric: str,
    model: str,
    failures: Mapping[str, str] | None = None,
) -> Iterator[Grade]:
    """Grade a model's completions one at a time, then every row that has none.

    Args:
        completions: In any order; of two for one example the first counts.
        references: What each example should have been answered; decides which rows count.
        metric: The name of a metric of answers; see `find_metric`.
        model: Whose completions these are.
        failures: Why an example has no completion, where that is known.

    Raises:
        DataError: A completion answers no example of `references`.
        RecipeError: The metric is unknown, or cannot be used.
    """
    measure = find_metric(metric).measure
    seen: set[str] = set()
    for answer in completions:
        if answer.example_id not in references:
            raise _stray(answer, model)
        if answer.example_id in seen:
            continue
        seen.add(answer.example_id)
        score, reason = _grade(answer, references, measure)
        yield Grade(
            example_id=answer.example_id, model=model, metric=metric, score=score, reason=reason
        )
    for example_id in references:
        if example_id not in seen:
            reason = (failures or {}).get(example_id, "no completion")
            yield Grade(
                example_id=example_id, model=model, metric=metric, score=None, reason=reason
            )


def _grade(
    answer: GradableAnswer, references: Mapping[str, str], measure: Callable[[str, str], float]
) -> tuple[float | None, str | None]:
    """An answer that was cut off counts as it stands, with a remark."""
    if answer.finish_reason not in ("stop", "length"):
        return None, answer.finish_reason
    remark = CUT if answer.finish_reason == "length" else None
    try:
        return measure(answer.text, references[answer.example_id]), remark
    except MeasureError as error:
        return None, str(error)


def _stray(answer: GradableAnswer, model: str) -> DataError:
    return DataError(
        f"the completion of example {answer.example_id!r} belongs to no test row",
        where=f"completions of {model}",
        cure="The test rows changed since; answer again.",
    )
