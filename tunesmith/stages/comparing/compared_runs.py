"""Run folders -> two sides that may be compared: each one recipe, on the same test rows."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import yaml

from tunesmith.errors import MissingError, RecipeError, RefusedError
from tunesmith.examples.splitting.split import Split
from tunesmith.files import given_path, hash_file, read_json, read_json_lines
from tunesmith.report.number_text import flat_items
from tunesmith.stages.execution.run_folder import RunFolder

SEEDS = ("training.seed", "generation.seed")
_ONE_RECIPE = ("template_hash", "tokenizer", "base.fingerprint", "base.weights")
_LOSS, _PLUGINS = "loss", "plugins.metrics."
Refuse = Callable[[RefusedError], None]


@dataclass(frozen=True, kw_only=True)
class ComparedRun:
    """A finished run, as far as comparing reads it at once."""

    folder: RunFolder
    recipe: dict[str, str]  # by dotted key
    environment: dict[str, str]  # likewise
    metrics: tuple[str, ...]
    normalisation: Any
    judge: dict[str, Any]  # its name and prompt; empty where none judged

    @property
    def name(self) -> str:
        """The folder as it was given."""
        return str(self.folder.path)

    @cached_property
    def test_ids(self) -> dict[str, None]:
        """The test rows, in their order."""
        return dict.fromkeys(example_ids(self.folder, "test"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One or more runs of one recipe, A or B."""

    label: str
    runs: tuple[ComparedRun, ...]

    def values(self, part: str, key: str) -> list[str | None]:
        """What the runs have under a key of `recipe` or `environment`, each value once."""
        return list(dict.fromkeys(getattr(run, part).get(key) for run in self.runs))


def open_side(label: str, given: Sequence[str | Path]) -> Side:
    """Read what is known of each run.

    Raises:
        MissingError: A run does not exist, or has not been evaluated.
        RecipeError: A run is named twice, or none is.
    """
    if isinstance(given, str | Path) or not isinstance(given, Sequence) or not given:
        cure = "For example: compare(['runs/a'], ['runs/b'])."
        raise RecipeError("takes a list of runs' folders", where=f"side {label}", cure=cure)
    paths = [given_path(one, where=f"side {label}") for one in given]
    resolved = [path.resolve() for path in paths]
    for path in paths:
        if resolved.count(path.resolve()) > 1:
            cure = "Several runs a side are tunings with different seeds; name each once."
            raise RecipeError("the run stands twice on one side", where=str(path), cure=cure)
    return Side(label=label, runs=tuple(_open(path) for path in paths))


def check_sides(first: Side, second: Side, *, refuse: Refuse) -> None:
    """Refuse sides from which nothing could be concluded.

    Args:
        first: A side.
        second: The other.
        refuse: Raises the error, or notes it where the user has forced the comparison.
    """
    for side in (first, second):
        _check_one_recipe(side, refuse)
    folders = [{run.folder.path.resolve() for run in side.runs} for side in (first, second)]
    if folders[0] & folders[1] and max(map(len, folders)) > 1:
        shared = ", ".join(sorted(map(str, folders[0] & folders[1])))
        cure = "Leave it out on one side."
        refuse(RefusedError("a run stands on both sides", where=shared, cure=cure))
    for message, cure in _unlike_scores((*first.runs, *second.runs)):
        refuse(RefusedError(message, where=_where(first, second), cure=cure))


def _unlike_scores(runs: Sequence[ComparedRun]) -> Iterator[tuple[str, str]]:
    """Why scores of one name are not of one kind, and what to do."""
    again = "Run tunesmith evaluate again on the older runs."
    every = dict.fromkeys(metric for run in runs for metric in run.metrics if metric != _LOSS)
    partly = [metric for metric in every if not all(metric in run.metrics for run in runs)]
    if partly:
        cure = "Evaluate all by the same metrics and judge; --force REASON compares the rest."
        yield f"not scored alike: {', '.join(partly)} was measured in some of the runs only", cure
    if told := _several(runs, lambda run: run.normalisation):
        yield f"graded with different normalisation: {told}", again
    judged = [run for run in runs if run.judge]
    if told := _several(judged, lambda run: run.judge.get("name")):
        yield f"judged by different judges: {told}", "Name one evaluation.judge and evaluate again."
    elif told := _several(judged, lambda run: run.judge.get("prompt")):
        yield (
            f"judged by different rubrics: {told}",
            "Name one evaluation.rubric and evaluate again.",
        )
    for key in dict.fromkeys(f"{_PLUGINS}{metric}" for metric in every):
        if told := _several(runs, partial(_setting_of, key=key)):
            name = key.removeprefix(_PLUGINS)
            yield f"{name} was measured by different packages: {told}", again


def _setting_of(run: ComparedRun, *, key: str) -> str | None:
    return run.environment.get(key)


def _several(runs: Sequence[ComparedRun], read: Callable[[ComparedRun], Any]) -> str:
    """What the runs have, each value with the first run that has it; empty where it is one."""
    found: dict[str, str] = {}
    for run in runs:
        found.setdefault(str(read(run)), run.name)
    return ", ".join(f"{value} ({name})" for value, name in found.items()) if len(found) > 1 else ""


def common_test_ids(first: Side, second: Side, *, refuse: Refuse) -> list[str]:
    """The test rows of all runs, in the order of the first.

    Raises:
        RefusedError: There is none (this cannot be forced), or the test sets differ.
    """
    runs = (*first.runs, *second.runs)
    common = [i for i in runs[0].test_ids if all(i in run.test_ids for run in runs)]
    if not common:
        cure = "Tune both with the same test file: sources: [{path: ..., use_as: test}]."
        raise RefusedError("no test row is common", where=_where(first, second), cure=cure)
    if any(len(run.test_ids) > len(common) for run in runs):
        counts = ", ".join(f"{run.name} {len(run.test_ids):,}" for run in runs)
        message = f"the test sets differ: {len(common):,} rows are common, of {counts}"
        cure = "--force REASON compares on the common rows."
        refuse(RefusedError(message, where=_where(first, second), cure=cure))
    return common


def example_ids(folder: RunFolder, split: Split) -> list[str]:
    """The ids of a split, one file read line by line."""
    path = folder.examples(split)
    return [record["id"] for record in read_json_lines(path)] if path.is_file() else []


def _open(path: Path) -> ComparedRun:
    folder = RunFolder(path)
    if not path.is_dir() or not folder.recipe.is_file():
        cure = "Name the folder of a run, such as runs/mine, or its recipe."
        raise MissingError("no such run", where=str(path), cure=cure)
    if not folder.scores.is_file():
        cure = "Run tunesmith evaluate RECIPE first."
        raise MissingError("the run has no scores yet", where=str(path), cure=cure)
    scores = read_json(folder.scores)
    environment = read_json(folder.environment) if folder.environment.is_file() else {}
    return ComparedRun(
        folder=folder,
        recipe=dict(flat_items(yaml.safe_load(folder.recipe.read_bytes()))),
        environment=dict(flat_items(environment)),
        metrics=(*scores["metrics"], *(("loss",) if "loss" in scores else ())),
        normalisation=scores.get("normalisation"),
        judge=scores.get("judge") or {},
    )


def _check_one_recipe(side: Side, refuse: Refuse) -> None:
    """Several runs a side stand for one recipe, so they may differ in their seeds alone."""
    if len(side.runs) == 1:
        return
    keys = dict.fromkeys(key for run in side.runs for key in run.recipe if key not in SEEDS)
    differing = [key for key in keys if len(side.values("recipe", key)) > 1]
    differing += [key for key in _ONE_RECIPE if len(side.values("environment", key)) > 1]
    if len({hash_file(run.folder.examples("train")) for run in side.runs}) > 1:
        differing.append("data/train.jsonl")
    where = ", ".join(run.name for run in side.runs)
    if differing:
        message = f"not runs of one recipe: they differ in {', '.join(differing)}"
        cure = "A side may differ in training.seed alone."
        refuse(RefusedError(message, where=where, cure=cure))
    if len(side.values("recipe", "training.seed")) < len(side.runs):
        message = "two runs of one side have the same training.seed and are one tuning, not two"
        cure = "Tune with another: tunesmith run RECIPE --set training.seed=1 --run FOLDER."
        refuse(RefusedError(message, where=where, cure=cure))


def _where(first: Side, second: Side) -> str:
    return f"{first.runs[0].name}, {second.runs[0].name}"
