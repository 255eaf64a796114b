"""A recipe -> the same tuning on 1/8, 1/4, 1/2 and all of its rows, and what more would bring."""

from collections.abc import Iterator
from dataclasses import replace

from tunesmith.errors import DataError
from tunesmith.files import write_json
from tunesmith.models.shortcuts.matmul_library import use_matmul_library
from tunesmith.recipe.load_recipe import load_recipe
from tunesmith.report.advice.curve_section import curve_lines
from tunesmith.stages.curving.measured_gain import curve_record
from tunesmith.stages.curving.part_of_rows import PartOfRows
from tunesmith.stages.execution.opened_run import Run, checked_run
from tunesmith.stages.looking.note_look import Shown, note_look
from tunesmith.stages.preparing.prepared_files import open_store, refuse_preferences
from tunesmith.stages.preparing.settled_template import settled_renderer
from tunesmith.stages.report import write_report
from tunesmith.stages.results.curved import RowsCurve
from tunesmith.stages.train import start_engine, train
from tunesmith.training.engine import kept_randomness
from tunesmith.training.schedule import count_steps

SHARES = (8, 4, 2, 1)  # of the rows: one in so many
MIN_ROWS = 32
MIN_TEST_ROWS = 5


def curve(run: Run, *, seeds: int = 2) -> RowsCurve:
    """Tune on more and more of the rows, and say what twice as many would bring.

    Every part has the run's own settings and as many steps, so that rows alone make the
    difference; the part with all rows and the first seed is the run itself. What is done stays:
    the same command resumes, and more seeds only add theirs.

    Args:
        run: What to tune; it is prepared and trained if it is not.
        seeds: How often to tune on each number of rows, each time on others of them.

    Raises:
        DataError: There are too few rows to train on, or to test with.
        TunesmithError: As `train` does.
    """
    checked_run(run, stage="curve")
    train(run)
    with run.locked(), kept_randomness(), use_matmul_library("standard"):
        _check_rows(run)
        parts: dict[int, list[dict[str, object]]] = {}
        for part in _parts(run, seeds):
            run.progress.note(
                f"{part.num_rows:,} rows, seed {part.seed}: {part.training.steps:,} steps"
            )
            parts.setdefault(part.num_rows, []).append(part.scores())
        record = {
            "sizes": list(parts),
            "seeds": seeds,
            "steps": part.training.steps,
            "test_rows": len(open_store(run.folder, "test")),
            **curve_record(parts),
        }
        write_json(run.folder.path / "curve.json", {"schema": 1, **record})
    write_report(run.folder.path)
    note_look(
        run.folder,
        "curve",
        shown=Shown(scores={metric: ["tuned"] for metric in record["metrics"]}, is_choice=False),
        progress=run.progress,
    )
    places = {"run": str(run.folder.path), "report": str(run.folder.page)}
    told = {"sizes": tuple(parts), "summary": tuple(curve_lines(record))}
    return RowsCurve(**{**record, **places, **told})


def _check_rows(run: Run) -> None:
    """Refuse what no curve can be drawn through.

    Raises:
        DataError: There are too few rows.
        RefusedError: They are preferences.
    """
    refuse_preferences(run.recipe, command="curve")
    where = str(run.folder.path)
    if (count := len(open_store(run.folder, "train"))) < MIN_ROWS:
        problem = f"{count} training rows are too few to be parted; it takes {MIN_ROWS}"
        raise DataError(problem, where=where, cure="Add rows to the sources.")
    if (count := len(open_store(run.folder, "test"))) < MIN_TEST_ROWS:
        problem = f"{count} test rows tell nothing; it takes {MIN_TEST_ROWS}"
        raise DataError(problem, where=where, cure="Raise examples.split.test.")


def _parts(run: Run, seeds: int) -> Iterator[PartOfRows]:
    """All tunings, those with few rows first."""
    written = load_recipe(run.folder.recipe).training  # with the numbers that training settled on
    num_rows = len(open_store(run.folder, "train"))
    steps = count_steps(num_rows, written)
    whole = replace(run, recipe=run.recipe.model_copy(update={"training": written}))
    engine = start_engine(written)
    renderer = settled_renderer(run)
    for share in SHARES:
        for seed in range(seeds):
            yield PartOfRows(
                run=whole,
                renderer=renderer,
                engine=engine,
                training=written.model_copy(update={"steps": steps}),
                num_rows=num_rows // share,
                seed=seed,
                is_whole=share == 1 and seed == 0,
            )
