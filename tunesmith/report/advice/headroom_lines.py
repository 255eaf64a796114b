"""Scores of untuned models -> what there is to gain, in words for a terminal."""

from collections.abc import Iterator, Mapping, Sequence

from tunesmith.evaluation.grade import Score
from tunesmith.evaluation.headroom import Headroom
from tunesmith.evaluation.verdict import metric_title
from tunesmith.report.number_text import interval, number

_TASK = {
    "next to nothing": (
        "Untuned, the model does next to nothing of it. Of a base model, which follows no "
        "instructions yet, that says little: tuning teaches it to answer, not what to know."
    ),
    "so-so": "It does part of the task: that is where tuning helps most.",
    "good already": "It is good at the task already: tuning has little to add.",
    "cannot be told": "How much of the task it does cannot be told from these rows.",
}
_PAIRS = {
    "better": "The judge prefers your answers to those of {bigger}: they are worth learning.",
    "worse": (
        "The judge prefers the answers of {bigger} to yours: mend the pairs, or let it write them "
        "(tunesmith teach)."
    ),
    "no difference shown": "The judge prefers neither your answers nor those of {bigger}.",
    "no judge": (
        "Whether your answers are better than those of {bigger} only a judge can tell: "
        "--set 'evaluation.judge={{url: ..., model: ...}}'."
    ),
    "judge not to be trusted": (
        "Whether your answers are better than those of {bigger} is not known: the judge is not to "
        "be trusted (--check-judge says why)."
    ),
    "no bigger model": (
        "To compare your answers with a bigger model's: "
        "--set 'evaluation.rivals=[{{url: http://localhost:11434/v1, model: llama3}}]'."
    ),
}


def headroom_lines(
    found: Headroom, scores: Mapping[str, Mapping[str, Score]], models: Sequence[str], rows: int
) -> Iterator[str]:
    """The answer first, then the scores as a table.

    Args:
        found: What there is to gain.
        scores: By metric and model.
        models: In the order of the table.
        rows: Validation rows that were asked.
    """
    best, title = scores[found.metric].get(found.best), metric_title(found.metric)
    if best is not None and found.gain is not None:
        reached = f"{number(best.value)} of 100 ({interval(best.low, best.high)})"
        yield (
            f"Up to {number(found.gain)} points of {title} to gain: on {rows:,} validation rows "
            f"{found.best} reaches {reached}."
        )
    yield _TASK[found.task]
    yield _PAIRS[found.pairs].format(bigger=found.bigger)
    yield ""
    yield from _table(scores, models)
    yield ""
    yield "Nothing was trained, and the test rows were not read."


def _table(scores: Mapping[str, Mapping[str, Score]], models: Sequence[str]) -> Iterator[str]:
    heads = [metric_title(metric) for metric in scores]
    cells = [
        [number(one.value) if (one := by_model.get(model)) else "" for by_model in scores.values()]
        for model in models
    ]
    width = max(map(len, models))
    yield "  ".join([" " * width, *heads])
    for model, row in zip(models, cells, strict=True):
        shown = (f"{cell:>{len(head)}}" for cell, head in zip(row, heads, strict=True))
        yield "  ".join([f"{model:<{width}}", *shown])
