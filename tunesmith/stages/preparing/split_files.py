"""The sources of a recipe -> data/train.jsonl, validation.jsonl, test.jsonl and splits.jsonl."""

import contextlib
from array import array
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tunesmith.examples.collect import collect, with_group, write_rows
from tunesmith.examples.edits.edited_chunks import EditPlan
from tunesmith.examples.read_chunks import read_chunks
from tunesmith.examples.read_count import ReadCount, check_read
from tunesmith.examples.splitting.assign import SplitAssignment, assign_splits, remember
from tunesmith.examples.splitting.collection import Collection
from tunesmith.examples.splitting.split import NO_SPLIT, SPLITS, Split, reasons_in_words
from tunesmith.examples.splitting.split_memory import SplitMemory, memory_lock
from tunesmith.files import atomic_file, hash_file, read_json_lines
from tunesmith.language.translate import message, translate
from tunesmith.recipe.recipe import ExamplesRecipe, Recipe
from tunesmith.sources.row import Dropped, source_name
from tunesmith.stages.execution.opened_run import Run
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.training.resources.allocator import return_freed_memory

_LARGE_GROUP = 0.1  # share of all rows from which one group is worth a word


def write_examples(
    run: Run,
    recipe: Recipe,
    *,
    count: ReadCount,
    drop: Callable[[Dropped], None],
    edits: EditPlan | None = None,
) -> SplitAssignment:
    """Read, clean, compare, group, split and write; the same whatever the number of processes.

    Args:
        run: Where the files go, and who is told of what is read.
        recipe: Its sources and `examples`; a file stands in the place of each teacher.
        count: Grows.
        drop: Told of what is left out.
        edits: What a person has changed.

    Raises:
        DataError: Nothing is left, too much was unreadable, or too little to divide.
        MissingError: A source does not exist.
    """
    folder, progress = run.folder, run.progress
    data = folder.dropped.parent
    data.mkdir(parents=True, exist_ok=True)
    with Collection(data) as collection:
        progress.start("reading", None)
        beside = run.recipe_folder
        chunks = read_chunks(recipe.sources, recipe.examples, folder=beside, edits=edits)
        for number in collect(collection, chunks, count=count, drop=drop):
            progress.advance(number)
        progress.close()
        return_freed_memory()
        check_read(count, max_bad=recipe.examples.max_bad, dropped_path=folder.dropped)
        with memory_lock(folder.splits):
            memory = split_memory(folder, recipe.examples)
            progress.start("comparing", None)
            assignment = assign_splits(collection, recipe.examples, memory)
            progress.close()
            _write(collection, assignment, folder, count, drop)
            remember(collection, assignment, memory)
    return assignment


def split_memory(folder: RunFolder, recipe: ExamplesRecipe) -> SplitMemory:
    """Where examples fell before."""
    return SplitMemory(folder.splits, recipe, also=folder.shipped_splits)


def remembered_before(folder: RunFolder, recipe: Recipe) -> str | None:
    """What splits.jsonl held when the finished preparation began, as a hash.

    What it holds now, where none is finished or what was added since contradicts it. So a
    preparation stays valid while other runs add rows of theirs.
    """
    now = remembered_now(folder)
    entry = folder.read_manifest().get("prepare")
    if entry is None or "remembered" not in entry["inputs"]:
        return now
    before: str | None = entry["inputs"]["remembered"]
    if now == entry["result"]["remembered"] or _agrees(folder, recipe):
        return before
    return now


def remembered_now(folder: RunFolder) -> str | None:
    """The hash of splits.jsonl; None where there is none."""
    return hash_file(folder.splits) if folder.splits.is_file() else None


def share_notices(recipe: ExamplesRecipe, assignment: SplitAssignment) -> list[str]:
    """What a person should know of how the rows were split."""
    rows = assignment.num_rows()
    total = sum(rows.values())
    notices = [
        translate("no example fell to {split} (asked for {share:.0%})", split=split, share=asked)
        for split, asked in asked_shares(recipe).items()
        if asked and split != "train" and not rows[split]
    ]
    largest = int(assignment.group_sizes.max(initial=0))
    if largest > 1 and largest > _LARGE_GROUP * total and total >= 20:
        notices.append(
            translate(
                "{count:,} of {total:,} examples resemble each other so much that they form one "
                "group, which lies on one side of the split; where only their form is the same, "
                "set examples.group_near_duplicates: null",
                count=largest,
                total=total,
            )
        )
    return notices


def asked_shares(recipe: ExamplesRecipe) -> dict[Split, float]:
    """The share of each split, as the recipe asks for it."""
    held_out = recipe.split.validation + recipe.split.test
    return {
        "train": round(1 - held_out, 6),
        "validation": recipe.split.validation,
        "test": recipe.split.test,
    }


def _write(
    collection: Collection,
    assignment: SplitAssignment,
    folder: RunFolder,
    count: ReadCount,
    drop: Callable[[Dropped], None],
) -> None:
    with contextlib.ExitStack() as stack:
        streams = [stack.enter_context(atomic_file(folder.examples(split))) for split in SPLITS]
        splits, firsts = assignment.splits.tolist(), assignment.first.tolist()
        is_alone = (assignment.group_sizes[assignment.first] < 2).tolist()

        def write(row: int, line: bytes) -> None:
            if not is_alone[row]:
                line = with_group(line, f"{collection.ids[firsts[row]]:016x}")
            streams[splits[row]].write(line)

        write_rows(collection, assignment.left_out, write, count=count, drop=drop)


def _agrees(folder: RunFolder, recipe: Recipe) -> bool:
    """Whether no row of the run is remembered in another split than it lies in."""
    named = {source.path or source.hub for source in recipe.sources if source.use_as}
    memory = split_memory(folder, recipe.examples)
    for place, split in enumerate(SPLITS):
        if not folder.examples(split).is_file():
            return False
        for record in read_json_lines(folder.examples(split)):
            before = memory.split_of(record["id"])
            if before not in (place, NO_SPLIT) and source_name(record["source"]) not in named:
                return False
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitSize:
    """The examples of one split, and the groups that they form."""

    examples: int
    groups: int


def split_sizes(
    assignment: SplitAssignment, folder: RunFolder, left_out: Mapping[Split, int]
) -> dict[Split, SplitSize]:
    """What lies in each split in the end.

    Args:
        assignment: What fell there.
        folder: The files as they are now are read for their groups where something was lost.
        left_out: How many examples of each split were dropped after they had fallen there.
    """
    rows, groups = assignment.num_rows(), assignment.num_groups()
    return {
        split: SplitSize(
            examples=rows[split] - left_out[split],
            groups=_num_groups(folder.examples(split)) if left_out[split] else groups[split],
        )
        for split in SPLITS
    }


def _num_groups(path: Path) -> int:
    """Groups in a split's file; eight bytes of each example that has others beside it are kept."""
    num_alone, names = 0, array("Q")
    for record in read_json_lines(path):
        if "group" in record:
            names.append(int(record["group"], 16))
        else:
            num_alone += 1
    return num_alone + len(np.unique(np.frombuffer(names, dtype=np.uint64)))


def split_record(
    sizes: Mapping[Split, SplitSize], recipe: ExamplesRecipe, split: Split
) -> dict[str, Any]:
    """What was asked for and what came of it."""
    total = sum(size.examples for size in sizes.values()) or 1
    return {
        "groups": sizes[split].groups,
        "asked": asked_shares(recipe)[split],
        "share": round(sizes[split].examples / total, 4),
    }


def emptied_notices(assignment: SplitAssignment, late: Mapping[Split, Counter[str]]) -> list[str]:
    """Say of a split that lost everything what that means.

    Args:
        assignment: What fell to each split.
        late: Why examples were dropped after they had fallen there.
    """
    means = {
        "validation": message(
            "all {count:,} examples of validation were dropped ({reasons}), so there is no "
            "validation loss"
        ),
        "test": message(
            "all {count:,} examples of test were dropped ({reasons}), so nothing is answered or "
            "scored"
        ),
    }
    rows = assignment.num_rows()
    return [
        translate(means[split], count=rows[split], reasons=reasons_in_words(reasons))
        for split, reasons in late.items()
        if split in means and rows[split] and reasons.total() == rows[split]
    ]
