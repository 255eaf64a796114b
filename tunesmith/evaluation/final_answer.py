r"""An answer that is reasoned towards -> what it ends in, compared with what the reference ends in.

For sums and riddles, whose solutions may take any way. The answer is what follows the last
`####` or `A:` (GSM8K, Cobbe and others 2021, arXiv 2110.14168), `\boxed` (MATH, Hendrycks and
others 2021, arXiv 2103.03874) or "the answer is"; without such a mark the last line. Numbers
are compared by value, whatever their form and layout; everything else as text.
"""

import re
from collections.abc import Iterator
from functools import cache

from tunesmith.evaluation.math_text import plain_math
from tunesmith.evaluation.normalise import normalised_words
from tunesmith.evaluation.quantity import Quantity, last_quantity, read_quantity
from tunesmith.sources.lexicon import lexicon

_THOUGHT = "</think>"
_BOXED = re.compile(r"\\(?:boxed|fbox)\s*\{")
_BRACE = re.compile(r"(?<!\\)[{}]")
_SENTENCE_END = re.compile(r"(?<!\d)[.!?](?=\s)|(?<=\d)[.!](?=\s)|[。！？]")
_BULLET = re.compile(r"^\s*[-*+•]\s+")
_ASIDE = re.compile(r"\s\([^()]{0,200}\)\s*$")
_EDGES = " .,;:!。！\"'“”"
_CHOICE = re.compile(r"\(?([a-j])(?:[).:].*)?", re.DOTALL)
_BRACKET = re.compile(r"[()\[\]]")
_SPACED_MARK = re.compile(r"\s*([^\w\s])\s*")
_IN_BRACKETS = re.compile(r"[(\[]([^(),\[\]]*)[)\]]")
_MAX_UNIT = 3  # words behind the number of a reference that is a quantity


def final_answer(completion: str, reference: str) -> float:
    """100 where both end in the same answer, else 0."""
    expected, *_ = [*_endings(reference), ""]
    endings = list(_endings(completion)) or [""]
    quantity = _expected_quantity(expected)
    if quantity is not None:
        found = next((one for one in map(_quantity, endings) if one is not None), None)
        if found is not None:
            return 100.0 * quantity.agrees_with(found)
    return 100.0 * any(_is_same_text(ending, expected) for ending in endings[:2])


def _endings(text: str) -> Iterator[str]:
    """What may be the answer, the likeliest first, in plain characters."""
    text = text.rpartition(_THOUGHT)[2]
    lines = [line for line in text.splitlines() if line.strip()]
    marks = list(_mark().finditer(text))
    boxes = list(_BOXED.finditer(text))
    if boxes and (not marks or boxes[-1].start() >= marks[-1].start()):
        yield plain_math(_in_braces(text, boxes[-1].end()))
    elif marks:
        rest = text[marks[-1].end() :].strip(" \t\n*_:：=")
        line = plain_math(rest.partition("\n")[0])
        yield line
        yield _SENTENCE_END.split(line, maxsplit=1)[0]
    if lines:
        yield plain_math(_BULLET.sub("", lines[-1]))


def _in_braces(text: str, start: int) -> str:
    """What stands in braces, up to the one that closes them."""
    depth = 1
    for brace in _BRACE.finditer(text, start):
        depth += 1 if brace[0] == "{" else -1
        if depth == 0:
            return text[start : brace.start()]
    return text[start:]


def _expected_quantity(ending: str) -> Quantity | None:
    """The quantity that a reference ends in, where that is all that it says there."""
    bare = _value_side(ending)
    return read_quantity(bare) if len(bare.split()) <= _MAX_UNIT + 1 else None


def _quantity(ending: str) -> Quantity | None:
    bare = _value_side(ending)
    return read_quantity(bare) or last_quantity(bare)


def _value_side(ending: str) -> str:
    """What stands behind the last `=`, without an aside in brackets at the end."""
    without = _ASIDE.sub("", ending.rstrip(_EDGES))
    side = re.split("[=≈]", without)[-1].strip()
    in_brackets = _IN_BRACKETS.fullmatch(side)
    return in_brackets[1] if in_brackets else side


def _is_same_text(ending: str, expected: str) -> bool:
    one, other = _compact(ending), _compact(expected)
    choice = _CHOICE.fullmatch(one)
    if re.fullmatch(r"\(?[a-j][).:]?", other):
        return choice is not None and choice[1] == other.strip("().:")
    if one == other:
        return True
    has_brackets = _BRACKET.search(one + other) is not None
    return not has_brackets and normalised_words(ending) == normalised_words(expected)


def _compact(text: str) -> str:
    """Without case, the blanks around marks and the full stop."""
    return _SPACED_MARK.sub(r"\1", text).strip(_EDGES).casefold()


@cache
def _mark() -> re.Pattern[str]:
    words = lexicon(__package__)
    names, names_unspaced = (words.either("answer_names", is_spaced=one) for one in (True, False))
    said, said_unspaced = (words.either("answer_is", is_spaced=one) for one in (True, False))
    heading = rf"^[#*_ ]{{0,8}}(?:{names}|{names_unspaced})[*_ ]{{0,4}}$"
    colon = rf"(?:(?<![^\W\d_])(?:{names})|{names_unspaced})[*_\s]{{0,4}}[:：]"
    phrase = rf"(?<![^\W\d_])(?:{said})(?![^\W\d_])|(?:{said_unspaced})"
    return re.compile(rf"####|\bA\s*:|(?i:{heading}|{colon}|{phrase})", re.MULTILINE)
