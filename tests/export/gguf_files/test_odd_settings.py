"""A setting that no GGUF file can say is refused in every type; a window bounds the context."""

from typing import Any

import pytest

from tests.export.gguf_files.tiny_gguf import SHAPES, WIDE
from tests.tiny import tiny_config
from tunesmith.errors import RefusedError
from tunesmith.export.gguf_files.architectures import model_fields, offered_tokens
from tunesmith.export.gguf_files.odd_settings import odd_settings

HALVES = ["sliding_attention", "full_attention"]


def _config(family: str, **changes: Any) -> Any:
    shape = {**WIDE, **SHAPES[family], **changes}
    return tiny_config(family, **{key: value for key, value in shape.items() if value is not None})


@pytest.mark.parametrize("family", list(SHAPES))
def test_what_families_usually_are_can_be_said(family: str) -> None:
    assert not list(odd_settings(_config(family)))


ODD: list[tuple[str, dict[str, Any], str]] = [
    ("llama", {"hidden_act": "gelu"}, "hidden_act: gelu"),
    ("qwen2", {"hidden_act": "relu"}, "hidden_act: relu"),
    ("gpt2", {"activation_function": "relu"}, "activation_function: relu"),
    ("gpt2", {"scale_attn_by_inverse_layer_idx": True}, "scale_attn_by_inverse_layer_idx"),
    ("gpt_neox", {"hidden_act": "relu"}, "hidden_act: relu"),
    ("gemma2", {"query_pre_attn_scalar": 64}, "query_pre_attn_scalar: 64"),
    ("gemma2", {"layer_types": HALVES[::-1]}, "layer_types"),
    ("gemma3_text", {"num_hidden_layers": 4, "layer_types": HALVES * 2}, "layer_types"),
    ("gemma3_text", {"hidden_activation": "silu"}, "hidden_activation: silu"),
]


@pytest.mark.parametrize(("family", "changes", "named"), ODD)
def test_a_setting_that_no_file_can_say_is_refused(
    family: str, changes: dict[str, Any], named: str
) -> None:
    """As q4_0 nothing else would show it: its numbers may differ by any amount."""
    with pytest.raises(RefusedError, match=f"llama.cpp computes .* without {named}"):
        model_fields(_config(family, **changes))


def test_caps_that_llama_cpp_takes_for_granted_cannot_be_none() -> None:
    config = _config("gemma2")
    config.attn_logit_softcapping = None
    with pytest.raises(RefusedError, match="attn_logit_softcapping: None"):
        model_fields(config)


@pytest.mark.parametrize(
    ("family", "changes", "offered"),
    [
        ("mistral", {"sliding_window": 64}, 64),
        ("phi3", {"sliding_window": 48}, 48),  # as in Phi-3-mini-4k, whose window is 2,047
        ("phi3", {}, 512),
        ("qwen2", {}, 512),
        ("qwen3", {"sliding_window": 32, "use_sliding_window": True, "layer_types": HALVES}, 32),
        ("gemma2", {}, 512),  # its window is told
    ],
)
def test_no_more_is_offered_than_llama_cpp_reads_as_measured(
    family: str, changes: dict[str, Any], offered: int
) -> None:
    assert offered_tokens(_config(family, **changes)) == offered
