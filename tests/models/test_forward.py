"""Micro-batches of a step, and which examples may share a row."""

import pytest
import torch

from tests.tiny import random_example, tiny_config, tiny_network
from tunesmith.models.forward import LanguageModel, choose_layout, plan_micro_batches, row_logits
from tunesmith.models.rows.attention import register
from tunesmith.tokens.collate import collate

LONG = {
    "rope_type": "longrope",
    "rope_theta": 10000.0,
    "short_factor": [1.0] * 4,
    "long_factor": [4.0] * 4,
    "factor": 16.0,
}
PHI3 = {"rope_parameters": LONG, "original_max_position_embeddings": 32}
DYNAMIC = {"rope_type": "dynamic", "rope_theta": 10000.0, "factor": 2.0}


def _model(family: str, **changes: object) -> LanguageModel:
    network = torch.nn.Module()
    network.config = tiny_config(family, **changes)
    return LanguageModel(network=network, layout="rows", layout_reason="", own_attention="sdpa")


@pytest.mark.parametrize(
    ("lengths", "size", "expected"),
    [
        ([], 2, []),
        ([5], 2, [[0]]),
        ([5, 6, 7, 8, 9], 2, [[0, 1], [2, 3], [4]]),
        ([5, 6, 7], 1, [[0], [1], [2]]),
        ([5, 6, 7], 9, [[0, 1, 2]]),
    ],
)
def test_examples_are_grouped_in_their_order(
    lengths: list[int], size: int, expected: list[list[int]]
) -> None:
    assert plan_micro_batches(lengths, size=size, limit=None) == expected


@pytest.mark.parametrize(
    ("lengths", "expected"),
    [
        ([10, 11, 10], [[0], [1], [2]]),
        ([10, 10, 11], [[0, 1], [2]]),
        ([11, 10, 10], [[0], [1, 2]]),
        ([11, 12, 3], [[0], [1], [2]]),
        ([1, 2, 3, 4, 99, 5], [[0, 1, 2], [3], [4], [5]]),
    ],
)
def test_an_example_over_the_limit_stands_alone(
    lengths: list[int], expected: list[list[int]]
) -> None:
    assert plan_micro_batches(lengths, size=3, limit=10) == expected


def test_only_rotary_kinds_that_look_at_the_length_limit_a_shared_row() -> None:
    assert _model("llama").shared_row_limit is None
    assert _model("gpt2").shared_row_limit is None
    assert _model("phi3", **PHI3).shared_row_limit == 32
    assert _model("llama", rope_parameters=DYNAMIC).shared_row_limit == 512
    linear = {"rope_type": "linear", "rope_theta": 10000.0, "factor": 2.0}
    assert _model("llama", rope_parameters=linear).shared_row_limit is None


def test_the_context_is_what_the_config_says() -> None:
    assert _model("llama").context_tokens == 512
    assert _model("gpt2").context_tokens == 512
    assert _model("bloom").context_tokens is None


@pytest.mark.parametrize("lengths", [(20, 30, 25), (32, 32)])
def test_within_the_limit_a_shared_row_equals_each_example_alone(lengths: tuple[int, ...]) -> None:
    """Together they are longer than the original context; their positions are not."""
    register()
    model = choose_layout(tiny_network("phi3", **PHI3))
    assert model.layout == "rows", model.layout_reason
    alone = tiny_network("phi3", **PHI3)
    examples = [random_example(length, seed=length) for length in lengths]
    batch = collate(examples)
    with torch.no_grad():
        together = row_logits(model.network, batch, keep=torch.arange(len(batch.ids)))
        for example, logits in zip(examples, together.split(list(lengths)), strict=True):
            ids = torch.from_numpy(example.ids).long()[None]
            assert (alone(input_ids=ids).logits[0] - logits).abs().max() < 1e-4


def test_over_the_limit_a_shared_row_would_change_the_short_example() -> None:
    register()
    model = choose_layout(tiny_network("phi3", **PHI3))
    short, long = random_example(20, seed=1), random_example(33, seed=2)
    with torch.no_grad():
        batch = collate([short])
        apart = row_logits(model.network, batch, keep=torch.arange(20))
        batch = collate([short, long])
        shared = row_logits(model.network, batch, keep=torch.arange(20))
    assert (apart - shared).abs().max() > 1e-3, "so the limit is needed"
