"""The new rows of a recipe's sources -> a fresh test set, in the place of one looked at too often.

New is what no recipe of the folder has trained, validated or tested on: rows that `splits.jsonl`
does not know, and that resemble none that it knows.
"""

import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from tunesmith.errors import DataError
from tunesmith.examples.collect import collect
from tunesmith.examples.conversion.prompt_headers import shared_template
from tunesmith.examples.read_chunks import read_chunks
from tunesmith.examples.read_count import ReadCount
from tunesmith.examples.splitting.assign import SplitAssignment, assign_splits
from tunesmith.examples.splitting.collection import Collection, Rows
from tunesmith.examples.splitting.split import NO_SPLIT, TEST, draw_splits
from tunesmith.examples.splitting.split_memory import SplitMemory, memory_lock
from tunesmith.recipe.recipe import ExamplesRecipe, Recipe
from tunesmith.stages.execution.opened_run import Run
from tunesmith.stages.preparing.edits_beside import edit_plan
from tunesmith.stages.preparing.settled_template import asked_renderer
from tunesmith.stages.preparing.split_files import split_memory
from tunesmith.stages.preparing.teacher_sources import with_taught_files

_FEWEST = 20  # rows of a fresh test set, unless the old one had fewer


def draw_fresh_test(run: Run) -> Mapping[str, int]:
    """Draw a fresh test set from new rows, remember it, and retire the old one.

    It gets as many rows as the old one had, and half of the new ones at most.

    Returns:
        `rows` of the fresh set, `retired` rows, and how many were `new`.

    Raises:
        DataError: There is no old test set, the recipe names its own, or too few rows are new.
        MissingError: A source does not exist.
    """
    recipe = _readable(run)
    with tempfile.TemporaryDirectory() as place, Collection(Path(place)) as collection:
        run.progress.start("reading", None)
        chunks = read_chunks(
            recipe.sources, recipe.examples, folder=run.recipe_folder, edits=edit_plan(run)
        )
        for number in collect(collection, chunks, count=ReadCount(), drop=lambda _: None):
            run.progress.advance(number)
        run.progress.close()
        with memory_lock(run.folder.splits):
            memory = split_memory(run.folder, recipe.examples)
            _check_old(collection, memory, run)
            assignment = assign_splits(collection, recipe.examples, memory)
            new = _new_rows(collection, assignment, memory)
            num_old = _num_old(collection, memory)
            least = min(_FEWEST, num_old)
            chosen = _chosen(collection, assignment, new, recipe.examples, num_old)
            if len(chosen) < least:
                raise _too_few(run, len(new), least)
            retired = len(memory.ids_in(TEST))
            groups = collection.ids[assignment.first[chosen]]
            memory.replace_test_set(collection.ids[chosen], groups)
    return {"rows": len(chosen), "retired": retired, "new": len(new)}


def _readable(run: Run) -> Recipe:
    """The recipe as preparing reads it, with what its teachers have written so far."""
    recipe = with_taught_files(run)
    pairs = zip(run.recipe.sources, recipe.sources, strict=True)
    sources = [
        now
        for source, now in pairs
        if source.teacher is None or (run.recipe_folder / str(now.path)).is_file()
    ]
    if len(sources) > 1:
        sources = shared_template(sources, is_wrapping=asked_renderer(run).is_wrapping)
    return recipe.model_copy(update={"sources": sources})


def _check_old(collection: Collection, memory: SplitMemory, run: Run) -> None:
    """Refuse where there is nothing that a fresh set could take the place of."""
    where = str(run.recipe_file or run.folder.path)
    if (collection.named == TEST).any():
        problem = "the sources name the test set themselves (use_as: test)"
        raise DataError(problem, where=where, cure="Name another file there.")
    if not len(memory.ids_in(TEST)):
        problem = f"no test set is remembered with {memory.asked}"
        cure = "Run tunesmith run RECIPE first: it draws one."
        raise DataError(problem, where=str(memory.path), cure=cure)


def _new_rows(collection: Collection, assignment: SplitAssignment, memory: SplitMemory) -> Rows:
    """The rows that stay, and have nothing to do with a row that was used before."""
    is_used = memory.are_used(collection.ids) | (collection.named != NO_SPLIT)
    for row, origin in collection.origins.items():  # a row that was edited is what it was
        is_used[row] |= memory.are_used(np.array(origin.ids, dtype=np.uint64)).any()
    is_touched = np.zeros(collection.num_rows, dtype=np.bool_)
    is_touched[assignment.first[is_used]] = True
    is_kept = assignment.splits != NO_SPLIT
    return np.flatnonzero(is_kept & ~is_touched[assignment.first])


def _num_old(collection: Collection, memory: SplitMemory) -> int:
    """Rows of the old test set; those that the sources still hold, where they hold any."""
    there = int((memory.splits(collection.ids) == TEST).sum())
    return there or len(memory.ids_in(TEST))


def _chosen(
    collection: Collection,
    assignment: SplitAssignment,
    new: Rows,
    recipe: ExamplesRecipe,
    wanted: int,
) -> Rows:
    """Whole groups of new rows, in the order of their draw, up to half of all."""
    room = min(wanted, len(new) // 2)
    firsts, sizes = np.unique(assignment.first[new], return_counts=True)
    _, drawn = draw_splits(collection.prompts[firsts], recipe)
    taken, num_taken = [], 0
    for place in np.argsort(drawn, kind="stable").tolist():
        if num_taken + sizes[place] <= room:
            taken.append(firsts[place])
            num_taken += int(sizes[place])
    return new[np.isin(assignment.first[new], taken)]


def _too_few(run: Run, num_new: int, least: int) -> DataError:
    needed = 2 * least
    if num_new < needed:
        missing = needed - num_new
        return DataError(
            f"{num_new:,} rows of the sources are new; a fresh test set takes {needed:,} "
            f"({least:,} to test on, and as many that are left to train on)",
            where=str(run.recipe_file or run.folder.path),
            cure=f"Add {missing:,} rows or more to the sources, before a run prepares them.",
        )
    return DataError(
        f"the {num_new:,} new rows form groups too large to be parted",
        where=str(run.recipe_file or run.folder.path),
        cure="Add rows that resemble each other less, or set examples.group_near_duplicates: null.",
    )
