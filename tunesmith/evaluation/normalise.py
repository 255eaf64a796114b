"""Text -> the words that text metrics compare.

SQuAD's normalisation (lower case; no punctuation, no articles; white space joined), with
punctuation as Unicode defines it, and each Chinese, Japanese or Korean character a word of
its own. One deviation: where SQuAD would leave nothing of a text that says something ("A",
"+"), the articles, and then the punctuation, stay; else "+" would equal "-".
"""

import re
import string
import unicodedata
from functools import lru_cache

NORMALISATION_VERSION = "squad+cjk/1"

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_CJK = re.compile(
    "(["
    "\u1100-\u11ff"  # Hangul jamo
    "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\uff66-\uff9f"  # kana and marks of repetition
    "\u3130-\u318f\uac00-\ud7af"  # Hangul
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"  # Han
    "])"
)


@lru_cache(maxsize=4096)
def _is_punctuation(character: str) -> bool:
    return character in string.punctuation or unicodedata.category(character).startswith("P")


def normalised_words(text: str) -> list[str]:
    """The words of a text after normalisation; empty only where the text is blank."""
    lowered = unicodedata.normalize("NFC", text.lower())
    bare = "".join(c for c in lowered if not _is_punctuation(c))
    return _words(_ARTICLES.sub(" ", bare)) or _words(bare) or _words(lowered)


def _words(text: str) -> list[str]:
    return _CJK.sub(r" \1 ", text).split()
