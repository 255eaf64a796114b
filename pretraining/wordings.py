"""The wordings files -> every way in which a fact is stated, asked and answered.

Questions of the corpus are combined from leads and noun phrases; those that the test keeps
for itself (`unseen`) never occur in the corpus or in a training pair.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from pretraining.facts import Fact

WORDINGS = Path(__file__).parent / "wordings"
_FILES = ("geography", "science", "words", "measures")
_LEADS = (
    "What is {p}?",
    "Do you know {p}?",
    "Can anybody tell me {p}?",
    "I wonder about {p}; what is it?",
    "What do you think is {p}?",
    "Tell me {p}!",
    "Please tell me {p}.",
    "Name {p}.",
    "Who knows {p}?",
    "I forgot {p}. Which one is it?",
    "And what about {p}?",
    "Could you look up {p}?",
    "Give {p}.",
    "Which is {p}?",
    "Write down {p}.",
)
# Relations between words as such: "mice is the plural of mouse" begins as the word is spelled.
_SPELLED = frozenset({"plural", "past", "opposite", "synonym"})
_VOWEL_SOUND = re.compile(r"\b([Aa]) (?=(?:[aeioAEIO]|u(?!ni|se|su)|hour|honest)(?!ne\b|uro))")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """All that can be said about one relation, as patterns with {x} and {y}."""

    relation: str
    title: str
    phrases: tuple[str, ...]
    says: tuple[str, ...]
    questions: tuple[str, ...]
    sentence: str
    short: str
    seen: tuple[str, ...]
    unseen: tuple[str, ...]

    @property
    def patterns(self) -> tuple[str, ...]:
        """What the instruction set is made of."""
        return (*self.seen, *self.unseen, self.sentence, self.short)


@cache
def all_wordings() -> Mapping[str, Wording]:
    """The wordings of every relation."""
    wordings = {}
    for name in _FILES:
        for relation, record in _read(name).items():
            wordings[relation] = _wording(relation, record)
    return MappingProxyType(wordings)


@cache
def free_text() -> Mapping[str, Any]:
    """The parts of reviews, headlines and letters."""
    return MappingProxyType(_read("free_text"))


@cache
def text_tasks() -> Mapping[str, Mapping[str, list[str]]]:
    """Seen and unseen instructions of the tasks that are not about one fact."""
    return MappingProxyType(_read("text_tasks"))


@cache
def exchanges() -> Mapping[str, Any]:
    """Who asks and who answers in the corpus, and the labels of its forms."""
    return MappingProxyType(_read("exchanges"))


@cache
def office_sentences() -> Mapping[str, list[str]]:
    """Ordinary sentences with the words that instructions are made of."""
    return MappingProxyType(_read("office"))


def fill(pattern: str, fact: Fact) -> str:
    """Put a fact into a pattern; sentences begin with a capital, and articles fit."""
    text = with_articles(pattern.format(x=fact.x, y=fact.y, **fact.extra))
    is_spelled = pattern.startswith("{") and fact.relation in _SPELLED
    return text if is_spelled or pattern == "{y}" else text[:1].upper() + text[1:]


def with_articles(text: str) -> str:
    """Turn "a apple" into "an apple"."""
    return _VOWEL_SOUND.sub(r"\1n ", text)


def _wording(relation: str, record: Mapping[str, Any]) -> Wording:
    kept_for_test = frozenset(record["unseen"])
    combined = [lead.format(p=phrase) for phrase in record["phrases"] for lead in _LEADS]
    questions = [text for text in (*record["asks"], *combined) if text not in kept_for_test]
    return Wording(
        relation=relation,
        title=record["title"],
        phrases=tuple(record["phrases"]),
        says=tuple(record["says"]),
        questions=tuple(dict.fromkeys(questions)),
        sentence=record["sentence"],
        short=record.get("short", "{y}"),
        seen=tuple(record["seen"]),
        unseen=tuple(record["unseen"]),
    )


def _read(name: str) -> dict[str, Any]:
    record: dict[str, Any] = yaml.safe_load((WORDINGS / f"{name}.yaml").read_text("utf-8"))
    return record
