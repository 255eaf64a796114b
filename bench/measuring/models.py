"""Published shapes -> model folders with random weights and a real tokenizer, made once.

Speed does not depend on what the weights say, and the machine needs no download. Where no
real tokenizer is at hand, a byte-level one with a vocabulary of the same size takes its place.
"""

import json
import shutil
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import AutoConfig, AutoModelForCausalLM

SHAPES: dict[str, dict[str, Any]] = {
    "pythia-70m": {
        "model_type": "gpt_neox",
        "vocab_size": 50304,
        "hidden_size": 512,
        "num_hidden_layers": 6,
        "num_attention_heads": 8,
        "intermediate_size": 2048,
        "rotary_pct": 0.25,
        "max_position_embeddings": 2048,
        "tie_word_embeddings": False,
    },
    "smollm2-135m": {
        "model_type": "llama",
        "vocab_size": 49152,
        "hidden_size": 576,
        "num_hidden_layers": 30,
        "num_attention_heads": 9,
        "num_key_value_heads": 3,
        "intermediate_size": 1536,
        "max_position_embeddings": 8192,
        "rope_theta": 100000.0,
        "rms_norm_eps": 1e-5,
        "tie_word_embeddings": True,
    },
    "llama-160m": {  # JackFram's; RMS norms as in SmolLM2, a head of its own as in Pythia
        "model_type": "llama",
        "vocab_size": 32000,
        "hidden_size": 768,
        "num_hidden_layers": 12,
        "num_attention_heads": 12,
        "num_key_value_heads": 12,
        "intermediate_size": 3072,
        "max_position_embeddings": 2048,
        "rms_norm_eps": 1e-6,
        "tie_word_embeddings": False,
    },
    "gpt2": {"model_type": "gpt2", "resid_pdrop": 0.0, "embd_pdrop": 0.0, "attn_pdrop": 0.0},
}
TOKENIZERS = {
    "pythia-70m": "olmo_neox",
    "smollm2-135m": "gpt2",
    "llama-160m": "gpt2",  # without its rarest pieces
    "gpt2": "gpt2",
}
END = "<|endoftext|>"


def model_folder(name: str, *, where: Path, tokenizers: Path) -> Path:
    """The folder of a model by name; made if it is not there yet."""
    folder = where / name
    if (folder / "tokenizer_config.json").is_file():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    end_id = _write_tokenizer(folder, tokenizers / TOKENIZERS[name], _vocabulary_size(name))
    _write_weights(folder, SHAPES[name], end_id)
    config = {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": END, "pad_token": END}
    (folder / "tokenizer_config.json").write_text(json.dumps(config), encoding="utf-8")
    return folder


def _vocabulary_size(name: str) -> int:
    return int(SHAPES[name].get("vocab_size", 50257))


def _write_weights(folder: Path, shape: dict[str, Any], end_id: int) -> None:

    settings = {key: value for key, value in shape.items() if key != "model_type"}
    special = {"eos_token_id": end_id, "bos_token_id": end_id, "pad_token_id": end_id}
    config = AutoConfig.for_model(shape["model_type"], **settings, **special)
    torch.manual_seed(0)
    network = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    network.save_pretrained(folder)


def _write_tokenizer(folder: Path, source: Path, size: int) -> int:
    """Copy a tokenizer, without its last merges if the model has fewer ids; returns its end's id.

    A byte-pair vocabulary stays whole when its last merges go: they are the rarest pieces.
    """
    target = folder / "tokenizer.json"
    if not (source / "tokenizer.json").is_file():
        return _write_byte_tokenizer(target)
    tokenizer = json.loads((source / "tokenizer.json").read_text(encoding="utf-8"))
    vocabulary: dict[str, int] = tokenizer["model"]["vocab"]
    added = {token["content"]: token for token in tokenizer["added_tokens"]}
    if max(vocabulary.values()) < size:
        shutil.copyfile(source / "tokenizer.json", target)
        return int(added[END]["id"])
    vocabulary.pop(END, None)
    kept = {token: index for token, index in vocabulary.items() if index < size - 1}
    tokenizer["model"]["vocab"] = {**kept, END: size - 1}
    tokenizer["model"]["merges"] = [
        merge for merge in tokenizer["model"]["merges"] if "".join(_pair(merge)) in kept
    ]
    tokenizer["added_tokens"] = [{**added[END], "id": size - 1}]
    target.write_text(json.dumps(tokenizer, ensure_ascii=False), encoding="utf-8")
    return size - 1


def _pair(merge: str | list[str]) -> list[str]:
    return merge.split(" ") if isinstance(merge, str) else merge


def _write_byte_tokenizer(target: Path) -> int:

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {character: index for index, character in enumerate(alphabet)}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([END])
    tokenizer.save(str(target))
    return int(tokenizer.token_to_id(END))
