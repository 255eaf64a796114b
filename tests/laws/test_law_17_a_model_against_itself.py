"""Law 17: a model compared with itself is called better or worse in at most 20 of 200 trials.

Real answers are samplings of the starter that begin as statements of facts do; simulated ones
have the shapes that scores have. What holds of a metric alone holds of the verdict over all,
and of tunings that differ by their seed alone, several a side.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pretraining.facts import all_facts
from pretraining.knowledge import statement_start
from tests.stages.compared import example, made_run, write_answers
from tests.stages.rig import Talk
from tunesmith.evaluation.grade import Comparison
from tunesmith.evaluation.metrics import TEXT_METRICS
from tunesmith.evaluation.score import Column, compare_sides
from tunesmith.evaluation.verdict import overall_verdict
from tunesmith.generation.generate import Prompt, generate
from tunesmith.recipe.recipe import GenerationRecipe
from tunesmith.stages.compare import compare
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.stages.responders.load_responder import named_responder

NOTHING_SHOWN = "no difference shown"
NUM_TRIALS, MOST = 200, 20
NUM_FACTS, NUM_SAMPLINGS, AT_ONCE = 60, 8, 60
Scores = Mapping[str, np.ndarray]  # metric: (runs, rows)
Trial = tuple[Scores, Scores]


@pytest.fixture
def _few_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many as tell a rate of 5 % from one of 10 %."""
    monkeypatch.setattr("tunesmith.evaluation.interval.NUM_RESAMPLES", 2000)


@pytest.fixture(scope="module")
def answers() -> tuple[list[str], list[list[str]]]:
    """References, and what the starter answers to each in several samplings."""
    facts = [fact for group in all_facts().values() for fact in group if statement_start(fact)]
    chosen = random.Random(17).sample(facts, NUM_FACTS)
    responder = named_responder("starter", recipe=GenerationRecipe())
    tokenizer = responder.tokenizer
    starts = [statement_start(fact) for fact in chosen]
    prompts = [Prompt(ids=tokenizer.hf(start).input_ids, key=start) for start in starts]
    told = []
    for seed in range(NUM_SAMPLINGS):
        recipe = GenerationRecipe(max_new_tokens=8, temperature=2.0, seed=seed)
        written = generate(responder.model, prompts, recipe=recipe, stop_ids=responder.stop_ids)
        told.append([tokenizer.decode(one.ids).split(".")[0] for one in written])
    return [fact.y for fact in chosen], told


@pytest.fixture(scope="module")
def real(answers: tuple[list[str], list[list[str]]]) -> Scores:
    """The scores of the samplings, (samplings, rows) a metric."""
    references, told = answers
    return {
        metric: np.array(
            [
                [measure(text, wanted) for text, wanted in zip(texts, references, strict=True)]
                for texts in told
            ]
        )
        for metric, measure in TEXT_METRICS.items()
    }


def columns(scores: np.ndarray) -> list[Column]:
    made = []
    for run in np.atleast_2d(scores):
        column = Column()
        for place, score in enumerate(run.tolist()):
            column.ids[str(place)] = place
            column.scores.append(score)
            column.weights.append(1.0)
        made.append(column)
    return made


def compared(trial: Trial) -> list[Comparison]:
    first, second = trial
    return [
        compare_sides({"A": columns(first[metric]), "B": columns(second[metric])}, metric=metric)
        for metric in first
    ]


def claims(trials: Iterator[Trial]) -> Counter[str]:
    """How often each metric, and the verdict over all, called B better or worse."""
    found: Counter[str] = Counter()
    for trial in trials:
        comparisons = compared(trial)
        found.update(c.metric for c in comparisons if c.verdict != NOTHING_SHOWN)
        found["overall"] += overall_verdict(comparisons).outcome != NOTHING_SHOWN
    return found


def check(trials: Iterator[Trial]) -> None:
    found = claims(trials)
    assert all(count <= MOST for count in found.values()), dict(found)


def two_samplings(real: Scores, rng: np.random.Generator) -> Trial:
    """Each row's two answers are drawn among its samplings."""
    num_samplings, num_rows = next(iter(real.values())).shape
    drawn = rng.permuted(np.tile(np.arange(num_samplings), (num_rows, 1)), axis=1)[:, :2].T
    rows = np.arange(num_rows)
    first, second = ({m: scores[pick, rows] for m, scores in real.items()} for pick in drawn)
    return first, second


def swapped_labels(real: Scores, rng: np.random.Generator) -> Trial:
    """Two samplings whose labels are swapped row by row."""
    swap = rng.random(next(iter(real.values())).shape[1]) < 0.5
    first, second = (
        {m: np.where(swap == flag, scores[0], scores[1]) for m, scores in real.items()}
        for flag in (True, False)
    )
    return first, second


def test_the_samplings_are_worth_comparing(real: Scores) -> None:
    exact = real["exact_match"]
    assert 20 < exact.mean() < 80
    assert (exact[0] != exact[1]).sum() >= 6
    assert ((real["chrf"] > 0) & (real["chrf"] < 100)).mean() > 0.1


@pytest.mark.usefixtures("_few_resamples")
def test_two_samplings_of_the_starter_show_nothing(real: Scores) -> None:
    rng = np.random.default_rng(17)
    check(two_samplings(real, rng) for _ in range(NUM_TRIALS))


@pytest.mark.usefixtures("_few_resamples")
def test_labels_swapped_row_by_row_show_nothing(real: Scores) -> None:
    rng = np.random.default_rng(18)
    check(swapped_labels(real, rng) for _ in range(NUM_TRIALS))


@pytest.mark.slow
@pytest.mark.parametrize("made", [two_samplings, swapped_labels])
@pytest.mark.parametrize("seed", range(3))
def test_the_starter_against_itself_shows_nothing_with_all_resamples(
    real: Scores, made: Callable[[Scores, np.random.Generator], Trial], seed: int
) -> None:
    rng = np.random.default_rng([17, seed])
    check(made(real, rng) for _ in range(NUM_TRIALS))


def simulated(
    rng: np.random.Generator, num_rows: int, num_runs: int, run_spread: float = 0.0
) -> Trial:
    """Scores of four kinds, each drawn by itself: several tries for chance.

    `run_spread` is how much one tuning is better at all rows than another, in the unit of the
    rows' difficulty.
    """
    sides: list[dict[str, np.ndarray]] = [{}, {}]
    for metric in ("exact_match", "token_f1", "rouge_l", "chrf"):
        difficulty = rng.normal(0.8, 1.5, num_rows)
        for side in sides:
            ability = rng.normal(0, run_spread, (num_runs, 1))
            does_well = rng.logistic(size=(num_runs, num_rows)) < difficulty + ability
            partly = rng.beta(1.5, 3, (num_runs, num_rows)) * 100
            missed = 0.0 if metric == "exact_match" else partly
            side[metric] = np.where(does_well, 100.0, missed)
    return sides[0], sides[1]


@pytest.mark.usefixtures("_few_resamples")
@pytest.mark.parametrize(("num_rows", "num_runs", "run_spread"), [(40, 1, 0.0), (60, 3, 0.3)])
def test_scores_as_they_are_in_life_show_nothing(
    num_rows: int, num_runs: int, run_spread: float
) -> None:
    rng = np.random.default_rng([num_rows, num_runs])
    check(simulated(rng, num_rows, num_runs, run_spread) for _ in range(NUM_TRIALS))


@pytest.mark.slow
@pytest.mark.usefixtures("_few_resamples")
@pytest.mark.parametrize("num_rows", [8, 20, 100, 300])
@pytest.mark.parametrize(
    ("num_runs", "run_spread"),
    [(1, 0.0), (2, 0.0), (2, 0.15), (2, 0.6), (3, 0.0), (3, 0.15), (3, 0.6), (5, 0.3)],
)
def test_no_number_of_rows_and_runs_shows_too_much(
    num_rows: int, num_runs: int, run_spread: float
) -> None:
    rng = np.random.default_rng([num_rows, num_runs, int(100 * run_spread)])
    check(simulated(rng, num_rows, num_runs, run_spread) for _ in range(NUM_TRIALS))


def test_one_tuning_a_side_is_another_model_and_the_words_say_no_more(tmp_path: Path) -> None:
    first, second = (made_run(tmp_path / name, right=0.5, seed=s) for s, name in enumerate("ab"))
    result = compare([first], [second], progress=Talk())
    assert result.claim == "this model, on these rows"
    assert "recipe" not in result.verdict["sentence"]


def write_runs(
    folder: Path, references: Sequence[str], told: Sequence[Sequence[str]]
) -> tuple[Path, Path]:
    """Two run folders over the same questions, as evaluate leaves them."""
    rows = [example(place, wanted) for place, wanted in enumerate(references)]
    paths = folder / "a", folder / "b"
    for path, texts in zip(paths, told, strict=True):
        made_run(path, right=1.0, test=rows)
        write_answers(RunFolder(path), rows, texts)
    return paths


def outcomes(
    answers: tuple[list[str], list[list[str]]], folder: Path, num_trials: int
) -> Counter[str]:
    """The command's own verdicts on two samplings, drawn anew for each trial."""
    references, told = answers
    rng = random.Random(3)
    found: Counter[str] = Counter()
    for trial in range(num_trials):
        pairs = [
            rng.sample([texts[place] for texts in told], 2) for place in range(len(references))
        ]
        runs = write_runs(folder / str(trial), references, list(zip(*pairs, strict=True)))
        result: dict[str, Any] = compare([runs[0]], [runs[1]], progress=Talk(), num_rows=0)
        found[result.verdict["outcome"] != NOTHING_SHOWN] += 1
    return found


@pytest.mark.usefixtures("_few_resamples")
def test_the_command_itself_shows_nothing(
    answers: tuple[list[str], list[list[str]]], tmp_path: Path
) -> None:
    assert outcomes(answers, tmp_path, 10)[True] <= 2


@pytest.mark.slow
def test_the_command_itself_shows_nothing_in_200_trials(
    answers: tuple[list[str], list[list[str]]], tmp_path: Path
) -> None:
    assert outcomes(answers, tmp_path, NUM_TRIALS)[True] <= MOST
