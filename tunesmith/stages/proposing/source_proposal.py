"""One source -> the keys of a recipe that read it, each with its reason, and what was seen of it.

What the source leaves open is asked; where nobody answers, the likeliest answer is taken and
marked in the recipe.
"""

import itertools
import os
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tunesmith.errors import DataError, RecipeError
from tunesmith.examples.columns.checked_rows import beside_task
from tunesmith.examples.columns.column_plan import NUM_SAMPLE, ColumnPlan, plan_columns
from tunesmith.examples.columns.column_questions import ColumnQuestion
from tunesmith.examples.conversion.cell_paths import opened_rows
from tunesmith.examples.example import Example
from tunesmith.examples.open_sources import check_fields
from tunesmith.examples.read_count import ReadCount
from tunesmith.examples.read_examples import read_examples
from tunesmith.recipe.commented import Choice, SourceDraft
from tunesmith.recipe.recipe import ExamplesRecipe
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.sources.detect import candidate_kinds
from tunesmith.sources.read_source import ReadAs, explain_source, read_source, source_file
from tunesmith.sources.row import Row
from tunesmith.stages.proposing.asked import Asker, Unsettled
from tunesmith.templates.choice import RowShapes

NUM_LOOKED = 1_000  # pieces of a source that are read
_MAX_ROUNDS = 8  # of questions: an answer may raise another
_SPLIT_NAME = re.compile(r"(?:^|[\W_])(train|test|validation|valid|val|dev|eval)(?:[\W_]|$)", re.I)
_SPLITS = {"valid": "validation", "val": "validation", "dev": "validation", "eval": "validation"}


@dataclass(slots=True)
class Sample:
    """What the first pieces of a source came to.

    Attributes:
        kept: Examples.
        dropped: Pieces that were left out, by reason.
        groups: Names of what may not be separated; of an example without any, its id.
        shapes: Of the examples.
        is_whole: Whether that was all of it.
        share_faulty: Of the pieces, those that could not be read.
    """

    kept: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    groups: set[str] = field(default_factory=set)
    shapes: RowShapes = field(default_factory=RowShapes)
    is_whole: bool = True
    share_faulty: float = 0.0


@dataclass(slots=True)
class SourceProposal:
    """A source as the recipe should read it; the keys grow while it is looked at."""

    place: Mapping[str, str]  # path or hub, as it was given
    read_as: ReadAs
    values: dict[str, Any] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    marked: list[str] = field(default_factory=list)  # what nobody answered, a sentence each
    plan: ColumnPlan | None = None
    sample: Sample = field(default_factory=Sample)

    @property
    def name(self) -> str:
        """What was given."""
        return next(iter(self.place.values()))

    def recipe(self, **more: Any) -> SourceRecipe:
        """The source as it is read so far."""
        return SourceRecipe.model_validate({**self.place, **self.values, **more})

    def sample_recipe(self) -> SourceRecipe:
        """The source, of which no more is read than was looked at."""
        streamed = {"stream": True} if "hub" in self.place else {}
        return self.recipe(limit=NUM_LOOKED, **streamed)

    def to_json(self) -> dict[str, Any]:
        """What was found out, for machines."""
        return {
            **self.place,
            "kind": self.read_as.kind,
            "reason": self.read_as.reason,
            "kept": self.sample.kept,
            "dropped": dict(self.sample.dropped.most_common()),
            "is_whole": self.sample.is_whole,
            "keys": self.values,
            "open": self.marked,
        }

    def draft(self, folder: Path) -> SourceDraft:
        """What stands in a recipe in a folder."""
        place = dict(self.place)
        if "path" in place:
            place["path"] = _seen_from(place["path"], folder)
        said = f"read as {self.read_as.kind}: {self.read_as.reason}"
        keys = {name: Choice(value=value, why=said) for name, value in place.items()}
        for name, value in self.values.items():
            keys[name] = Choice(value=value, why=self.reasons.get(name, ""))
        return SourceDraft(keys=keys, notes=(*self._column_notes(), *self._marks()))

    def _column_notes(self) -> list[str]:
        if self.plan is None or "task" in self.values:
            return []
        notes = []
        if self.plan.fields and "fields" not in self.values:
            pairs = ", ".join(f"{ours}: {theirs}" for ours, theirs in self.plan.fields.items())
            notes.append(f"fields: {{{pairs}}}, as the names of the columns say")
        unread = [one for one in self.plan.columns if not one.is_read and one.name != "group"]
        if unread:
            names = "; ".join(f"{one.name}, since {one.reason}" for one in unread)
            notes.append(f"not read: {names}")
        return notes

    def _marks(self) -> list[str]:
        return [f"? {sentence}" for sentence in self.marked]


def propose_source(place: Mapping[str, str], ask: Asker | None) -> SourceProposal:
    """Look at a source, ask what it leaves open, and read a sample of it.

    Args:
        place: Its `path` or `hub`.
        ask: Who answers; None: nobody.

    Raises:
        TunesmithError: The source cannot be read, or holds no example.
    """
    proposal = _of_kind(place, ask)
    for _ in range(_MAX_ROUNDS):
        if not _settle_columns(proposal, ask):
            break
    proposal.sample = _sampled(proposal)
    return proposal


def use_by_names(proposals: "list[SourceProposal]") -> None:
    """Let files called train and test be what they are called, where there are several."""
    found = {index: _SPLIT_NAME.search(Path(one.name).stem) for index, one in enumerate(proposals)}
    names = {index: match[1].lower() for index, match in found.items() if match}
    if len(proposals) < 2 or not {"train", "test"} & set(names.values()):
        return
    for index, name in names.items():
        proposals[index].values["use_as"] = _SPLITS.get(name, name)
        proposals[index].reasons["use_as"] = "as the file is called"


def _of_kind(place: Mapping[str, str], ask: Asker | None) -> SourceProposal:
    source = SourceRecipe.model_validate(place)
    try:
        return SourceProposal(place, explain_source(source, folder=Path()))
    except DataError as error:
        candidates = _candidates(source)
        if not candidates:
            raise
        answers = tuple(f"kind: {name}" for name, _ in candidates)
        question = Unsettled(
            where=error.where or "", text=error.message, samples=(), answers=answers
        )
        chosen = ask(question) if ask else 0
        kind, when = candidates[chosen]
        read_as = ReadAs(name=source.path or "", kind=kind, reason=when)
        proposal = SourceProposal(place, read_as, values={"kind": kind}, reasons={"kind": when})
        if ask is None:
            others = ", ".join(name for name, _ in candidates[1:])
            proposal.marked.append(f"{error.message}. The kind may also be {others}.")
        return proposal


def _candidates(source: SourceRecipe) -> tuple[tuple[str, str], ...]:
    if source.path is None:
        return ()
    return candidate_kinds(source_file(source.path, source, Path()))


def _settle_columns(proposal: SourceProposal, ask: Asker | None) -> bool:
    """Ask what the columns leave open; whether there was anything."""
    recipe = proposal.recipe()
    material = opened_rows(read_source(proposal.sample_recipe(), folder=Path()), recipe)
    first = itertools.islice(material, NUM_SAMPLE)
    rows = [piece for piece in first if isinstance(piece, Row)]
    if not rows:
        return False
    if recipe.is_prompted:
        questions: Sequence[ColumnQuestion] = beside_task(rows, recipe)
    else:
        proposal.plan = plan_columns(rows, recipe)
        questions = proposal.plan.questions
    for one in questions:
        question = Unsettled(
            where=proposal.name,
            text=f"{one.column} {one.words}",
            samples=one.samples,
            answers=one.lines,
        )
        chosen = ask(question) if ask else 0
        before = dict(proposal.values)
        _apply(proposal, one.lines[chosen], f"{one.column} {one.words}")
        if not _is_one_shape(proposal):
            proposal.values = before
            _apply(proposal, one.lines[-1], f"{one.column} {one.words}")
        if ask is None:
            others = "  or  ".join(", ".join(line.split("\n")) for line in one.lines[1:])
            rest = f" It may also be: {others}" if others else " Map it with fields, if it matters."
            proposal.marked.append(f"{one.column} {one.words}: {_shown(one.samples)}.{rest}")
        if ("task" in proposal.values) != recipe.is_prompted or "kind" in proposal.values:
            break
    return bool(questions)


def _apply(proposal: SourceProposal, line: str, why: str) -> None:
    """Take a line of a recipe over, such as `fields: {response: reply}`."""
    for key, value in yaml.safe_load(line).items():
        if key == "labels":
            proposal.marked.append("the labels are numbers; name them: labels: {0: NAME, 1: NAME}")
            continue
        before = proposal.values.get(key)
        if isinstance(value, dict):
            proposal.values[key] = {**(before or {}), **value}
        elif isinstance(value, list):
            proposal.values[key] = [*(before or []), *value]
        else:
            proposal.values[key] = value
        proposal.reasons[key] = why
    if "task" in proposal.values:
        proposal.values.pop("fields", None)


def _is_one_shape(proposal: SourceProposal) -> bool:
    """Whether the fields chosen so far belong to one kind of row."""
    try:
        check_fields(proposal.recipe(), where=proposal.name)
    except RecipeError:
        return False
    return True


def _sampled(proposal: SourceProposal) -> Sample:
    """Read the first pieces as preparing would."""
    sample, count = Sample(), ReadCount()
    source = proposal.sample_recipe()
    for read in read_examples([source], ExamplesRecipe(), folder=Path()):
        count.add(read.item)
        if isinstance(read.item, Example):
            sample.kept += 1
            sample.groups.add(read.item.group or read.item.id)
            sample.shapes.take(read.item.messages)
        else:
            sample.dropped[read.item.reason] += 1
    num_read = sample.kept + sample.dropped.total()
    sample.is_whole = num_read < NUM_LOOKED
    sample.share_faulty = count.num_faulty / max(num_read, 1)
    if not sample.kept:
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in sample.dropped.items())
        raise DataError(
            f"holds no example: read as {proposal.read_as.kind}, {reasons} were dropped",
            where=proposal.name,
            cure="`tunesmith import --check` lists each piece with its reason; another kind can "
            "be given with kind:.",
        )
    return sample


def _seen_from(path: str, folder: Path) -> str:
    """A path as a recipe in that folder has to write it."""
    is_here = Path(path).is_absolute() or folder.resolve() == Path.cwd()
    return path if is_here else os.path.relpath(path, folder)


def _shown(samples: tuple[str, ...]) -> str:
    return ", ".join(f"“{sample}”" for sample in samples)
