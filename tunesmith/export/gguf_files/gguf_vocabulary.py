"""A tokenizer.json -> the vocabulary fields of a GGUF file.

llama.cpp splits texts by one of its own ways, which a file can only name (`tokenizer.ggml.pre`).
Which one fits is found by trying: the names are given here in the order of likeliness, and the
caller takes the first with which llama.cpp gives the same ids.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from tunesmith.errors import RefusedError

BYTE_LEVEL, PIECES = "gpt2", "llama"  # the two kinds of vocabulary, as llama.cpp calls them
_NORMAL, _UNKNOWN, _CONTROL, _ADDED, _UNUSED, _BYTE = 1, 2, 3, 4, 5, 6
_SPLITS = (  # a sign of a way to split, and the names under which llama.cpp has it
    ('"Digits"', ("smollm", "command-r", "refact", "starcoder")),
    (r"\\p{N}{1,3}", ("llama-bpe", "gpt-4o", "tekken", "deepseek-v3", "dbrx", "smaug-bpe")),
    (r"|\\p{N}|", ("qwen2", "stablelm2", "qwen35")),
)
_OTHERS = ("gpt-2", "olmo", "mpt", "llama-bpe", "qwen2", "smollm", "tekken", "gpt-4o", "default")


def split_names(state: Mapping[str, Any]) -> tuple[str, ...]:
    """Names for the way a byte-level tokenizer splits texts, the likeliest first."""
    told = json.dumps(state.get("pre_tokenizer"))
    likely = [name for sign, names in _SPLITS if sign in told for name in names]
    return tuple(dict.fromkeys([*likely, *_OTHERS]))


def vocabulary_kind(state: Mapping[str, Any]) -> str:
    """Which kind of vocabulary a tokenizer.json holds.

    Raises:
        RefusedError: One that llama.cpp does not have.
    """
    model = state["model"]
    if model.get("type") != "BPE":
        problem = f"llama.cpp has no tokenizer of the kind {model.get('type')}"
        raise RefusedError(problem, where="--to gguf", cure="Use --to safetensors.")
    if not model["merges"]:
        problem = "llama.cpp has no tokenizer without merges"
        raise RefusedError(problem, where="--to gguf", cure="Use --to safetensors.")
    return PIECES if model.get("byte_fallback") else BYTE_LEVEL


def vocabulary_fields(
    state: Mapping[str, Any], *, num_rows: int, ids: Mapping[str, int], split: str
) -> dict[str, object]:
    """All fields of the vocabulary, by their whole key.

    Args:
        state: The content of tokenizer.json.
        num_rows: Of the model's table; rows that no token has are named as unused.
        ids: `bos`, `eos`, `pad`, `eot`, `eom`, as far as there are such tokens.
        split: The name of the way to split; of no meaning where pieces are used.

    Raises:
        RefusedError: There are more tokens than rows.
    """
    kind = vocabulary_kind(state)
    tokens, types = _tokens(state, num_rows)
    fields: dict[str, object] = {"model": kind, "tokens": tokens, "token_type": types}
    merges = [_pair(one) for one in state["model"]["merges"]]
    if kind == BYTE_LEVEL:
        fields |= {"pre": split, "merges": [" ".join(pair) for pair in merges]}
    else:
        fields |= {"pre": "default", "scores": _scores(tokens, merges)}
        fields["add_space_prefix"] = _puts_space_first(state)
    names = {"bos": "bos_token_id", "eos": "eos_token_id", "pad": "padding_token_id"}
    names |= {"eot": "eot_token_id", "eom": "eom_token_id", "unk": "unknown_token_id"}
    fields |= {names[name]: int(token) for name, token in ids.items()}
    return {f"tokenizer.ggml.{key}": value for key, value in fields.items()}


def _tokens(state: Mapping[str, Any], num_rows: int) -> tuple[list[str], list[int]]:
    model = state["model"]
    tokens = [f"[PAD{place}]" for place in range(num_rows)]
    types = [_UNUSED] * num_rows
    added = {one["id"]: one for one in state.get("added_tokens", ())}
    known = {**model["vocab"], **{one["content"]: place for place, one in added.items()}}
    if max(known.values()) >= num_rows:
        problem = f"the tokenizer has tokens beyond the {num_rows:,} rows of the model's table"
        raise RefusedError(problem, where="--to gguf")
    for token, place in known.items():
        tokens[place], types[place] = token, _NORMAL
        if place in added:
            types[place] = _CONTROL if added[place]["special"] else _ADDED
        elif model.get("byte_fallback") and len(token) == 6 and token.startswith("<0x"):
            types[place] = _BYTE
        if token == model.get("unk_token"):
            types[place] = _UNKNOWN
    return tokens, types


def _pair(merge: str | Sequence[str]) -> tuple[str, str]:
    first, second = merge.split(" ") if isinstance(merge, str) else merge
    return first, second


def _scores(tokens: Sequence[str], merges: Sequence[tuple[str, str]]) -> list[float]:
    """The earlier two pieces are merged, the higher the score of what they make."""
    ranks: dict[str, int] = {}
    for rank, (first, second) in enumerate(merges):
        ranks.setdefault(first + second, rank)
    return [-float(ranks.get(token, len(merges))) for token in tokens]


def _puts_space_first(state: Mapping[str, Any]) -> bool:
    """Whether a text begins with a space that it does not have."""
    told = json.dumps([state.get("normalizer"), state.get("pre_tokenizer")])
    return '"Prepend"' in told or '"prepend_scheme": "first"' in told or '"always"' in told
