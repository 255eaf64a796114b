"""Prompts -> continuations, each as it ends; its place is taken by a prompt that waits.

Every step reads one row without padding: a token for each text that is going on, and the whole
prompts of those that join. What all prompts begin with is read once.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import torch

from tunesmith.generation.likeliest import LikeliestTokens, RoundedHead, likeliest
from tunesmith.generation.prompt import Continuation, FinishReason, GenerationListeners, Prompt
from tunesmith.generation.sampling import RowwiseSampler
from tunesmith.models.continue_texts import continue_texts, find_continuation_output, plain_head
from tunesmith.models.forward import ContinuationOutput, LanguageModel
from tunesmith.models.rows.key_value_cache import KeyValueCache
from tunesmith.recipe.recipe import GenerationRecipe
from tunesmith.training.engine import has_bf16

_LEAST_SHARED = 8  # tokens that are worth a forward of their own
_JOINING_TOKENS = 4096  # of prompts that join in one step, or one longer prompt
_JOINING_SHARE = 8  # prompts join once an eighth of the places is free
_LARGE_HEAD = 1 << 22  # weights from which a rounded copy pays


@dataclass(slots=True)
class _Text:
    number: int
    prompt: Prompt
    room: int
    ids: list[int] = field(default_factory=list)
    first_near_tie: int | None = None

    def ended(self, reason: FinishReason) -> tuple[int, Continuation]:
        tie = self.first_near_tie
        return self.number, Continuation(ids=self.ids, finish_reason=reason, first_near_tie=tie)


class Writer:
    """Continues prompts with one model, `num_at_once` of them at a time."""

    def __init__(
        self,
        model: LanguageModel,
        *,
        recipe: GenerationRecipe,
        stop_ids: Sequence[int],
        num_at_once: int,
        listeners: GenerationListeners,
    ) -> None:
        self._model = model
        self._recipe = recipe
        self._stop_ids = frozenset(stop_ids)
        self._num_at_once = num_at_once
        self._listeners = listeners
        self._cache = KeyValueCache(num_at_once)
        self._sampler = _sampler(recipe)
        self._head = _rounded_head(model) if recipe.temperature == 0 else None
        self._waiting: deque[_Text] = deque()
        self._going: list[_Text] = []

    def write(self, prompts: Sequence[Prompt]) -> Iterator[tuple[int, Continuation]]:
        """Continue all prompts, in their order as places become free.

        Yields:
            The number of a prompt and what follows it.
        """
        limit = self._recipe.max_new_tokens
        self._model.network.eval()
        self._waiting.extend(
            _Text(number, prompt, limit if prompt.room is None else min(limit, prompt.room))
            for number, prompt in enumerate(prompts)
        )
        self._show([token for prompt in prompts for token in prompt.ids])
        self._read_shared(prompts)
        while self._waiting or self._going:
            if self._listeners.cancelled is not None and self._listeners.cancelled.is_set():
                yield from (text.ended("length") for text in [*self._going, *self._waiting])
                break
            yield from self._accept(self._step())
        if self._listeners.streamer is not None:
            self._listeners.streamer.end()

    @torch.inference_mode()
    def _read_shared(self, prompts: Sequence[Prompt]) -> None:
        """Read once what all prompts begin with."""
        num_shared = _count_shared(prompts)
        if num_shared >= _LEAST_SHARED:
            self._read(prompts[0].ids[:num_shared], [num_shared])
            self._cache.share()

    @torch.inference_mode()
    def _step(self) -> LikeliestTokens:
        """Read the newest tokens and prompts that join, and choose what follows each text."""
        ids = [text.ids[-1] for text in self._going]
        joining = self._take()
        for text in joining:
            ids += text.prompt.ids[self._cache.num_shared :]
            if self._sampler is not None:
                self._sampler.add(text.prompt.key)
        shared = self._cache.num_shared
        read = self._read(ids, [len(text.prompt.ids) - shared for text in joining])
        self._going += joining
        if self._head is not None:
            return self._head.choose(read)
        return likeliest(read if self._sampler is None else self._sampler(None, read))

    def _read(self, ids: Sequence[int], new_lengths: Sequence[int]) -> torch.Tensor:
        output: ContinuationOutput = "logits" if self._head is None else "hidden"
        return continue_texts(self._model, self._cache, ids, new_lengths, output=output)

    def _take(self) -> list[_Text]:
        """Prompts that join now: few at a time would cost a forward's overhead each."""
        num_free = self._num_at_once - len(self._going)
        if self._going and num_free < max(1, self._num_at_once // _JOINING_SHARE):
            return []
        taken: list[_Text] = []
        room = _JOINING_TOKENS
        while self._waiting and len(taken) < num_free:
            room -= len(self._waiting[0].prompt.ids) - self._cache.num_shared
            if taken and room < 0:
                break
            taken.append(self._waiting.popleft())
        return taken

    @torch.inference_mode()
    def _accept(self, choice: LikeliestTokens) -> list[tuple[int, Continuation]]:
        """Add its token to each text; those that end leave their places."""
        tokens, ties = choice.tokens.tolist(), choice.is_near_tie.tolist()
        is_over = self._listeners.is_over
        self._show(tokens)
        ended = []
        for place in reversed(range(len(self._going))):
            text = self._going[place]
            if text.first_near_tie is None and ties[place] and self._sampler is None:
                text.first_near_tie = len(text.ids)
            is_stopped = tokens[place] in self._stop_ids
            if not is_stopped:
                text.ids.append(tokens[place])
                is_stopped = is_over is not None and is_over(text.ids)
            if is_stopped or len(text.ids) >= text.room:
                self._leave(place)
                ended.append(text.ended("stop" if is_stopped else "length"))
        return ended

    def _leave(self, place: int) -> None:
        """Free a place; the last text moves into it."""
        self._cache.remove(place)
        if self._sampler is not None:
            self._sampler.remove(place)
        last = self._going.pop()
        if place < len(self._going):
            self._going[place] = last

    def _show(self, ids: Sequence[int]) -> None:
        if self._listeners.streamer is not None:
            self._listeners.streamer.put(torch.tensor(ids))


def _sampler(recipe: GenerationRecipe) -> RowwiseSampler | None:
    if recipe.temperature == 0:
        return None
    return RowwiseSampler(seed=recipe.seed, temperature=recipe.temperature, top_p=recipe.top_p)


def _rounded_head(model: LanguageModel) -> RoundedHead | None:
    """A bf16 copy of a large plain head, where the processor multiplies bf16."""
    weight = plain_head(model) if find_continuation_output(model) == "hidden" else None
    if weight is None or weight.numel() < _LARGE_HEAD or weight.dtype != torch.float32:
        return None
    return RoundedHead(weight.detach()) if model.device.type == "cpu" and has_bf16("cpu") else None


def _count_shared(prompts: Sequence[Prompt]) -> int:
    """Tokens that all prompts begin with; each keeps at least one of its own."""
    if len(prompts) < 2:
        return 0
    ids = [list(prompt.ids) for prompt in prompts]
    first, last, ends = min(ids), max(ids), min(map(len, ids)) - 1
    pairs = enumerate(zip(first, last, strict=False))
    return min(ends, next((place for place, (a, b) in pairs if a != b), ends))
