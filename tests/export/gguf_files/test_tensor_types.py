"""Numbers come out of a GGUF file as near to the model's as their type allows, and no nearer."""

import gguf
import numpy as np
import pytest

from tunesmith.errors import RecipeError
from tunesmith.export.gguf_files.tensor_types import (
    TENSOR_TYPES,
    dequantised,
    is_within_bound,
    quantised,
    stored_as,
    tensor_type,
)

KINDS = sorted({kind.matrices for kind in TENSOR_TYPES.values()})


def _numbers(seed: int) -> "np.typing.NDArray[np.float32]":
    draw = np.random.default_rng(seed)
    rows = [draw.standard_normal(512), draw.standard_t(2, 512), draw.uniform(0, 1, 512)]
    return np.stack([*rows, np.zeros(512), np.ones(512)]).astype(np.float32)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_what_is_packed_is_read_within_the_bound(kind: gguf.GGMLQuantizationType) -> None:
    for seed in range(20):
        values = _numbers(seed)
        read = dequantised(quantised(values, kind), kind)
        assert is_within_bound(values, read, kind)
        assert not is_within_bound(values, read * 1.3, kind)
        assert not is_within_bound(values, read[:, ::-1], kind)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_number_that_is_none_is_never_within_a_bound(kind: gguf.GGMLQuantizationType) -> None:
    values = _numbers(0)
    read = dequantised(quantised(values, kind), kind).copy()
    read[0, 0] = np.nan
    assert not is_within_bound(values, read, kind)


def test_norms_biases_and_positions_stay_in_fp32_and_tables_are_rounded_less() -> None:
    kind = tensor_type("q4_0")
    names = [stored_as(name, shape, kind).name for name, shape in (
        ("blk.0.attn_norm.weight", (64,)),
        ("position_embd.weight", (512, 64)),
        ("token_embd.weight", (270, 64)),
        ("blk.0.attn_q.weight", (64, 64)),
    )]  # fmt: skip
    assert names == ["F32", "F32", "Q8_0", "Q4_0"]


def test_rows_that_are_no_whole_number_of_blocks_take_a_wider_type() -> None:
    assert stored_as("blk.0.ffn_up.weight", (8, 96), tensor_type("q4_k_m")).name == "Q8_0"
    assert stored_as("blk.0.ffn_up.weight", (8, 80), tensor_type("q4_0")).name == "F16"


def test_a_type_that_is_not_known_is_named_with_those_that_are() -> None:
    with pytest.raises(RecipeError, match=r"'q3_k'.*Known are f32, f16"):
        tensor_type("q3_k")
