"""The scores of all parts -> the curve's points, and what twice the rows would bring, in words."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tunesmith.diagnosis.main_metric import ORDER
from tunesmith.evaluation.power_law import DoublingGain, FloatArray, doubling_gain
from tunesmith.evaluation.score import metric_bounds
from tunesmith.evaluation.verdict import metric_title
from tunesmith.language.translate import message, translate
from tunesmith.report.number_text import number

Parts = Mapping[int, Sequence[Mapping[str, Any]]]  # number of rows -> a record a seed


def curve_record(parts: Parts) -> dict[str, Any]:
    """The points and the gain of every metric, and of which the sentence speaks.

    Args:
        parts: What `PartOfRows.scores` returned, by number of rows; rising.
    """
    first = next(iter(parts.values()))[0]
    metrics = {}
    for name in first["metrics"]:
        scores = _graded([[one["metrics"][name] for one in some] for some in parts.values()])
        if scores[0].shape[1]:
            metrics[name] = _measured(list(parts), scores, name)
    losses = [np.array([one["loss"] for one in some]) for some in parts.values()]
    weights = np.array(first["loss_weights"], dtype=np.float64)
    metrics["loss"] = _measured(list(parts), losses, "loss", weights=weights)
    main = next((name for name in (*ORDER, *metrics) if name in metrics), "loss")
    return {"main": main, "metrics": metrics, "sentence": _sentence(main, metrics[main])}


def _graded(scores: list[list[list[float | None]]]) -> list[FloatArray]:
    """Of each size (S, R), over the rows that were graded in every part."""
    arrays = [np.array(one, dtype=np.float64) for one in scores]
    whole = ~np.isnan(np.concatenate(arrays)).any(axis=0)
    return [one[:, whole] for one in arrays]


def _measured(
    sizes: list[int], scores: list[FloatArray], name: str, *, weights: FloatArray | None = None
) -> dict[str, Any]:
    shares = np.ones(scores[0].shape[1]) if weights is None else weights
    points = []
    for size, one in zip(sizes, scores, strict=True):
        means = one @ shares / shares.sum()
        points.append([size, float(np.median(means)), float(means.min()), float(means.max())])
    gain = doubling_gain(sizes, scores, bounds=metric_bounds(name), weights=weights)
    doubling = {"value": gain.value, "low": gain.low, "high": gain.high}
    outcome = {} if name == "loss" else {"outcome": gain.outcome}
    return {"points": points, "doubling": {**doubling, **outcome}}


_SENTENCES = {
    "gain": message(
        "Twice the rows would bring about {points} points of {metric} ({low} to {high})."
    ),
    "loss": message(
        "Twice the rows would cost about {points} points of {metric} ({low} to {high})."
    ),
    "next to nothing": message(
        "Twice the rows would bring next to nothing: {points} points of {metric} ({low} to {high})."
    ),
    "not told": message(
        "What twice the rows would bring cannot be told: anything from {low} to {high} points of "
        "{metric}. More seeds or more test rows would tell."
    ),
}


def _sentence(name: str, measured: Mapping[str, Any]) -> str:
    told = measured["doubling"]
    if name == "loss":
        return translate(
            "Twice the rows would change the loss by about {value} ({low} to {high}).",
            **{end: number(told[end], 3) for end in ("value", "low", "high")},
        )
    gain = DoublingGain(value=told["value"], low=told["low"], high=told["high"])
    return translate(
        _SENTENCES[gain.outcome],
        points=_points(-gain.value if gain.outcome == "loss" else gain.value),
        low=_points(gain.low),
        high=_points(gain.high),
        metric=metric_title(name),
    )


def _points(value: float) -> str:
    return number(value, 0 if abs(value) >= 2 else 1)
