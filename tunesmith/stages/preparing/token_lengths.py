"""How many rows of each length a split has -> `data/token_lengths.json`, for the report."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np

_NUM_BARS = 40


def token_lengths(lengths: Mapping[str, Counter[int]], *, max_tokens: int) -> dict[str, Any]:
    """A histogram a split over bars that they share.

    Args:
        lengths: By split: how many rows have how many tokens.
        max_tokens: Longer rows are not among them.

    Returns:
        `width` of a bar in tokens; `max_tokens`; `splits`: `rows` of each bar (bar i holds
        lengths from i * width up to, not including, (i + 1) * width), `median`, `longest`.
    """
    longest = max((max(counts, default=0) for counts in lengths.values()), default=0)
    width = max(1, -(-(longest + 1) // _NUM_BARS))
    return {
        "schema": 1,
        "width": width,
        "max_tokens": max_tokens,
        "splits": {split: _one(counts, width) for split, counts in lengths.items() if counts},
    }


def _one(counts: Counter[int], width: int) -> dict[str, Any]:
    tokens = np.array(sorted(counts))
    rows = np.array([counts[int(length)] for length in tokens])
    middle = int(np.searchsorted(np.cumsum(rows), (rows.sum() + 1) // 2))
    return {
        "rows": np.bincount(tokens // width, weights=rows).astype(int).tolist(),
        "median": int(tokens[middle]),
        "longest": int(tokens[-1]),
    }
