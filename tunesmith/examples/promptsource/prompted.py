"""Rows and promptsource templates -> examples, one a row; what fits no template is dropped.

Which template a row gets is a function of its content and the seed, so adding rows changes
no other row's. Where that one does not fit (a template for one label only), the next is tried.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tunesmith.errors import DataError
from tunesmith.examples.conversion.accounting import enter_row, no_row
from tunesmith.examples.conversion.shapes import drop_row, group_of
from tunesmith.examples.example import Example, Message
from tunesmith.examples.promptsource.prompt_file import (
    CANNOT_RUN,
    SEPARATOR,
    PromptFile,
    PromptTemplate,
    read_prompt_file,
)
from tunesmith.examples.row_seed import row_seed
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.sandbox.compiled_template import CompiledTemplate
from tunesmith.sources.lines import excerpt
from tunesmith.sources.material import Material
from tunesmith.sources.not_read import NotReadCount
from tunesmith.sources.row import Dropped, Row, RowError
from tunesmith.sources.source_sums import SourceSum

_STAND_IN = "\ue000\ue001\ue000"  # for ||| within a row's own text
Values = dict[str, Any]


def prompted_examples(
    material: Iterable[Material | Dropped],
    source: SourceRecipe,
    *,
    folder: Path,
    not_read: NotReadCount,
) -> Iterator[Example | Dropped]:
    """Open the file of templates at once, and render rows while the caller iterates.

    Args:
        material: Rows; what was dropped passes.
        source: `prompts`, `prompt_names`, `columns` and `seed` say how.
        folder: The recipe's; paths are relative to it.
        not_read: Grows by the columns that no template reads; its sums, by all cells.

    Raises:
        MissingError: There is no such file.
        RecipeError: It is in another format, or `prompt_names` names what it lacks.
    """
    read = _templates(source, folder)
    work = _SourceTemplates(read.prompts, source.columns, source.seed)
    total = not_read.sums.of(source.path or source.hub or "")
    return _examples(material, work, read.broken, (not_read, total))


def columns_prompted(source: SourceRecipe, folder: Path) -> frozenset[str]:
    """The table's columns that some template of a source reads.

    Raises:
        MissingError: There is no such file of templates.
        RecipeError: It holds none that can run.
    """
    return _read_by(_templates(source, folder).prompts, source.columns)


def _templates(source: SourceRecipe, folder: Path) -> PromptFile:
    assert source.prompts is not None
    return read_prompt_file(folder / source.prompts, source.prompts, names=source.prompt_names)


def _read_by(prompts: Sequence[PromptTemplate], columns: Mapping[str, str]) -> frozenset[str]:
    return frozenset(columns.get(name, name) for prompt in prompts for name in prompt.columns)


def _examples(
    material: Iterable[Material | Dropped],
    work: "_SourceTemplates",
    broken: Sequence[Dropped],
    counts: tuple[NotReadCount, SourceSum],
) -> Iterator[Example | Dropped]:
    not_read, total = counts
    yield from broken
    for piece in material:
        if isinstance(piece, Row):
            item = work.example(piece)
            enter_row(piece, item, work.columns_read, not_read=not_read, total=total)
            yield item
        else:
            dropped = no_row(piece, "prompt templates read the rows of a table")
            total.characters_dropped += dropped.num_characters
            yield dropped
    yield from work.never_used()


@dataclass(slots=True)
class _SourceTemplates:
    """The templates of one source, and how they fared."""

    prompts: Sequence[PromptTemplate]
    columns: Mapping[str, str]
    seed: int
    used: set[str] = field(default_factory=set)
    failures: dict[str, str] = field(default_factory=dict)
    columns_read: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        self.columns_read = _read_by(self.prompts, self.columns)

    def example(self, row: Row) -> Example | Dropped:
        """One row with the first template that fits it, counted from the one it drew."""
        try:
            values = _values(row, self.columns)
        except RowError as error:
            return drop_row(row, error)
        drawn = row_seed(self.seed, values)
        first_reason = None
        for step in range(len(self.prompts)):
            prompt = self.prompts[(drawn + step) % len(self.prompts)]
            try:
                asked, answered = render_prompt(prompt, values, seed=drawn)
            except RowError as reason:
                self.failures.setdefault(prompt.source, reason.detail)
                first_reason = first_reason or (prompt.name, reason)
                continue
            self.used.add(prompt.source)
            return Example(
                messages=(
                    Message(role="user", content=asked),
                    Message(role="assistant", content=answered),
                ),
                source=row.source,
                group=group_of(row.fields),
                tags=(f"template:{prompt.label}",),
            )
        assert first_reason is not None
        name, failure = first_reason
        words = f"with {name!r}" if len(self.prompts) == 1 else f"with {name!r} and the others"
        return drop_row(row, RowError(failure.reason, f"{words}: {failure.detail}"))

    def never_used(self) -> Iterator[Dropped]:
        """The templates that failed with every row they met, each with the first reason."""
        for prompt in self.prompts:
            if prompt.source in self.failures and prompt.source not in self.used:
                detail = f"prompt template {prompt.name!r}: {self.failures[prompt.source]}"
                fault = RowError(CANNOT_RUN, detail)
                yield Dropped.of(fault, source=prompt.source, text=prompt.body.text)


def render_prompt(prompt: PromptTemplate, values: Values, *, seed: int) -> tuple[str, str]:
    """Prompt and target of a row, as promptsource makes them.

    Args:
        prompt: The template.
        values: The row, by the names the template uses.
        seed: What `choice` and `random` draw by.

    Raises:
        RowError: A column is absent, or the template makes no prompt or no target of it.
        RecipeError: The template exceeds the sandbox's limits.
    """
    absent = sorted(name for name in prompt.columns if values.get(name) is None)
    if absent:
        found = ", ".join(sorted(values)[:8]) or "nothing"
        detail = f"no column {', '.join(absent)}; found {found}. Map it: columns: "
        raise RowError("missing field", f"{detail}{{{absent[0]}: COLUMN}}.")
    guarded = {key: _replaced(value, SEPARATOR, _STAND_IN) for key, value in values.items()}
    choices = _choices(prompt, guarded, seed)
    ready = _numbered(prompt.body, guarded, choices)
    try:
        text = prompt.body.render({**ready, "answer_choices": choices}, seed=seed)
    except DataError as error:
        raise RowError("prompt template failed", error.message) from None
    return _cut(text)


def _cut(text: str) -> tuple[str, str]:
    parts = [part.strip().replace(_STAND_IN, SEPARATOR) for part in text.split(SEPARATOR)]
    if len(parts) != 2:
        if not any(parts):
            raise RowError("no prompt for this row", "the template makes nothing of such a row")
        words = "no ||| is left" if len(parts) == 1 else f"{len(parts) - 1} times |||"
        raise RowError("no prompt for this row", f"the template makes no one target: {words}")
    if not parts[0]:
        raise RowError("empty instruction", "the template makes an empty prompt")
    if not parts[1]:
        raise RowError("empty response", "the template makes an empty target")
    return parts[0], parts[1]


def _values(row: Row, columns: Mapping[str, str]) -> Values:
    values = dict(row.fields)
    for ours, theirs in columns.items():
        if theirs not in row.fields:
            found = ", ".join(sorted(row.fields)[:8])
            raise RowError("missing field", f"no column {theirs!r} for {ours}; found {found}")
        values[ours] = row.fields[theirs]
    if "answer_choices" in values:
        raise RowError("ambiguous", "the column answer_choices has the name of a template's list")
    return values


def _choices(prompt: PromptTemplate, values: Values, seed: int) -> list[str] | None:
    if not isinstance(prompt.choices, CompiledTemplate):
        return None if prompt.choices is None else list(prompt.choices)
    try:
        text = prompt.choices.render(values, seed=seed)
    except DataError as error:
        raise RowError("prompt template failed", error.message) from None
    return [one.strip().replace(_STAND_IN, SEPARATOR) for one in text.split(SEPARATOR)]


def _numbered(body: CompiledTemplate, values: Values, choices: list[str] | None) -> Values:
    """Digits as numbers where the template counts with them; a choice's name as its position."""
    ready = dict(values)
    is_position = body.positions.get("answer_choices", frozenset())
    for name in body.numbers:
        value = values.get(name)
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
            value = ready[name] = int(value)
        if name not in is_position or choices is None:
            continue
        if isinstance(value, str):
            value = ready[name] = _position(value, choices)
        if isinstance(value, int | float) and value < 0:
            raise RowError("no label", f"the label {name} is {value}, which means none")
    return ready


def _position(value: str, choices: Sequence[str]) -> int:
    names = [_simple(one) for one in choices]
    if _simple(value) not in names:
        listed = ", ".join(choices[:8]) + (", ..." if len(choices) > 8 else "")
        raise RowError("unknown label", f"{excerpt(value)!r} is none of {listed}")
    return names.index(_simple(value))


def _simple(text: str) -> str:
    return " ".join(text.casefold().replace("_", " ").replace("-", " ").rstrip("?.! ").split())


def _replaced(value: Any, old: str, new: str) -> Any:
    if isinstance(value, str):
        return value.replace(old, new) if old in value else value
    if isinstance(value, list):
        return [_replaced(one, old, new) for one in value]
    if isinstance(value, dict):
        return {key: _replaced(one, old, new) for key, one in value.items()}
    return value
