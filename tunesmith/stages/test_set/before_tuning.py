"""A recipe -> what untuned models make of its validation rows, and what there is to gain.

Base, base with examples in its prompt, the nearest training answer and the recipe's rivals are
asked before anything is trained. The test set is not read: decisions would wear it out. What is
done lies in the run's folder, in `before/`, a run's folder in miniature whose test set the
validation rows are; so nothing is asked twice.
"""

import os
import shutil
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from tunesmith.diagnosis.main_metric import first_metric
from tunesmith.errors import DataError
from tunesmith.evaluation.headroom import headroom
from tunesmith.evaluation.score import score_files
from tunesmith.files import write_json
from tunesmith.stages.answer import BASE, answer_test
from tunesmith.stages.execution.opened_run import Run, checked_run
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.stages.prepare import prepare_stage
from tunesmith.stages.preparing.settled_template import asked_renderer, settled_renderer
from tunesmith.stages.preparing.split_rows import read_split
from tunesmith.stages.responders.load_responder import base_responder
from tunesmith.stages.results.scores import Scores
from tunesmith.stages.results.untuned import UntunedScores
from tunesmith.stages.test_set.baselines import FEW_SHOT, NEAREST, is_held_by_a_prompt
from tunesmith.stages.test_set.judging import (
    REFERENCE,
    check_endpoints,
    judge_answers,
    judge_metrics,
)
from tunesmith.stages.test_set.rivals import answer_others, rival_names
from tunesmith.stages.test_set.text_grades import write_text_grades
from tunesmith.stages.train import base_record, identity_of_base

FEWEST_ROWS = 5


def evaluate_before(run: Run) -> UntunedScores:
    """Ask models that are not tuned the validation rows; the data is prepared, nothing trained.

    Args:
        run: Its recipe names the metrics, the rivals (the bigger models) and the judge, which
            compares every model's answers with the references.

    Raises:
        DataError: There are too few validation rows that ask something.
        TunesmithError: As `prepare` and `evaluate` do.
    """
    checked_run(run, stage="evaluate")
    run.claim()
    with run.locked():
        renderer = asked_renderer(run)
        prepare_stage(run, renderer)
        renderer = settled_renderer(run, renderer)
        num_rows = _check_rows(run)
        before = _before(run)
        check_endpoints(before)
        weights = identity_of_base(base_record(renderer.place, run))
        answer_test(
            BASE,
            before,
            renderer,
            weights=weights,
            load=lambda: base_responder(run.recipe, renderer),
        )
        models = [BASE, *answer_others(before, renderer, base=weights)]
        scores = _score(before, models)
        write_json(before.folder.scores, scores)
    return _result(before, Scores.from_dict(scores), models, num_rows)


def _check_rows(run: Run) -> int:
    asks = [not example.is_text for example in read_split(run.folder, "validation")]
    count = sum(asks)
    if asks and not count:
        problem = "the validation rows are plain texts, which ask nothing"
        cure = "Tune, and look at the loss: tunesmith run; or let a teacher write pairs about them."
        raise DataError(problem, where=str(run.folder.path), cure=cure)
    if count < FEWEST_ROWS:
        problem = f"{count} validation rows that ask something tell nothing; it takes {FEWEST_ROWS}"
        cure = "Hold more out: --set examples.split.validation=0.1, or add rows."
        raise DataError(problem, where=str(run.folder.path), cure=cure)
    return count


def _before(run: Run) -> Run:
    """The run in miniature: its test set is the validation rows, its recipe asks all that fits."""
    fits = is_held_by_a_prompt(run)
    named: dict[str, object] = {"baselines": [NEAREST, FEW_SHOT] if fits else [NEAREST]}
    if run.recipe.evaluation.judge is not None:
        named["pairwise"] = REFERENCE
    evaluation = run.recipe.evaluation.model_copy(update=named)
    recipe = run.recipe.model_copy(update={"evaluation": evaluation})
    folder = RunFolder(run.folder.path / "before")
    _link(run.folder.examples("train"), folder.examples("train"))
    _link(run.folder.examples("validation"), folder.examples("test"))
    return replace(run, recipe=recipe, folder=folder)


def _link(file: Path, place: Path) -> None:
    """The same file at another place; a copy where the disk knows no links."""
    place.parent.mkdir(parents=True, exist_ok=True)
    place.unlink(missing_ok=True)
    with suppress(OSError):
        os.link(file, place)
        return
    shutil.copyfile(file, place)


def _score(before: Run, models: list[str]) -> dict[str, object]:
    folder = before.folder
    names = write_text_grades(before, models)
    judge = judge_answers(before, models)
    names += judge_metrics(before.recipe)
    scores = score_files({name: folder.grades(name) for name in names}, second=BASE)
    return {**scores, **({"judge": judge} if judge else {})}


def _result(before: Run, scores: Scores, models: list[str], num_rows: int) -> UntunedScores:
    is_trusted = scores.judge is None or scores.judge.verdict != "do not use"
    main = first_metric(scores.metrics, is_judge_trusted=is_trusted)
    assert main is not None, "a recipe has at least one metric of texts"
    found = headroom(
        scores.metrics,
        main=main,
        untuned=(BASE, FEW_SHOT),
        rivals=list(rival_names(before.recipe)),
        is_judge_trusted=is_trusted,
    )
    return UntunedScores(
        scores=scores,
        models=tuple(models),
        rows=num_rows,
        headroom=found,
        run=str(before.folder.path.parent),
    )
