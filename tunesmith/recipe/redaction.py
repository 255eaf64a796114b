"""A text that may be shown -> the same without keys, tokens and logins."""

import re
from collections.abc import Sequence

_MARK = "[secret]"
_FORMS = (
    re.compile(r"\b(?:sk|pk|rk)-[\w-]{4,}"),
    re.compile(r"\b(?:hf|gsk|r8)_\w{4,}"),
    re.compile(r"(?<=\bBearer )[^\s\"',}]+", re.IGNORECASE),
    re.compile(r"(?<=\bBasic )[A-Za-z0-9+/=]{6,}"),
    re.compile(r"(?<=://)[^\s/@\"'<>]+(?=@)"),
)
_SHORTEST_KEY = 6


def redacted(text: str, keys: Sequence[str] = ()) -> str:
    """Take out what opens a door: the keys that are known, and what has a key's form.

    Args:
        text: A server's message, an address, an exception's words.
        keys: Exact keys that are in use.
    """
    for key in keys:
        text = text.replace(key, hidden(key))
    for form in _FORMS:
        text = form.sub(_MARK, text)
    return text


def hidden(key: str) -> str:
    """What stands in a key's place; a "key" so short that it is a word, such as none, stays."""
    return _MARK if len(key) >= _SHORTEST_KEY else key
