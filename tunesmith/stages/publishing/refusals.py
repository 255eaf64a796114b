"""Files of a model and its card -> why they must not go out, if anything speaks against it."""

import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from tunesmith.recipe.redaction import redacted

_WEIGHTS = (".safetensors", ".gguf")
_TEXTS = (".json", ".jinja", ".md", ".txt")
_VOCABULARY = ("tokenizer.json", "vocab.json", "merges.txt")  # any piece of text may be in there
_HOMES = re.compile(r"(?<![\w.])(?:/(?:home|Users|root|mnt|tmp|var)/|[A-Za-z]:\\\\)[^\"\s]+")
_PLACES = re.compile(r"(?<![\w.:/<])/[\w.-]+/[^\"\s\\<>]+")  # said to be one where it is there
_HEADER_BYTES = 2**20
_PIECE_BYTES = 2**24


def file_secrets(files: Mapping[str, Path], *, key: str) -> Iterator[str]:
    """What opens a door or names a folder of this machine, by file; never what it says.

    Args:
        files: All that would go out, by their names there.
        key: The key that the upload itself uses.
    """
    for name, path in files.items():
        if holds(path, key.encode()):
            yield f"{name} holds the key of the upload"
        if name in _VOCABULARY or path.suffix not in (*_TEXTS, ".safetensors"):
            continue
        is_text = path.suffix in _TEXTS
        text = path.read_text("utf-8", "replace") if is_text else _header(path)
        if redacted(text) != text:
            yield f"{name} holds what looks like a key"
        if _HOMES.search(text) or any(map(os.path.exists, set(_PLACES.findall(text)))):
            yield f"{name} names a folder of this machine"


def unknown_files(files: Mapping[str, Path]) -> Iterator[str]:
    """Files of a kind that no model is made of."""
    for name, path in files.items():
        if path.suffix not in (*_WEIGHTS, *_TEXTS, ".model"):
            yield f"{name} is no part of a model"


def holds(path: Path, word: bytes, *, at_start: bool = False) -> bool:
    """Whether a file holds some bytes, or begins with them; a piece is in memory at a time."""
    kept = b""
    with path.open("rb") as stream:
        if at_start:
            return stream.read(len(word)) == word
        while piece := stream.read(_PIECE_BYTES):
            if word in kept + piece:
                return True
            kept = piece[-len(word) :]
    return False


def _header(path: Path) -> str:
    """The notes that a safetensors file carries beside its tensors."""
    with path.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        head = stream.read(min(length, _HEADER_BYTES))
    try:
        return json.dumps(json.loads(head).get("__metadata__", {}))
    except (ValueError, AttributeError):
        return head.decode("utf-8", "replace")
