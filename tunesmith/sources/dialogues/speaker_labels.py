"""What a column or a label calls a speaker -> the side they stand on; labelled text -> turns."""

import functools
import re

from tunesmith.sources.lexicon import lexicon

# Signs at letters that are none themselves: of Arabic, Hebrew, and the scripts of South Asia.
VOWEL_SIGNS = "\u0300-\u036f\u0591-\u05c7\u064b-\u0670\u0900-\u0dff\u0e00-\u109f\u1780-\u17ff"
_LABEL = re.compile(
    rf"^[ \t]*(?:\*\*)?(?P<label>[^\W\d_][\w .'{VOWEL_SIGNS}-]{{0,30}}?)(?:\*\*)?"
    r"[ \t]*[:：](?:\*\*)?[ \t]*"
)


def is_staff_label(word: str) -> bool | None:
    """Whether somebody called this answers (True) or asks (False); None where it says neither."""
    key = _key(word)
    if key in _named("staff"):
        return True
    if key in _named("askers"):
        return False
    return None


def is_action(word: str) -> bool:
    """Whether this names no speaker but what a program did."""
    return _key(word) in _named("programs")


def labelled_lines(text: str) -> list[tuple[str, str]]:
    """A text whose lines begin with their speaker -> pairs; empty where it is no such text.

    Lines without a speaker go on with the turn before. Labels count that name a side; where
    there are none, those of the first two speakers.
    """
    lines = text.split("\n")
    found = [match["label"].strip() for line in lines if (match := _LABEL.match(line))]
    speakers = {label for label in found if is_staff_label(label) is not None or is_action(label)}
    parties = {is_staff_label(label) for label in speakers} - {None}
    if len(parties) < 2:
        speakers = _repeated(found)
    if len(speakers) < 2 or not _begins_labelled(lines, speakers):
        return []
    turns: list[tuple[str, str]] = []
    for line in lines:
        match = _LABEL.match(line)
        if match and match["label"].strip() in speakers:
            turns.append((match["label"].strip(), line[match.end() :].rstrip()))
        elif turns:
            label, so_far = turns[-1]
            turns[-1] = (label, f"{so_far}\n{line.rstrip()}")
    return [(label, words.strip()) for label, words in turns]


def _repeated(labels: list[str]) -> set[str]:
    """Names that speak at least twice, where just two do: an exchange, and no list of facts."""
    often = {label for label in labels if labels.count(label) > 1} if len(labels) < 400 else set()
    return often if len(often) == 2 else set()


def _begins_labelled(lines: list[str], speakers: set[str]) -> bool:
    first = next((line for line in lines if line.strip()), "")
    match = _LABEL.match(first)
    return match is not None and match["label"].strip() in speakers


@functools.cache
def _named(name: str) -> frozenset[str]:
    return frozenset(lexicon(__package__).words(name))


def _key(word: str) -> str:
    key = re.sub(r"[\s-]+", "_", word.strip().strip("[]()<>*").casefold())
    return re.sub(r"_?#?\d+$", "", key) or key
