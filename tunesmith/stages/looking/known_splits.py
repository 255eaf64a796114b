"""A recipe -> where its rows lie and who looked at its test sets; and a fresh one, if asked for."""

from collections.abc import Iterator, Mapping, Sequence

from tunesmith.errors import DataError, MissingError
from tunesmith.examples.splitting.split import PLACES
from tunesmith.rounds.look_log import HeldOut, Look, LookLog, choices_in
from tunesmith.stages.execution.claim import is_run
from tunesmith.stages.execution.opened_run import Run, checked_run
from tunesmith.stages.looking.fresh_test import draw_fresh_test
from tunesmith.stages.looking.note_look import looks_path
from tunesmith.stages.preparing.split_files import split_memory
from tunesmith.stages.results.splits_known import SplitsKnown


def known_splits(run: Run, *, fresh_test: bool = False) -> SplitsKnown:
    """Tell how many rows lie in each split, and how often each test set was looked at.

    Args:
        run: Its recipe's folder is looked at; nothing is prepared.
        fresh_test: Draw a fresh test set from new rows first, and retire the old one.

    Raises:
        MissingError: The folder is no run's; or a source does not exist.
        DataError: `splits.jsonl` is damaged or `looks.jsonl` cannot be read; or there is too
            little new material.
    """
    checked_run(run, stage="known_splits")
    place = run.folder.path
    if place.exists() and not is_run(place) and any(place.iterdir()):
        cure = "Leave --run out, or name the folder of this recipe's run."
        raise MissingError("no such run", where=str(place), cure=cure)
    fresh = draw_fresh_test(run) if fresh_test else None
    memory = split_memory(run.folder, run.recipe.examples)
    path = looks_path(run.folder)
    try:
        log = LookLog.read(path)
    except OSError as error:
        raise DataError(f"cannot be read ({error.strerror})", where=str(path)) from None
    splits = {name: len(memory.ids_in(place)) for place, name in enumerate(PLACES)}
    sets = tuple(_test_sets(log, HeldOut.read(run.folder.examples("test"))))
    return SplitsKnown(
        splits=splits,
        remembered=str(memory.path),
        looks=str(path),
        test_sets=sets,
        unread=log.num_unread,
        fresh=fresh,
        summary=tuple(_lines(memory.asked, splits, sets, fresh, log.num_unread)),
    )


def _test_sets(log: LookLog, now: HeldOut) -> Iterator[Mapping[str, object]]:
    """Each test set that was looked at, in order; one with some rows more or less is the same."""
    sets: list[list[Look]] = []
    for look in log.looks:
        known = next((one for one in sets if one[-1].test.is_same(look.test)), None)
        if known is None:
            sets.append([look])
        else:
            known.append(look)
    for looks in sets:
        yield {
            "rows": looks[-1].test.num_rows,
            "hash": looks[-1].test.hash,
            "looks": len(looks),
            "choices": len(choices_in(looks)),
            "people": sorted({look.who for look in looks}),
            "first": looks[0].time,
            "last": looks[-1].time,
            "is_this_runs": looks[-1].test.is_same(now),
        }


def _lines(
    asked: str,
    splits: Mapping[str, int],
    sets: Sequence[Mapping[str, object]],
    fresh: Mapping[str, int] | None,
    num_unread: int,
) -> Iterator[str]:
    if fresh is not None:
        yield (
            f"A fresh test set of {fresh['rows']:,} rows was drawn from {fresh['new']:,} new ones; "
            "nobody has looked at it."
        )
        yield (
            f"The {fresh['retired']:,} old test rows are retired: no run trains, validates or "
            "tests on them. Read them, or name them in a source of their own with use_as: "
            "validation or use_as: train."
        )
    counts = ", ".join(f"{name} {count:,}" for name, count in splits.items() if count)
    yield f"Rows that are remembered ({asked}): {counts or 'none yet'}"
    if not sets:
        yield "Nobody has looked at scores of a test set."
    for number, one in enumerate(sets, start=1):
        whose = ", this run's" if one["is_this_runs"] else ""
        people = one["people"]
        assert isinstance(people, list)
        yield (
            f"Test set {number} ({one['rows']:,} rows{whose}): looked at {one['looks']} times, "
            f"{one['choices']} states of scores, by {', '.join(people)}; last {one['last']}"
        )
    if num_unread:
        yield f"{num_unread:,} lines of looks.jsonl are no looks and were left out."
