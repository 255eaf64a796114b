"""Tiny models of many families with a tokenizer that llama.cpp has too."""

import json
from typing import Any

import torch
from tokenizers import (
    AddedToken,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    trainers,
)
from transformers import PreTrainedTokenizerFast

from tests.tiny import tiny_network
from tunesmith.export.gguf_files.gguf_content import GgufContent, GgufTokens, gguf_content
from tunesmith.export.gguf_files.tensor_types import tensor_type

WIDE = {"hidden_size": 64, "head_dim": 16, "intermediate_size": 128, "vocab_size": 270}
SHAPES: dict[str, dict[str, Any]] = {
    "llama": {"tie_word_embeddings": True},
    "mistral": {"sliding_window": 64},
    "gpt2": {"hidden_size": None, "intermediate_size": None, "n_embd": 64},
    "gpt_neox": {"head_dim": None},
    "qwen2": {},
    "qwen3": {"head_dim": 32},
    "gemma": {"num_key_value_heads": 1},
    "gemma2": {"query_pre_attn_scalar": 16, "sliding_window": 16},
    "gemma3_text": {"query_pre_attn_scalar": 16, "sliding_window": 16},
    "phi3": {},
}
ROPE = {"rope_theta": 500_000.0, "factor": 8.0}
STRETCHED = {
    "llama3": {
        **ROPE,
        "rope_type": "llama3",
        "low_freq_factor": 1.0,
        "high_freq_factor": 4.0,
        "original_max_position_embeddings": 64,
    },
    "linear": {**ROPE, "rope_type": "linear"},
}
TEMPLATE = "{% for message in messages %}{{ message['content'] }}{% endfor %}"


def word_tokenizer() -> PreTrainedTokenizerFast:
    """Bytes, six pieces, and four special tokens; single digits, then GPT-2's way to split."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    words = ["th", "the", "in", "ing", "12", "\u0120the"]
    merges = [("t", "h"), ("th", "e"), ("i", "n"), ("in", "g"), ("1", "2"), ("\u0120", "the")]
    vocabulary = {token: place for place, token in enumerate([*alphabet, *words])}
    backend = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    backend.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
        ]
    )
    backend.decoder = decoders.ByteLevel()
    names = ["<|begin|>", "<|end|>", "<|pad|>", "<|im_end|>"]
    backend.add_special_tokens([AddedToken(name, special=True) for name in names])
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        bos_token="<|begin|>",
        eos_token="<|end|>",
        pad_token="<|pad|>",
    )


def piece_tokenizer(texts: list[str], *, puts_space_first: bool) -> dict[str, Any]:
    """The tokenizer.json of a tokenizer like sentencepiece's, with bytes for what it lacks."""
    backend = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    first = [normalizers.Prepend("\u2581")] if puts_space_first else []
    backend.normalizer = normalizers.Sequence([*first, normalizers.Replace(" ", "\u2581")])
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    trainer = trainers.BpeTrainer(
        vocab_size=600, special_tokens=tokens, show_progress=False, max_token_length=8
    )
    backend.train_from_iterator(texts, trainer)
    state: dict[str, Any] = json.loads(backend.to_str())
    state["added_tokens"] = state["added_tokens"][:3]
    return state


def livelier_network(family: str, **changes: Any) -> Any:
    """A network whose norms and biases are no ones and noughts, so that none can be left out."""
    shape = {**WIDE, **SHAPES.get(family, {}), **changes}
    network = tiny_network(family, **{key: value for key, value in shape.items() if value})
    with torch.no_grad():
        for name, tensor in network.named_parameters():
            if "norm" in name or "bias" in name or ".ln_" in name:
                tensor.add_(torch.randn_like(tensor) * 0.2)
            else:
                tensor.mul_(3)
    return network


def tiny_content(network: Any, kind: str = "f32", *, adds_begin: bool = True) -> GgufContent:
    """What the file of a tiny model holds."""
    state = json.loads(word_tokenizer().backend_tokenizer.to_str())
    tokens = GgufTokens(
        state=state,
        ids={"bos": 262, "eos": 263, "pad": 264},
        chat_template=TEMPLATE,
        adds_begin=adds_begin,
    )
    content = gguf_content(network, tokens, name="tiny", kind=tensor_type(kind))
    return content.split_by("smollm")
