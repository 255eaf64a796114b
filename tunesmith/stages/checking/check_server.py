"""An address and a run -> whether the server there serves the run's model; if not, why.

Every test row is asked, as a chat and as a raw prompt, and compared with what the run's own
model answered. Nothing that is kept anywhere is believed: each call is made.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from pydantic import ValidationError

from tunesmith.endpoints.chat_request import ChatRequest, Outcome
from tunesmith.endpoints.openai_api import OpenAiEndpoint
from tunesmith.errors import DataError, MissingError, RecipeError, RemoteError
from tunesmith.files import our_records
from tunesmith.models.load import find_model
from tunesmith.recipe.endpoint_recipe import EndpointRecipe
from tunesmith.serving.check.answer_match import AnswerMatch, Reader, match_answer
from tunesmith.serving.check.check_lines import check_lines, check_record
from tunesmith.serving.check.checked_row import (
    CheckedRow,
    KnownAnswer,
    carries_all,
    chat_messages,
)
from tunesmith.serving.check.evidence import Weights, without_false_ties
from tunesmith.serving.check.raw_prompts import continue_prompts
from tunesmith.serving.check.rendering_guess import rendering_guesses
from tunesmith.serving.check.served_answer import ServedAnswer, ask_server
from tunesmith.serving.check.server_diagnosis import ServerDiagnosis
from tunesmith.stages.checking.run_weights import RunWeights
from tunesmith.stages.execution.opened_run import Run, open_run
from tunesmith.stages.execution.progress import Progress
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.stages.looking.note_look import Shown, note_look
from tunesmith.stages.preparing.split_rows import read_split
from tunesmith.stages.responders.renderer import Renderer, model_renderer
from tunesmith.tokens.encode import encode_prompt

_PURPOSE = "check@1"
_ANSWERED = ("stop", "length")
_LOOK = "Look at the server's log, at --model, and at the address: it mostly ends in /v1."
_LOGIN = re.compile(r"//[^/?#]*@")  # what opens a door is shown nowhere


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedServer:
    """Whether a server serves a run's model.

    Attributes:
        url: Of the server.
        model: As it was asked for.
        record: What was found.
        summary: Lines for people.
    """

    url: str
    model: str
    record: dict[str, Any]
    summary: tuple[str, ...] = field(default=())

    @property
    def serves(self) -> bool:
        """Whether it does."""
        return bool(self.record["serves"])

    def to_dict(self) -> dict[str, object]:
        """The JSON of `tunesmith check --json`."""
        return {"url": self.url, "model": self.model, **self.record}


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerWitnesses:
    """The server that is checked and the weights of the run, for whoever asks more."""

    url: str
    model: str
    names: Sequence[str]
    key_env: str | None
    max_tokens: int
    weights: RunWeights

    @property
    def other_names(self) -> Sequence[str]:
        """Models that the server lists beside the one that is checked."""
        return [name for name in self.names if name != self.model][:8]

    def again(self, rows: Sequence[CheckedRow], name: str | None = None) -> list[ServedAnswer]:
        """The server's answers to the same rows once more, one after the other."""
        endpoint = _endpoint(self.url, name or self.model, self.key_env)
        try:
            return ask_server(_chats(endpoint, rows, self.max_tokens), at_once=1)
        finally:
            endpoint.close()

    def local(
        self, weights: Weights, prompts: Sequence[Sequence[int]], max_tokens: int
    ) -> list[KnownAnswer] | None:
        """What the run's own weights answer to prompts; None where they cannot be loaded."""
        return self.weights.answers(weights, prompts, min(max_tokens, self.max_tokens))

    def gap(self, ids: Sequence[int], expected: int, found: int) -> float | None:
        """Nats by which the run's model prefers one token to another after these ids."""
        return self.weights.gap(ids, expected, found)


def check_run_server(
    url: str,
    folder: RunFolder,
    *,
    model: str | None = None,
    key_env: str | None = None,
    rows: int | None = None,
    progress: Progress,
) -> CheckedServer:
    """Ask a server the run's test rows, and find out whether it serves the run's model.

    Args:
        url: An OpenAI-compatible server.
        folder: A run that has answered its test rows.
        model: Its name there; needed where the server has several.
        key_env: The environment variable with its key.
        rows: How many test rows to ask, spread over all; 300 at most if not given.
        progress: Told of answers.

    Raises:
        RemoteError: The server cannot be reached, does not accept the key or lacks the model.
        MissingError: The run has no answers yet.
    """
    run = open_run(folder.path, progress=progress)
    renderer = model_renderer(find_model(str(folder.path)))
    checked = _checked_rows(run, renderer, rows or 300)
    names = _names(url, key_env, model or "-")
    name = model or _only(names, url)
    endpoint = _endpoint(url, name, key_env)
    try:
        endpoint.check()
        found = _diagnosis(endpoint, checked, renderer, run, (url, name, key_env, names))
        num_not_chat = sum(not row.is_chat for row in checked)
        record = check_record(found, num_not_chat=num_not_chat)
        lines = tuple(check_lines(found, num_not_chat=num_not_chat))
    finally:
        endpoint.close()
        progress.close()
    shown = Shown(scores={"equal answers": [name]}, is_choice=False)
    note_look(folder, "check", shown=shown, progress=progress)
    return CheckedServer(url=url, model=name, record=record, summary=lines)


def _diagnosis(
    endpoint: OpenAiEndpoint,
    checked: Sequence[CheckedRow],
    renderer: Renderer,
    run: Run,
    place: tuple[str, str, str | None, Sequence[str]],
) -> ServerDiagnosis:
    url, name, key_env, names = place
    reader = Reader(template=renderer.template, tokenizer=renderer.tokenizer)
    max_tokens = run.recipe.generation.max_new_tokens
    chats = [row for row in checked if row.is_chat]
    run.progress.start(f"asking {name}", len(chats))
    asked = _asked(endpoint, chats, max_tokens, run.progress)
    run.progress.start("asking with the run's own prompts", len(checked))
    raw = continue_prompts(
        endpoint, checked, reader, max_tokens=max_tokens, on_answer=run.progress.advance
    )
    witnesses = ServerWitnesses(
        url=url,
        model=name,
        names=names,
        key_env=key_env,
        max_tokens=max_tokens,
        weights=RunWeights(run.folder, run.recipe.generation, run.progress),
    )
    if chats and raw is None and all(one.failure is not None for one in asked):
        problem = f"none of {len(chats):,} test rows is answered ({asked[0].failure})"
        raise RemoteError(problem, where=url, cure=_LOOK)
    if not chats and raw is None:
        problem = "no test row can be asked: no chat can carry them, and it continues no raw prompt"
        raise DataError(problem, where=url)
    judge = partial(_matches, reader=reader, witnesses=witnesses)
    return ServerDiagnosis(
        chat=judge(chats, asked),
        raw=None if raw is None else judge(checked, raw),
        reader=reader,
        guesses=rendering_guesses(renderer.template, renderer.tokenizer),
        witnesses=witnesses,
    )


def _matches(
    rows: Sequence[CheckedRow],
    served: Sequence[ServedAnswer],
    *,
    reader: Reader,
    witnesses: ServerWitnesses,
) -> list[AnswerMatch]:
    found = [match_answer(*pair, reader) for pair in zip(rows, served, strict=True)]
    return without_false_ties(found, reader=reader, witnesses=witnesses)


def _asked(
    endpoint: OpenAiEndpoint, rows: Sequence[CheckedRow], max_tokens: int, progress: Progress
) -> list[ServedAnswer]:
    """What is answered to chats; a server that fails at all of them may yet continue prompts."""
    try:
        return ask_server(_chats(endpoint, rows, max_tokens), on_answer=progress.advance)
    except RemoteError as error:
        return [ServedAnswer(failure=error.message) for _ in rows]


def _checked_rows(run: Run, renderer: Renderer, limit: int) -> list[CheckedRow]:
    """Test rows that the run's model answered, spread evenly."""
    folder = run.folder
    if run.recipe.generation.temperature:
        raise RecipeError(
            f"the run's answers are samples (generation.temperature: "
            f"{run.recipe.generation.temperature}), so no server can repeat them",
            where=str(folder.path),
            cure="Answer the test rows greedily: tunesmith answer RECIPE "
            "--set generation.temperature=0.",
        )
    tuned, base = _known(run, "tuned"), {}
    if folder.completions("base").is_file():
        base = _known(run, "base")
    examples = [one for one in read_split(folder, "test") if one.id in tuned]
    if not examples:
        cure = "Run tunesmith answer RECIPE first."
        raise MissingError("the run has answered no test row", where=str(folder.path), cure=cure)
    kept = min(limit, len(examples))
    chosen = [examples[at * len(examples) // kept] for at in range(kept)]
    found = []
    for one in chosen:
        rendering = renderer.template.render_prompt(one.prompt)
        found.append(
            CheckedRow(
                example_id=one.id,
                messages=chat_messages(one.prompt),
                rendering=rendering,
                ids=tuple(encode_prompt(rendering, renderer.tokenizer).tolist()),
                tuned=tuned[one.id],
                base=base.get(one.id),
                is_chat=carries_all(one.prompt, renderer.template, rendering),
            )
        )
    return found


def _known(run: Run, model: str) -> dict[str, KnownAnswer]:
    """What a model of the run answered; failures left out."""
    with our_records(run.folder.completions(model)):
        return {
            one.example_id: KnownAnswer(
                text=one.text, finish_reason=one.finish_reason, has_near_tie=one.has_near_tie
            )
            for one in run.answers(model)
            if one.finish_reason in _ANSWERED
        }


def _chats(
    endpoint: OpenAiEndpoint, rows: Sequence[CheckedRow], max_tokens: int
) -> list[Callable[[], Outcome]]:
    requests = [
        ChatRequest(messages=row.chat, purpose=_PURPOSE, max_tokens=max_tokens) for row in rows
    ]
    return [partial(_one, endpoint, request) for request in requests]


def _one(endpoint: OpenAiEndpoint, request: ChatRequest) -> Outcome:
    (outcome,) = endpoint.reply([request])
    return outcome


def _names(url: str, key_env: str | None, model: str) -> list[str]:
    """The models that the server lists."""
    endpoint = _endpoint(url, model, key_env)
    try:
        return endpoint.served_names()
    finally:
        endpoint.close()


def _only(names: Sequence[str], url: str) -> str:
    """The one model that is meant where none was named.

    Raises:
        RecipeError: There are several, or none is listed.
    """
    if len(names) == 1:
        return names[0]
    listed = f"the server has {', '.join(names[:12])}" if names else "the server lists no model"
    cure = "Name the one to check: --model NAME."
    raise RecipeError(listed, where=url, cure=cure)


def _endpoint(url: str, model: str, key_env: str | None) -> OpenAiEndpoint:
    try:  # whoever types an address means it: private networks are not refused
        recipe = EndpointRecipe(url=url, model=model, key_env=key_env, allow_private=True)
    except ValidationError as error:
        problem = str(error.errors()[0]["msg"]).removeprefix("Value error, ")
        cure = "For example: http://localhost:8000/v1."
        raise RecipeError(problem, where=_LOGIN.sub("//...@", url), cure=cure) from None
    return OpenAiEndpoint(recipe, where=url)
