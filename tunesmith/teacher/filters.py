"""What a teacher wrote -> whether it may become an example, and if not why.

Each reason is a name that is counted. What a text model cannot do (images, files, the web) is
found by words; lists of one's own are added in a recipe's `blocklist`.
Source: the filters of Self-Instruct (arXiv 2212.10560) and Stanford Alpaca, on our own lists.
"""

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from tunesmith.examples.answers import answer_fault
from tunesmith.examples.characters import character_fault
from tunesmith.examples.example import Example
from tunesmith.examples.language import WRONG_LANGUAGE, language_fault
from tunesmith.examples.splitting.words import words_of
from tunesmith.recipe.teacher_recipe import TeacherLanguage
from tunesmith.sources.lexicon import lexicon
from tunesmith.sources.row import RowError

TOO_SHORT = "instruction too short"
TOO_LONG = "instruction too long"
BLOCKED = "blocked word"
NO_INSTRUCTION = "not an instruction"
EMPTY = "empty response"
REFUSED = "teacher refused"
PLACEHOLDER = "placeholder"
ECHO = "response repeats the input"
LOOP = "repeats itself"
CUT = "reply cut off"

_MAX_WORDS = 150
_MIN_WORDS = {"en": 3, "zh": 4}
_PROGRAM = re.compile(
    r"(?:write|create|develop|build) (?:a|an|the) (?:\w+ )?(?:program|app|script)\b"
)
_NO_START = re.compile(r"[^\w\"'“‘(\[《「『¿¡]")
_SENTENCE = re.compile(r"[^.!?。！？\n]{12,}[.!?。！？]?")
_CJK = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_MAX_REPEATS = 3
_MIN_CJK, _MAX_CJK = 0.5, 0.3  # share of an instruction's letters, in Chinese and in English


@dataclass(frozen=True, slots=True, kw_only=True)
class PairRules:
    """What every pair that a teacher wrote must satisfy.

    Attributes:
        language: Of both texts.
        blocklist: Words that no instruction may hold.
        is_about_text: Whether a text given with the instruction answers it; then it may speak of
            files and pictures, as a manual does.
    """

    language: TeacherLanguage
    blocklist: Sequence[str] = ()
    is_about_text: bool = False


def check_instruction(text: str, rules: PairRules) -> None:
    """Let an instruction pass that a text model could follow.

    Raises:
        RowError: It is too short or long, holds a blocked word, is none or in another language.
    """
    num_words = len(words_of(text))
    if num_words < _MIN_WORDS[rules.language]:
        raise RowError(TOO_SHORT, f"{text[:60]!r} has {num_words} words")
    if num_words > _MAX_WORDS:
        raise RowError(TOO_LONG, f"it has {num_words} words, {_MAX_WORDS} are allowed")
    if _NO_START.match(text) or _talk().match(text):
        raise RowError(NO_INSTRUCTION, f"it begins with {text[:20]!r}")
    if word := _blocked_word(text, rules):
        raise RowError(BLOCKED, f"it holds {word!r}")
    _check_script(text, rules.language)


def check_pair(example: Example, rules: PairRules) -> None:
    """Let a pair pass whose response says something, in the right language.

    Raises:
        RowError: The response is empty, a refusal, a placeholder, an echo or a loop.
    """
    asked, response = example.messages[-2], example.reference
    if not response.strip():
        raise RowError(EMPTY, "the response is empty")
    check_answer(response)
    if found := _placeholder().search(f"{asked.content}\n{asked.input}\n{response}"):
        raise RowError(PLACEHOLDER, f"it holds {found[0]!r}")
    if asked.input and words_of(asked.input) == words_of(response):
        raise RowError(ECHO, "the response is the input again")
    fault = (
        character_fault(example) or answer_fault(example) or language_fault(example, rules.language)
    )
    if fault is not None:
        raise RowError(*fault)


def check_answer(response: str) -> None:
    """Let a response pass that answers, and comes to an end.

    Raises:
        RowError: It refuses, or says the same again and again.
    """
    if found := _refusal().search(response[:400]):
        raise RowError(REFUSED, f"the response says {found[0]!r}")
    if repeated := repeated_sentence(response):
        raise RowError(LOOP, f"it says {repeated[:60]!r} more than {_MAX_REPEATS - 1} times")


def refusal_in(text: str) -> str | None:
    """The words with which a text refuses; None where it does not."""
    found = _refusal().search(text[:400])
    return str(found[0]) if found else None


def repeated_sentence(text: str) -> str | None:
    """A sentence that a text holds three times or more."""
    counts: dict[str, int] = {}
    for sentence in _SENTENCE.findall(text):
        key = str(sentence).strip().lower()
        counts[key] = counts.get(key, 0) + 1
        if counts[key] >= _MAX_REPEATS:
            return key
    return None


def real_input(text: str) -> str:
    """The input, empty where the teacher wrote in words that there is none."""
    return "" if _no_input().fullmatch(text.strip()) else text.strip()


def _check_script(text: str, language: TeacherLanguage) -> None:
    """The language of a short text: by its letters."""
    num_letters = sum(map(str.isalpha, text))
    share = len(_CJK.findall(text)) / max(1, num_letters)
    if language == "zh" and share < _MIN_CJK:
        raise RowError(WRONG_LANGUAGE, f"{share:.0%} of its letters are Chinese")
    if language == "en" and share > _MAX_CJK:
        raise RowError(WRONG_LANGUAGE, f"{share:.0%} of its letters are Chinese")


def _blocked_word(text: str, rules: PairRules) -> str | None:
    lowered = text.lower()
    words = lexicon(__package__)
    impossible = () if rules.is_about_text else words.words("impossible", rules.language)
    for word in (*impossible, *(one.lower() for one in rules.blocklist)):
        is_found = word in lowered
        if is_found and word.isascii():
            is_found = bool(re.search(rf"\b{re.escape(word)}\b", lowered))
        if is_found:
            return word
    program = None if rules.is_about_text else _PROGRAM.match(lowered)
    return str(program[0]) if program else None


@functools.cache
def _talk() -> re.Pattern[str]:
    return re.compile(lexicon(__package__).either("talk"), re.IGNORECASE)


@functools.cache
def _refusal() -> re.Pattern[str]:
    spaced, unspaced = (
        lexicon(__package__).either("refusals", is_spaced=one) for one in (True, False)
    )
    return re.compile(rf"\b(?:{spaced})|{unspaced}", re.IGNORECASE)


@functools.cache
def _placeholder() -> re.Pattern[str]:
    blanks, others = (lexicon(__package__).either(name) for name in ("slots", "placeholders"))
    gap = rf"\[(?:your |insert |the )?(?:{blanks})[^\]]{{0,30}}\]"
    return re.compile(f"{gap}|{others}", re.IGNORECASE)


@functools.cache
def _no_input() -> re.Pattern[str]:
    said = lexicon(__package__).either("no_input")
    return re.compile(rf"[<(\[]?(?:{said})[>)\]]?[.。]?", re.IGNORECASE)
