"""A message's text -> whether it asks, whether it wants something, whether it says anything.

Rules of thumb for chats, chiefly English, with the commonest words of German, French, Spanish
and Chinese: `words.yaml`. They read words only; who spoke to whom is decided elsewhere.
"""

import functools
import re

from tunesmith.sources.lexicon import lexicon
from tunesmith.sources.pages.question_text import QUESTION_MARKS

_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`", re.DOTALL)
_URL = re.compile(r"\b(?:https?|ftp|mailto)://\S+|\bwww\.\S+", re.IGNORECASE)
_QUOTED_LINE = re.compile(r"^\s*>.*$", re.MULTILINE)
_EMOJI_NAME = re.compile(r":[a-z0-9_+'-]+:", re.IGNORECASE)
_MENTION = re.compile(r"@(?:[A-Za-z\u00c0-\u052f0-9_.\-]+|[\w.\-]+(?=\s))(?::)?")  # 的 ends no name
_QUESTION_MARK = re.compile(  # of all scripts; Greek's is a semicolon
    rf"[{QUESTION_MARKS}]|(?<=[\u0370-\u03ff\u1f00-\u1fff]);(?!\w)"
)
_VOTE = re.compile(r"(?<![\w.])[+-]1(?!\w)")
_LONGEST_SMALL_TALK = 200  # characters


def asks_question(text: str) -> bool:
    """Whether a message asks: a question mark outside code and links, or a question's words."""
    words = _own_words(text)
    return bool(
        _QUESTION_MARK.search(words)
        or _beginning_of_question().search(words.lstrip())
        or (not words.isascii() and _anywhere("questions").search(words))
    )


def calls_everybody(text: str) -> bool:
    """Whether a message speaks to whoever may know, and so answers nobody."""
    is_call = _call().search(text) or (not text.isascii() and _anywhere("everybody").search(text))
    return bool(is_call)


def is_request(text: str) -> bool:
    """Whether a message wants help without asking: a wish, or something that does not work."""
    words = _own_words(text)
    is_wish = _request().search(words)
    return bool(is_wish or (not words.isascii() and _anywhere("requests").search(words)))


def is_small_talk(text: str) -> bool:
    """Whether a message holds nothing but greetings, thanks, farewells and promises to look."""
    if len(text) > _LONGEST_SMALL_TALK:
        return False
    words = _VOTE.sub(" ", text) if "1" in text else text
    words = _EMOJI_NAME.sub(" ", words) if ":" in words else words
    words = (_MENTION.sub(" ", words) if "@" in words else words).replace("’", "'")
    if not re.search(r"\w", words):
        return True
    if words.isascii():
        return _only_small_talk().fullmatch(words) is not None
    return bool(_only_small_talk().fullmatch(words) or _only_unspaced().fullmatch(words))


def is_reaction(text: str) -> bool:
    """Whether a message begins with an exclamation, as one that answers a question does not."""
    return _reaction().match(text.lstrip()) is not None


def is_promise(text: str) -> bool:
    """Whether a message only says that an answer will come."""
    return is_small_talk(text) and _promise().search(text) is not None


def _own_words(text: str) -> str:
    """The text without code, links and quoted lines: their question marks ask nothing."""
    words = _CODE.sub(" ", text) if "`" in text else text
    words = _URL.sub(" ", words) if "www." in words or ":" in words else words
    return _QUOTED_LINE.sub(" ", words) if ">" in words else words


@functools.cache
def _beginning_of_question() -> re.Pattern[str]:
    openers, questions = _either("openers"), _either("questions", is_spaced=True)
    start = rf"(?:^|[.!,;:\n]\s*|^(?:{openers})\b[\s,:]*)"
    return re.compile(f"{start}(?:{questions})", re.IGNORECASE)


@functools.cache
def _call() -> re.Pattern[str]:
    return re.compile(rf"\b(?:{_either('everybody', is_spaced=True)})\b", re.IGNORECASE)


@functools.cache
def _request() -> re.Pattern[str]:
    return re.compile(rf"\b(?:{_either('requests', is_spaced=True)})\b", re.IGNORECASE)


@functools.cache
def _anywhere(name: str) -> re.Pattern[str]:
    """The words of languages that part none by blanks."""
    return re.compile(_either(name, is_spaced=False))


@functools.cache
def _only_small_talk() -> re.Pattern[str]:
    said = f"{_either('promises')}|{_either('small_talk')}"
    return re.compile(rf"[\W_]*+(?:(?>{said})(?!\w)[\W_]*+)++", re.IGNORECASE)


@functools.cache
def _only_unspaced() -> re.Pattern[str]:
    said = f"{_either('small_talk', is_spaced=False)}|{_either('particles')}"
    return re.compile(rf"[\W_]*+(?:(?>{said})[\W_]*+)++")


@functools.cache
def _promise() -> re.Pattern[str]:
    return re.compile(rf"\b(?:{_either('promises')})\b", re.IGNORECASE)


@functools.cache
def _reaction() -> re.Pattern[str]:
    said = _either("reactions")
    return re.compile(rf"(?:{said})(?!\w)(?![^.!?\n]*\byou\b)", re.IGNORECASE)


def _either(name: str, *, is_spaced: bool | None = None) -> str:
    return lexicon(__package__).either(name, blank=r"\s+", is_spaced=is_spaced)
