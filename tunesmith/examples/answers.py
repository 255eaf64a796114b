"""An example -> whether its last answer teaches nothing, and why.

Short is no fault: "Paris", "4" and "yes" answer something. What is dropped says nothing in
any context, only points at a text that is not there, repeats the question, or is a page's
furniture. Plain texts have no answer and pass.
"""

import functools
import re

from tunesmith.examples.example import Example
from tunesmith.sources.lexicon import lexicon

TRIVIAL = "trivial answer"
ELSEWHERE = "answer points elsewhere"
REPEATS = "answer repeats the question"
BOILERPLATE = "boilerplate"
REDACTED = "nothing left after redaction"
ANSWER_REASONS = (TRIVIAL, ELSEWHERE, REPEATS, BOILERPLATE, REDACTED)
Fault = tuple[str, str]

_LONGEST = 240  # characters of an answer that can be one of these
_NOTHING = re.compile(r"[-–—_.…?!*~#/\\|,;:·•\s]+")
_LINK = r"(?:<?(?:https?://|www\.)[^\s<>]+>?|\[[^\]\n]*\]\((?:https?://|/|#|\.|www)[^)\s]*\))"
_ONLY_LINKS = re.compile(rf"(?:[-*•]?\s*{_LINK}[\s.,;]*)+")
_MARKS = re.compile(r"(?:\[(?:email|phone|card|iban|account|ip|secret)\]|[\s.,;:/|·-]|and|or)+")
_WORD = re.compile(r"\w+")


def answer_fault(example: Example) -> Fault | None:
    """The reason and a detail where the last answer should not be learned."""
    if example.is_text:
        return None
    answer = example.reference.strip()
    question = example.messages[-2]
    if len(answer) <= _LONGEST:
        fault = _short_fault(answer, question.content)
        if fault is not None:
            return fault
    if not question.input and question.role == "user" and _is_same(answer, question.content):
        return REPEATS, "the answer is the question again"
    return None


def _short_fault(answer: str, question: str) -> Fault | None:
    bare = answer.strip("*_`\"'().!… :")
    is_unfilled = _placeholders().fullmatch(bare) and not _asks("asks_for_short_form", question)
    if _trivial().fullmatch(bare) or _NOTHING.fullmatch(answer) or is_unfilled:
        return TRIVIAL, f"the answer is {answer[:40]!r}"
    if answer.startswith("[") and "]" in answer and _MARKS.fullmatch(answer):
        return REDACTED, f"the answer is {answer[:40]!r}"
    if _ONLY_LINKS.fullmatch(answer) and not _asks("asks_for_link", question):
        return ELSEWHERE, "the answer is a link"
    if _points().fullmatch(bare) and not _asks("asks_for_link", question):
        return ELSEWHERE, f"the answer is {answer[:60]!r}"
    if _furniture().fullmatch(bare):
        return BOILERPLATE, f"the answer is {answer[:60]!r}"
    return None


def _is_same(answer: str, question: str) -> bool:
    """Whether both have the same words, three at least: "Hello" may answer "Hello"."""
    if abs(len(answer) - len(question)) > 20 or answer[:1].lower() != question.strip()[:1].lower():
        return False
    words = [word.lower() for word in _WORD.findall(answer)]
    return len(words) >= 3 and words == [word.lower() for word in _WORD.findall(question)]


@functools.cache
def _trivial() -> re.Pattern[str]:
    return re.compile(lexicon(__package__).either("trivial"), re.IGNORECASE)


@functools.cache
def _placeholders() -> re.Pattern[str]:
    return re.compile(lexicon(__package__).either("placeholders"), re.IGNORECASE)


def _asks(words: str, question: str) -> bool:
    """Whether a question asks for what would be no answer else."""
    return _any_of(words).search(question) is not None


@functools.cache
def _any_of(words: str) -> re.Pattern[str]:
    spaced, unspaced = (lexicon(__package__).either(words, is_spaced=one) for one in (True, False))
    return re.compile(rf"\b(?:{spaced})\b|{unspaced}", re.IGNORECASE)


@functools.cache
def _points() -> re.Pattern[str]:
    """`Hi, please see the docs for more information: https://...`."""
    either = lexicon(__package__).either
    courtesies = "|".join(f"{word} " for word in lexicon(__package__).words("courtesies"))
    place_words = "|".join(f"{word} " for word in lexicon(__package__).words("place_words"))
    place = f"(?:{place_words})*(?:{either('places')})"
    return re.compile(
        rf"(?:{either('openers')})?"
        rf"(?:(?:{courtesies})*(?:{either('pointing')})"
        rf"(?: {place})(?:(?: (?:for|of|on|in|at|to) {place})?)"
        r"(?: (?:for|about) (?:more )?"
        r"(?:details|info(?:rmation)?|more|this|that|it|(?:the )?answer))?"
        rf"|(?:please )?(?:{either('link_pointing')})[: ]+{_LINK}"
        rf"|{either('elsewhere')})(?:[:, ]*{_LINK})*",
        re.IGNORECASE,
    )


@functools.cache
def _furniture() -> re.Pattern[str]:
    furniture = lexicon(__package__).either("furniture")
    return re.compile(f"(?:{furniture})", re.IGNORECASE | re.DOTALL)
