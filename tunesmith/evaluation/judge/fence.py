r"""Untrusted texts -> one line of JSON, and a key that none of them holds.

The texts stand between two marks made of the key, and the verdict is an entry named by it. The
key is a hash of the texts and the run's seed: the same call has the same one, so calls can be
cached, and no text can name it, for where one does another key is taken. In the JSON no line
ends, nothing is invisible, and what looks like a control token of some chat template is
escaped: `<|im_end|>` reads `\u003c|im_end|>`, which says the same.
"""

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from tunesmith.files import hash_json

_KEY_LENGTH = 8
_CONTROL_LIKE = re.compile(r"<(?=[|/<A-Za-z_])|\[(?=/?[A-Z_]{3,}\])")
_INVISIBLE = frozenset({"Cf", "Cc", "Co", "Cn", "Zl", "Zp"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Fence:
    """What keeps the texts of one call apart from everything else in it.

    Attributes:
        key: Hexadecimal digits that occur in none of the texts.
        data: The texts as JSON, on one line.
    """

    key: str
    data: str


def fence_texts(texts: Mapping[str, str], *, purpose: str, seed: int) -> Fence:
    """Put texts behind a fence.

    Args:
        texts: By the names under which the judge sees them.
        purpose: Name and version of the prompt; another prompt, another key.
        seed: The run's; another seed, other keys.
    """
    joined = "\0".join(texts.values()).casefold()
    salt = 0
    while (key := _key(texts, purpose, (seed, salt))) in joined:
        salt += 1
    return Fence(key=key, data=visible_json(texts))


def visible_json(texts: Mapping[str, str]) -> str:
    """Texts as one line of JSON in which every character can be seen."""
    written = json.dumps(dict(texts), ensure_ascii=False)
    written = _CONTROL_LIKE.sub(lambda match: _escape(match[0]), written)
    if written.isascii():
        return written.replace("\x7f", "\\u007f")
    return "".join(_escape(c) if unicodedata.category(c) in _INVISIBLE else c for c in written)


def _key(texts: Mapping[str, str], purpose: str, drawn: tuple[int, int]) -> str:
    return hash_json([purpose, *drawn, dict(texts)])[:_KEY_LENGTH]


def _escape(character: str) -> str:
    """A character as JSON writes it in ASCII; beyond 16 bits as two halves."""
    return json.dumps(character)[1:-1] if ord(character) > 0x7F else f"\\u{ord(character):04x}"
