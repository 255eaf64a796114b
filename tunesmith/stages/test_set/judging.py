"""Completions and a judge -> its grades, what it made of planted answers, whether to believe it.

Planted answers come first. Every call is kept in the run's `calls.sqlite`, so a killed judge
goes on where it was; rows that failed are asked about again the next time.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from tunesmith.endpoints.caller import Caller, CallForecast
from tunesmith.endpoints.chat_request import ChatRequest
from tunesmith.endpoints.first_question import ask_first_question
from tunesmith.evaluation.grade import Grade
from tunesmith.evaluation.judge.absolute import METRIC as SCORES
from tunesmith.evaluation.judge.absolute import UnscoredAnswer, grade_by_judge, score_judge
from tunesmith.evaluation.judge.judge import Judge
from tunesmith.evaluation.judge.judged_question import JudgedQuestion, question_text
from tunesmith.evaluation.judge.pairwise import METRIC as WIN_RATE
from tunesmith.evaluation.judge.pairwise import AnswerPair, Preference, prefer, preference_judge
from tunesmith.evaluation.judge.plants import choose_rows, plant, plant_pairs
from tunesmith.evaluation.judge.preferences import preference_facts
from tunesmith.evaluation.judge.read_reply import Choice
from tunesmith.evaluation.judge.trust import JudgeTrial, assess, try_judge
from tunesmith.evaluation.references import ReferenceFile, RowFile
from tunesmith.files import hash_file, write_json_lines
from tunesmith.models.load import find_model
from tunesmith.models.whole_weights import check_weights
from tunesmith.recipe.endpoint_recipe import EndpointRecipe
from tunesmith.recipe.recipe import EvaluationRecipe, Recipe
from tunesmith.report.judge_facts import judge_sentence, trust_rows
from tunesmith.stages.execution.opened_run import Run
from tunesmith.stages.execution.progress import Progress
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.stages.execution.stage import Stage, StageResult, code_of, forget, run_stage
from tunesmith.stages.responders.endpoint import forecast_in_words, open_caller, open_endpoint
from tunesmith.stages.responders.renderer import model_renderer
from tunesmith.stages.test_set.rivals import beside_recipe, rival_names
from tunesmith.training.resources.memory_budget import free_memory

STAGE = "judge"
REFERENCE = "reference"
_JUDGE = "evaluation.judge"
_GOOD = ("stop", "length")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """A judge at work: who is asked, how, and what about.

    Attributes:
        caller: The model.
        scores: It as a judge of single answers.
        choices: It as a judge between two.
        references: The test set.
        seed: Of the draw of rows to try it with, and of the fences.
        folder: Of the run.
        progress: Told of calls.
    """

    caller: Caller
    scores: Judge[int]
    choices: Judge[Choice]
    references: ReferenceFile
    seed: int
    folder: RunFolder
    progress: Progress

    def asked(self) -> Iterator[JudgedQuestion]:
        """The questions of the test set."""
        return (_asked(self.references, example_id) for example_id in self.references)


def judge_metrics(recipe: Recipe) -> list[str]:
    """The metrics that the recipe's judge gives."""
    evaluation = recipe.evaluation
    if evaluation.judge is None:
        return []
    return [SCORES, WIN_RATE] if evaluation.pairwise else [SCORES]


def judge_answers(run: Run, models: Iterable[str]) -> StageResult:
    """Have every model's answers judged, where something changed.

    Returns:
        What `scores.json` says of the judge: its name and prompts, `trust`, and with pairs
        `against` and `preferences` by model. Empty without a judge.
    """
    recipe, folder, recipe_folder = run.recipe, run.folder, run.recipe_folder
    evaluation, models = recipe.evaluation, list(models)
    if evaluation.judge is None:
        forget(folder, STAGE)
        for kind in ("trust", "pairwise"):
            folder.judgements(kind).unlink(missing_ok=True)
        return {}
    endpoint = beside_recipe(evaluation.judge, recipe_folder)
    rubric = _rubric(evaluation, recipe_folder)
    outputs = [folder.grades(metric) for metric in judge_metrics(recipe)]
    stage = Stage(
        name=STAGE,
        inputs={
            "judge": dict(open_endpoint(endpoint, is_offline=True).identity),
            "rubric": hash_file(rubric) if rubric else None,
            "pairwise": evaluation.pairwise,
            "seed": recipe.examples.seed,
            "test": hash_file(folder.examples("test")),
            "completions": {name: hash_file(folder.completions(name)) for name in models},
            "code": code_of("evaluation"),
        },
        outputs=[*outputs, folder.judgements("trust"), folder.judgements("pairwise")],
    )

    def work() -> StageResult:
        with _opened(endpoint, run) as caller:
            bench = _bench(caller, run, rubric)
            return _judge_all(bench, models, against=evaluation.pairwise)

    result = run_stage(folder, stage, work)
    if result["failed"]:
        forget(folder, STAGE)
    return {key: value for key, value in result.items() if key != "failed"}


def try_judge_on_plants(run: Run) -> StageResult:
    """Only try the recipe's judge with planted answers of the test set.

    Returns:
        `name`, `prompt` and `trust`, as in `scores.json`; and for people `summary`.
    """
    evaluation = run.recipe.evaluation
    assert evaluation.judge is not None, "the caller has looked"
    endpoint = beside_recipe(evaluation.judge, run.recipe_folder)
    with run.locked(), _opened(endpoint, run) as caller:
        bench = _bench(caller, run, _rubric(evaluation, run.recipe_folder))
        run.progress.note(
            f"judge: {forecast_in_words(caller.forecast(list(_plant_requests(bench))))}"
        )
        trials, planted = _try(bench)
        told = {**_names(bench), "trust": assess(trials, planted).to_json()}
    lines = [f"{figure:>28}  {words}" for words, figure in trust_rows(told)]
    return {**told, "summary": [judge_sentence(told), "", *lines]}


def check_endpoints(run: Run, *, is_asked: bool = False) -> None:
    """Find out before any work whether judge and rivals are there, unless they are done.

    Of a server its list of models is asked for, which costs nothing; of a folder it is looked at
    whether its weights will load.

    Args:
        run: Its recipe names them.
        is_asked: Ask servers one short question too, and say what it cost.

    Raises:
        RemoteError: A server is not there, lacks the model, or does not answer.
        MissingError: The variable with its key is not set, or a folder holds no whole model.
        TunesmithError: A model does not fit into memory.
    """
    done = run.folder.read_manifest()
    named = rival_names(run.recipe)
    waiting = {f"answer {name}": rival for name, rival in named.items()}
    places = {f"answer {name}": f"evaluation.rivals.{i}" for i, name in enumerate(named)}
    if run.recipe.evaluation.judge is not None:
        waiting[STAGE] = run.recipe.evaluation.judge
    for stage, endpoint in waiting.items():
        if stage not in done and not endpoint.kept_only:
            run.progress.start(f"looking for {endpoint.model or endpoint.path}", None)
            where = places.get(stage, _JUDGE)
            check = _check_folder if endpoint.url is None else _check_server
            check(beside_recipe(endpoint, run.recipe_folder), run, where, is_asked)
            run.progress.close()


def _check_server(endpoint: EndpointRecipe, run: Run, where: str, is_asked: bool) -> None:
    with open_caller(
        endpoint, cache_path=run.folder.calls, progress=run.progress, where=where
    ) as caller:
        if is_asked:
            url = str(endpoint.url)
            cost = ask_first_question(caller.endpoint, where=where, url=url)
            run.progress.note(
                f"{endpoint.model} is at {url}: asked for its list of models, which costs "
                f"nothing, and {cost}"
            )


def _check_folder(endpoint: EndpointRecipe, run: Run, where: str, is_asked: bool) -> None:
    if where == _JUDGE:
        open_endpoint(endpoint, where=where)  # which has to be a folder
    place = find_model(str(endpoint.path))
    model_renderer(place)
    check_weights(place, free=free_memory(torch.device("cpu")), where=where)


def _opened(endpoint: EndpointRecipe, run: Run) -> Caller:
    return open_caller(
        endpoint,
        cache_path=run.folder.calls,
        progress=run.progress,
        where=_JUDGE,
        is_checked_now=False,
    )


def _rubric(evaluation: EvaluationRecipe, recipe_folder: Path) -> Path | None:
    return None if evaluation.rubric is None else recipe_folder / evaluation.rubric


def _bench(caller: Caller, run: Run, rubric: Path | None) -> Bench:
    seed = run.recipe.examples.seed
    return Bench(
        caller=caller,
        scores=score_judge(caller, rubric=rubric, seed=seed),
        choices=preference_judge(caller, seed=seed),
        references=ReferenceFile(run.folder.examples("test")),
        seed=seed,
        folder=run.folder,
        progress=run.progress,
    )


def _names(bench: Bench) -> dict[str, Any]:
    return {"name": bench.caller.endpoint.name, "prompt": bench.scores.prompt.purpose}


def _judge_all(bench: Bench, models: list[str], *, against: str | None) -> StageResult:
    """Planted answers, then the models' answers, then pairs."""
    folder = bench.folder
    bench.progress.note(f"judge: {forecast_in_words(_forecast(bench, models, against))}")
    trials, planted = _try(bench)
    num_failed = 0

    def grades() -> Iterator[dict[str, Any]]:
        nonlocal num_failed
        for model in models:
            bench.progress.start(f"judging ({model})", len(bench.references))
            for grade in grade_by_judge(bench.scores, _scored(bench, model)):
                bench.progress.advance()
                num_failed += grade.score is None and bool(grade.calls)
                yield grade.to_json()
            bench.progress.close()

    write_json_lines(folder.grades(SCORES), grades())
    preferences: dict[str, list[Preference]] = {}
    if against is not None:
        preferences = {
            model: list(_preferences(bench, model, against)) for model in models if model != against
        }
        _write_win_rates(bench, preferences, against)
    told = [one for ones in preferences.values() for one in ones]
    num_failed += sum(one.score is None and bool(one.calls) for one in told)
    write_json_lines(folder.judgements("pairwise"), (one.to_json() for one in [*planted, *told]))
    record = {**_names(bench), "trust": assess(trials, [*planted, *told]).to_json()}
    if against is not None:
        record |= {
            "pairwise_prompt": bench.choices.prompt.purpose,
            "against": against,
            "preferences": {m: preference_facts(ones) for m, ones in preferences.items()},
        }
    return {**record, "failed": num_failed + sum(trial.score is None for trial in trials)}


def _try(bench: Bench) -> tuple[list[JudgeTrial], list[Preference]]:
    """What the judge makes of planted answers, and of planted pairs."""
    rows = choose_rows(bench.asked(), seed=bench.seed)
    planted, pairs = list(plant(rows)), list(plant_pairs(rows))
    bench.progress.start("trying the judge with planted answers", len(planted) + len(pairs))
    trials = list(try_judge(bench.scores, planted))
    bench.progress.advance(len(trials))
    preferences = list(prefer(bench.choices, pairs))
    bench.progress.close()
    write_json_lines(bench.folder.judgements("trust"), (trial.to_json() for trial in trials))
    return trials, preferences


def _forecast(bench: Bench, models: list[str], against: str | None) -> CallForecast:
    requests = list(_plant_requests(bench))
    for model in models:
        scored = (one.call for one in _scored(bench, model) if one.failure is None)
        requests += bench.scores.requests(scored)
        if against is not None and model != against:
            pairs = _pairs(bench, model, against)
            asked = (pair for pair in pairs if pair.failure is None and not pair.is_same)
            requests += bench.choices.requests(call for pair in asked for call in pair.calls)
    return bench.caller.forecast(requests)


def _plant_requests(bench: Bench) -> Iterator[ChatRequest]:
    rows = choose_rows(bench.asked(), seed=bench.seed)
    yield from bench.scores.requests(one.call for one in plant(rows))
    yield from bench.choices.requests(call for pair in plant_pairs(rows) for call in pair.calls)


def _asked(references: ReferenceFile, example_id: str) -> JudgedQuestion:
    example = references.example(example_id)
    return JudgedQuestion(
        example_id=example_id,
        question=question_text(example.prompt),
        reference=example.reference,
    )


def _scored(bench: Bench, model: str) -> Iterator[UnscoredAnswer]:
    """A model's answers in the order of the test set; each row, also those without one."""
    answers = RowFile(bench.folder.completions(model), key="example_id")
    for asked in bench.asked():
        text, failure, is_cut = _answer_of(answers, asked.example_id)
        yield UnscoredAnswer(asked=asked, model=model, answer=text, is_cut=is_cut, failure=failure)


def _answer_of(
    answers: Mapping[str, Mapping[str, Any]], example_id: str
) -> tuple[str, str | None, bool]:
    """The text, why there is none, and whether it was cut off."""
    if example_id not in answers:
        return "", "no completion", False
    row = answers[example_id]
    reason = row["finish_reason"]
    return row["text"], None if reason in _GOOD else reason, reason == "length"


def _pairs(bench: Bench, model: str, against: str) -> Iterator[AnswerPair]:
    folder = bench.folder
    ours = RowFile(folder.completions(model), key="example_id")
    theirs = (
        None if against == REFERENCE else RowFile(folder.completions(against), key="example_id")
    )
    for asked in bench.asked():
        answer, failure, _ = _answer_of(ours, asked.example_id)
        other, other_failure = asked.reference, None
        if theirs is not None:
            other, other_failure, _ = _answer_of(theirs, asked.example_id)
        if other_failure is not None:
            failure = failure or f"{against}: {other_failure}"
        yield AnswerPair(
            asked=asked,
            model=model,
            opponent=against,
            answer=answer,
            opponent_answer=other,
            failure=failure,
        )


def _preferences(bench: Bench, model: str, against: str) -> Iterator[Preference]:
    bench.progress.start(f"comparing {model} with {against}", len(bench.references))
    for preference in prefer(bench.choices, _pairs(bench, model, against)):
        bench.progress.advance()
        yield preference
    bench.progress.close()


def _write_win_rates(
    bench: Bench, preferences: Mapping[str, list[Preference]], against: str
) -> None:
    """The grades of `win_rate`; against itself a model would tie, which nobody is asked."""
    rows: list[Grade] = []
    if against != REFERENCE:
        rows = [_tie(one) for one in _scored(bench, against)]
    rows += [one.to_grade() for ones in preferences.values() for one in ones]
    write_json_lines(bench.folder.grades(WIN_RATE), (grade.to_json() for grade in rows))


def _tie(one: UnscoredAnswer) -> Grade:
    return Grade(
        example_id=one.asked.example_id,
        model=one.model,
        metric=WIN_RATE,
        score=50.0 if one.failure is None else None,
        reason=one.failure,
    )
