"""A page -> the name of the thing that it describes, where the page shows one.

A README is titled by its product, and so is "Widget documentation" or "Widget FAQ". Any
other title is a name only if the text uses it as one; "Setup" and "Templates" are topics.
"""

import functools
import re
from collections.abc import Container

from tunesmith.sources.lexicon import lexicon
from tunesmith.sources.pages.name_evidence import (
    best_name,
    is_readme,
    name_evidence,
    product_key,
)
from tunesmith.sources.pages.outline import Outline
from tunesmith.sources.pages.question_text import asks, bare_text

_VERSION = re.compile(r"[\s,]*\b(?:(?:release|version|v)\s*)?\d+(?:\.\d+)+\S*\s*$", re.IGNORECASE)
_PARTED = re.compile(r"\s*(?::\s|\s(?:--|[-–—|·•:])\s|：)\s*")
_OWNER = re.compile(r"^[\w.-]+/(?=[\w.-]+$)|(?<=\w)\s*[^\w\s)+#!.*`]+$")
_TITLE, _FIRST, _LATER = 2, 1, 0
_MAX_WORDS = 5
_MAX_TITLES = 4
_NAME_USES, _WORD_USES = 2, 8


def subject_of(outline: Outline, name: str) -> str:
    """The name, or nothing where the page shows none or is unsure."""
    evidence = name_evidence(outline, name)
    for title, trust in _titles(outline):
        text = _OWNER.sub("", _VERSION.sub("", bare_text(title)).strip())
        for part in _parts(text):
            is_title = trust == _TITLE and is_readme(name)
            if found := _named_by(part, outline, evidence, trust=trust, is_title=is_title):
                return found
    site = without_kind_of_page(outline.site)
    if _may_be_name(site):
        return site
    found = best_name(outline, name)
    return found if _may_be_name(found) else ""


def _named_by(
    part: str, outline: Outline, evidence: Container[str], *, trust: int, is_title: bool
) -> str:
    """The name that a title, or a part of it, gives; empty where nothing else speaks for it."""
    shorter = _VERSION.sub("", without_kind_of_page(part)).strip()
    if not _may_be_name(shorter):
        return ""
    if product_key(shorter) in evidence:
        return shorter
    if trust == _LATER:
        return ""
    if shorter != part or (is_title and not _has_function_word(shorter)):
        return shorter
    if _num_uses(shorter, outline) >= _NAME_USES:
        return shorter
    return _word_used_as_name(shorter, outline)


def _parts(title: str) -> list[str]:
    """What stands before the first mark of a title and behind its last; a title without marks."""
    pieces = [piece.strip() for piece in _PARTED.split(title) if piece.strip()]
    return [pieces[0], pieces[-1]] if len(pieces) > 1 else [title]


def without_kind_of_page(title: str) -> str:
    """A title without "FAQ", "documentation" and the like; empty where it says no more."""
    shorter = _leading_kind().sub("", _kind_of_page().sub("", title)).strip(" -–—:|'’")
    return shorter.removesuffix("'s").removesuffix("’s")


def is_generic(heading: str) -> bool:
    """Whether a heading names a part of any page: general, overview, miscellaneous."""
    return _is_topic(heading) or _generic().fullmatch(heading) is not None


def _titles(outline: Outline) -> list[tuple[str, int]]:
    """The heading on top, the title of the metadata, later headings as high; how far to trust."""
    headings = [block for block in outline.blocks if block.kind == "heading"]
    highest = min((block.level for block in headings), default=1)
    first = [
        (one.text, _TITLE if one.level == 1 else _FIRST)
        for one in headings[:1]
        if one.level == highest
    ]
    later = [(one.text, _LATER) for one in headings[1:_MAX_TITLES] if one.level == 1]
    return [*first, *([(outline.title, _TITLE)] if outline.title else []), *later]


def _may_be_name(text: str) -> bool:
    is_short = 0 < len(text.split()) <= _MAX_WORDS
    return is_short and not _is_topic(text) and not _is_of_headings(text) and not asks(text)


def _is_of_headings(text: str) -> bool:
    """Whether it is made of words that head parts of any page: "Latest Updates"."""
    words = re.findall(r"[^\W_]+", text.casefold())
    return all(word in _heading_words() or word.isdecimal() for word in words)


def _has_function_word(text: str) -> bool:
    return any(word in _function_words() for word in text.split()[1:])


def _word_used_as_name(title: str, outline: Outline) -> str:
    """The word of a title that the text speaks of all the time: Expat, in "Expat XML Parser"."""
    words = [word for word in title.split() if word[:1].isupper() and len(word) > 2]
    uses = {word: _num_uses(word, outline) for word in words}
    best = max(uses, key=lambda word: uses[word], default="")
    return best if best and uses[best] >= _WORD_USES else ""


def _num_uses(text: str, outline: Outline) -> int:
    """How often sentences mention it in the middle, spelled as in the title."""
    name = re.sub(r"^(?:The|A)\s+", "", text)
    if name == name.lower() and name.isascii():
        return 0
    pattern = re.compile(rf"(?<=[a-z,] ){re.escape(name)}\b|(?<=[一-鿿]){re.escape(name)}")
    prose = (block.text for block in outline.blocks if block.kind in ("text", "list", "definition"))
    return sum(len(pattern.findall(text)) for text in prose)


@functools.cache
def _kind_of_page() -> re.Pattern[str]:
    """What stands behind the name in a title."""
    spaced = lexicon(__package__).either("kinds_of_page", is_spaced=True)
    unspaced = lexicon(__package__).either("kinds_of_page", is_spaced=False)
    return re.compile(
        rf"\s*[-–—:|]?\s*\b(?:{spaced})\s*$|\s*(?:{unspaced})\s*$",
        re.IGNORECASE,
    )


@functools.cache
def _leading_kind() -> re.Pattern[str]:
    """What stands before it."""
    kinds = lexicon(__package__).either("leading_kinds")
    links = lexicon(__package__).either("leading_links")
    return re.compile(rf"^(?:{kinds})\s*(?:[-–—:|]|\b(?:{links})\b)\s*", re.IGNORECASE)


@functools.cache
def _heading_words() -> frozenset[str]:
    words = lexicon(__package__)
    return frozenset(words.words("heading_words")) | _function_words()


@functools.cache
def _function_words() -> frozenset[str]:
    return frozenset(lexicon(__package__).words("function_words"))


@functools.cache
def _generic() -> re.Pattern[str]:
    return re.compile(lexicon(__package__).either("generic_headings"), re.IGNORECASE)


def _is_topic(text: str) -> bool:
    return text.lower().replace(" ", "-") in _topics()


@functools.cache
def _topics() -> frozenset[str]:
    return frozenset(lexicon(__package__).words("topics"))
