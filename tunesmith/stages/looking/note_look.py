"""A run whose scores are shown -> a line in `looks.jsonl`, beside the recipe or in the run.

Everything that shows a test score calls `note_look`. A look that cannot be written down is said,
and stops nothing.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tunesmith.evaluation.grade import Comparison
from tunesmith.files import our_records, read_json
from tunesmith.line_log import author_name, now_text
from tunesmith.rounds.look_levels import LookStanding, look_standing
from tunesmith.rounds.look_log import LOOKS, HeldOut, Look, LookLog, append_look, choice_of
from tunesmith.stages.execution.claim import notes_folder
from tunesmith.stages.execution.progress import Progress, SilentProgress
from tunesmith.stages.execution.run_folder import RunFolder

_OWN = ("base", "tuned")


@dataclass(slots=True)
class _Command:
    """What was typed, and which states of scores it has shown already."""

    name: str
    seen: set[tuple[Path, str]] = field(default_factory=set)


_COMMAND: ContextVar[_Command | None] = ContextVar("command", default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Scores that are shown: metrics with their models, and differences; see `Look`.

    `run` names the runs where they are several.
    """

    scores: Mapping[str, Sequence[str]]
    comparisons: Sequence[Comparison] = ()
    is_choice: bool = True
    run: str = ""


@contextmanager
def looking_by(command: str) -> Iterator[None]:
    """Name the command within which scores are shown; the outermost name counts.

    Within it the same scores are one look, however many of its stages show them.
    """
    token = None if _COMMAND.get() else _COMMAND.set(_Command(command))
    try:
        yield
    finally:
        if token is not None:
            _COMMAND.reset(token)


def looks_path(folder: RunFolder) -> Path:
    """Where the looks at a run's test set are kept: beside its recipe, as they outlive it."""
    beside = folder.recipe_folder or notes_folder(folder.path)
    return (beside if os.access(beside, os.W_OK) else folder.path) / LOOKS


def note_look(
    folder: RunFolder,
    command: str,
    *,
    shown: Shown | None = None,
    progress: Progress | None = None,
    only_new: bool = False,
) -> None:
    """Write down that somebody sees scores of a run's test set.

    Args:
        folder: Of the run.
        command: What shows them, where no `looking_by` says it.
        shown: Which scores; those of `scores.json` if not given, and none where there is no file.
        progress: Told where the look could not be written down.
        only_new: Scores that this person has seen before add no line.
    """
    found = _of_scores(folder) if shown is None else shown
    if found is None or not found.scores:
        return
    within = _COMMAND.get() or _Command(command)
    choice = choice_of(str(folder.path.resolve()), found.comparisons, found.scores)
    path = looks_path(folder)
    if (path, choice) in within.seen:
        return
    within.seen.add((path, choice))
    look = Look(
        time=now_text(),
        who=author_name(),
        command=within.name,
        run=found.run or str(folder.path),
        test=HeldOut.read(folder.examples("test")),
        scores=found.scores,
        comparisons=tuple(found.comparisons),
        choice=choice if found.is_choice else None,
    )
    _write(path, look, progress or SilentProgress(), only_new=only_new)


def standing_of(folder: RunFolder, scores: Mapping[str, Any]) -> LookStanding | None:
    """Where a run's scores stand among what was seen of its test set, before they are shown.

    Args:
        folder: Of the run.
        scores: As they will stand in `scores.json`.
    """
    found = _shown_in(scores)
    return standing_among(folder, found.comparisons)


def standing_among(folder: RunFolder, comparisons: Sequence[Comparison]) -> LookStanding | None:
    """The same of differences between any models."""
    if not comparisons:
        return None
    try:
        log = LookLog.read(looks_path(folder))
    except OSError:
        return None  # told when the look is noted
    choice = choice_of("", comparisons, {})
    return look_standing(log.of(HeldOut.read(folder.examples("test"))), choice, comparisons)


def _write(path: Path, look: Look, progress: Progress, *, only_new: bool) -> None:
    try:
        log = LookLog.read(path)
        if log.num_unread:
            progress.note(f"{path}: {log.num_unread:,} lines are no looks and were left out")
        if not only_new or _seen(look) not in map(_seen, log.looks):
            append_look(path, look)
    except OSError as error:
        told = error.strerror or type(error).__name__
        progress.note(f"{path}: this look at the test set could not be written down ({told})")


def _seen(look: Look) -> tuple[str, str, str]:
    """Who saw what of which run."""
    return look.who, look.run, look.choice or look.command


def _of_scores(folder: RunFolder) -> Shown | None:
    if not folder.scores.is_file():
        return None
    with our_records(folder.scores):
        return _shown_in(read_json(folder.scores))


def _shown_in(scores: Mapping[str, Any]) -> Shown:
    """What `scores.json` shows; the choice is between base and tuned, where it has both."""
    by_metric = dict(scores["metrics"]) | ({"loss": scores["loss"]} if "loss" in scores else {})
    every = [Comparison.from_json(one) for one in scores.get("comparisons", ())]
    own = [one for one in every if (one.first, one.second) == _OWN]
    return Shown(scores={name: [*one] for name, one in by_metric.items()}, comparisons=own)
