"""Preferences of a judge -> flips, the pull of position and of length, and lengths.

Everything here follows from the lines of `judgements/pairwise.jsonl`.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from tunesmith.evaluation.judge.length_control import length_controlled
from tunesmith.evaluation.judge.pairwise import Preference
from tunesmith.evaluation.judge.rates import Rate, share_of


def flip_rate(preferences: Iterable[Preference]) -> Rate:
    """The share of pairs, asked in both orders, in which the order alone decided."""
    return share_of(one.is_flipped for one in preferences if one.is_asked)


def preference_facts(preferences: Sequence[Preference]) -> dict[str, Any]:
    """What `scores.json` says of one model's preferences.

    Returns:
        `wins`, `ties`, `losses`, `flips`, `failed`, `same_text`: counts of rows. `flip_rate`,
        `prefers_first` and `prefers_second`: of the pairs asked, in how many the order
        decided, and for which place. `longer_preferred`: in how many of those with a winner
        it was the longer answer. `length_controlled_win_rate`. `mean_lengths` in characters.
    """
    scores = [one.score for one in preferences]
    asked = [one for one in preferences if one.is_asked]
    unequal = [one for one in asked if one.score in (0.0, 100.0) and len(set(one.lengths)) == 2]
    graded = [one for one in preferences if one.score is not None]
    lengths = np.array([one.lengths for one in graded], dtype=np.float64).reshape(-1, 2)
    controlled = length_controlled(
        np.array([one.score for one in graded], dtype=np.float64), lengths[:, 0] - lengths[:, 1]
    )
    rates = {
        "flip_rate": flip_rate(asked),
        "prefers_first": share_of(one.choices == ("model", "opponent") for one in asked),
        "prefers_second": share_of(one.choices == ("opponent", "model") for one in asked),
        "longer_preferred": share_of(
            (one.lengths[0] > one.lengths[1]) == (one.score == 100.0) for one in unequal
        ),
        "length_controlled_win_rate": controlled,
    }
    return {
        "wins": scores.count(100.0),
        "ties": scores.count(50.0),
        "losses": scores.count(0.0),
        "flips": sum(one.is_flipped for one in preferences),
        "same_text": sum(not one.calls for one in graded),
        "failed": scores.count(None),
        **{name: rate.to_json() for name, rate in rates.items()},
        "mean_lengths": [float(mean) for mean in lengths.mean(axis=0)] if graded else None,
    }
