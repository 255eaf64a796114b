"""A question or a section of a page -> examples; a long section gives one a part."""

import functools
import re
from collections.abc import Iterator
from dataclasses import replace

from tunesmith.examples.conversion.cut_sections import cut_section
from tunesmith.examples.conversion.headings import part_question, section_question
from tunesmith.examples.example import Example, Message
from tunesmith.sources.lexicon import lexicon
from tunesmith.sources.material import AnsweredQuestion, Section
from tunesmith.sources.pages.question_text import asks
from tunesmith.sources.pages.subject import is_generic, without_kind_of_page
from tunesmith.sources.row import Dropped, RowError

_LONG = 8  # words, from which on a question stands by itself
_SHORT = 3  # words with a meaning of their own


def question_example(question: AnsweredQuestion) -> Example | Dropped:
    """A pair as the page has it; the heading above is added where the question needs it.

    "How do I change it?" below "Backups" becomes "Backups: how do I change it?". That is so
    where it points back (it, this, but ...), is hardly a sentence, or stands on the page twice.
    """
    if not question.answer.strip():
        fault = RowError("no answer", "nothing stands below this question")
        return Dropped.of(fault, source=question.source, text=question.question)
    instruction = question.question
    if question.is_repeated or is_ambiguous(instruction):
        instruction = _with_context(instruction, question.headings)
    return Example(messages=_pair(instruction, question.answer), source=question.source)


def section_examples(section: Section, *, subject: str | None = None) -> Iterator[Example]:
    """What a section answers, asked by its heading; its parts share a group.

    Args:
        section: A heading and its text.
        subject: What the recipe says the document describes; else what the page shows.
    """
    section = replace(section, subject=subject or section.subject)
    group = f"{_file_of(section.source)}#{' > '.join(section.headings)}"
    question = section_question(section, group)
    parts = cut_section(section.text)
    for number, part in enumerate(parts, start=1):
        is_cut = len(parts) > 1
        asked = part_question(question, number, len(parts)) if is_cut else question
        tags = ("section", f"part {number} of {len(parts)}") if is_cut else ("section",)
        yield Example(messages=_pair(asked, part), source=section.source, group=group, tags=tags)


def is_ambiguous(question: str) -> bool:
    """Whether a question cannot be understood without what stands above it."""
    if _unspaced_pointer().match(question):
        return True
    if _follows_on().match(question) and len(question.split()) <= _LONG:
        return True
    beginning = re.split(r"[.,;:!?\"“`]|\band\b|\bor\b", _expletive().sub(" ", question))[0]
    words = re.findall(r"[\w'’-]+", beginning)
    light = _light_words()
    meaningful = [word for word in words if word.lower() not in light]
    for index, word in enumerate(meaningful[:2]):
        if _points_back().match(word) and (word.lower() != "that" or index == 0):
            return True
    return _is_scrap(question)


def _is_scrap(question: str) -> bool:
    """Hardly a sentence, as "Refunds?" or "Why?" is."""
    if re.search(r"[一-鿿]", question):
        return len(question) <= 5
    words = re.findall(r"[\w'’-]+", question)
    return len(words) <= _SHORT and not re.match(
        r"(?:what|who|where|when)\s(?:is|are|was|were)\b", question, re.IGNORECASE
    )


def _with_context(question: str, headings: tuple[str, ...]) -> str:
    """The nearest heading that says something, then the question."""
    for heading in reversed(headings):
        context = without_kind_of_page(heading)
        if not context or is_generic(context):
            continue
        if asks(context):
            return f"{context} {question}"
        return f"{context}: {question}"
    return question


def _pair(instruction: str, response: str) -> tuple[Message, ...]:
    return (
        Message(role="user", content=instruction),
        Message(role="assistant", content=response),
    )


def _file_of(source: str) -> str:
    return source.rpartition(":")[0]


@functools.cache
def _points_back() -> re.Pattern[str]:
    words = lexicon(__package__).either("points_back", is_spaced=True)
    return re.compile(rf"^(?:{words})$", re.IGNORECASE)


@functools.cache
def _unspaced_pointer() -> re.Pattern[str]:
    """The same in languages without blanks: near the beginning."""
    words = lexicon(__package__).either("points_back", is_spaced=False)
    return re.compile(rf"^(?:.{{0,4}})(?:{words})")


@functools.cache
def _expletive() -> re.Pattern[str]:
    """`Is it possible to`, `How long does it take to`."""
    behind = lexicon(__package__).either("expletives")
    return re.compile(
        rf"\bit\s+(?:\w+\s+)?(?:{behind})\b|\b(?:there|that)\s+(?:is|are)\b", re.IGNORECASE
    )


@functools.cache
def _follows_on() -> re.Pattern[str]:
    return re.compile(rf"^(?:{lexicon(__package__).either('follows_on')})\b", re.IGNORECASE)


@functools.cache
def _light_words() -> frozenset[str]:
    return frozenset(lexicon(__package__).words("light_words"))
