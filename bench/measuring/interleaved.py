"""Contenders and a task -> figures of each, taken in turns, so that a slow minute hits all.

A B C A B C: a round measures everyone once; the median over the rounds is the figure, the
lowest and the highest are kept beside it, and a ratio is one of medians.
"""

import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from measuring.child import ChildError

Figures = dict[str, Any]


def take_turns(
    contenders: Mapping[str, Callable[[], Figures]], *, repeats: int
) -> dict[str, Figures]:
    """Run each contender `repeats` times in turns; who fails once is left out from then on.

    Returns:
        For each name the spread of every number (`median`, `lowest`, `highest`) and other
        values as they came last, or `{"failed": reason}`.
    """
    taken: dict[str, list[Figures]] = {name: [] for name in contenders}
    failed: dict[str, str] = {}
    for number in range(repeats):
        for name, measure in contenders.items():
            if name in failed:
                continue
            try:
                figures = measure()
            except ChildError as error:
                failed[name] = str(error)
                print(f"  {name}: {error}", file=sys.stderr)
                continue
            taken[name].append(figures)
            print(f"  round {number + 1}, {name}: {_in_words(figures)}", file=sys.stderr)
    return {
        name: {"failed": failed[name]} if name in failed else _spread(taken[name])
        for name in contenders
    }


def spread(values: Sequence[float]) -> dict[str, Any]:
    """Median, lowest, highest, and every round's value."""
    rounds = [round(value, 4) for value in values]
    return {
        "median": round(statistics.median(values), 4),
        "lowest": min(rounds),
        "highest": max(rounds),
        "rounds": rounds,
    }


def ratio(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> dict[str, float]:
    """The ratio of two spreads' medians, with the lowest and highest of one round."""
    each = [mine / other for mine, other in zip(ours["rounds"], theirs["rounds"], strict=True)]
    return {
        "median": round(ours["median"] / theirs["median"], 2),
        "lowest": round(min(each), 2),
        "highest": round(max(each), 2),
    }


def _spread(trials: Sequence[Figures]) -> Figures:
    return {
        key: spread([trial[key] for trial in trials]) if isinstance(value, float) else value
        for key, value in trials[-1].items()
    }


def _in_words(figures: Figures) -> str:
    return ", ".join(
        f"{key} {value:.4g}" for key, value in figures.items() if isinstance(value, int | float)
    )
