"""Texts -> continuations, one after the other, for models that the decoding loop cannot read."""

from collections import deque
from collections.abc import Sequence
from dataclasses import replace

import torch
from transformers.generation.streamers import BaseStreamer

from tunesmith.generation.padded import generate_padded
from tunesmith.generation.prompt import AskedText, Continuation, GenerationListeners, TokenChoice
from tunesmith.models.forward import LanguageModel


class PaddedWriter:
    """Continues texts as a `Writer` does, each alone; a step is a whole text."""

    def __init__(self, model: LanguageModel, *, stop_ids: Sequence[int]) -> None:
        self._model = model
        self._stop_ids = stop_ids
        self._waiting: deque[tuple[int, AskedText]] = deque()

    @property
    def is_idle(self) -> bool:
        """Whether no text waits."""
        return not self._waiting

    def add(self, number: int, asked: AskedText) -> None:
        """Let a text wait until those that were added before have ended."""
        self._waiting.append((number, asked))

    def step(self) -> list[tuple[int, Continuation]]:
        """Write the text that has waited longest; its number and what follows its prompt."""
        if self.is_idle:
            return []
        number, asked = self._waiting.popleft()
        if asked.listeners.cancelled is not None and asked.listeners.cancelled.is_set():
            return [(number, Continuation(ids=[], finish_reason="length"))]
        (written,) = generate_padded(
            self._model,
            [asked.prompt],
            recipe=asked.recipe.model_copy(update={"max_new_tokens": asked.room}),
            stop_ids=self._stop_ids,
            listeners=_streaming(asked.listeners, self._stop_ids),
        )
        return [(number, written)]


class _TokenTeller(BaseStreamer):
    """Tells each token of a text that transformers' `generate` writes, but no stop."""

    def __init__(self, listeners: GenerationListeners, stop_ids: Sequence[int]) -> None:
        self._listeners = listeners
        self._stop_ids = set(stop_ids)
        self._is_prompt = True

    def put(self, value: torch.Tensor) -> None:
        """The prompt, and then token after token."""
        is_prompt, self._is_prompt = self._is_prompt, False
        for token in () if is_prompt else value.flatten().tolist():
            if token not in self._stop_ids and self._listeners.on_token is not None:
                self._listeners.on_token(TokenChoice(token=token))

    def end(self) -> None:
        """Nothing more comes."""


def _streaming(listeners: GenerationListeners, stop_ids: Sequence[int]) -> GenerationListeners:
    if listeners.on_token is None:
        return listeners
    return replace(listeners, streamer=_TokenTeller(listeners, stop_ids))
