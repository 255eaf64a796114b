"""A tokenizer's settings -> may text be cut before the space between two visible characters?

Where it may, `encode("a b") == encode("a") + encode(" b")` for whatever stands around, so that
words can be encoded once and remembered. That is shown from the settings, never from samples:
no token and no step of the tokenizer reaches across such a place. What is not listed here may
not be cut.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

# Visible ASCII on both sides: there every step's idea of a space or a letter is the same.
CUT = re.compile(r" (?=[!-~])(?<=[!-~] )")

_GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
_CL100K = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
# In none of these can a match hold a visible character and then a space; a space that follows
# one begins a match, and nothing before that match decides about it.
_SPLITS = {_GPT2, _CL100K, _CL100K.replace("{1,3}", "")}
_FORMS = {"NFC", "NFD", "NFKC", "NFKD"}  # a space joins nothing before it, nor ASCII after it
_SPACE_SIGN = "▁"


def may_cut_at_words(settings: Mapping[str, Any], *, has_prefix: bool) -> bool:
    """Whether the tokenizer may be given the parts between `CUT`s one by one.

    Args:
        settings: The tokenizer as in its file, without control tokens; those that are left
            are only whitespace, of which two or more stand inside a part.
        has_prefix: A space is put before a text, perhaps also behind an added token.
    """
    added = [token["content"] for token in settings["added_tokens"]]
    if " " in added or (added and has_prefix):
        return False
    if not _is_local(settings["normalizer"]):
        return False
    splits = _splits(settings["pre_tokenizer"])
    if splits is None:
        return False
    model = settings["model"]
    return _is_plain_bpe(model) and (splits or _has_no_token_across(model))


def _is_local(normalizer: Mapping[str, Any] | None) -> bool:
    """Whether every character is normalised by itself, as far as a cut can see."""
    for part in _parts(normalizer, "normalizers"):
        is_spaces = part["type"] == "Replace" and part["pattern"] == {"String": " "}
        if part["type"] not in (*_FORMS, "Prepend") and not is_spaces:
            return False
    return True


def _splits(pre_tokenizer: Mapping[str, Any] | None) -> bool | None:
    """Whether it ends a word at every cut; None: who knows."""
    is_split = False
    parts = list(_parts(pre_tokenizer, "pretokenizers"))
    for part in parts:
        kind = part["type"]
        if kind == "ByteLevel" and not (len(parts) > 1 and part["add_prefix_space"]):
            is_split |= part.get("use_regex", True)
        elif kind == "Metaspace" and len(parts) == 1 and part["replacement"] == _SPACE_SIGN:
            is_split |= part.get("split", True)
        elif kind == "Split" and _is_known(part):
            is_split = True
        elif kind != "Digits":
            return None
    return is_split


def _is_known(split: Mapping[str, Any]) -> bool:
    is_isolated = split["behavior"] == "Isolated" and not split["invert"]
    return is_isolated and split["pattern"].get("Regex") in _SPLITS


def _is_plain_bpe(model: Mapping[str, Any]) -> bool:
    """Whether a word's ids depend on the word alone, and no unknown ones are fused."""
    marks = ("continuing_subword_prefix", "end_of_word_suffix")
    if model["type"] != "BPE" or model.get("dropout") or any(model.get(mark) for mark in marks):
        return False
    vocabulary = model["vocab"]
    return not model.get("fuse_unk") or all(chr(code) in vocabulary for code in range(33, 127))


def _has_no_token_across(model: Mapping[str, Any]) -> bool:
    """Without a split a text is one word; merges stop at a cut if no token goes across one."""
    if model.get("ignore_merges"):  # then whole words are looked up first
        return False
    across = re.compile(f"[!-~][ Ġ{_SPACE_SIGN}]")
    return not any(across.search(token) for token in model["vocab"])


def _parts(step: Mapping[str, Any] | None, key: str) -> Iterator[Mapping[str, Any]]:
    if step is None:
        return
    if step["type"] == "Sequence":
        for part in step[key]:
            yield from _parts(part, key)
    else:
        yield step
