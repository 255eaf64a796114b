"""A question or a section of a page -> examples; a long section gives one a part."""

import re
from collections.abc import Iterator
from dataclasses import replace

from tunesmith.examples.conversion.cut_sections import cut_section
from tunesmith.examples.conversion.headings import part_question, section_question
from tunesmith.examples.example import Example, Message
from tunesmith.sources.lines import excerpt
from tunesmith.sources.material import AnsweredQuestion, Section
from tunesmith.sources.pages.question_text import asks
from tunesmith.sources.pages.subject import is_generic, without_kind_of_page
from tunesmith.sources.row import Dropped

_POINTS_BACK = re.compile(
    r"^(?:it|its|this|that|these|those|they|them|their|such|he|she|him|her|one)$", re.IGNORECASE
)
_EXPLETIVE = re.compile(  # "Is it possible to", "How long does it take to"
    r"\bit\s+(?:\w+\s+)?(?:if|that|to|when|true|possible|safe|ok|okay|necessary|normal|legal|better|worth|take|mean|cost)\b"
    r"|\b(?:there|that)\s+(?:is|are)\b",
    re.IGNORECASE,
)
_CHINESE_POINTS_BACK = re.compile(r"^(?:.{0,4})(?:它|这个?|那个?|该|此|其)")
_FOLLOWS_ON = re.compile(
    r"^(?:but|and|or|so|then|also|otherwise|if so|if not|但是?|那么?|如果是)\b", re.I
)
_LIGHT_WORDS = frozenset(
    [
        "how",
        "do",
        "does",
        "did",
        "can",
        "could",
        "should",
        "would",
        "will",
        "is",
        "are",
        "was",
        "were",
        "what",
        "where",
        "when",
        "why",
        "who",
        "which",
        "i",
        "we",
        "you",
        "my",
        "our",
        "to",
        "a",
        "an",
        "the",
        "of",
        "in",
        "on",
        "for",
        "with",
        "and",
        "or",
        "not",
        "much",
        "many",
        "long",
        "often",
        "far",
        "get",
        "set",
        "use",
        "make",
        "have",
        "has",
        "be",
        "if",
        "at",
    ]
)
_LONG = 8  # words, from which on a question stands by itself
_SHORT = 3  # words with a meaning of their own


def question_example(question: AnsweredQuestion) -> Example | Dropped:
    """A pair as the page has it; the heading above is added where the question needs it.

    "How do I change it?" below "Backups" becomes "Backups: how do I change it?". That is so
    where it points back (it, this, but ...), is hardly a sentence, or stands on the page twice.
    """
    if not question.answer.strip():
        return Dropped(
            source=question.source,
            reason="no answer",
            detail="nothing stands below this question",
            text=excerpt(question.question),
        )
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
    if _CHINESE_POINTS_BACK.match(question):
        return True
    if _FOLLOWS_ON.match(question) and len(question.split()) <= _LONG:
        return True
    beginning = re.split(r"[.,;:!?\"“`]|\band\b|\bor\b", _EXPLETIVE.sub(" ", question))[0]
    words = re.findall(r"[\w'’-]+", beginning)
    meaningful = [word for word in words if word.lower() not in _LIGHT_WORDS]
    for index, word in enumerate(meaningful[:2]):
        if _POINTS_BACK.match(word) and (word.lower() != "that" or index == 0):
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
