"""A file of pairs, or the tasks that come with Tunesmith -> the seed tasks of Self-Instruct.

Any shape of rows is read, and that of Self-Instruct's own seed_tasks.jsonl: an instruction
with `instances` of input and output. What says `is_classification` is believed.
"""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import orjson

from tunesmith.errors import DataError
from tunesmith.examples.example import Example
from tunesmith.examples.from_material import to_examples
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.recipe.teacher_recipe import TeacherLanguage
from tunesmith.sources.material import Material
from tunesmith.sources.read_source import read_source
from tunesmith.sources.row import Dropped, Row

MIN_SEEDS = 3  # fewer give the teacher nothing to vary
CLASSIFICATION = "classification"  # the tag of a task that asks for one of a few labels


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedTask:
    """An instruction with one instance of it."""

    instruction: str
    input: str
    response: str
    is_classification: bool


def read_seeds(path: str | None, language: TeacherLanguage, *, folder: Path) -> list[SeedTask]:
    """The seed tasks, each instruction once.

    Args:
        path: Of the user's own; None: ours, in the language.
        language: Of ours.
        folder: The recipe's; the path is relative to it.

    Raises:
        MissingError: There is no such file.
        DataError: Fewer than three of its rows are tasks.
    """
    if path is None:
        return list(_shipped(language))
    source = SourceRecipe(path=path)
    found: dict[str, SeedTask] = {}
    for seed in _tasks(read_source(source, folder=folder), source):
        found.setdefault(seed.instruction, seed)
    if len(found) < MIN_SEEDS:
        raise DataError(
            f"holds {len(found)} seed tasks; {MIN_SEEDS} are the fewest that show a variety",
            where=path,
            cure="Write more rows of instruction, input and response, or leave seeds out.",
        )
    return list(found.values())


def _shipped(language: TeacherLanguage) -> Iterator[SeedTask]:
    lines = resources.files(__package__).joinpath("seeds", f"{language}.jsonl").read_bytes()
    return (SeedTask(**orjson.loads(line)) for line in lines.splitlines())


def _tasks(material: Iterable[Material | Dropped], source: SourceRecipe) -> Iterator[SeedTask]:
    pieces = iter(material)
    for piece in pieces:
        if isinstance(piece, Dropped):
            continue
        if not isinstance(piece, Row):  # pages or threads: the whole source is of them
            yield from _of_examples(to_examples(itertools.chain([piece], pieces), source), {})
        elif isinstance(piece.fields.get("instances"), list):
            yield from _of_instances(piece.fields)
        else:
            yield from _of_examples(to_examples(iter([piece]), source), piece.fields)


def _of_examples(
    items: Iterable[Example | Dropped], fields: Mapping[str, object]
) -> Iterator[SeedTask]:
    for item in items:
        if isinstance(item, Example) and item.is_single_turn:
            asked = item.messages[0]
            is_tagged = CLASSIFICATION in item.tags
            yield SeedTask(
                instruction=asked.content,
                input=asked.input,
                response=item.reference,
                is_classification=is_tagged or fields.get("is_classification") is True,
            )


def _of_instances(fields: Mapping[str, Any]) -> Iterator[SeedTask]:
    """The first instance: the others vary the input alone."""
    instruction, instances = fields.get("instruction"), fields["instances"]
    first = instances[0] if instances else None
    if not (isinstance(instruction, str) and instruction.strip() and isinstance(first, dict)):
        return
    given, output = first.get("input", ""), first.get("output", "")
    if isinstance(given, str) and isinstance(output, str) and output.strip():
        yield SeedTask(
            instruction=instruction.strip(),
            input=given.strip(),
            response=output.strip(),
            is_classification=fields.get("is_classification") is True,
        )
