r"""LaTeX, Markdown and the signs of Unicode -> the same in plain characters.

`$\frac{3}{4}$`, `**¾**` and `\(\dfrac34\)` are `3/4`. What is not known keeps its name.
"""

import re
import unicodedata

_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_SUPERSCRIPT = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+")
_VULGAR = re.compile("[¼-¾⅐-⅞]")
_FRACTION = re.compile(r"\\[dt]?frac\s*(?:(\d)\s*(\d)|\{([^{}]*)\}\s*\{([^{}]*)\})")
_ROOT = re.compile(r"\\sqrt\s*(?:\{([^{}]*)\}|(?=\d))")
_NESTED = 4  # fractions within fractions
_SIMPLE = re.compile(r"\s*-?[\w.,√]*\s*")
_REPLACED = tuple(
    (re.compile(pattern), text)
    for pattern, text in (
        (r"<<[^<>\n]{0,200}>>", ""),  # the calculator of GSM8K
        (r"\\\$", "\ue000"),
        (r"\$\$", " "),
        (r"\$(?=\S)([^$\n]{0,200}?)(?<=\S)\$(?!\d)", r" \1 "),
        (r"\\[\[\]()]", " "),
        (r"\\(?:text\w*|math\w+|mbox|operatorname)\s*\{([^{}]*)\}", r"\1"),
        (r"\^\s*\{?\s*\\circ\s*\}?|\\degree\b", "°"),
        (r"\\(?:left|right)\b|\\[,;:! ]|\{,\}(?!\d)", ""),
        (r"\{,\}", ","),
        (r"\\(?:times|cdot)\b", "×"),
        (r"\\pi\b", "π"),
        (r"\\approx\b", "≈"),
        (r"\\([A-Za-z%&#_])", r"\1"),
        (r"[{}]", ""),
        (r"\*\*|__|`|(?<!\w)\*(?=\S)|(?<=\S)\*(?!\w)", ""),
        ("[，、；]", ", "),
        ("[−–—]", "-"),
        ("\ue000", "$"),
    )
)


def plain_math(text: str) -> str:
    """The text on one line, without marks of layout."""
    text = _VULGAR.sub(_as_fraction, text)
    text = _SUPERSCRIPT.sub(lambda match: "^" + match[0].translate(_SUPERSCRIPTS), text)
    for _ in range(_NESTED):
        text = _FRACTION.sub(_as_quotient, _ROOT.sub(_as_root, text))
    for pattern, plain in _REPLACED:
        text = pattern.sub(plain, text)
    text = unicodedata.normalize("NFKC", text).replace("\u2044", "/")
    return " ".join(text.split())


def _as_fraction(match: re.Match[str]) -> str:
    above, _, below = unicodedata.normalize("NFKC", match[0]).partition("\u2044")
    return rf"\frac{{{above}}}{{{below}}}"


def _as_root(match: re.Match[str]) -> str:
    return f"√{_in_brackets(match[1] or '')}"


def _as_quotient(match: re.Match[str]) -> str:
    above, below = (match[1], match[2]) if match[1] else (match[3], match[4])
    blank = " " if match.string[max(0, match.start() - 1) : match.start()].isdigit() else ""
    return f"{blank}{_in_brackets(above)}/{_in_brackets(below)}"


def _in_brackets(text: str) -> str:
    return text.strip() if _SIMPLE.fullmatch(text) else f"({text.strip()})"
