"""A passage and a response -> whether the document says what the response claims.

Two rules that cost nothing; what passes them goes to a second call. A passage must stand in the
section word for word, and the response's words and numbers must come from it.
"""

import functools
import re

from tunesmith.examples.splitting.words import words_of
from tunesmith.recipe.teacher_recipe import TeacherLanguage
from tunesmith.sources.lexicon import lexicon
from tunesmith.sources.row import RowError

NOT_IN_SECTION = "passage not in the document"
NOT_SUPPORTED = "passage does not say it"
_MIN_SHARE: dict[TeacherLanguage, float] = {"en": 0.5, "zh": 0.6}
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_SPACE = re.compile(r"\s+")
_QUOTES = str.maketrans("“”„’‘", '"""\'\'')
_MIN_PASSAGE = {"en": 3, "zh": 5}  # words


def find_passage(passage: str, section: str, language: TeacherLanguage) -> str:
    """The passage as the section spells it: only blanks and quote marks may differ.

    Raises:
        RowError: It does not stand there, or is hardly a sentence.
    """
    wanted = passage.strip().strip('"“”').strip()
    if len(words_of(wanted)) < _MIN_PASSAGE[language]:
        raise RowError(NOT_IN_SECTION, f"{wanted[:60]!r} is hardly a passage")
    found = _search(wanted, section) or _search(wanted.rstrip(".。…"), section)
    if found is None:
        raise RowError(NOT_IN_SECTION, f"no such words in it: {_SPACE.sub(' ', wanted)[:120]!r}")
    return found[0]


def check_support(response: str, passage: str, *, asked: str, language: TeacherLanguage) -> None:
    """Let a response pass whose content words and numbers stand in the passage or the question.

    Raises:
        RowError: Too few do, or a number is new.
    """
    known = f"{passage}\n{asked}"
    numbers = set(_NUMBER.findall(known))
    for number in _NUMBER.findall(_without_list_numbers(response)):
        if number not in numbers:
            raise RowError(NOT_SUPPORTED, f"the number {number} is not in the passage")
    light = _light_words()
    content = [word for word in words_of(response) if word not in light]
    if not content:
        return
    stems = {_stem(word) for word in words_of(known)}
    missing = [word for word in content if _stem(word) not in stems]
    share = 1 - len(missing) / len(content)
    if share < _MIN_SHARE[language]:
        shown = ", ".join(dict.fromkeys(missing))[:120]
        raise RowError(NOT_SUPPORTED, f"{share:.0%} of its words are in the passage; not {shown}")


def _stem(word: str) -> str:
    """A word without its commonest English endings: installs, installing, installed."""
    for ending in ("ing", "ed", "es", "s", "ly"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            word = word[: -len(ending)]
            break
    return word[:-1] if word.endswith("e") and len(word) > 4 else word


def _without_list_numbers(text: str) -> str:
    return re.sub(r"^\s*\d{1,2}[.)、]\s", "", text, flags=re.MULTILINE)


def _search(wanted: str, section: str) -> re.Match[str] | None:
    """Where a quotation stands, whatever its blanks and quote marks."""
    plain = wanted.translate(_QUOTES)
    parts = [re.escape(part).replace('"', '["“”„]').replace("'", "['’‘]") for part in plain.split()]
    return re.search(r"\s+".join(parts), section)


@functools.cache
def _light_words() -> frozenset[str]:
    return frozenset(lexicon(__package__).words("light_words"))
