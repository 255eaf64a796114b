"""What was seen of a column -> the question to the recipe, with the lines to write."""

from dataclasses import dataclass

from tunesmith.examples.columns.column_names import is_exact, meaning_of, near_role, yaml_name
from tunesmith.examples.columns.looks import ColumnLook

_FIELDS = ("instruction", "input", "context", "response", "system", "messages", "history", "text")
_FIELD_OF_ROLE = {"context": "input", "chosen": "response"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnQuestion:
    """What the recipe has to say of a column.

    Attributes:
        column: Its name.
        words: What is the matter with it, the end of a sentence.
        samples: Of its values, two at most.
        lines: What may be written under the source, the likeliest first.
    """

    column: str
    words: str
    samples: tuple[str, ...]
    lines: tuple[str, ...]


def content_question(look: ColumnLook, *lines: str) -> ColumnQuestion:
    """What to do with a column of texts: what it may be, or nothing."""
    words = "holds texts that no example would be made of"
    ignore = f"ignore: [{yaml_name(look.name)}]"
    return column_question(look, words, *dict.fromkeys([*lines, ignore]))


def column_question(look: ColumnLook, words: str, *lines: str) -> ColumnQuestion:
    """What the recipe has to say of a column that was looked at."""
    samples = tuple(look.samples)
    return ColumnQuestion(column=look.name, words=words, samples=samples, lines=lines)


def guessed_role(look: ColumnLook, taken: set[str]) -> str | None:
    """What an unread column may be, of what the row has not got."""
    near = near_role(look.name) or (meaning_of(look.name) if not is_exact(look.name) else None)
    if near == "messages" and not look.is_nested:
        near = None
    if near in _FIELDS:
        is_rival = near in ("instruction", "response") and meaning_of(look.name) == near
        if is_rival or field_of(near) not in taken:
            return field_of(near)
        if near != "instruction":
            return None
    guesses = []
    if look.is_nested:
        guesses += [] if "instruction" in taken else ["messages"]
    elif "messages" not in taken:
        guesses += ["instruction", "response", "input"]
    return next((one for one in guesses if one not in taken), None)


def field_of(role: str) -> str:
    """Our field for a role."""
    return _FIELD_OF_ROLE.get(role, role)


def field_line(role: str, name: str) -> str:
    """What names a column's role."""
    return f"fields: {{{field_of(role)}: {yaml_name(name)}}}"
