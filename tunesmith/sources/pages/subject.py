"""A page -> the name of the thing that it describes, where the page shows one.

A README is titled by its product, and so is "Widget documentation" or "Widget FAQ". Any
other title is a name only if the text uses it as one; "Setup" and "Templates" are topics.
"""

import functools
import re
from pathlib import PurePosixPath

from tunesmith.sources.lexicon import lexicon
from tunesmith.sources.pages.outline import Outline
from tunesmith.sources.pages.question_text import asks, bare_text

_VERSION = re.compile(r"[\s,]*(?:\b(?:release|version|v)\s*)?\b\d+(?:\.\d+)+\S*\s*$", re.IGNORECASE)
_MAX_WORDS = 5
_NAME_USES, _WORD_USES = 2, 8


def subject_of(outline: Outline, name: str) -> str:
    """The name, or nothing where the page shows none."""
    for title in _titles(outline):
        text = _VERSION.sub("", bare_text(title)).strip()
        shorter = without_kind_of_page(text)
        if not _may_be_name(shorter):
            continue
        is_readme = PurePosixPath(name).stem.lower().rpartition("_")[2] == "readme"
        if shorter != text or is_readme or _num_uses(shorter, outline) >= _NAME_USES:
            return shorter
        if word := _word_used_as_name(shorter, outline):
            return word
    return ""


def without_kind_of_page(title: str) -> str:
    """A title without "FAQ", "documentation" and the like; empty where it says no more."""
    shorter = _leading_kind().sub("", _kind_of_page().sub("", title)).strip(" -–—:|'’")
    return shorter.removesuffix("'s").removesuffix("’s")


def is_generic(heading: str) -> bool:
    """Whether a heading names a part of any page: general, overview, miscellaneous."""
    return _is_topic(heading) or _generic().fullmatch(heading) is not None


def _titles(outline: Outline) -> list[str]:
    headings = [block.text for block in outline.blocks if block.kind == "heading"]
    levels = [block.level for block in outline.blocks if block.kind == "heading"]
    first = headings[:1] if levels[:1] == [min(levels, default=1)] else []
    return [*first, *([outline.title] if outline.title else [])]


def _may_be_name(text: str) -> bool:
    return bool(text) and not _is_topic(text) and not asks(text) and len(text.split()) <= _MAX_WORDS


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
def _generic() -> re.Pattern[str]:
    return re.compile(lexicon(__package__).either("generic_headings"), re.IGNORECASE)


def _is_topic(text: str) -> bool:
    return text.lower().replace(" ", "-") in _topics()


@functools.cache
def _topics() -> frozenset[str]:
    return frozenset(lexicon(__package__).words("topics"))
