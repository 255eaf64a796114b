"""A task -> matrix operations that training one of its examples needs, on average.

Counted is what no exact method can leave out without sharing between examples: products with
the layers' matrices for every token, with the head for trained tokens only, and attention of
each token to those before it; forwards once, backwards twice. No padding, no recomputation.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np

from measuring.tasks import Task


def matrix_operations(task: Task) -> float:
    """Multiplications and additions of one example, forwards and backwards."""
    config = json.loads((task.model / "config.json").read_text(encoding="utf-8"))
    lengths, targets = _lengths(task.rows)
    width, layers = (
        _any(config, "hidden_size", "n_embd"),
        _any(config, "num_hidden_layers", "n_layer"),
    )
    tokens, squares = lengths.mean(), (lengths.astype(float) ** 2).mean()
    linear = 2 * tokens * layers * _matrix_weights(config, width)
    attention = 2 * layers * width * squares  # two products over half of the T x T pairs
    head = 2 * targets.mean() * width * config["vocab_size"]
    return float(3 * (linear + attention + head))


def _matrix_weights(config: dict[str, Any], width: int) -> int:
    """Weights of one layer's matrices."""
    heads = _any(config, "num_attention_heads", "n_head")
    groups = config.get("num_key_value_heads", heads)
    inner = config.get("intermediate_size") or 4 * width
    attention = 2 * width * width + 2 * width * width * groups // heads
    is_gated = config["model_type"] == "llama"
    return int(attention + (3 if is_gated else 2) * width * inner)


def _lengths(rows: Path) -> tuple[Any, Any]:
    records = [json.loads(line) for line in rows.read_text(encoding="utf-8").splitlines()]
    lengths = np.array([len(record["ids"]) for record in records])
    return lengths, np.array([sum(record["is_trained"][1:]) for record in records])


def _any(config: dict[str, Any], *names: str) -> int:
    return int(next(config[name] for name in names if name in config))
