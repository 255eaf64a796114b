"""Two-layer models of many families and a byte tokenizer, for tests without a network."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    PreTrainedModel,
    PreTrainedTokenizerFast,
)

from tunesmith.models.shortcuts.setting import TrainingSetting
from tunesmith.tokens.encode import EncodedExample
from tunesmith.tokens.store import TokenStore, write_store

_SHAPE = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "intermediate_size": 64,
    "head_dim": 8,
    "max_position_embeddings": 512,
    "vocab_size": 260,
    "bos_token_id": 256,
    "eos_token_id": 257,
    "pad_token_id": 258,
}
_OTHER_SHAPES = {
    "gpt2": {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 512},
    "gpt_neox": {key: value for key, value in _SHAPE.items() if "key_value" not in key},
    "bloom": {"hidden_size": 32, "n_layer": 2, "n_head": 4},
}
_OTHER_SHAPES["gpt_neox"].pop("head_dim")
ROW_FAMILIES = [
    "gpt2",
    "gpt_neox",
    "llama",
    "mistral",
    "qwen2",
    "qwen3",
    "gemma",
    "gemma2",
    "gemma3_text",
    "phi",
    "phi3",
    "smollm3",
    "olmo2",
    "granite",
    "starcoder2",
    "gpt_oss",
    "cohere",
]


def tiny_config(family: str, **changes: object) -> AutoConfig:
    """The smallest sensible configuration of a family, fresh each time."""
    ids = {key: _SHAPE[key] for key in ("vocab_size", "bos_token_id", "eos_token_id")}
    shape = {**_OTHER_SHAPES[family], **ids} if family in _OTHER_SHAPES else _SHAPE
    return AutoConfig.for_model(family, **{**shape, **changes})


def tiny_network(family: str, *, seed: int = 0, **changes: object) -> torch.nn.Module:
    """A model with random weights; all dropout off."""
    torch.manual_seed(seed)
    network = AutoModelForCausalLM.from_config(tiny_config(family, **changes))
    return network.eval()


def byte_tokenizer() -> PreTrainedTokenizerFast:
    """One token a byte, and four special tokens."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {symbol: index for index, symbol in enumerate(alphabet)}
    backend = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    backend.decoder = decoders.ByteLevel()
    names = ["<|begin|>", "<|end|>", "<|pad|>", "<|im_end|>"]
    backend.add_special_tokens([AddedToken(name, special=True) for name in names])
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        bos_token="<|begin|>",
        eos_token="<|end|>",
        pad_token="<|pad|>",
    )


def save_tiny_model(folder: Path, family: str, *, seed: int = 0, **changes: object) -> None:
    """Write a model folder that `load_network` and `load_tokenizer` read."""
    tiny_network(family, seed=seed, **changes).save_pretrained(folder)
    byte_tokenizer().save_pretrained(folder)


def random_example(length: int, *, seed: int, num_prompt: int | None = None) -> EncodedExample:
    """Random bytes; all but the first `num_prompt` (a third if None) are trained."""
    generator = np.random.default_rng(seed)
    is_trained = np.ones(length, dtype=np.bool_)
    is_trained[: max(1, length // 3) if num_prompt is None else num_prompt] = False
    ids = generator.integers(256, size=length).astype(np.int32)
    return EncodedExample(ids=ids, is_trained=is_trained)


def random_store(path: Path, lengths: list[int], *, seed: int = 0) -> TokenStore:
    """A store of random rows named e0, e1, ..."""
    rows = [(f"e{i}", random_example(n, seed=seed + i)) for i, n in enumerate(lengths)]
    write_store(path, rows, key="test")
    return TokenStore(path, key="test")


def setting_of(network: PreTrainedModel, ids: torch.Tensor, **changes: Any) -> TrainingSetting:
    """All of a network's weights trained in fp32, with texts of these tokens."""
    usual = {"device": "cpu", "precision": "fp32", "is_full": True}
    return TrainingSetting(network=network, read_ids=lambda: ids, **{**usual, **changes})
