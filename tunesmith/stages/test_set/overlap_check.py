"""A run's train and test examples -> nothing, or the rows that stand in both, by name."""

from tunesmith.errors import RefusedError
from tunesmith.examples.collect import source_of
from tunesmith.examples.read_chunks import chunk_examples
from tunesmith.examples.splitting.collection import Collection
from tunesmith.examples.splitting.overlap import find_overlaps
from tunesmith.examples.splitting.split import SPLITS
from tunesmith.files import hash_file
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.stages.execution.opened_run import Run
from tunesmith.stages.execution.stage import Stage, StageResult, code_of, run_stage
from tunesmith.stages.preparing.split_rows import read_split

_SHOWN = 3


def check_overlap(run: Run) -> None:
    """Compare the files that are about to be scored with those that were trained on.

    Preparing makes them apart; this looks at what stands there now, whoever wrote it. What was
    looked at once is not looked at again while neither file changes.

    Raises:
        RefusedError: A test row, or one nearly equal or related to it, is in train.
    """
    folder, recipe = run.folder, run.recipe.examples
    if not all(folder.examples(split).is_file() for split in SPLITS):
        return
    stage = Stage(
        name="overlap check",
        inputs={
            "train": hash_file(folder.examples("train")),
            "test": hash_file(folder.examples("test")),
            "thresholds": [recipe.drop_near_duplicates, recipe.group_near_duplicates],
            "code": code_of("examples"),
        },
        outputs=[],
    )
    run_stage(folder, stage, lambda: _compare(run))


def _compare(run: Run) -> StageResult:
    folder, progress = run.folder, run.progress
    progress.start("comparing the test set with what was trained on", None)
    with Collection(folder.dropped.parent) as collection:
        parts = [
            (SourceRecipe(path=f"{split}.jsonl", use_as=split), read_split(folder, split))
            for split in ("test", "train")
        ]
        collection.add_all(chunk_examples(parts))
        found = find_overlaps(collection, collection.named, run.recipe.examples)
        lines = [
            f"\n  test {source_of(collection, overlap.test_row)}, "
            f"train {source_of(collection, row)}: {overlap.words} it"
            for row, overlap in list(found.items())[:_SHOWN]
        ]
    progress.close()
    if found:
        tests = len({overlap.test_row for overlap in found.values()})
        stand = "row stands" if tests == 1 else "rows stand"
        raise RefusedError(
            f"{tests:,} test {stand} in train too, or nearly so ({len(found):,} of "
            f"train):{''.join(lines)}\n",
            where=str(folder.examples("test")),
            cure="A score on them would praise memory. Name your test file in the recipe with "
            "use_as: test, and run tunesmith run RECIPE again: what resembles it leaves train.",
        )
    return {"overlaps": 0}
