"""What a person types, turn by turn -> what a model answers, piece by piece."""

import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from queue import Empty
from typing import Any

from transformers import TextIteratorStreamer

from tunesmith.errors import DataError
from tunesmith.examples.example import Message
from tunesmith.generation.generate import Continuation, Prompt, generate
from tunesmith.generation.responder import OpenQuestion, Responder
from tunesmith.recipe.recipe import GenerationRecipe
from tunesmith.stages.responders.load_responder import named_responder

_POLL_SECONDS = 0.1


class ChatSession:
    """A conversation with one model; remembers the turns where its template has several."""

    def __init__(self, responder: Responder) -> None:
        self._responder = responder
        self._messages: list[Message] = []
        self._model_lock = threading.Lock()

    @property
    def has_memory(self) -> bool:
        """Whether earlier turns are part of the prompt."""
        turns = (
            Message(role="user", content="a"),
            Message(role="assistant", content="b"),
            Message(role="user", content="c"),
        )
        try:
            self._responder.template.render_prompt(turns)
        except DataError:
            return False
        return True

    def reset(self) -> None:
        """Forget the conversation."""
        self._messages = []

    def reply(self, text: str) -> Generator[str, None, None]:
        """Answer one message; the pieces joined are the answer.

        A template without turns sees each message alone. A reply that is closed or
        interrupted ends its generation, and its message is forgotten.

        Raises:
            DataError: The conversation has outgrown the model's context.
        """
        if not self.has_memory:
            self.reset()
        asked = [*self._messages, Message(role="user", content=text)]
        stream = _Stream(self._responder, self._prompt(asked), model_lock=self._model_lock)
        pieces = []
        with closing(stream.pieces()) as texts:
            for piece in texts:
                pieces.append(piece)
                yield piece
        answer = "".join(pieces)
        if answer.strip():
            self._messages = [*asked, Message(role="assistant", content=answer)]

    def _prompt(self, asked: Sequence[Message]) -> Prompt:
        question = OpenQuestion(example_id=f"turn {len(asked)}", messages=asked)
        prompt = self._responder.prompt_of(question)
        if self._responder.room_after(prompt) > 0:
            return prompt
        raise DataError(
            f"the conversation is {len(prompt.ids):,} tokens; that leaves no room for an answer "
            f"in the model's {self._responder.model.context_tokens:,}",
            cure="Type /reset to begin anew." if len(asked) > 1 else "Write a shorter message.",
        )


class _Stream:
    """Generation in a thread, its text in ours; the model works for one stream at a time."""

    def __init__(self, responder: Responder, prompt: Prompt, *, model_lock: threading.Lock) -> None:
        self._responder = responder
        self._prompt = prompt
        self._model_lock = model_lock
        self._cancelled = threading.Event()
        self._thread = threading.Thread(target=self._generate, daemon=True)
        self._streamer: Any = TextIteratorStreamer(
            responder.tokenizer.hf, skip_prompt=True, timeout=_POLL_SECONDS
        )
        self._done: list[Continuation] = []
        self._errors: list[BaseException] = []

    def pieces(self) -> Generator[str, None, None]:
        """Text as it comes, and what is left of the exact answer; closing it ends the thread."""
        try:
            self._thread.start()
            yield from self._text()
        finally:
            self._cancelled.set()
            if self._thread.is_alive():
                self._thread.join()

    def _text(self) -> Iterator[str]:
        shown = ""
        for piece in self._raw():
            grown = self._responder.template.answer_of(shown + piece)
            if grown.startswith(shown) and len(grown) > len(shown):
                yield grown[len(shown) :]
                shown = grown
        self._thread.join()
        if self._errors:
            raise self._errors[0]
        final = self._responder.text_of(self._done[0])
        if final.startswith(shown):
            yield final[len(shown) :]

    def _raw(self) -> Iterator[str]:
        """Pieces of raw text until generation ends; stop tokens are not text."""
        stops = [self._responder.tokenizer.decode([token]) for token in self._responder.stop_ids]
        while True:
            try:
                piece = next(self._streamer)
            except StopIteration:
                return
            except Empty:
                if self._errors:
                    return
                continue
            for stop in stops:
                piece = piece.removesuffix(stop)
            if piece:
                yield piece

    def _generate(self) -> None:
        room = self._responder.room_after(self._prompt)
        try:
            with self._model_lock:
                self._done = generate(
                    self._responder.model,
                    [self._prompt],
                    recipe=self._responder.recipe.model_copy(update={"max_new_tokens": room}),
                    stop_ids=self._responder.stop_ids,
                    streamer=self._streamer,
                    cancelled=self._cancelled,
                )
        except BaseException as error:  # noqa: BLE001 - handed to the caller's thread
            self._errors.append(error)


def chat(model: str, *, generation: GenerationRecipe) -> ChatSession:
    """Open a conversation with a model: starter, a run, a folder or a Hub id.

    Raises:
        MissingError: There is no such model.
    """
    return ChatSession(named_responder(model, recipe=generation))
