"""The columns of a table of answers -> question, reference, models' answers, marks, the rest.

Columns are found by their names; where two could be meant, the caller is asked which.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tunesmith.errors import RecipeError
from tunesmith.examples.columns.column_names import (
    ColumnChoice,
    ColumnRoles,
    column_roles,
    is_exact,
    normalised,
)
from tunesmith.sources.lexicon import lexicon
from tunesmith.sources.row import RowError

Fields = Sequence[tuple[str, str]]  # our name, their column; a name may come again
_ASKS = ("instruction", "input", "context", "system", "messages", "history")
OURS = (*_ASKS, "reference", "answer", "score", "preference")
_OWN_MODELS = ("base", "tuned")
_WORDS = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerColumns:
    """What each column of a table of answers is.

    Attributes:
        asked: Those that make the question.
        reference: What should have been answered; None in a table of marks alone.
        answers: By model, its column.
        marks: By column, the metric and the model whose answers it marks from 0 to 100.
        preference: The column of preferences, and the one that names the second model.
        unread: The rest.
    """

    asked: tuple[str, ...] = ()
    reference: str | None = None
    answers: Mapping[str, str]
    marks: Mapping[str, tuple[str, str]]
    preference: tuple[str, str | None] | None = None
    unread: tuple[str, ...] = ()

    @property
    def models(self) -> tuple[str, ...]:
        """Whoever answered, in the order of the columns."""
        return tuple(self.answers)

    def to_json(self) -> dict[str, object]:
        """What was read as what, for people to check."""
        return {
            "asked": list(self.asked),
            "reference": self.reference,
            "answers": dict(self.answers),
            "scores": {name: list(told) for name, told in self.marks.items()},
            "preference": list(self.preference) if self.preference else None,
            "not_read": list(self.unread),
        }


def find_answer_columns(
    samples: Mapping[str, Sequence[object]], fields: Fields, *, where: str
) -> AnswerColumns:
    """Say of each column what it is.

    Args:
        samples: By column, some of its cells.
        fields: What the user named.
        where: The file, for errors.

    Raises:
        RecipeError: A field or column is unknown, or it is not clear which column is meant.
    """
    _check(samples, fields)
    numbers = {name for name, cells in samples.items() if _all(cells, (int, float))}
    texts = [name for name, cells in samples.items() if _all(cells, (str,))]
    preference = _preference(samples, fields)
    if preference is not None and not _named(fields, "answer"):
        # who was preferred is told without the texts
        rest = set(samples).difference(preference)
        return AnswerColumns(
            answers={},
            marks={},
            preference=preference,
            unread=tuple(n for n in samples if n in rest),
        )
    roles = _roles(samples, fields)
    reference = _reference(roles, fields, where)
    asked = tuple(name for role in _ASKS for name in getattr(roles, role))
    taken = {*asked, reference}
    named = _named(fields, "answer")
    free = [name for name in texts if name not in taken]
    found = named or [name for name in free if _is_answer(name)]
    if reference is None or not asked or not found:
        raise _unclear(asked, reference, [n for n in free if n not in found], where)
    answers = _by_model(found)
    marks = dict(_marks([*numbers], answers, fields))
    used = {*taken, *found, *marks, *(preference or ())}
    return AnswerColumns(
        asked=asked,
        reference=reference,
        answers=answers,
        marks={name: marks[name] for name in samples if name in marks},
        preference=preference,
        unread=tuple(name for name in samples if name not in used),
    )


def _check(samples: Mapping[str, object], fields: Fields) -> None:
    for ours, theirs in fields:
        if ours not in OURS:
            raise RecipeError(
                f"no field {ours!r}", where="--field", cure=f"There are: {', '.join(OURS)}."
            )
        if theirs not in samples:
            cure = f"There are: {', '.join(samples)}."
            raise RecipeError(f"no column {theirs!r}", where=f"--field {ours}", cure=cure)


def _named(fields: Fields, ours: str) -> list[str]:
    return [theirs for name, theirs in fields if name == ours]


def _roles(samples: Mapping[str, object], fields: Fields) -> ColumnRoles:
    aside = {theirs for ours, theirs in fields if ours not in _ASKS}
    choice = ColumnChoice(fields=tuple((o, t) for o, t in fields if o in _ASKS))
    try:
        return column_roles(tuple(name for name in samples if name not in aside), choice)
    except RowError as fault:
        raise RecipeError(fault.detail, where="--field") from fault


def _reference(roles: ColumnRoles, fields: Fields, where: str) -> str | None:
    """The column named, the only one, the one that is called so, or the one with a usual name."""
    if named := _named(fields, "reference"):
        return named[0]
    known = _normalised_words("references")
    found = list(roles.response)
    for fits in (
        found,
        [name for name in found if normalised(name) in known],
        [name for name in found if is_exact(name)],
    ):
        if len(fits) == 1:
            return fits[0]
    if not found:
        return None
    lines = " or ".join(f"--field reference={name!r}" for name in found)
    problem = f"{', '.join(found)} may each be the reference"
    raise RecipeError(problem, where=where, cure=f"Name it: {lines}.")


def _is_answer(name: str) -> bool:
    words = _WORDS.findall(name.casefold())
    return normalised(name) in _OWN_MODELS or any(
        word in _normalised_words("answers") for word in words
    )


def _by_model(columns: Sequence[str]) -> dict[str, str]:
    """Models by the rest of their columns' names: `model 1 response` is `model 1`'s."""
    said = _normalised_words("answers")
    names = [
        " ".join(w for w in _WORDS.findall(column) if w.casefold() not in said) or column
        for column in columns
    ]
    distinct = names if len(set(names)) == len(names) else columns
    return dict(zip(distinct, columns, strict=True))


def _marks(
    numbers: Sequence[str], answers: Mapping[str, str], fields: Fields
) -> Iterator[tuple[str, tuple[str, str]]]:
    """A column of numbers is a model's marks where it ends in the model's name: `gpt4_model_1`."""
    named = _named(fields, "score")
    usual = _normalised_words("marks")
    for column in named or numbers:
        owner = max(
            (m for m in answers if normalised(column).endswith(normalised(m))), key=len, default=""
        )
        judge = column[: len(column) - len(owner)].strip(" _-") if owner else ""
        if owner and judge:
            yield column, (judge, owner)
        elif len(answers) == 1 and (column in named or normalised(column) in usual):
            yield column, (column, next(iter(answers)))
        elif column in named:
            cure = f"Name it after one, such as 'judge {next(iter(answers))}'."
            raise RecipeError(f"column {column!r} names no model", where="--field score", cure=cure)


def _preference(samples: Mapping[str, object], fields: Fields) -> tuple[str, str | None] | None:
    named = _named(fields, "preference")
    found = named or [n for n in samples if normalised(n) in _normalised_words("preferences")]
    models = _normalised_words("preferred_model")
    second = next((name for name in samples if normalised(name) in models), None)
    return (found[0], second) if named or (found and second) else None


def _unclear(
    asked: Sequence[str], reference: str | None, free: Sequence[str], where: str
) -> RecipeError:
    lacking = {"instruction": asked, "reference": reference}
    ours = next((name for name, found in lacking.items() if not found), "answer")
    words = {
        "instruction": "which column holds the question",
        "reference": "which column holds the right answer",
        "answer": "which columns hold the answers of models",
    }
    others = f" Texts without a known name: {', '.join(free)}." if free else ""
    cure = f"Name it: --field {ours}={free[0] if free else 'COLUMN'!r}.{others}"
    return RecipeError(f"it is not clear {words[ours]}", where=where, cure=cure)


def _normalised_words(name: str) -> frozenset[str]:
    return frozenset(normalised(word) for word in lexicon(__package__).words(name))


def _all(cells: Sequence[object], kinds: tuple[type, ...]) -> bool:
    """Whether cells are of a kind, blanks aside; a number may be written as text."""
    said = [cell for cell in cells if cell is not None and cell != ""]
    if str not in kinds:
        return bool(said) and all(_is_number(cell) for cell in said)
    return any(isinstance(cell, str) and not _is_number(cell) for cell in said)


def _is_number(cell: object) -> bool:
    if isinstance(cell, bool):
        return False
    try:
        float(cell)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return False
    return True
