"""A recipe, the folder of its run and who is told -> Run, the one value that every stage takes."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from tunesmith.errors import MissingError, RecipeError
from tunesmith.files import folder_lock, given_path, our_records, read_json, read_json_lines
from tunesmith.recipe.load_recipe import (
    checked_overrides,
    load_recipe,
    recipe_from_mapping,
    resolved_mapping,
)
from tunesmith.recipe.recipe import Recipe
from tunesmith.stages.execution.bars import default_progress
from tunesmith.stages.execution.claim import claim, is_run
from tunesmith.stages.execution.progress import Progress, SilentProgress
from tunesmith.stages.execution.run_folder import RunFolder

if TYPE_CHECKING:
    from tunesmith.examples.example import Example
    from tunesmith.examples.splitting.split import Split
    from tunesmith.generation.responder import Completion
    from tunesmith.stages.loaded_model import LoadedModel
    from tunesmith.stages.results.answered import Answer
    from tunesmith.stages.results.prepared import Prepared
    from tunesmith.stages.results.reported import Report
    from tunesmith.stages.results.scores import Scores
    from tunesmith.stages.results.trained import Trained

Record = TypeVar("Record")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Run:
    """One execution of a recipe: what is done, where its files lie, who is told.

    Attributes:
        recipe: What to read, train and score.
        folder: Where the run's files lie, whether they are there yet or not.
        paths_from: The folder that the recipe's relative paths start from; None where a run was
            opened by its own folder: it can be read and asked, and no stage can change it.
        progress: Told of rows, steps and answers.
        recipe_file: As it was given; None where the recipe came from no file.
    """

    recipe: Recipe
    folder: RunFolder
    paths_from: Path | None
    progress: Progress = field(default_factory=SilentProgress, compare=False)
    recipe_file: Path | None = field(default=None, compare=False)

    @property
    def recipe_folder(self) -> Path:
        """What the recipe's relative paths are relative to.

        Raises:
            RecipeError: The run was opened by its own folder, which does not say.
        """
        if self.paths_from is None:
            raise RecipeError(
                "this run was opened by its own folder, to be read and asked",
                where=str(self.folder.path),
                cure="Open it by its recipe to change it: open_run('recipe.yaml').",
            )
        return self.paths_from

    def with_progress(self, progress: Progress) -> "Run":
        """The same run, of which somebody else is told."""
        return replace(self, progress=progress)

    @property
    def prepared(self) -> "Prepared":
        """What `prepare` made of the sources.

        Raises:
            MissingError: It has not run.
        """
        from tunesmith.stages.results.prepared import Prepared

        with our_records(self.folder.manifest):
            return Prepared.from_dict(self._finished("prepare"))

    @property
    def trained(self) -> "Trained":
        """What `train` made.

        Raises:
            MissingError: It has not run.
        """
        from tunesmith.stages.results.trained import Trained

        with our_records(self.folder.manifest):
            return Trained.from_dict(self._finished("train"))

    @property
    def scores(self) -> "Scores":
        """The scores and comparisons: `run.scores["chrf"]["tuned"].value`.

        Raises:
            MissingError: Nothing has been scored.
        """
        from tunesmith.stages.results.scores import Scores

        path = self._written(self.folder.scores, "evaluate")
        self._note_look("run.scores")
        with our_records(path):
            return Scores.from_dict(read_json(path))

    @property
    def report(self) -> "Report":
        """The page of the report, and its essence in lines of text.

        Raises:
            MissingError: None has been written.
        """
        from tunesmith.report.record import read_run_record
        from tunesmith.report.summary import summary_lines
        from tunesmith.stages.results.reported import Report

        page = self._written(self.folder.page, "write_report")
        self._note_look("run.report")
        record = read_run_record(self.folder.path)
        summary = tuple(summary_lines(record, report=page))
        return Report(report=str(page), diagnosis=record.findings, summary=summary)

    def rows(self, split: "Split") -> Iterator["Example"]:
        """The examples of train, validation or test, in order.

        Raises:
            MissingError: The data is not prepared, or there is no such split.
        """
        from tunesmith.examples.splitting.split import SPLITS
        from tunesmith.stages.preparing.split_rows import read_split

        if split not in SPLITS:
            raise _unknown(f"no split is called {split!r}", split, SPLITS, where="rows")
        path = self._written(self.folder.examples(split), "prepare")
        return _all_whole(path, read_split(self.folder, split))

    def answers(self, model: str = "tuned") -> Iterator["Completion"]:
        """What a model answered to the test rows: tuned, base or a rival.

        Raises:
            MissingError: It has not answered.
        """
        from tunesmith.generation.responder import Completion

        path = self.folder.completions(str(model))
        known = sorted(one.stem for one in path.parent.glob("*.jsonl"))
        if known and not (isinstance(model, str) and path.is_file()):
            raise _unknown(f"no model {model!r} has answered", model, known, where="answers")
        self._written(path, "answer")
        return _all_whole(path, (Completion(**record) for record in read_json_lines(path)))

    def model(self) -> "LoadedModel":
        """The tuned model, loaded to be asked many things.

        Raises:
            MissingError: There is none yet.
        """
        from tunesmith.stages.loaded_model import load

        if not self.folder.model.is_dir():
            self._written(self.folder.model, "train")
        return load(self.folder.path)

    def ask(
        self,
        text: str,
        *,
        max_new_tokens: int | None = None,
        temperature: float | None = None,
        seed: int | None = None,
    ) -> "Answer":
        """Ask the tuned model one thing; it is loaded each time, which `model()` does once.

        Args:
            text: The question.
            max_new_tokens: Of the answer; 256 if not given.
            temperature: 0 if not given: always the likeliest token.
            seed: Another seed, other samples.

        Raises:
            MissingError: There is no model yet.
        """
        options = {"max_new_tokens": max_new_tokens, "seed": seed}
        (answer,) = self.model().answer([text], temperature=temperature, **options)
        return answer

    def _note_look(self, command: str) -> None:
        """Scores that this person has seen are no other look, for Python reads them often."""
        from tunesmith.stages.looking.note_look import note_look

        note_look(self.folder, command, progress=self.progress, only_new=True)

    def _finished(self, stage: str) -> dict[str, Any]:
        """What a stage left in the manifest."""
        entry = self.folder.read_manifest().get(stage)
        if entry is None:
            raise self._unfinished(stage)
        result: dict[str, Any] = entry["result"]
        return result

    def _written(self, path: Path, stage: str) -> Path:
        """A file that a stage writes."""
        if not path.is_file():
            raise self._unfinished(stage)
        return path

    def _unfinished(self, stage: str) -> MissingError:
        where, cure = str(self.folder.path), f"tunesmith.{stage}(run) makes it."
        return MissingError(f"the run has nothing of {stage} yet", where=where, cure=cure)

    def __repr__(self) -> str:
        return f"Run({str(self.folder.path)!r}, model={self.recipe.model.name!r})"

    def _repr_html_(self) -> str:
        from tunesmith.report.notebook import framed, loss_curve, score_tables, verdict
        from tunesmith.report.record import read_run_record

        self._note_look("run")
        record = read_run_record(self.folder.path)
        return framed(verdict(record), score_tables(record), loss_curve(record))

    def claim(self) -> None:
        """Make the folder this recipe's, or refuse what is no run; see `execution.claim`."""
        claim(self.folder.path, self.recipe, self.recipe_folder, self.recipe_file)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Claim the folder and keep other processes out of it; see `files.folder_lock`."""
        self.claim()
        with folder_lock(self.folder.path):
            yield


def _all_whole(path: Path, records: Iterator[Record]) -> Iterator[Record]:
    with our_records(path):
        yield from records


def _unknown(problem: str, given: object, known: Sequence[str], *, where: str) -> MissingError:
    """A name that is none of those known; the near one is named."""
    near = get_close_matches(str(given).strip().lower(), known, n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    return MissingError(problem, where=where, cure=f"There are: {', '.join(known)}.{hint}")


def open_run(
    target: str | Path | Recipe | Mapping[str, object],
    *,
    folder: str | Path | None = None,
    overrides: Sequence[str] = (),
    progress: Progress | None = None,
) -> Run:
    """Open a run, whether it has begun or not; nothing is written.

    Args:
        target: A recipe: its file, a Recipe, or its keys as a mapping. Or the folder of a run,
            which can then be read and asked, and which no stage changes.
        folder: Of the run; `runs/<recipe's name>` for a recipe's file if not given.
        overrides: `training.epochs=1`: other values for keys of the recipe.
        progress: Told of what is done; a bar where somebody watches (a notebook, a session in a
            terminal), nobody elsewhere, if not given.

    Raises:
        MissingError: There is no such recipe or run.
        RecipeError: The recipe or an override is wrong, or no folder was named for a recipe that
            is no file.
    """
    told = default_progress() if progress is None else progress
    checked_overrides(overrides)
    if not isinstance(told, Progress) or isinstance(told, type):
        cure = "For example: progress=tunesmith.BarProgress()."
        raise RecipeError("takes somebody who is told", where="progress", cure=cure)
    if isinstance(target, Recipe | Mapping):
        written = resolved_mapping(target) if isinstance(target, Recipe) else target
        recipe = recipe_from_mapping(written, overrides=overrides)
        place = RunFolder(_named(folder))
        return Run(recipe=recipe, folder=place, paths_from=Path.cwd(), progress=told)
    path = given_path(target, where="recipe")
    if path.is_dir():
        _refuse_beside_folder(path, folder=folder is not None, overrides=bool(overrides))
        return _reopened(path, told)
    return open_recipe(path, folder=folder, overrides=overrides).with_progress(told)


def open_recipe(
    path: Path, *, folder: str | Path | None = None, overrides: Sequence[str] = ()
) -> Run:
    """The run of a recipe's file; nobody is told.

    Raises:
        MissingError: There is no such recipe.
        RecipeError: The recipe or an override is wrong.
    """
    recipe, beside = load_recipe(path, overrides=overrides), path.resolve().parent
    place = RunFolder(run_path(path, folder), beside)
    return Run(recipe=recipe, folder=place, paths_from=beside, recipe_file=path)


def run_path(recipe: Path, folder: str | Path | None = None) -> Path:
    """The folder of the run of a recipe's file."""
    return Path("runs") / recipe.stem if folder is None else given_path(folder, where="folder")


def _named(folder: str | Path | None) -> Path:
    if folder is None:
        cure = "For example: folder='runs/mine'."
        raise RecipeError("a recipe that is no file names no folder", where="folder", cure=cure)
    return given_path(folder, where="folder")


def checked_run(run: object, *, stage: str) -> Run:
    """What a stage was given, if it is a run.

    Raises:
        RecipeError: It is something else.
    """
    if isinstance(run, Run):
        return run
    cure = f"Write {stage}(tunesmith.open_run('recipe.yaml'))."
    raise RecipeError(f"takes a run, not one of type {type(run).__name__}", where=stage, cure=cure)


def _refuse_beside_folder(path: Path, **given: bool) -> None:
    for name in (name for name, is_given in given.items() if is_given):
        cure = "Leave it out, or open the run by its recipe."
        raise RecipeError(f"has no effect beside the folder {path}", where=name, cure=cure)


def _reopened(path: Path, progress: Progress) -> Run:
    """A run by its own folder."""
    place = RunFolder(path)
    if not is_run(path) or not place.recipe.is_file():
        cure = "Name a run's folder, or a recipe: tunesmith.run('recipe.yaml') makes a run."
        raise MissingError("no such run", where=str(path), cure=cure)
    recipe = load_recipe(place.recipe)
    return Run(recipe=recipe, folder=place, paths_from=None, progress=progress)
