"""Labels that stand but once or twice in a transcript -> those that are somebody's name.

`Joe: I can lend you one.` is a turn though Joe speaks no more; `Note: it is hot.` is none. What
tells: how the label is written, how the turns that are known begin, and whether words follow as
people say them, or somebody speaks to Joe.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from tunesmith.sources.dialogues.speaker_labels import is_staff_label
from tunesmith.sources.lexicon import lexicon

_MOST_WORDS = 3
_MOST_TIMES = 2
_LONGEST_PARTICLE = 3  # letters
_SAYS = re.compile(r"[.?!…。！？؟।։]['\"”’»)*]*$")
_WORD = re.compile(r"[^\W\d_]+")
_MARKS = re.compile(r"[\s*]*")  # before a label


@dataclass(frozen=True, slots=True)
class LabelledLine:
    """A line that begins with a label: which of its text's lines, the label and what follows."""

    place: int
    label: str
    words: str


def rare_speakers(
    lines: Sequence[str], labelled: Sequence[LabelledLine], known: set[str]
) -> set[str]:
    """The labels, in small letters, that speak beside those that are known.

    Args:
        lines: Of the whole text.
        labelled: Its lines that begin with a label.
        known: The labels in small letters that speak for certain.
    """
    rare: dict[str, list[LabelledLine]] = {}
    for one in labelled:
        if one.label.casefold() not in known:
            rare.setdefault(one.label.casefold(), []).append(one)
    rare = {key: said for key, said in rare.items() if len(said) <= _MOST_TIMES}
    told = [one for one in labelled if one.label.casefold() in known]
    if not rare or not told:
        return set()
    starts = {_start(lines, one) for one in told[1:]} or {_start(lines, told[0])}
    spoken_to = _words_of(lines, labelled)
    fields = _fields(rare)
    return {
        key
        for key, said in rare.items()
        if _is_name(said[0].label)
        and all(_start(lines, one) in starts for one in said)
        and (
            spoken_to.get(_WORD.findall(key)[0], 0) > 0
            or all(_is_said(one) and one.place not in fields for one in said)
        )
    }


def _start(lines: Sequence[str], one: LabelledLine) -> tuple[bool, str]:
    """How a turn begins: behind a blank line or not, and with which marks."""
    marks = _MARKS.match(lines[one.place])
    return one.place > 0 and not lines[one.place - 1].strip(), marks[0] if marks else ""


def _is_name(label: str) -> bool:
    words = label.split()
    if _key(label) in _no_speakers() or _key(words[0]) in _no_speakers():
        return False
    if is_staff_label(label) is not None:
        return True
    return len(words) <= _MOST_WORDS and not any(
        word[0].isdigit() or (word[0].islower() and not _is_particle(words, place))
        for place, word in enumerate(words)
    )


def _is_particle(words: Sequence[str], place: int) -> bool:
    """Whether a small word stands within a name: `Maria von Ott`."""
    return 0 < place < len(words) - 1 and len(words[place]) <= _LONGEST_PARTICLE


def _is_said(one: LabelledLine) -> bool:
    """Whether what follows a label is a sentence, and no value."""
    return bool(_SAYS.search(one.words.strip())) and len(one.words.split()) > 1


def _fields(rare: Mapping[str, Sequence[LabelledLine]]) -> set[int]:
    """The places of labels in a row, of which one has a value behind it, as a list of facts has."""
    by_place = {one.place: one for said in rare.values() for one in said}
    beside: set[int] = set()
    for place, one in by_place.items():
        for other in (place - 1, place + 1):
            if other in by_place and not (_is_said(one) and _is_said(by_place[other])):
                beside |= {place, other}
    return beside


def _words_of(lines: Sequence[str], labelled: Sequence[LabelledLine]) -> dict[str, int]:
    """How often each word stands in what is said, not as a label, with a capital letter."""
    said = {one.place: one.words for one in labelled}
    counts: dict[str, int] = {}
    for place, line in enumerate(lines):
        for word in _WORD.findall(said.get(place, line)):
            if not word[0].islower():
                counts[word.casefold()] = counts.get(word.casefold(), 0) + 1
    return counts


def _key(word: str) -> str:
    return word.casefold().strip(" .*")


@cache
def _no_speakers() -> frozenset[str]:
    return frozenset(lexicon(__package__).words("no_speakers"))
