"""Made-up texts -> instruction pairs with an input, letters and descriptions.

For the training pairs a text may hold no held-out name, review phrase, headline or message;
for the test it must hold one.
"""

import random
from collections.abc import Callable, Iterator
from typing import Any, Literal

from pretraining import sentences
from pretraining.descriptions import all_descriptions
from pretraining.facts import read_yaml_table
from pretraining.held_out import falls_out, mentions_held_out
from pretraining.letters import Letter, make_letter
from pretraining.wordings import free_text, text_tasks

Record = dict[str, Any]
Side = Literal["train", "test"]
# Training pairs of each kind of task.
TEXT_COUNTS = {
    "tone": 46, "topic": 56, "route": 52, "keywords": 42, "headline": 42, "passive": 54,
    "past_text": 32, "plural_text": 30, "convert": 40, "letter": 36, "describe": 36,
}  # fmt: skip
_READING = frozenset({"tone", "topic", "route", "keywords", "headline"})
_SEEN_IN_TEST, _UNSEEN_IN_TEST = 5, 3
_MAX_TRIES = 20_000


def text_pairs(rng: random.Random, side: Side) -> Iterator[Record]:
    """Fields of pairs, task by task."""
    for task, count in TEXT_COUNTS.items():
        if side == "train":
            yield from _take(rng, task, count=count, wording="seen", side=side)
        else:
            yield from _take(rng, task, count=_SEEN_IN_TEST, wording="seen", side=side)
            yield from _take(rng, task, count=_UNSEEN_IN_TEST, wording="unseen", side=side)


def _take(
    rng: random.Random, task: str, *, count: int, wording: str, side: Side
) -> Iterator[Record]:
    taken: set[str] = set()
    for _ in range(_MAX_TRIES):
        if len(taken) == count:
            return
        record, is_hidden = _MAKERS[task](rng, wording, len(taken))
        text = record["instruction"] + record["input"]
        if is_hidden == (side == "test") and text not in taken:
            taken.add(text)
            record["tags"] = _tags(task, record.pop("form", "text"))
            if side == "test":
                record["tags"] += (f"wording:{wording}", "held-out")
            yield record
    raise AssertionError(f"{task}: too few texts for {side}")


def _tags(task: str, form: str) -> tuple[str, ...]:
    return (f"task:{task}", "reads" if task in _READING else "writes", f"form:{form}")


def _wording(task: str, wording: str, number: int) -> str:
    patterns = text_tasks()[task][wording]
    return patterns[number % len(patterns)]


def _from_pair(make: Callable[[random.Random], sentences.Pair]) -> Callable[..., Any]:
    def maker(rng: random.Random, wording: str, number: int) -> tuple[Record, bool]:
        pair = make(rng)
        record = _record(_wording(pair.task, wording, number), pair.counterpart, pair.text)
        return record, mentions_held_out(f"{pair.text}\n{pair.counterpart}")

    return maker


def _from_choice(
    make: Callable[[random.Random], sentences.Pair], phrases: Callable[[], frozenset[str]]
) -> Callable[..., Any]:
    """As `_from_pair`, for texts that are held out as whole phrases."""

    def maker(rng: random.Random, wording: str, number: int) -> tuple[Record, bool]:
        pair = make(rng)
        record = _record(_wording(pair.task, wording, number), pair.counterpart, pair.text)
        is_hidden = any(phrase in pair.text for phrase in phrases())
        if not is_hidden and mentions_held_out(pair.text):
            return maker(rng, wording, number)
        return record, is_hidden

    return maker


def _record(instruction: str, response: str, text: str = "") -> Record:
    return {"instruction": instruction, "input": text, "response": response}


def hidden_phrases() -> frozenset[str]:
    """Phrases of reviews, headlines and messages that no training pair holds."""
    parts = free_text()
    lists = [parts["praise"], parts["complaint"], *parts["topics"].values()]
    lists += [department["messages"] for department in read_yaml_table("departments").values()]
    phrases = {phrase for phrase_list in lists for phrase in phrase_list if falls_out(phrase)}
    plain = {phrase.split("{product}")[0] or phrase.split("{product}")[1] for phrase in phrases}
    return frozenset(plain | {sentences.capitalized(phrase) for phrase in plain})


def _convert(rng: random.Random, wording: str, number: int) -> tuple[Record, bool]:
    quantity, unit, result = sentences.make_conversion(rng)
    record = _record(_wording("convert", wording, number).format(unit=unit), result, quantity)
    return record, falls_out(quantity) or mentions_held_out(f"{quantity} {unit}")


def _letter(rng: random.Random, wording: str, number: int) -> tuple[Record, bool]:
    letter: Letter = make_letter(rng)
    instruction = _wording(letter.kind, wording, number).format(
        writer=letter.writer,
        reader=letter.reader,
        thing=letter.thing,
        place=letter.place,
        day=letter.day,
    )
    return _record(instruction, letter.text), mentions_held_out(f"{instruction}\n{letter.text}")


def _describe(rng: random.Random, wording: str, number: int) -> tuple[Record, bool]:
    description = rng.choice(all_descriptions())
    instruction = _wording("describe", wording, number).format(x=description.x)
    return _record(instruction, description.text), mentions_held_out(description.text)


_MAKERS: dict[str, Callable[..., tuple[Record, bool]]] = {
    "tone": _from_choice(sentences.make_review, hidden_phrases),
    "topic": _from_choice(sentences.make_headline, hidden_phrases),
    "route": _from_choice(sentences.make_message, hidden_phrases),
    "keywords": _from_pair(sentences.make_keywords),
    "headline": _from_pair(sentences.make_news),
    "passive": _from_pair(sentences.make_passive),
    "past_text": _from_pair(sentences.make_past),
    "plural_text": _from_pair(sentences.make_plural),
    "convert": _convert,
    "letter": _letter,
    "describe": _describe,
}
