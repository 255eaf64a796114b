"""Why a row is no example -> the error, with the lines that may be written in the recipe.

A part is missing or may be two things; or a cell is an object, or a list of what is no message.
Such a row is dropped; where most rows are so, the recipe is asked for one of the lines.
"""

import functools
from collections.abc import Iterator, Mapping

from tunesmith.examples.columns.column_names import (
    OWN,
    ColumnRoles,
    found_in,
    meaning_of,
    yaml_name,
)
from tunesmith.examples.conversion.cell_text import is_blank, is_list
from tunesmith.sources.lexicon import lexicon
from tunesmith.sources.row import RowError

AMBIGUOUS = "ambiguous"
MISSING = "missing field"
_MOST_LINES = 4
_DEEPEST = 5
_FIELDS = {"instruction": "instruction", "response": "response", "context": "input"}
_FIELDS |= {"input": "input", "system": "system", "chosen": "response"}


class UnfitColumnError(RowError):
    """A column whose cell cannot be read as what its name says, and what may be written instead."""

    def __init__(
        self, fault: RowError, column: str, words: str, value: object, lines: tuple[str, ...]
    ) -> None:
        self.column, self.words, self.value, self.lines = column, words, value, lines
        where = "" if f"'{column}'" in fault.detail else f"column '{column}': "
        is_told = not lines or "\n" in lines[0] or "Write one" in fault.detail
        hint = "" if is_told else f". Say what counts: {lines[0]}"
        super().__init__(fault.reason, f"{where}{fault.detail}{hint}")


def unfit(fault: RowError, column: str, value: object, ours: str) -> UnfitColumnError:
    """What to write for a cell.

    Args:
        fault: Why it cannot be read.
        column: Its column.
        value: What it holds.
        ours: What it was to be: instruction, response, input, messages, history.
    """
    words = (
        "holds no text, but objects or lists" if not isinstance(value, str) else "holds no turns"
    )
    return UnfitColumnError(fault, column, words, value, tuple(lines_for(column, value, ours)))


def position_fault(fault: RowError, response: str, roles: ColumnRoles) -> UnfitColumnError:
    """What to write where answers are the places of choices."""
    asked = next(iter(roles.instruction), "")
    lines = [f"ignore: [{yaml_name(roles.choices[0])}]"]
    if asked and len(roles.choices) == 1:
        pairs = {"question": asked, "choices": roles.choices[0], "answer": response}
        columns = ", ".join(f"{ours}: {yaml_name(theirs)}" for ours, theirs in pairs.items())
        lines.insert(0, f"task: multiple-choice-letter\ncolumns: {{{columns}}}")
    words = "holds places of choices; the task counts from 0, and from 1 letters are needed"
    return UnfitColumnError(fault, response, words, fault.detail, tuple(lines))


@functools.lru_cache(maxsize=1024)
def is_undesired(value: str) -> bool:
    """Whether a verdict says that an answer is none to learn from."""
    return value.strip().casefold() in lexicon(__package__).words("undesired")


def lines_for(column: str, value: object, ours: str) -> Iterator[str]:
    """What may be written for a column of such cells, the likeliest first."""
    ignore = f"ignore: [{yaml_name(column)}]"
    if isinstance(value, str):
        told = "instruction" if ours == "instruction" else "input"
        yield from (_line({told: column}), ignore)
        return
    found = sorted(_paths(value, column), key=lambda one: _unlikely(one, ours))
    paths = [path for path, _ in found]
    if ours in ("instruction", "response"):
        yield from (_line({ours: path}) for path in paths[:_MOST_LINES])
        yield from () if paths else [ignore]
        return
    known: dict[str, str] = {}
    in_order = [path for path, _ in _paths(value, column)]
    for path in in_order:
        field = _FIELDS.get(meaning_of(path.rpartition(".")[2]) or "")
        if field:
            known.setdefault(field, path)
    if known and ours != "input":
        yield _line(known)
    elif ours == "input":
        yield from (_line({"input": path}) for path in paths[:_MOST_LINES])
    else:
        both = zip(("instruction", "response"), in_order, strict=False)
        yield from [_line(dict(both))] if len(in_order) > 1 else []
    yield ignore


def _unlikely(found: tuple[str, int], ours: str) -> tuple[int, int]:
    """How to sort paths: by their key, then the longest text; of candidates the last is right."""
    path, length = found
    before, _, key = path.rpartition(".")
    if meaning_of(key) == ours or (key == "-1" and before.endswith("candidates")):
        return 0, -length
    return 1 if key in ("value", "text", "content") else 2 if key in ("1", "-1") else 3, -length


def _paths(value: object, path: str, depth: int = _DEEPEST) -> Iterator[tuple[str, int]]:
    """Where in a value texts stand and how long; of a list the first place, and its last text."""
    if isinstance(value, str):
        yield path, len(value)
    elif isinstance(value, Mapping) and depth:
        for key, part in value.items():
            yield from _paths(part, f"{path}.{key}", depth - 1)
    elif is_list(value) and value and depth:
        yield from _paths(value[0], f"{path}.1", depth - 1)
        if len(value) > 1 and isinstance(value[-1], str):
            yield f"{path}.-1", 0


def _line(fields: Mapping[str, str]) -> str:
    named = ", ".join(f"{ours}: {yaml_name(theirs)}" for ours, theirs in fields.items())
    return f"fields: {{{named}}}"


class TwoReadingsError(RowError):
    """Two columns that could be the same part of an example, and differ."""

    def __init__(self, first: str, second: str, ours: str) -> None:
        self.first, self.second, self.ours = first, second, ours
        detail = f"both '{first}' and '{second}', and they differ. "
        super().__init__(AMBIGUOUS, f"{detail}Say which one counts: fields: {{{ours}: {first}}}.")


def two_readings(first: str, second: str, *, ours: str) -> TwoReadingsError:
    """Why a row is read in neither of two ways."""
    return TwoReadingsError(first, second, ours)


def missing_part(
    columns: Mapping[str, object], roles: ColumnRoles, instruction: str | None, response: str | None
) -> RowError:
    """Why a row has no question or no answer."""
    sides = (*roles.instruction, *roles.response)
    held = [one for one in roles.messages if isinstance(columns[one], Mapping | list | tuple)]
    if instruction is None and response is None and held and not is_blank(columns[held[0]]):
        fault = RowError("data_type", "it holds no list of messages")
        return unfit(fault, held[0], columns[held[0]], "messages")
    if instruction is None and response is None:
        nulls = [name for name in (*sides, *roles.messages, *roles.text) if name in columns]
        if nulls and columns[nulls[0]] is None:
            return RowError("null field", f"field '{nulls[0]}' is null")
        return RowError(
            MISSING,
            f"no field 'instruction', 'messages' or 'text'; found {found_in(columns)}. Map "
            "them: fields: {instruction: COLUMN, response: COLUMN}.",
        )
    ours, known = (
        ("response", roles.response) if instruction else ("instruction", roles.instruction)
    )
    if known:
        return RowError("null field", f"field '{known[0]}' is null")
    taken = (instruction, response, *OWN, *roles.input, *roles.context, *roles.system)
    others = [name for name in columns if name not in taken]
    column = others[0] if len(others) == 1 else "COLUMN"
    return RowError(
        MISSING,
        f"no field '{ours}'; found {found_in(columns)}. Map it: fields: {{{ours}: {column}}}.",
    )
