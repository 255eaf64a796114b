"""Values of a label column -> the names that are offered and answered."""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tunesmith.errors import DataError, RecipeError
from tunesmith.examples.tasks.cells import is_number, text_list
from tunesmith.sources.lines import excerpt
from tunesmith.sources.row import Row, RowError

MAX_LABELS = 1_000  # more different values are no labels
MAX_OFFERED = 30  # more would fill the prompt; then wordings without a list are used


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """The names of a label column's values, in the order in which they are offered."""

    names: tuple[str, ...]
    by_value: Mapping[str, str]

    @property
    def are_offered(self) -> bool:
        """Whether a prompt has room for all of them."""
        return len(self.names) <= MAX_OFFERED

    def name(self, value: object, column: str) -> str:
        """The name of a value.

        Raises:
            RowError: It has none.
        """
        key = label_key(value)
        if key in self.by_value:
            return self.by_value[key]
        if key in ("", "-1", "null"):
            raise RowError("no label", f"column '{column}' is {excerpt(str(value))!r}: no label")
        shown = ", ".join(itertools.islice(self.by_value, 8))
        detail = f"column '{column}' is {excerpt(key)!r}; the recipe's labels name {shown}"
        raise RowError("unknown label", detail)


def label_key(value: object) -> str:
    """A value as it is written in a recipe: 1, 1.0 and "1" are the same label."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip()


def written_labels(written: Sequence[str] | Mapping[str, str]) -> Labels:
    """The recipe's labels: names by value, or names whose position is the value."""
    if isinstance(written, Mapping):
        by_value = dict(written)
    else:
        by_value = {str(position): name for position, name in enumerate(written)}
        by_value |= {name: name for name in written}
    return Labels(names=tuple(dict.fromkeys(by_value.values())), by_value=by_value)


def gathered_labels(
    rows: Iterable[object], column: str, *, are_several: bool, has_numbers: bool, where: str
) -> Labels:
    """Read all rows once, and keep the different values.

    Args:
        rows: The source's; what is no row is passed over.
        column: The table's column that holds the label.
        are_several: Whether a row has a list of labels.
        has_numbers: Whether numbers are good names here.
        where: The source, for errors.

    Raises:
        DataError: There are too many different values to be labels, or none.
        RecipeError: The values are numbers, whose names only the user knows.
    """
    found: set[str] = set()
    for row in rows:
        if isinstance(row, Row) and row.fields.get(column) is not None:
            found |= _keys(row.fields[column], column, are_several=are_several)
        if len(found) > MAX_LABELS:
            raise DataError(
                f"the column '{column}' holds more than {MAX_LABELS:,} different values",
                where=where,
                cure="Is it a label? Map another one: columns: {label: COLUMN}.",
            )
    found -= {"", "-1"}
    if found and not has_numbers and all(is_number(key) for key in found):
        shown = sorted(found, key=int)[:3]
        pattern = ", ".join(f"{key}: NAME" for key in shown) + (", ..." if len(found) > 3 else "")
        raise RecipeError(
            f"the labels in column '{column}' are numbers ({', '.join(shown)})",
            where=where,
            cure=f"Say what they mean: labels: {{{pattern}}}.",
        )
    names = tuple(sorted(found, key=lambda key: (int(key) if is_number(key) else 0, key)))
    return Labels(names=names, by_value={name: name for name in names})


def _keys(value: object, column: str, *, are_several: bool) -> set[str]:
    if not are_several:
        return {label_key(value)}
    try:
        return {label_key(one) for one in several(value, column)}
    except RowError:
        return set()


def several(value: object, column: str) -> list[object]:
    """The labels of a row that may have more than one."""
    if isinstance(value, list) and value:
        return value
    return list(text_list(value, column))
