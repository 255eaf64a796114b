"""The same test set -> what others say to it: rivals, a prompt with examples, mere memory.

A rival behind a server is asked through the layer for endpoints; one in a folder answers as
base and tuned do, with its own template.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from tunesmith.endpoints.chat_request import ChatFailure, ChatMessage, ChatRequest, Outcome
from tunesmith.errors import RecipeError
from tunesmith.evaluation.nearest import NearestQuestion
from tunesmith.evaluation.references import RowFile
from tunesmith.examples.example import Example, last_user_text
from tunesmith.files import hash_file, write_json_lines
from tunesmith.generation.few_shot import Shots, choose_shots
from tunesmith.generation.responder import Completion, OpenQuestion, Responder
from tunesmith.generation.stop_strings import StopStrings
from tunesmith.models.load import context_tokens, find_model, weights_fingerprint
from tunesmith.recipe.endpoint_recipe import EndpointRecipe
from tunesmith.recipe.recipe import Recipe
from tunesmith.sources.row import RowError
from tunesmith.stages.execution.claim import begun
from tunesmith.stages.execution.opened_run import Run
from tunesmith.stages.execution.output_file import are_completions
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.stages.execution.stage import Stage, StageResult, code_of, forget, run_stage
from tunesmith.stages.exporting.exported import exported_models, forget_stale
from tunesmith.stages.preparing.answerable import prompt_tokens
from tunesmith.stages.preparing.split_rows import read_split
from tunesmith.stages.responders.endpoint import forecast_in_words, open_caller
from tunesmith.stages.responders.load_responder import base_responder, load_responder
from tunesmith.stages.responders.renderer import Renderer, model_renderer
from tunesmith.stages.test_set.baselines import FEW_SHOT, NEAREST, chosen_baselines
from tunesmith.stages.test_set.completions import answer_onto, count_completions

_EXPORTED = re.compile(r"(?:(?:safetensors|mlx)-)?(?:b?f16|f32|q\d_\w+)")  # by `export`
RESERVED = ("base", "tuned", "reference", NEAREST, FEW_SHOT)
_CODE = ("sandbox", "templates", "tokens", "models", "generation")
_PURPOSE = "rival@1"


def other_models(run: Run) -> list[str]:
    """Whoever answers beside base and tuned, in the order in which reports show them.

    Args:
        run: Its data is prepared.
    """
    return [*chosen_baselines(run), *rival_names(run.recipe)]


def judged_models(run: Run) -> list[str]:
    """Whose answers a judge reads: a call costs, so baselines only where the recipe names them."""
    named = run.recipe.evaluation.baselines
    return ["base", "tuned", *(() if named == "auto" else named), *rival_names(run.recipe)]


def rival_names(recipe: Recipe) -> dict[str, EndpointRecipe]:
    """The rivals by the names their completions are filed under.

    Raises:
        RecipeError: Two have the same name, or one that means something else in a run.
    """
    names: dict[str, EndpointRecipe] = {}
    files = set(RESERVED)
    for index, rival in enumerate(recipe.evaluation.rivals):
        name = rival.model or rival.path or ""
        file = RunFolder(Path()).completions(name).stem
        if file in files or _EXPORTED.fullmatch(file):
            raise RecipeError(
                f"{name!r} is a name that the run has already",
                where=f"evaluation.rivals.{index}",
                cure="Serve it under another name, or leave one of the two out.",
            )
        files.add(file)
        names[name] = rival
        _check_effect(rival, index)
    return names


def _check_effect(rival: EndpointRecipe, index: int) -> None:
    """A rival in a folder answers as base and tuned do: without calls that could be counted."""
    unused = [key for key in ("max_calls", "max_total_tokens") if key in rival.model_fields_set]
    if rival.path is not None and unused:
        raise RecipeError(
            "has no effect on a rival in a folder",
            where=f"evaluation.rivals.{index}.{unused[0]}",
            cure="Leave it out; generation.max_new_tokens bounds its answers.",
        )


def answer_others(run: Run, renderer: Renderer, *, base: object) -> dict[str, StageResult]:
    """Let rivals and baselines answer the test set; each only where something changed.

    Args:
        run: Its recipe names them.
        renderer: How base is asked.
        base: What identifies the base model's weights.
    """
    recipe, folder = run.recipe, run.folder
    results: dict[str, StageResult] = {}
    baselines = chosen_baselines(run)
    if NEAREST in baselines:
        results[NEAREST] = _answer_nearest(run)
    if FEW_SHOT in baselines:
        results[FEW_SHOT] = _answer_few_shot(run, renderer, base)
    for name, rival in rival_names(recipe).items():
        ask = _answer_local if rival.path is not None else _answer_server
        results[name] = ask(name, beside_recipe(rival, run.recipe_folder), run)
    forget_stale(folder)
    kept = {
        folder.completions(name) for name in ("base", "tuned", *results, *exported_models(folder))
    }
    for file in folder.completions("base").parent.glob("[!.]*.jsonl"):
        if file not in kept and are_completions(file):
            file.unlink()
    return results


def beside_recipe(endpoint: EndpointRecipe, recipe_folder: Path) -> EndpointRecipe:
    """A relative folder is looked for beside the recipe too."""
    path = endpoint.path
    if path is None or Path(path).exists() or not (recipe_folder / path).is_dir():
        return endpoint
    return endpoint.model_copy(update={"path": str(recipe_folder / path)})


def questions_of(folder: RunFolder) -> list[OpenQuestion]:
    """What the test set asks; a plain text asks nothing."""
    return [
        OpenQuestion(example_id=example.id, messages=example.prompt)
        for example in read_split(folder, "test")
        if not example.is_text
    ]


def check_rivals(run: Run) -> None:
    """Find out before training which test rows a rival in a folder cannot be asked.

    Args:
        run: Its test set is prepared; a rival that has answered it is not looked at.

    Raises:
        MissingError: There is no such model.
    """
    done = run.folder.read_manifest()
    for name, rival in rival_names(run.recipe).items():
        if rival.path is None or f"answer {name}" in done:
            continue
        place = find_model(str(beside_recipe(rival, run.recipe_folder).path))
        how = model_renderer(place, moment=begun(run.folder.path))
        context = context_tokens(place)
        num_refused, detail = 0, ""
        for example in read_split(run.folder, "test"):
            try:
                prompt_tokens(example, how, context=context)
            except (RowError, RecipeError) as error:
                num_refused, detail = num_refused + 1, str(error)
        if num_refused:
            run.progress.note(
                f"{name} will have no answer to {num_refused:,} test rows, which count as "
                f"failed: {detail}"
            )


def _answer_nearest(run: Run) -> StageResult:
    folder = run.folder
    stage = Stage(
        name=f"answer {NEAREST}",
        inputs={
            "train": hash_file(folder.examples("train")),
            "test": hash_file(folder.examples("test")),
            "code": code_of("evaluation/nearest.py", "examples/splitting/words.py"),
        },
        outputs=[folder.completions(NEAREST)],
    )
    return run_stage(folder, stage, lambda: _nearest(run))


def _nearest(run: Run) -> StageResult:
    folder, progress = run.folder, run.progress
    asked = questions_of(folder)
    progress.start("looking up similar questions", None)
    trained = RowFile(folder.examples("train"), key="id")
    ids = [one.id for one in read_split(folder, "train") if not one.is_text]
    index = NearestQuestion(
        last_user_text(one.prompt) for one in read_split(folder, "train") if not one.is_text
    )
    found = index.find([last_user_text(question.messages) for question in asked])
    completions = []
    for question, neighbour in zip(asked, found, strict=True):
        text = ""
        if neighbour is not None:
            text = Example.from_json(trained[ids[neighbour.place]]).reference
        completions.append(
            Completion(
                example_id=question.example_id,
                model=NEAREST,
                text=text,
                num_tokens=0,
                finish_reason="stop",
            )
        )
    progress.close()
    return _written(folder, NEAREST, completions)


def _answer_few_shot(run: Run, renderer: Renderer, base: object) -> StageResult:
    recipe, folder = run.recipe, run.folder
    examples = choose_shots(read_split(folder, "train"), recipe.evaluation.shots)
    shots = Shots(template=renderer.template, examples=examples)
    stage = Stage(
        name=f"answer {FEW_SHOT}",
        inputs={
            "model": base,
            "rendering": renderer.fingerprint,
            "test": hash_file(folder.examples("test")),
            "shots": [example.id for example in examples],
            "generation": recipe.generation.model_dump(exclude={"batch"}),
            "code": code_of(*_CODE),
        },
        outputs=[folder.completions(FEW_SHOT)],
    )

    def load() -> Responder:
        return replace(base_responder(recipe, renderer), name=FEW_SHOT, shots=shots)

    return run_stage(folder, stage, lambda: speak(FEW_SHOT, run, stage, load))


def _answer_local(name: str, rival: EndpointRecipe, run: Run) -> StageResult:
    recipe, folder = run.recipe, run.folder
    place = find_model(str(rival.path))
    renderer = model_renderer(place, moment=begun(folder.path))
    stage = Stage(
        name=f"answer {name}",
        inputs={
            "model": weights_fingerprint(place.folder) if place.folder else place.revision,
            "rendering": renderer.fingerprint,
            "test": hash_file(folder.examples("test")),
            "generation": recipe.generation.model_dump(exclude={"batch"}),
            "code": code_of(*_CODE),
        },
        outputs=[folder.completions(name)],
    )
    batch = recipe.generation.batch if rival.at_once == "auto" else rival.at_once
    generation = recipe.generation.model_copy(update={"batch": batch})

    def load() -> Responder:
        return load_responder(renderer, name=name, recipe=generation, training=recipe.training)

    return run_stage(folder, stage, lambda: speak(name, run, stage, load))


def speak(name: str, run: Run, stage: Stage, load: Callable[[], Responder]) -> StageResult:
    """Answer the test set with a model here, each answer on disk as soon as it is there."""
    folder, progress = run.folder, run.progress
    questions = questions_of(folder)
    file = folder.completions(name)
    partial = file.with_name(f".{file.stem}-{stage.key[:12]}.jsonl")
    progress.start(f"answering ({name})", len(questions))
    ordered = answer_onto(partial, questions, load=load, progress=progress, is_lenient=True)
    result = _written(folder, name, ordered)
    for old in file.parent.glob(f".{file.stem}-{'[0-9a-f]' * 12}.jsonl"):
        old.unlink()
    return result


def _answer_server(name: str, rival: EndpointRecipe, run: Run) -> StageResult:
    """Ask a server; questions that failed are asked again the next time."""
    recipe, folder = run.recipe, run.folder
    stage = Stage(
        name=f"answer {name}",
        inputs={
            "server": [rival.url, rival.model, _PURPOSE],
            "system": recipe.template.system,
            "test": hash_file(folder.examples("test")),
            "generation": recipe.generation.model_dump(exclude={"batch"}),
        },
        outputs=[folder.completions(name)],
    )
    result = run_stage(folder, stage, lambda: _ask_server(name, rival, run))
    if result["failed"]:
        forget(folder, stage.name)
    return result


def _ask_server(name: str, rival: EndpointRecipe, run: Run) -> StageResult:
    folder, progress = run.folder, run.progress
    questions = questions_of(folder)
    requests = [rival_request(question, run.recipe) for question in questions]
    caller = open_caller(
        rival,
        cache_path=folder.calls,
        progress=progress,
        where=f"evaluation.rivals ({name})",
        is_checked_now=False,
    )
    with caller:
        progress.note(f"{name}: {forecast_in_words(caller.forecast(requests))}")
        progress.start(f"answering ({name})", len(requests))
        stops = StopStrings(tuple(run.recipe.generation.stop or ()))
        completions = []
        for one in _completions(name, questions, caller.ask_all(requests), stops=stops):
            completions.append(one)
            progress.advance()
        progress.close()
    return _written(folder, name, completions)


def rival_request(question: OpenQuestion, recipe: Recipe) -> ChatRequest:
    """A test question as a server is asked it: under the conditions of base and tuned."""
    messages = [
        ChatMessage(
            role="assistant" if message.role == "assistant" else "user",
            content=last_user_text([message]) or message.content,
        )
        for message in question.messages
        if message.role != "system"
    ]
    led = [message.content for message in question.messages if message.role == "system"]
    system = led[0] if led else recipe.template.system
    if system:
        messages.insert(0, ChatMessage(role="system", content=system))
    generation = recipe.generation
    return ChatRequest(
        messages=tuple(messages),
        purpose=_PURPOSE,
        max_tokens=generation.max_new_tokens,
        temperature=generation.temperature,
        seed=generation.seed if generation.temperature else None,
    )


def _completions(
    name: str,
    questions: Sequence[OpenQuestion],
    outcomes: Iterable[Outcome],
    *,
    stops: StopStrings,
) -> Iterator[Completion]:
    for question, outcome in zip(questions, outcomes, strict=True):
        if isinstance(outcome, ChatFailure):
            text, num_tokens, reason = "", 0, outcome.reason
        else:
            text, is_cut = stops.cut(outcome.text)
            reason = "stop" if is_cut else outcome.finish_reason
            num_tokens = outcome.completion_tokens or 0
        yield Completion(
            example_id=question.example_id,
            model=name,
            text=text,
            num_tokens=num_tokens,
            finish_reason=reason,
        )


def _written(folder: RunFolder, name: str, completions: Sequence[Completion]) -> StageResult:
    write_json_lines(folder.completions(name), (one.to_json() for one in completions))
    return count_completions(completions)
