"""What a person types, turn by turn -> what a model answers, piece by piece."""

import threading
from collections.abc import Iterator
from queue import Empty
from typing import Any

from transformers import TextIteratorStreamer

from tunesmith.errors import DataError
from tunesmith.examples.example import Message
from tunesmith.generation.answer import Question, Speaker
from tunesmith.generation.generate import Continuation, generate
from tunesmith.recipe.recipe import GenerationRecipe
from tunesmith.stages.speaker import named_speaker

_POLL_SECONDS = 0.1


class ChatSession:
    """A conversation with one model; remembers the turns where its template has several."""

    def __init__(self, speaker: Speaker) -> None:
        self._speaker = speaker
        self._messages: list[Message] = []

    @property
    def has_memory(self) -> bool:
        """Whether earlier turns are part of the prompt."""
        turns = (
            Message(role="user", content="a"),
            Message(role="assistant", content="b"),
            Message(role="user", content="c"),
        )
        try:
            self._speaker.template.render_prompt(turns)
        except DataError:
            return False
        return True

    def reset(self) -> None:
        """Forget the conversation."""
        self._messages = []

    def reply(self, text: str) -> Iterator[str]:
        """Answer one message; the pieces joined are the answer.

        A template without turns sees each message alone.

        Raises:
            DataError: The conversation has outgrown the model's context.
        """
        if not self.has_memory:
            self.reset()
        self._messages.append(Message(role="user", content=text))
        pieces = []
        for piece in self._stream():
            pieces.append(piece)
            yield piece
        answer = "".join(pieces)
        if answer.strip():
            self._messages.append(Message(role="assistant", content=answer))
        else:
            self._messages.pop()

    def _stream(self) -> Iterator[str]:
        speaker = self._speaker
        question = Question(example_id=f"turn {len(self._messages)}", messages=self._messages)
        prompt = speaker.prompt_of(question)
        context = speaker.model.context_tokens
        room = speaker.recipe.max_new_tokens
        if context is not None and len(prompt.ids) + room > context:
            self._messages.pop()
            raise DataError(
                f"the conversation is {len(prompt.ids):,} tokens; with {room:,} new ones that is "
                f"more than the model's {context:,}",
                cure="Type /reset to begin anew.",
            )
        stream = _Stream(speaker)
        yield from stream.pieces(prompt)


class _Stream:
    """Generation in a thread, its text in ours."""

    def __init__(self, speaker: Speaker) -> None:
        self._speaker = speaker
        self._streamer: Any = TextIteratorStreamer(
            speaker.tokenizer.hf, skip_prompt=True, timeout=_POLL_SECONDS
        )
        self._done: list[Continuation] = []
        self._errors: list[BaseException] = []

    def pieces(self, prompt: Any) -> Iterator[str]:
        """Text as it comes, and what is left of the exact answer at the end."""
        thread = threading.Thread(target=self._generate, args=(prompt,), daemon=True)
        thread.start()
        shown = ""
        for piece in self._raw():
            grown = self._speaker.template.answer_of(shown + piece)
            if grown.startswith(shown) and len(grown) > len(shown):
                yield grown[len(shown) :]
                shown = grown
        thread.join()
        if self._errors:
            raise self._errors[0]
        final = self._speaker.text_of(self._done[0])
        if final.startswith(shown):
            yield final[len(shown) :]

    def _raw(self) -> Iterator[str]:
        """Pieces of raw text until generation ends; stop tokens are not text."""
        stops = [self._speaker.tokenizer.decode([token]) for token in self._speaker.stop_ids]
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

    def _generate(self, prompt: Any) -> None:
        try:
            self._done = generate(
                self._speaker.model,
                [prompt],
                recipe=self._speaker.recipe,
                stop_ids=self._speaker.stop_ids,
                streamer=self._streamer,
            )
        except BaseException as error:  # noqa: BLE001 - handed to the caller's thread
            self._errors.append(error)


def chat(model: str, *, generation: GenerationRecipe) -> ChatSession:
    """Open a conversation with a model: starter, a run, a folder or a Hub id.

    Raises:
        MissingError: There is no such model.
    """
    return ChatSession(named_speaker(model, recipe=generation))
