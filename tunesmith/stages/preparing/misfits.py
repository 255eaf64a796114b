"""Rows that a template cannot lay out -> counted by source; too many stop the run."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tunesmith.errors import DataError
from tunesmith.examples.example import Example
from tunesmith.examples.read_count import NUM_SHOWN
from tunesmith.recipe.recipe import TemplateRecipe
from tunesmith.sources.row import Dropped, RowError, source_name
from tunesmith.stages.preparing.answerable import MISFIT
from tunesmith.templates.template import Template

_SHARE = 0.05  # of all rows; more of them are a wrong template rather than odd rows


@dataclass(slots=True)
class Misfits:
    """The rows that do not fit, by source, and the first of them."""

    by_source: Counter[str] = field(default_factory=Counter)
    first: list[Dropped] = field(default_factory=list)

    def take(self, item: Dropped) -> None:
        """Count a row that was dropped, if that was the reason."""
        if item.reason != MISFIT:
            return
        self.by_source[source_name(item.source)] += 1
        if len(self.first) < NUM_SHOWN:
            self.first.append(item)

    def check(
        self,
        rows: Mapping[str, int],
        *,
        recipe: TemplateRecipe,
        template: str,
        takers: Counter[str],
        dropped: Path | None = None,
    ) -> None:
        """Stop where more than a few rows, or all of a source, would be lost.

        Args:
            rows: How many there were, by source.
            recipe: Says whether to stop.
            template: The name of the one that they do not fit.
            takers: How many of the misfits other templates would take, by name.
            dropped: The file that lists them, if there is one.

        Raises:
            DataError: With the counts, the first rows and the line that would keep them.
        """
        total, lost = sum(rows.values()), self.by_source.total()
        is_whole = any(0 < rows.get(name, 0) <= n for name, n in self.by_source.items())
        if recipe.when_misfit == "drop" or not (is_whole or lost > _SHARE * total):
            return
        counts = ", ".join(f"{n:,} of {rows[name]:,} in {name}" for name, n in self._sorted())
        shown = "".join(f"\n  {one.source}: {one.detail}" for one in self.first)
        raise DataError(
            f"{lost:,} of {total:,} rows do not fit template '{template}' ({counts}):{shown}\n",
            where="template",
            cure=_cure(recipe, template, takers, lost, dropped),
        )

    def _sorted(self) -> list[tuple[str, int]]:
        return self.by_source.most_common()


def misfit(template: Template, example: Example) -> RowError | None:
    """Why a template cannot lay out an example, if it cannot."""
    try:
        template.render(example.messages)
    except DataError as error:
        return RowError(MISFIT, str(error))
    return None


def _cure(
    recipe: TemplateRecipe, template: str, takers: Counter[str], lost: int, dropped: Path | None
) -> str:
    """The line that would keep the rows, and the one that leaves them out."""
    best, kept = (takers.most_common(1) or [("", 0)])[0]
    leave_out = _line(recipe, template, when_misfit="drop")
    listed = "" if dropped is None else f" ({dropped} lists them)"
    rest = f"leave them out with `{leave_out}`{listed}."
    if not kept:
        return f"Mend these rows, name another template, or {rest}"
    if best == "plain":
        only = "keeps plain text alone: give it a recipe of its own"
        return f"`{_line(recipe, best)}` {only}; or {rest}"
    how_many = "all of them" if kept == lost else f"{kept:,} of them"
    return f"Write `{_line(recipe, best)}`, which keeps {how_many}; or {rest}"


def _line(recipe: TemplateRecipe, name: str, **more: str) -> str:
    """The recipe's template group with another name, as a line of YAML."""
    unwanted = set() if name == recipe.name else {"options", "date"}
    written = recipe.model_dump(exclude_unset=True, exclude=unwanted) | {"name": name, **more}
    keys = ", ".join(f"{key}: {_value(value)}" for key, value in written.items())
    return f"template: {{{keys}}}"


def _value(value: object) -> str:
    is_plain = isinstance(value, str) and value.replace("-", "").isalnum()
    return str(value) if is_plain else json.dumps(value, ensure_ascii=False)
