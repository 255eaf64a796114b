"""A tokenizer's own file -> copies of it in which control tokens are switched off.

`split_special_tokens` covers only tokens marked special; a non-special `<think>` would
still become one id. So the control tokens are taken out of the copy. Sentencepiece-like
tokenizers also put a space before a text; a second copy, for text that goes on in the
middle, does not.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import tokenizers

from tunesmith.tokens.word_cuts import may_cut_at_words

Backend = tokenizers.Tokenizer


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainBackends:
    """Encoders of text without control tokens.

    `head` treats a text as a whole one; `middle` as the continuation of another;
    `restarts` says that after a control token text counts as a whole one again.
    `new_ids` maps ids of whitespace tokens that moved in the copies to their own;
    `cuts_at_words` says that words may be encoded one by one.
    """

    head: Backend
    middle: Backend
    restarts: bool
    new_ids: Mapping[int, int]
    cuts_at_words: bool

    def encode(self, texts: Sequence[str], *, is_head: bool) -> list[list[int]]:
        """Ids of each text."""
        backend = self.head if is_head else self.middle
        encodings = backend.encode_batch_fast(list(texts), add_special_tokens=False)
        if not self.new_ids:
            return [encoding.ids for encoding in encodings]
        return [[self.new_ids.get(i, i) for i in encoding.ids] for encoding in encodings]


def full_backend(source: str) -> Backend:
    """The tokenizer as its file says, without post-processor, padding and truncation."""
    settings = orjson.loads(source)
    settings.update(post_processor=None, padding=None, truncation=None)
    return _backend(settings)


def plain_backends(source: str, control_ids: Mapping[str, int]) -> PlainBackends:
    """Copies without the control tokens.

    Args:
        source: The tokenizer as JSON, as `Tokenizer.to_str` gives it.
        control_ids: Its control tokens and their ids.
    """
    settings = orjson.loads(source)
    spaces = {
        token["content"]: token["id"]
        for token in settings["added_tokens"]
        if token["content"] not in control_ids
    }
    settings.update(post_processor=None, padding=None, truncation=None)
    settings["added_tokens"] = [
        token for token in settings["added_tokens"] if token["content"] in spaces
    ]
    head = _backend(settings)
    if _reaches_control(head, control_ids):
        _hide(settings["model"], control_ids)
        head = _backend(settings)
    whole = dict(settings)
    restarts, is_changed = _take_prefix_off(settings)
    middle = _backend(settings) if is_changed else head
    moved = {head.token_to_id(text): own for text, own in spaces.items()}
    new_ids = {new: own for new, own in moved.items() if new is not None and new != own}
    return PlainBackends(
        head=head,
        middle=middle,
        restarts=restarts,
        new_ids=new_ids,
        cuts_at_words=may_cut_at_words(whole, has_prefix=is_changed),
    )


def _backend(settings: dict[str, Any]) -> Backend:
    return tokenizers.Tokenizer.from_str(orjson.dumps(settings).decode())


def _reaches_control(backend: Backend, control_ids: Mapping[str, int]) -> bool:
    ids = set(control_ids.values())
    texts = [text for token in control_ids for text in (token, f"a{token}b", f"a {token} b")]
    encodings = backend.encode_batch_fast(texts, add_special_tokens=False)
    return any(not ids.isdisjoint(encoding.ids) for encoding in encodings)


def _hide(model: dict[str, Any], control_ids: Mapping[str, int]) -> None:
    """Rename control tokens within the model's vocabulary to something nobody can type."""
    secret = f"\U00100000{secrets.token_hex(16)}"
    vocabulary = model["vocab"]
    if isinstance(vocabulary, dict):
        model["vocab"] = {
            (f"{secret}{token}" if token in control_ids else token): i
            for token, i in vocabulary.items()
        }
    else:
        model["vocab"] = [
            [f"{secret}{token}" if token in control_ids else token, score]
            for token, score in vocabulary
        ]
    if "merges" in model:
        model["merges"] = [merge for merge in model["merges"] if not _touches(merge, control_ids)]
    if model.get("unk_token") in control_ids:
        model["unk_token"] = f"{secret}{model['unk_token']}"


def _touches(merge: str | list[str], control_ids: Mapping[str, int]) -> bool:
    left, right = merge.split(" ") if isinstance(merge, str) else merge
    return any(text in control_ids for text in (left, right, left + right))


def _take_prefix_off(settings: dict[str, Any]) -> tuple[bool, bool]:
    """Remove what puts a space before a text; (is it put after control tokens, was any)."""
    schemes: list[str] = []
    for part in ("normalizer", "pre_tokenizer"):
        settings[part] = _without_prefix(settings[part], schemes)
    return "always" in schemes, bool(schemes)


def _without_prefix(part: Any, schemes: list[str]) -> Any:
    if part is None:
        return None
    kind = part["type"]
    if kind == "Prepend" and not part["prepend"].strip(" ▁"):
        schemes.append("always")
        return None
    if kind == "Sequence":
        key = "normalizers" if "normalizers" in part else "pretokenizers"
        inner = [_without_prefix(item, schemes) for item in part[key]]
        return {**part, key: [item for item in inner if item is not None]}
    if kind == "Metaspace" and part.get("prepend_scheme", "always") != "never":
        schemes.append(part.get("prepend_scheme", "always"))
        return {**part, "prepend_scheme": "never"}
    if kind == "ByteLevel" and part.get("add_prefix_space"):
        schemes.append("always")
        return {**part, "add_prefix_space": False}
    return part
