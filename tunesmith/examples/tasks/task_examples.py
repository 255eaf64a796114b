"""Labelled rows and a template of the library -> examples, one a row.

Which wording a row gets is a function of what it asks and the seed: adding rows changes no
other row, and a question that is answered twice is asked in one way.
"""

import difflib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tunesmith.errors import RecipeError
from tunesmith.examples.conversion.accounting import enter_row, no_row
from tunesmith.examples.conversion.cell_paths import opened_rows
from tunesmith.examples.conversion.shapes import drop_row, group_of
from tunesmith.examples.example import Example, Message
from tunesmith.examples.row_seed import row_seed
from tunesmith.examples.tasks.cells import (
    alternatives,
    answer_text,
    cell_text,
    choices_of,
    in_lettered_lines,
    in_lines,
    in_one_line,
    record_of,
    text_list,
    yes_or_no,
)
from tunesmith.examples.tasks.labels import (
    Labels,
    gathered_labels,
    label_key,
    several,
    written_labels,
)
from tunesmith.examples.tasks.library import (
    OFFERED_LABELS,
    PLACEHOLDER,
    TaskTemplate,
    TaskWording,
    library,
)
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.sources.material import Material
from tunesmith.sources.not_read import NotReadCount
from tunesmith.sources.read_source import read_source
from tunesmith.sources.row import Dropped, Row, RowError

_USUAL_NAMES: dict[str, tuple[str, ...]] = {  # what tables call our columns, for hints
    "answer": ("response", "output", "reply", "solution", "label", "correct"),
    "choices": ("options", "answers", "candidates"),
    "context": ("passage", "paragraph", "document", "article", "text"),
    "hypothesis": ("sentence2", "claim"),
    "label": ("category", "class", "intent", "topic", "sentiment", "emotion", "target", "stars"),
    "labels": ("tags", "categories", "topics", "label"),
    "premise": ("sentence1", "text"),
    "question": ("query", "prompt", "instruction", "problem"),
    "summary": ("highlights", "abstract", "tldr", "target"),
    "text": ("sentence", "review", "comment", "content", "message", "query", "utterance", "body",
             "document", "article", "instruction", "dialogue"),
    "title": ("headline", "subject", "summary"),
}  # fmt: skip


def task_examples(
    material: Iterable[Material | Dropped],
    source: SourceRecipe,
    *,
    folder: Path,
    not_read: NotReadCount,
) -> Iterator[Example | Dropped]:
    """Check the recipe at once, and fill in the template while the caller iterates.

    Where the recipe names no `labels` and the template has some, the source is read once
    more, before its first row.

    Args:
        material: Rows; what was dropped passes.
        source: `task`, `columns`, `labels` and `seed` say how.
        folder: The recipe's; paths are relative to it.
        not_read: Grows by the columns that the template does not read; its sums, by all cells.

    Raises:
        RecipeError: `columns` names one that the template does not have, or `labels` has no
            effect on it; while iterating: labels are numbers without names.
        DataError: While iterating: a label column holds no labels.
    """
    assert source.task is not None
    template = library()[source.task]
    _check_columns(source, template)
    maker = partial(_row_maker, source, template, folder)
    return _examples(material, maker, source, not_read)


def columns_read(source: SourceRecipe) -> frozenset[str]:
    """The table's columns that a source's task reads."""
    assert source.task is not None
    template = library()[source.task]
    return frozenset(source.columns.get(name, name) for name in template.columns)


def _row_maker(source: SourceRecipe, template: TaskTemplate, folder: Path) -> "RowMaker":
    return RowMaker(
        template=template,
        columns={name: source.columns.get(name, name) for name in template.columns},
        labels=_labels(source, template, folder),
        seed=source.seed,
    )


def _examples(
    material: Iterable[Material | Dropped],
    make: "Callable[[], RowMaker]",
    source: SourceRecipe,
    not_read: NotReadCount,
) -> Iterator[Example | Dropped]:
    maker = None
    total = not_read.sums.of(source.path or source.hub or "")
    for piece in material:
        if isinstance(piece, Row):
            maker = maker or make()
            item = maker.example(piece)
            enter_row(piece, item, maker.columns.values(), not_read=not_read, total=total)
            yield item
        else:
            dropped = no_row(piece, f"the task {source.task} reads the rows of a table")
            total.characters_dropped += dropped.num_characters
            yield dropped


@dataclass(frozen=True, slots=True, kw_only=True)
class RowMaker:
    """A template, and what it has to know of the table.

    Attributes:
        template: Of the library.
        columns: The template's column: the table's.
        labels: Names of labels; None where there are none, or values name themselves.
        seed: Wordings are drawn by it.
    """

    template: TaskTemplate
    columns: Mapping[str, str]
    labels: Labels | None
    seed: int

    def example(self, row: Row) -> Example | Dropped:
        """One row, or Dropped with the column that does not fit."""
        try:
            values = self.values(row.fields)
        except RowError as error:
            return drop_row(row, error)
        template = self.template
        wordings = template.wordings
        if template.label_column and self.labels and not self.labels.are_offered:
            wordings = template.open
        asked = {name: values[name] for name in template.reads if name not in OFFERED_LABELS}
        wording = wordings[row_seed(self.seed, asked, salt=template.name) % len(wordings)]
        return Example(
            messages=self.messages(wording, values),
            source=row.source,
            group=group_of(row.fields),
            tags=(
                f"task:{template.task}",
                f"template:{template.name}",
                f"language:{template.language}",
            ),
        )

    def messages(self, wording: TaskWording, values: Mapping[str, str]) -> tuple[Message, Message]:
        """What is asked in these words, and what is answered."""
        instruction = _filled(wording.instruction, values)
        asked = Message(role="user", content=instruction, input=_filled(wording.input, values))
        return asked, Message(role="assistant", content=_filled(self.template.response, values))

    def values(self, fields: Mapping[str, object]) -> dict[str, str]:
        """Text for every placeholder.

        Raises:
            RowError: A column is absent, or its value is of another type.
        """
        _check_present(fields, self)
        values: dict[str, str] = {}
        for name, theirs in self.columns.items():
            values |= self._cell(name, fields[theirs], theirs)
        choices = [name for name, kind in self.template.columns.items() if kind == "choices"]
        if choices:
            offered = choices_of(fields[self.columns[choices[0]]], self.columns[choices[0]])
            for name, kind in self.template.columns.items():
                if kind in ("choice", "letter"):
                    position = offered.find(fields[self.columns[name]])
                    known = offered.texts if kind == "choice" else offered.letters
                    values[name] = known[position]
        return values

    def _cell(self, name: str, value: object, column: str) -> dict[str, str]:
        kind, language = self.template.columns[name], self.template.language
        if kind in ("label", "labels"):
            return self._label(name, value, column)
        if kind == "record":
            record = record_of(value, column)
            text = json.dumps(record, ensure_ascii=False, default=str)
            return {name: text, f"{name}_keys": in_one_line([str(key) for key in record], language)}
        if kind == "choices":
            offered = choices_of(value, column)
            return {name: in_lines(offered.texts), f"lettered_{name}": in_lettered_lines(offered)}
        if kind in ("choice", "letter"):
            return {}  # looked up when all choices are known
        return {name: self._one_text(name, value, column)}

    def _one_text(self, name: str, value: object, column: str) -> str:
        kind, language = self.template.columns[name], self.template.language
        if kind == "yes-no":
            value = self.labels.name(value, column) if self.labels else value
            return yes_or_no(value, column, language)
        if kind == "list":
            return in_one_line(text_list(value, column), language)
        return (answer_text if kind == "answer" else cell_text)(value, column)

    def _label(self, name: str, value: object, column: str) -> dict[str, str]:
        assert self.labels is not None
        language, labels = self.template.language, self.labels
        values = {
            "labels": in_one_line(labels.names, language),
            "labels_or": alternatives(labels.names, language),
            "label_lines": in_lines(labels.names),
        }
        if self.template.columns[name] == "label":
            return {**values, name: labels.name(value, column)}
        own = [labels.name(one, column) for one in several(value, column)]
        return {**values, f"own_{name}": in_one_line(own, language)}


def _labels(source: SourceRecipe, template: TaskTemplate, folder: Path) -> Labels | None:
    if source.labels is not None:
        return written_labels(source.labels)
    if template.label_column is None:
        return None
    return gathered_labels(
        opened_rows(read_source(source, folder=folder), source),
        source.columns.get(template.label_column, template.label_column),
        are_several=template.columns[template.label_column] == "labels",
        has_numbers=template.has_numbers,
        where=source.path or source.hub or "",
    )


def _check_columns(source: SourceRecipe, template: TaskTemplate) -> None:
    known = ", ".join(template.columns)
    for name in source.columns:
        if name not in template.columns:
            near = difflib.get_close_matches(name, template.columns, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise RecipeError(
                f"the task {template.name} has no column {name!r}",
                where="columns",
                cure=f"It reads {known}.{hint}",
            )
    has_labels = template.label_column or "yes-no" in template.columns.values()
    if source.labels is not None and not has_labels:
        cure = f"It reads {known}, none of which is a label. Leave it out."
        message = f"has no effect on the task {template.name}"
        raise RecipeError(message, where="labels", cure=cure)


def _check_present(fields: Mapping[str, object], maker: RowMaker) -> None:
    absent = [name for name, theirs in maker.columns.items() if theirs not in fields]
    if not absent:
        for name, theirs in maker.columns.items():
            if fields[theirs] is None:
                raise RowError("null field", f"column '{theirs}' for {name} is null")
        return
    taken = set(maker.columns.values())
    free = [name for name in fields if name not in taken]
    guesses = {name: _guess(name, free) for name in absent}
    mapping = ", ".join(f"{name}: {guess or 'COLUMN'}" for name, guess in guesses.items())
    found = ", ".join(sorted(map(str, fields))[:8])
    detail = f"no column {', '.join(maker.columns[name] for name in absent)}; found {found}"
    raise RowError("missing field", f"{detail}. Map it: columns: {{{mapping}}}.")


def _guess(name: str, free: list[str]) -> str | None:
    lowered = {str(one).lower(): str(one) for one in free}
    for usual in _USUAL_NAMES.get(name, ()):
        if usual in lowered:
            return lowered[usual]
    near = difflib.get_close_matches(name, lowered, n=1)
    if near:
        return lowered[near[0]]
    return str(free[0]) if len(free) == 1 else None


def _filled(pattern: str, values: Mapping[str, str]) -> str:
    """Braces within a value stay what they are: nothing is filled in twice."""
    return PLACEHOLDER.sub(lambda found: values[found[1]], pattern)


def example_row(template: TaskTemplate) -> RowMaker:
    """What makes an example of the template's own row, for its page and its tests."""
    labels = written_labels({label_key(one): one for one in template.labels})
    return RowMaker(
        template=template,
        columns={name: name for name in template.columns},
        labels=labels if template.labels else None,
        seed=0,
    )
