"""A prompt and a responder -> its answer, piece by piece, while it is written."""

import threading
from collections.abc import Generator, Iterator
from queue import Empty
from typing import Any

from transformers import TextIteratorStreamer

from tunesmith.generation.generate import Continuation, Prompt, generate
from tunesmith.generation.prompt import GenerationListeners
from tunesmith.generation.responder import Responder

_POLL_SECONDS = 0.1


class StreamedAnswer:
    """Generation in a thread, its text in ours; the model works for one stream at a time."""

    def __init__(self, responder: Responder, prompt: Prompt, *, model_lock: threading.Lock) -> None:
        """Prepare to answer; `done` holds what was written once the pieces have ended."""
        self._responder = responder
        self._prompt = prompt
        self._model_lock = model_lock
        self._cancelled = threading.Event()
        self._thread = threading.Thread(target=self._generate, daemon=True)
        self._streamer: Any = TextIteratorStreamer(
            responder.tokenizer.hf, skip_prompt=True, timeout=_POLL_SECONDS
        )
        self.done: list[Continuation] = []
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
        written = shown = ""
        for piece in self._raw():
            written += piece
            settled = self._responder.stops.settled(written)
            grown = self._responder.template.answer_of(settled)
            if grown.startswith(shown) and len(grown) > len(shown):
                yield grown[len(shown) :]
                shown = grown
        self._thread.join()
        if self._errors:
            raise self._errors[0]
        final = self._responder.text_of(self.done[0])
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
                self.done = generate(
                    self._responder.model,
                    [self._prompt],
                    recipe=self._responder.recipe.model_copy(update={"max_new_tokens": room}),
                    stop_ids=self._responder.stop_ids,
                    listeners=GenerationListeners(
                        streamer=self._streamer,
                        cancelled=self._cancelled,
                        is_over=self._responder.is_over,
                    ),
                )
        except BaseException as error:  # noqa: BLE001 - handed to the caller's thread
            self._errors.append(error)
