"""A value of a table -> the text that a prompt template puts in its place, by the column's type.

Every function raises RowError where the value is not of its type.
"""

import ast
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tunesmith.examples.conversion.cell_text import kind_of
from tunesmith.examples.tasks.library import TaskLanguage
from tunesmith.sources.lines import excerpt
from tunesmith.sources.row import RowError

_YES = frozenset({"yes", "true", "1", "y", "是"})
_NO = frozenset({"no", "false", "0", "n", "否"})
_ANSWERS: dict[TaskLanguage, tuple[str, str]] = {"en": ("Yes", "No"), "zh": ("是", "否")}
_COMMAS: dict[TaskLanguage, str] = {"en": ", ", "zh": "、"}
_LAST: dict[TaskLanguage, str] = {"en": " or ", "zh": "或"}
_LETTERED = re.compile(r"\s*[(\[]?([A-Za-z1-9])[).:\]]\s*(\S.*)", re.DOTALL)
_CHOICE_TEXTS = ("text", "value", "content", "choice", "option", "answer")
_CHOICE_NAMES = ("label", "key", "letter", "id", "name")
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerChoices:
    """What a question offers: texts, and what each is called (A, B, C where nothing says)."""

    texts: tuple[str, ...]
    letters: tuple[str, ...]

    def find(self, value: object) -> int:
        """The position of the one that a text, a letter or a position from 0 means."""
        if isinstance(value, int) and not isinstance(value, bool):
            if 0 <= value < len(self.texts):
                return value
        elif isinstance(value, str):
            for known in (self.texts, self.letters):
                if value.strip() in known:
                    return known.index(value.strip())
            if is_number(value.strip()) and int(value) < len(self.texts):
                return int(value)
        listed = ", ".join(self.texts[:6])
        raise RowError("unknown choice", f"{excerpt(str(value))!r} is none of: {listed}")


def is_number(text: str) -> bool:
    """Whether it is a whole number from 0, of few digits: "²" and thousands of digits are none."""
    return text.isascii() and text.isdigit() and len(text) < 10


def cell_text(value: object, column: str) -> str:
    """A text, a number, or texts to stand in lines of their own."""
    if isinstance(value, list) and value and all(isinstance(one, str) for one in value):
        value = "\n".join(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        raise RowError("not a text", f"column '{column}' is {kind_of(value)}, not a text")
    if not value.strip():
        raise RowError("empty field", f"column '{column}' is {'blank' if value else 'empty'}")
    return value.strip()


def answer_text(value: object, column: str) -> str:
    """The first of several answers that mean the same, as SQuAD writes them."""
    given = value.get("text") if isinstance(value, Mapping) else value
    if isinstance(given, list):
        if not given:
            raise RowError("no answer", f"column '{column}' holds no answer")
        given = given[0]
    return cell_text(given, column)


def yes_or_no(value: object, column: str, language: TaskLanguage) -> str:
    """Yes or no, in the template's language."""
    written = str(value).strip().casefold().removesuffix(".0")
    if written in _YES:
        return _ANSWERS[language][0]
    if written in _NO:
        return _ANSWERS[language][1]
    detail = f"column '{column}' is {excerpt(str(value))!r}, neither yes nor no. Say which it is: "
    raise RowError("unknown label", f"{detail}labels: {{{excerpt(str(value))}: yes}}.")


def text_list(value: object, column: str) -> list[str]:
    """A list of texts; in a table of texts a JSON list, or parts between separators."""
    if isinstance(value, str):
        value = _parts(value)
    if not isinstance(value, list) or not value:
        raise RowError("not a list", f"column '{column}' is {kind_of(value)}, not a list of texts")
    return [cell_text(one, column) for one in value]


def choices_of(value: object, column: str) -> AnswerChoices:
    """Possible answers: a list, texts with labels as ARC writes them, or texts by their letters."""
    value = _value_of(value) if isinstance(value, str) else value
    if isinstance(value, Mapping) and "text" in value:
        texts = text_list(value["text"], column)
        letters = value.get("label") or _LETTERS[: len(texts)]
        names = tuple(str(one) for one in letters)
    elif isinstance(value, Mapping) and value:
        names, texts = tuple(map(str, value)), [cell_text(one, column) for one in value.values()]
    elif isinstance(value, list) and value and all(isinstance(one, Mapping) for one in value):
        names, texts = _named_choices(value, column)
    else:
        names, texts = _own_letters(text_list(value, column))
    if not 2 <= len(texts) == len(names):
        detail = f"column '{column}' offers {len(texts)} choices with {len(names)} letters"
        raise RowError("bad choices", f"{detail}; 2 to {len(_LETTERS)} can be offered")
    return AnswerChoices(texts=tuple(texts), letters=names)


def _named_choices(
    items: Sequence[Mapping[str, object]], column: str
) -> tuple[tuple[str, ...], list[str]]:
    """The letters and texts of objects that hold one choice each."""
    said = next((key for key in _CHOICE_TEXTS if all(key in one for one in items)), None)
    if said is None:
        found = ", ".join(map(str, items[0]))
        raise RowError(
            "not a text", f"column '{column}' holds objects without a text; found {found}"
        )
    name = next((key for key in _CHOICE_NAMES if all(key in one for one in items)), None)
    texts = [cell_text(one[said], column) for one in items]
    return tuple(str(one[name]) for one in items) if name else tuple(_LETTERS[: len(texts)]), texts


def _own_letters(texts: list[str]) -> tuple[tuple[str, ...], list[str]]:
    """Texts without the letters in turn that they bring themselves (`A) at home`)."""
    found = [_LETTERED.fullmatch(text) for text in texts]
    letters = tuple(match[1] for match in found if match)
    if "".join(letters).upper() in (_LETTERS[: len(texts)], "123456789"[: len(texts)]):
        return letters, [match[2] for match in found if match]
    return tuple(_LETTERS[: len(texts)]), texts


def record_of(value: object, column: str) -> Mapping[str, object]:
    """An object, or the JSON of one."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise RowError("not an object", f"column '{column}' is a text, no JSON") from None
    if not isinstance(value, Mapping) or not value:
        raise RowError("not an object", f"column '{column}' is {kind_of(value)}, not an object")
    return value


def in_one_line(texts: Sequence[str], language: TaskLanguage) -> str:
    """Texts in one line."""
    return _COMMAS[language].join(texts)


def alternatives(texts: Sequence[str], language: TaskLanguage) -> str:
    """Texts in one line, the last after "or"."""
    if len(texts) < 2:
        return in_one_line(texts, language)
    return in_one_line(texts[:-1], language) + _LAST[language] + texts[-1]


def in_lines(texts: Sequence[str]) -> str:
    """Texts below each other."""
    return "\n".join(f"- {text}" for text in texts)


def in_lettered_lines(choices: AnswerChoices) -> str:
    """Choices below each other, each with its letter."""
    pairs = zip(choices.letters, choices.texts, strict=True)
    return "\n".join(f"{letter}. {text}" for letter, text in pairs)


def _value_of(text: str) -> object:
    """What JSON or Python wrote into a cell; a text that neither wrote stays one."""
    if text.lstrip()[:1] not in ("[", "{"):
        return text
    for read in (json.loads, ast.literal_eval):
        try:
            value: object = read(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        return value if isinstance(value, list | dict) else text
    return text


def _parts(text: str) -> list[object]:
    found = _value_of(text)
    if isinstance(found, list):
        return found
    for separator in ("\n", "|", ";", "；", "、", "，", ","):
        if separator in text:
            return [part for part in text.split(separator) if part.strip()]
    return [text] if text.strip() else []
