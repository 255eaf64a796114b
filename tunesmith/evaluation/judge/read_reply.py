"""A judge's reply -> the score or the choice it holds, or why it holds none.

Asked for is a JSON object with one entry, named by a key that no judged text holds; the last
one counts. A reply without that key is still read where it says one thing only ("I'd rate
this 60 out of 100"), unless the words that say so stand in a judged text: a judge that
repeats what it was given has given no verdict.
"""

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Choice = Literal["first", "second", "tie"]

NO_VERDICT = "no verdict in the reply"
THINKING = "the reply ends in the middle of a thought"
ECHO = "the reply repeats a judged text"
SEVERAL = "several verdicts in the reply"
OUT_OF_RANGE = "score outside of 0 to 100"
NOT_WHOLE = "score is no whole number"
NO_CHOICE = "no choice of A, B or tie"

_MAX_READ = 20_000  # characters, from the end
_MAX_OBJECTS = 200
_THOUGHT = re.compile(r"</?(?:think|thinking|thought|reasoning)>", re.IGNORECASE)
_NUMBER = r"(?P<number>[0-9]{1,6}(?:[.,][0-9]+)?)(?![0-9])"
_START = r"(?<![\w.,/-])"
_FREE_SCORES = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        _START + _NUMBER + r"\s*(?:/|out of|of)\s*(?:a\s+(?:possible|total|maximum)\s+)?100\b",
        r"\b(?:score|rating|grade)\b[\"'*_\s]*(?:(?:is|of|as|at|would be|[:=])[\"'*_\s]*)+"
        r"(?:an?\s+)?" + _START + _NUMBER,
        r"\bI(?:['’]d|['’]ll|\s+would|\s+will)?\s+(?:\w+\s+){0,2}?"
        r"(?:score|rate|grade|give|assign|award)\b[^.\n]{0,80}?" + _START + _NUMBER,
    )
]
_BARE_SCORE = re.compile(r"[\"'*_\s]*" + _NUMBER + r"[\"'*_.\s]*")
_RANGE_BEFORE = re.compile(r"[0-9]\s*(?:to|and|or|[-–—])\s*$", re.IGNORECASE)
_RANGE_AFTER = re.compile(r"\s*(?:to|and|or|[-–—])\s*[0-9]", re.IGNORECASE)
_OTHER_SCALE = re.compile(r"\s*(?:/|out of)\s*(?!100\b)[0-9]", re.IGNORECASE)
_FREE_CHOICE = re.compile(r"\[\[\s*(A|B|C|tie)\s*\]\]", re.IGNORECASE)
_CHOICES: dict[str, Choice] = {"a": "first", "b": "second", "tie": "tie", "c": "tie"}


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A reply that holds no verdict, and why; failures are counted by it."""

    reason: str


@dataclass(frozen=True, slots=True)
class _Said:
    """A verdict as it stands in a reply, and the words that say it."""

    value: Any
    words: str


def read_score(reply: str, *, key: str, judged: Sequence[str]) -> int | Unreadable:
    """The score in a reply, 0 to 100.

    Args:
        reply: What the judge wrote.
        key: Of the call's fence.
        judged: Every text the judge was shown; what stands in one of them is no verdict.
    """
    if is_thinking(reply):
        return Unreadable(THINKING)
    text = _after_thinking(reply)
    objects = list(_objects(text))
    own = _entries(objects, f"score-{key}")
    if own:
        return _whole_score(own[-1].value)
    plain = _entries(objects, "score")
    found = plain or [said for pattern in _FREE_SCORES for said in _free_scores(pattern, text)]
    if not found and (bare := _BARE_SCORE.fullmatch(text)):
        return ECHOED if _is_repeated(text, judged, whole=True) else _whole_score(bare["number"])
    kept = [said for said in found if not _is_repeated(said.words, judged)]
    return _agreed(kept[-1:] if plain else kept, num_found=len(found))


def read_choice(reply: str, *, key: str, judged: Sequence[str]) -> Choice | Unreadable:
    """Which of two answers a reply prefers: the one shown first, the second, or neither."""
    if is_thinking(reply):
        return Unreadable(THINKING)
    text = _after_thinking(reply)
    objects = list(_objects(text))
    own = _entries(objects, f"better-{key}")
    if own:
        return _known_choice(own[-1].value)
    plain = _entries(objects, "better")
    found = plain or [_Said(match[1], match[0]) for match in _FREE_CHOICE.finditer(text)]
    if not found:
        bare = text.strip(" \t\r\n\"'*_.").casefold()
        if bare not in _CHOICES:
            return Unreadable(NO_VERDICT)
        return ECHOED if _is_repeated(text, judged, whole=True) else _CHOICES[bare]
    kept = [said for said in found if not _is_repeated(said.words, judged)]
    if not kept:
        return ECHOED
    choices = {_known_choice(said.value) for said in (kept[-1:] if plain else kept)}
    return choices.pop() if len(choices) == 1 else Unreadable(SEVERAL)


ECHOED = Unreadable(ECHO)


def is_thinking(reply: str) -> bool:
    """Whether a reply ends while the model still thinks aloud: what it says then is no verdict."""
    tags = _THOUGHT.findall(reply)
    return bool(tags) and not tags[-1].startswith("</")


def _after_thinking(reply: str) -> str:
    """The end of a reply, without what a model thought aloud before it."""
    return _THOUGHT.split(reply)[-1][-_MAX_READ:]


def _objects(text: str) -> Iterator[_Said]:
    """The JSON objects in a text, in order, each as its pairs; none inside another."""
    decoder = json.JSONDecoder(object_pairs_hook=list)
    starts = [match.start() for match in re.finditer(r"\{", text)][-_MAX_OBJECTS:]
    end = 0
    for start in starts:
        if start < end:
            continue
        try:
            pairs, end = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            continue
        yield _Said(pairs, text[start:end])


def _entries(objects: Iterable[_Said], name: str) -> list[_Said]:
    """What stands under a name; two values in one object are a list, which is no verdict."""
    found = []
    for said in objects:
        values = [value for key, value in said.value if key.strip().casefold() == name]
        if values:
            found.append(_Said(values[0] if len(values) == 1 else values, said.words))
    return found


def _free_scores(pattern: re.Pattern[str], text: str) -> Iterator[_Said]:
    """What a pattern finds; a range, or a score on another scale, has no number."""
    for match in pattern.finditer(text):
        start, end = match.span("number")
        is_range = _RANGE_BEFORE.search(text[max(0, start - 12) : start]) is not None
        is_range = is_range or _RANGE_AFTER.match(text, end) is not None
        is_clear = not is_range and _OTHER_SCALE.match(text, end) is None
        yield _Said(match["number"] if is_clear else None, match[0])


def _agreed(kept: Sequence[_Said], *, num_found: int) -> int | Unreadable:
    """The one score that all passages name."""
    if not kept:
        return ECHOED if num_found else Unreadable(NO_VERDICT)
    scores = {_whole_score(said.value) for said in kept}
    return scores.pop() if len(scores) == 1 else Unreadable(SEVERAL)


def _whole_score(value: Any) -> int | Unreadable:
    """85, 85.0 and "85" are the same score; true, 50.5 and "eighty" are none."""
    if isinstance(value, list):
        return Unreadable(SEVERAL)
    if isinstance(value, str):
        value = int(value) if re.fullmatch(r"-?[0-9]{1,6}", value.strip()) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return Unreadable(NOT_WHOLE)
    if not 0 <= value <= 100:
        return Unreadable(OUT_OF_RANGE)
    return int(value) if value == int(value) else Unreadable(NOT_WHOLE)


def _known_choice(value: Any) -> Choice | Unreadable:
    name = value.strip().casefold().removeprefix("answer ") if isinstance(value, str) else ""
    return _CHOICES[name] if name in _CHOICES else Unreadable(NO_CHOICE)


def _is_repeated(words: str, judged: Iterable[str], *, whole: bool = False) -> bool:
    """Whether words of a reply stand in a judged text, however they are spaced or escaped."""
    bare = _bare(words)
    if whole:
        return any(bare in map(_bare, (text, *text.splitlines())) for text in judged)
    return any(bare in _bare(text) for text in judged)


def _bare(text: str) -> str:
    """Letters, digits and marks alone: no white space, nothing invisible, no backslashes."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return "".join(
        c for c in plain if c != "\\" and not c.isspace() and unicodedata.category(c) != "Cf"
    )
