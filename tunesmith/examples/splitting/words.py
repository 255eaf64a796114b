"""A text -> its words, as near-duplicates are compared by: lower case, without punctuation.

Each character of Chinese and Japanese is a word. Signs that carry a meaning of their own are
words too: "3 + 4" and "3 - 4" are two questions, and so are two emoji.
"""

import functools
import re
import sys
import unicodedata

_CJK = "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f"
_CJK += "\U00020000-\U0003ffff"
_ASCII = re.compile(r"[a-z0-9]+|[+=<>^%$]|[-*/](?=\s?[0-9])")
_APOSTROPHES = str.maketrans("", "", "'’")


def words_of(text: str) -> list[str]:
    """The words of a text, in order; "don't" is one, and `snake_case` two."""
    if text.isascii():
        return _ASCII.findall(text.lower().replace("'", ""))
    return _pattern().findall(unicodedata.normalize("NFC", text.lower().translate(_APOSTROPHES)))


@functools.cache
def _pattern() -> re.Pattern[str]:
    """Made when the first text beyond ASCII is met; Unicode's tables take 0.2 seconds."""
    marks, signs = [], []
    for code in range(0x80, sys.maxunicode + 1):
        category = unicodedata.category(chr(code))
        if category[0] == "M":
            marks.append(code)
        elif category[0] == "S":
            signs.append(code)
    letter = rf"[^\W_{_CJK}]"
    word = f"{letter}+(?:[{_ranges(marks)}]+{letter}*)*"  # vowel signs are no letters in `re`
    plain = r"[a-z0-9]++(?![^\x00-\x7f])"  # four times faster, where nothing else is in a word
    return re.compile(rf"{plain}|{word}|[{_CJK}]|[+=<>^%${_ranges(signs)}]|[-*/](?=\s?[0-9])")


def _ranges(codes: list[int]) -> str:
    """Code points, in order, as the inside of a character class."""
    parts = []
    start = last = codes[0]
    for code in [*codes[1:], sys.maxunicode + 2]:
        if code != last + 1:
            parts.append(f"{re.escape(chr(start))}-{re.escape(chr(last))}")
            start = code
        last = code
    return "".join(parts)
