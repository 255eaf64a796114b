"""Generation ends when it is told to."""

from threading import Event
from typing import Any

import torch
from transformers.generation.streamers import BaseStreamer

from tests.tiny import tiny_network
from tunesmith.generation.generate import Prompt, generate
from tunesmith.generation.prompt import GenerationListeners
from tunesmith.models.forward import choose_layout
from tunesmith.models.rows.attention import register
from tunesmith.recipe.recipe import GenerationRecipe

RECIPE = GenerationRecipe(max_new_tokens=50)


class _SetsAt(BaseStreamer):
    """Sets an event once so many tokens have come."""

    def __init__(self, event: Event, num_tokens: int) -> None:
        self._event, self._left = event, num_tokens + 1  # the prompt comes first

    def put(self, value: torch.Tensor) -> None:
        self._left -= 1
        if self._left == 0:
            self._event.set()

    def end(self) -> None:
        pass


def _continue(**options: Any) -> list[int]:
    register()
    model = choose_layout(tiny_network("llama"))
    prompt = Prompt(ids=[65, 66, 67], key="a")
    listeners = GenerationListeners(**options)
    return generate(model, [prompt], recipe=RECIPE, stop_ids=[257], listeners=listeners)[0].ids


def test_generation_ends_within_two_tokens_of_being_cancelled() -> None:
    event, whole = Event(), _continue()
    cut = _continue(cancelled=event, streamer=_SetsAt(event, 4))
    assert 4 <= len(cut) <= 6 < len(whole)
    assert cut == whole[: len(cut)]


def test_an_event_that_is_never_set_changes_nothing() -> None:
    assert _continue(cancelled=Event()) == _continue()
