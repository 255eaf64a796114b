"""A run -> its test rows with prompts and answers, and texts: what an export is tried with."""

from collections.abc import Sequence
from dataclasses import dataclass

from tunesmith.errors import MissingError
from tunesmith.export.fuzzed_texts import fuzzed_texts
from tunesmith.files import our_records
from tunesmith.generation.responder import Completion, OpenQuestion, Responder, answer_all
from tunesmith.serving.check.checked_row import carries_all, chat_messages
from tunesmith.stages.execution.opened_run import Run
from tunesmith.stages.preparing.split_rows import read_split
from tunesmith.tokens.encode import encode_prompt

NUM_LOOKED_AT = 20  # rows whose numbers are compared
_NUM_TEXTS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedRow:
    """A test row.

    Attributes:
        example_id: Of the row.
        ids: Of the prompt, as the tuned model read it.
        room: Tokens that an answer may have.
        tuned: What the tuned model answered.
        chat: The prompt as the messages of a chat; None where no chat carries it, or where it
            holds a control word, which other runtimes read as such.
    """

    example_id: str
    ids: tuple[int, ...]
    room: int
    tuned: Completion
    chat: tuple[dict[str, str], ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredModel:
    """A run's tuned model with all that an exported form of it is compared with.

    Attributes:
        run: Where its rendering contract lies; its progress is told.
        responder: The weights, an adapter merged, with all that they need to answer.
        rows: The test rows and what it answered.
    """

    run: Run
    responder: Responder
    rows: Sequence[ExportedRow]

    @property
    def chat_template(self) -> str:
        """Jinja text that renders what the model was measured with."""
        return self.responder.template.chat_template


def exported_rows(run: Run, responder: Responder) -> list[ExportedRow]:
    """The test rows that the tuned model has answered; greedily, whatever the run did.

    Raises:
        MissingError: There is none.
    """
    folder = run.folder
    if not folder.completions("tuned").is_file():
        cure = "Run tunesmith evaluate RECIPE first: an export is compared with what was measured."
        raise MissingError("the run has answered no test row", where=str(folder.path), cure=cure)
    with our_records(folder.completions("tuned")):
        tuned = {one.example_id: one for one in run.answers("tuned")}
    if run.recipe.generation.temperature:
        tuned = _greedy(run, responder, list(tuned))
    found = []
    for example in read_split(folder, "test"):
        answer = tuned.get(example.id)
        if answer is None or answer.finish_reason not in ("stop", "length"):
            continue
        rendering = responder.template.render_prompt(example.prompt)
        ids = tuple(encode_prompt(rendering, responder.tokenizer).tolist())
        messages = chat_messages(example.prompt)
        is_chat = carries_all(example.prompt, responder.template, rendering)
        holds = any(word in one.content for one in messages for word in _words(responder))
        told = tuple({"role": str(one.role), "content": one.content} for one in messages)
        found.append(
            ExportedRow(
                example_id=example.id,
                ids=ids,
                room=_room(responder, len(ids)),
                tuned=answer,
                chat=told if is_chat and not holds else None,
            )
        )
    return found


def _greedy(run: Run, responder: Responder, ids: Sequence[str]) -> dict[str, Completion]:
    """Answers without chance, where the run's own are samples, which nobody can repeat."""
    asked = set(ids)
    questions = [
        OpenQuestion(example_id=example.id, messages=example.prompt)
        for example in read_split(run.folder, "test")
        if example.id in asked
    ]
    run.progress.start("answering without chance (tuned)", len(questions))
    answers = answer_all(responder, questions, on_answer=run.progress.advance)
    return {one.example_id: one for one in answers}


def looked_at(rows: Sequence[ExportedRow]) -> list[ExportedRow]:
    """Some rows, spread evenly."""
    kept = min(NUM_LOOKED_AT, len(rows))
    return [rows[at * len(rows) // kept] for at in range(kept)]


def tried_texts(responder: Responder) -> list[str]:
    """Texts of all scripts, with control words among them."""
    return fuzzed_texts(_NUM_TEXTS, control_words=_words(responder))


def _words(responder: Responder) -> list[str]:
    return sorted(responder.tokenizer.control_ids)


def _room(responder: Responder, num_read: int) -> int:
    context, wanted = responder.model.context_tokens, responder.recipe.max_new_tokens
    return wanted if context is None else min(wanted, context - num_read)
