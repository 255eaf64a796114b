"""A prepared run -> its rows and settings for other programs, read back and compared.

Rows to test with stay where they are: what is trained elsewhere is measured with them.
"""

import os
import shlex
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np

from tunesmith.errors import DataError, MissingError, RecipeError, RefusedError
from tunesmith.examples.splitting.split import Split
from tunesmith.export.data_formats.openai_rows import (
    LEAST_ROWS,
    no_chat,
    openai_messages,
    openai_rows,
    read_openai_row,
)
from tunesmith.export.data_formats.rendered_rows import (
    RENDERED_TYPES,
    read_rendered,
    rendered_rows,
    write_rendered,
)
from tunesmith.export.data_formats.token_tables import (
    token_folder_rows,
    token_parquet_rows,
    write_token_folder,
    write_token_parquet,
)
from tunesmith.export.data_formats.trainer_settings import (
    TRAINERS,
    TrainedElsewhere,
    untold_settings,
)
from tunesmith.files import (
    folder_lock,
    our_records,
    read_json,
    read_json_lines,
    write_json_lines,
    write_text,
)
from tunesmith.models.load import find_model, is_model_folder
from tunesmith.recipe.yaml_text import write_yaml
from tunesmith.report.number_text import counted
from tunesmith.stages.execution.opened_run import Run, open_run
from tunesmith.stages.execution.progress import Progress
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.stages.exporting.new_place import check_free, new_place, write_record
from tunesmith.stages.preparing.prepared_files import open_store, refuse_preferences
from tunesmith.stages.preparing.split_rows import read_split
from tunesmith.stages.responders.model_names import base_of_run
from tunesmith.stages.responders.renderer import model_renderer
from tunesmith.stages.results.record_json import FOR_PEOPLE, as_dict
from tunesmith.stages.settling.settled_training import settled_run
from tunesmith.templates.template import Template
from tunesmith.tokens.encode import EncodedExample
from tunesmith.training.schedule import count_steps

DATA_FORMATS = (*TRAINERS, "openai-jsonl", "rendered")
_SPLITS: tuple[Split, ...] = ("train", "validation")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedData:
    """A run's rows in a form that other programs read.

    Attributes:
        format: Such as trl or rendered.
        path: The folder.
        rows: By split.
        compared: What was found equal on reading it back.
        dropped: What is no row of this form, by reason.
        untold: Settings of the recipe that the other program is not told.
        summary: The same for a person.
    """

    format: str
    path: str
    rows: Mapping[str, int]
    compared: Mapping[str, object]
    dropped: Mapping[str, int]
    untold: tuple[str, ...] = ()
    summary: tuple[str, ...] = field(default=(), metadata=FOR_PEOPLE, repr=False)

    def to_dict(self) -> dict[str, object]:
        """The JSON of `tunesmith export --json`."""
        return as_dict(self)


@dataclass(slots=True, kw_only=True)
class _Written:
    """What a writer has written and found equal."""

    rows: dict[str, int]
    compared: dict[str, object] = field(default_factory=dict)
    dropped: Counter[str] = field(default_factory=Counter)
    untold: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()


def export_data(
    folder: RunFolder,
    form: str,
    *,
    kind: str | None = None,
    out: Path | None = None,
    is_replacing: bool = False,
    progress: Progress,
) -> ExportedData:
    """Write a run's rows to train on and to validate with, read them back, and compare.

    Args:
        folder: A run with a model, which says how rows are rendered; for openai-jsonl, with rows.
        form: One of `DATA_FORMATS`.
        kind: Of rendered: jsonl or parquet.
        out: Where it goes; into the run's folder if not given.
        is_replacing: An export that stands there may be replaced.
        progress: Told of the steps.

    Raises:
        RecipeError: The form has no such type, or something stands at its place.
        MissingError: The run has no rows, no model, or lacks what was found for its settings.
        DataError: No row has this form.
        RefusedError: The model was trained on other rows, they are preferences, or what was read
            back is something else.
    """
    types = RENDERED_TYPES if form == "rendered" else ()
    kind = kind and kind.lower()
    if kind is not None and kind not in types:
        cure = f"{' or '.join(types)}." if types else f"{form} has none: leave it out."
        raise RecipeError(f"no type {kind!r}", where="--type", cure=cure)
    run = open_run(folder.path, progress=progress)
    refuse_preferences(run.recipe, command="export-data")
    path = out or folder.path / "exports" / form
    check_free(path, is_replacing=is_replacing)
    with _held(folder):
        _require_rows(folder, is_trained=form != "openai-jsonl")
        try:
            with new_place(path, is_replacing=is_replacing) as place:
                place.mkdir()
                progress.start(f"writing {path.name}", None)
                done = _write(run, place, form, kind or RENDERED_TYPES[0])
                told = {"rows": done.rows, "compared": done.compared, "dropped": done.dropped}
                write_record(place, {"format": form, **told})
        finally:
            progress.close()
    return ExportedData(
        format=form,
        path=str(path),
        rows=done.rows,
        compared=done.compared,
        dropped=dict(done.dropped),
        untold=done.untold,
        summary=tuple(_lines(done, form, path)),
    )


def _held(folder: RunFolder) -> AbstractContextManager[None]:
    """Nobody prepares other rows meanwhile; a folder that is read alone needs no lock."""
    return folder_lock(folder.path) if os.access(folder.path, os.W_OK) else nullcontext()


def _require_rows(folder: RunFolder, *, is_trained: bool) -> None:
    where, cure = str(folder.path), "Run tunesmith run RECIPE first."
    prepared = folder.read_manifest().get("prepare")
    if prepared is None:
        raise MissingError("the run has no rows yet", where=where, cure=cure)
    if not is_trained:
        return
    if not is_model_folder(folder.model) or not folder.environment.is_file():
        raise MissingError("the run has no model yet", where=where, cure=cure)
    with our_records(folder.environment):
        data = read_json(folder.environment)["data"]
    if data != prepared["key"]:
        problem = "its model was trained on other rows than those that are prepared now"
        raise RefusedError(problem, where=where, cure=cure)


def _template(run: Run) -> Template:
    """What the run's model was trained with."""
    return model_renderer(find_model(str(run.folder.model))).template


def _write(run: Run, place: Path, form: str, kind: str) -> _Written:
    if form in TRAINERS:
        return _for_trainer(run, place, form)
    return _openai(run, place) if form == "openai-jsonl" else _rendered(run, place, kind)


def _splits(run: Run) -> list[Split]:
    """Those that hold rows; there is always one to train on."""
    files = {split: run.folder.examples(split) for split in _SPLITS}
    return [split for split, path in files.items() if path.is_file() and path.stat().st_size]


def _for_trainer(run: Run, place: Path, form: str) -> _Written:
    """The rows as ids, and the settings of a program that trains on them."""
    stores = {split: open_store(run.folder, split) for split in _splits(run)}
    what = _trained_elsewhere(run, num_rows=len(stores["train"]), stores=stores)
    (place / "data").mkdir()
    if form == "llamafactory":
        write_token_folder(place / "data", {split: _all(store) for split, store in stores.items()})
    for split, store in stores.items():
        file = place / "data" / f"{split}.parquet"
        if form == "llamafactory":
            read = token_folder_rows(place / "data", split)
        else:
            write_token_parquet(file, _all(store))
            read = token_parquet_rows(file)
        _check_same(_all(store), read, split, are_equal=_are_equal)
    trainer = TRAINERS[form]
    write_text(place / trainer.file, write_yaml(trainer.settings(what)))
    write_text(place / "chat_template.jinja", _template(run).chat_template)
    tokens = sum(int(store.lengths.sum()) for store in stores.values())
    trained = sum(int(store.num_targets.sum()) for store in stores.values())
    return _Written(
        rows={split: len(store) for split, store in stores.items()},
        compared={"tokens": tokens, "trained_tokens": trained},
        untold=tuple(untold_settings(what)),
        lines=(f"train with {trainer.title}: cd {{path}} && {trainer.command}",),
    )


def _trained_elsewhere(run: Run, *, num_rows: int, stores: Mapping[Split, Any]) -> TrainedElsewhere:
    recipe = settled_run(run).recipe.training
    if recipe.open_settings:
        names = ", ".join(f"training.{name}" for name in recipe.open_settings)
        cure = f"Run tunesmith train RECIPE first, or name {names} in the recipe."
        raise MissingError(
            "what auto stands for is found when it is trained",
            where=str(run.folder.path),
            cure=cure,
        )
    base = base_of_run(run.folder)
    return TrainedElsewhere(
        recipe=recipe,
        model=base.path if base.folder is None else str(base.folder.resolve()),
        revision=base.revision,
        num_steps=count_steps(num_rows, recipe),
        longest=max(int(store.lengths.max()) for store in stores.values()),
        has_validation="validation" in stores,
        is_bf16=read_json(run.folder.environment)["precision"] == "bf16",
    )


def _all(store: Any) -> Iterator[EncodedExample]:
    return (store[index] for index in range(len(store)))


def _are_equal(one: EncodedExample, two: EncodedExample) -> bool:
    return np.array_equal(one.ids, two.ids) and np.array_equal(one.is_trained, two.is_trained)


def _openai(run: Run, place: Path) -> _Written:
    """Rows as OpenAI takes them; a template's own texts are not part of such."""
    system, lost, rows = run.recipe.template.system, Counter[str](), dict[str, int]()
    for split in _splits(run):
        file = place / f"{split}.jsonl"
        made = openai_rows(read_split(run.folder, split), system=system, lost=lost)
        rows[split] = write_json_lines(file, made)
        wanted = (
            openai_messages(one, system=system)
            for one in read_split(run.folder, split)
            if no_chat(one) is None
        )
        _check_same(wanted, map(read_openai_row, read_json_lines(file)), split)
    if not rows.get("train"):
        raise DataError("no row to train on is a chat", where=str(run.folder.examples("train")))
    untold = []
    if rows["train"] < LEAST_ROWS:
        untold.append(f"{rows['train']} rows: OpenAI takes no fewer than {LEAST_ROWS}")
    if run.recipe.template.train_on == "all":
        untold.append("template.train_on: all; OpenAI trains answers alone")
    return _Written(rows=rows, dropped=lost, untold=tuple(untold))


def _rendered(run: Run, place: Path, kind: str) -> _Written:
    """What the model reads and is to write, as texts."""
    template, rows = _template(run), dict[str, int]()
    for split in _splits(run):
        file = place / f"{split}.{kind}"
        rows[split] = write_rendered(file, rendered_rows(read_split(run.folder, split), template))
        wanted = rendered_rows(read_split(run.folder, split), template)
        _check_same(wanted, read_rendered(file), split)
    return _Written(rows=rows)


def _check_same(
    wanted: Iterable[Any],
    read: Iterable[Any],
    split: str,
    *,
    are_equal: Any = lambda one, two: one == two,
) -> None:
    """Refuse what was read back if a row is another, is missing or has been added."""
    for number, (one, two) in enumerate(zip_longest(wanted, read), start=1):
        if one is None or two is None or not are_equal(one, two):
            problem = f"row {number:,} of {split} is another on reading it back"
            raise RefusedError(problem, where="export", cure="Nothing was left; try it again.")


def _lines(done: _Written, form: str, path: Path) -> Iterator[str]:
    counts = " and ".join(counted(count, f"{split} row") for split, count in done.rows.items())
    yield f"{counts} read back equal"
    if done.compared:
        yield (
            f"{done.compared['tokens']:,} tokens, {done.compared['trained_tokens']:,} of them "
            "trained, the same as here"
        )
    for reason, count in done.dropped.items():
        yield f"{counted(count, 'row')} left out: {reason}"
    for setting in done.untold:
        yield f"not told: {setting}"
    yield f"{form}: {path}"
    yield from (line.format(path=shlex.quote(str(path))) for line in done.lines)
