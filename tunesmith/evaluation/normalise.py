"""Text -> the words that text metrics compare.

SQuAD's normalisation (lower case; no punctuation, no articles; white space joined), with
punctuation as Unicode defines it, and each Chinese, Japanese or Korean character a word of
its own. Two deviations. Marks that make it another text stay: those of numbers (1.5, -5, 1/2,
10:30), operators, and those of names such as C++, C# or is_digit; an article that no word
follows ("vitamin A") is none. Where nothing would be left of a text that says something, the
punctuation stays; else "?" would equal "!".
"""

import re
import string
import unicodedata
from functools import lru_cache

NORMALISATION_VERSION = "squad+cjk+numbers/2"

_ARTICLES = re.compile(r"(?<!\S)(a|an|the)(?=\s+[^\w\s]?\w)")
_CJK = re.compile(
    "(["
    "\u1100-\u11ff"  # Hangul jamo
    "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\uff66-\uff9f"  # kana and marks of repetition
    "\u3130-\u318f\uac00-\ud7af"  # Hangul
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"  # Han
    "])"
)
_PLAIN: dict[int, str] = {
    **{code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)},  # full-width forms
    **dict.fromkeys(map(ord, "、，；"), " "),
    **dict.fromkeys(map(ord, "−–—"), "-"),
    **{ord("×"): "*", ord("÷"): "/", ord("٫"): "."},
}
_NUMBER_WITH_COMMA = re.compile(
    r"(?<![\w.,])(?:\d{1,3}(?:,\d{3})+(?![\w,])"
    r"|(?<![(\[])(?<![(\[]-)\d+,\d+(?![\w,)\]]|\.\d))"  # and not a point (1,2)
)
_THOUSANDS = re.compile(r"[1-9]\d{0,2}(?:,\d{3})+")
_SPACED_OPERATOR = re.compile(r"(?<=\d) ?([-*/^]) ?(?=\d)")
_LEFT = r"(?:(?<=[\d)] )|(?<![a-z][a-z] )(?<=[a-z] ))"  # a number, or a variable
_KEPT = re.compile(
    r"(?<=\d)[.,:;*/^-](?=\d)|(?<!\w)\.(?=\d)"  # 1.5, 10:30, 3-4, .5
    r"|(?<![\w)\]])-(?=[$€£]?\.?\d)"  # -5, and not the dash of GPT-4
    rf"|{_LEFT}[-*/](?= (?:[\d(]|[a-z](?![a-z])))"  # x - 5
    r"|(?<=[\w)])[*/^](?=\d)|(?<=\d)[/-](?=[a-z]\b)|(?<=[a-z])\^(?=\w)"  # x^2
    r"|(?<=\b[a-z])-(?![\w-])|(?<=\bab)-(?![\w-])"  # grades and blood groups
    r"|(?<=[a-z])#(?!\w)|(?<=[^\W_])_(?=[^\W_])"  # C#, is_digit
    r"|(?<=[\w)+])\+|(?<!^)\+(?! ?\.?\d)|(?<=\w )\+(?= )"  # C++, and not +5
    r"|[=<]|(?<!^)>",  # and not a quotation's mark
    re.MULTILINE,
)


@lru_cache(maxsize=4096)
def _is_punctuation(character: str) -> bool:
    return character in string.punctuation or unicodedata.category(character).startswith("P")


def normalised_words(text: str) -> list[str]:
    """The words of a text after normalisation; empty only where the text is blank."""
    plain = unicodedata.normalize("NFC", text.lower()).translate(_PLAIN)
    numbers = _NUMBER_WITH_COMMA.sub(lambda match: _with_point(match[0]), plain)
    bare = _without_punctuation(_SPACED_OPERATOR.sub(r"\1", numbers))
    return _words(_ARTICLES.sub(" ", bare)) or _words(text.lower())


def _with_point(number: str) -> str:
    """A number whose commas part thousands, or are the decimal one, as `1000` or `1.5`."""
    return number.replace(",", "" if _THOUSANDS.fullmatch(number) else ".")


def _without_punctuation(text: str) -> str:
    kept = {match.start() for match in _KEPT.finditer(text)}
    return "".join(c for at, c in enumerate(text) if at in kept or not _is_punctuation(c))


def _words(text: str) -> list[str]:
    return _CJK.sub(r" \1 ", text).split()
