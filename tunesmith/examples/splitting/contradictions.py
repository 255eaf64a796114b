"""Examples -> pairs that answer one question in two ways, for a person to decide.

Nothing is dropped: which answer is right, or whether both are, no rule can tell. Questions
are equal when they differ in nothing but case, punctuation, blanks, articles and politeness;
whoever knows pairs of questions that are nearly equal passes them to `contradictions` too.
"""

import re
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from tunesmith.examples.example import Example, last_user_text

MIN_SIMILARITY = 0.9  # of two questions, below which different answers are no surprise
_MAX_LISTED = 20  # answers to one question; "tell me a joke" may have thousands
_SHOWN = 500
_WORD = re.compile(r"\w+")
_POLITE = frozenset(("the", "a", "an", "please", "kindly", "hi", "hello", "hey", "thanks"))
_OPENINGS = (("can", "you"), ("could", "you"), ("would", "you"), ("tell", "me"))

Pair = tuple[Example, Example, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradiction:
    """Two examples with one question and two answers; `similarity` is that of the questions."""

    first: Example
    second: Example
    similarity: float

    def to_json(self) -> dict[str, Any]:
        """The record as it is written; both sources lead a person to the answers."""
        return {
            "question": last_user_text(self.first.messages)[:_SHOWN],
            "similarity": round(self.similarity, 4),
            "first": _answer_of(self.first),
            "second": _answer_of(self.second),
        }


def contradictions(
    pairs: Iterable[Pair], *, min_similarity: float = MIN_SIMILARITY
) -> Iterator[Contradiction]:
    """Of pairs with equal or near-equal questions, those whose answers differ.

    An answer that only says more around the same words is no other answer.

    Args:
        pairs: Two examples and how similar their questions are, from 0 to 1.
        min_similarity: From where on questions count as one.
    """
    for first, second, similarity in pairs:
        if similarity >= min_similarity and _differ(first, second):
            yield Contradiction(first=first, second=second, similarity=similarity)


def equal_questions(paths: Sequence[Path]) -> Iterator[Pair]:
    """Pairs of examples with one question and different answers, in files of examples.

    The first pass takes 28 bytes a row, the second reads only the rows it yields. Each answer
    is paired with the first one; of one question 20 at most.
    """
    questions, answers, places, numbers = array("Q"), array("Q"), array("Q"), array("I")
    for number, path in enumerate(paths):
        for place, record in _records(path):
            question, answer = _texts(record)
            questions.append(_hash(_folded_question(question)))
            answers.append(_hash(_folded(answer)))
            places.append(place)
            numbers.append(number)
    for group in _conflicts(np.array(questions), np.array(answers)):
        found = [_read(paths[numbers[row]], places[row]) for row in group]
        yield from ((found[0], other, 1.0) for other in found[1:])


def _conflicts(questions: Any, answers: Any) -> Iterator[list[int]]:
    """Rows with one question, the first of each answer, in order of their first row."""
    order = np.argsort(questions, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(questions[order]) != 0][: len(order)])
    ends = np.r_[starts[1:], len(order)][: len(starts)]
    is_several = ends - starts > 1
    runs = zip(starts[is_several], ends[is_several], strict=True)
    for group in sorted((order[start:end] for start, end in runs), key=lambda group: group[0]):
        _, firsts = np.unique(answers[group], return_index=True)
        if len(firsts) > 1:
            yield [int(group[place]) for place in sorted(firsts)[:_MAX_LISTED]]


def _records(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Examples that answer something, as they are written, each with the place of its line."""
    place = 0
    with path.open("rb") as stream:
        for line in stream:
            record = orjson.loads(line)
            if "text" not in record:
                yield place, record
            place += len(line)


def _read(path: Path, place: int) -> Example:
    with path.open("rb") as stream:
        stream.seek(place)
        return Example.from_json(orjson.loads(stream.readline()))


def _texts(record: dict[str, Any]) -> tuple[str, str]:
    """All that is read before the last answer, and that answer."""
    if "messages" not in record:
        return f"{record['instruction']}\n{record['input']}", record["response"]
    *asked, answer = record["messages"]
    read = "\n".join(f"{one['role']} {one['content']} {one.get('input', '')}" for one in asked)
    return read, answer["content"]


def without_politeness(words: Iterable[str]) -> list[str]:
    """The words of a question, small letters, without articles and politeness."""
    asked = [word for word in words if word not in _POLITE]
    while tuple(asked[:2]) in _OPENINGS:
        del asked[:2]
    return asked


def _folded_question(text: str) -> str:
    """Words without articles and politeness."""
    return " ".join(without_politeness(_WORD.findall(text.lower()))) or text.strip()


def _folded(text: str) -> str:
    """Words alone, small; a text without words, such as an operator, as it is."""
    return " ".join(_WORD.findall(text.lower())) or text.strip()


def _hash(text: str) -> int:
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big")


def _differ(first: Example, second: Example) -> bool:
    one, two = f" {_folded(first.reference)} ", f" {_folded(second.reference)} "
    return one not in two and two not in one


def _answer_of(example: Example) -> dict[str, str]:
    return {
        "id": example.id,
        "source": example.source,
        "answer": example.reference[:_SHOWN],
    }
