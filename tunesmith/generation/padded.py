"""Prompts -> continuations by transformers' own `generate`, for models our loop cannot read.

Prompts of one batch are padded on the left; masks and positions come from lengths, never
from comparing ids, so that any id may serve as padding.
"""

from collections.abc import Callable, Sequence
from threading import Event

import torch
from transformers import (
    GenerationConfig,
    LogitsProcessorList,
    StoppingCriteria,
    StoppingCriteriaList,
)

from tunesmith.generation.prompt import Continuation, GenerationListeners, Prompt
from tunesmith.generation.sampling import RowwiseSampler, TieWatch, draws_of
from tunesmith.models.forward import LanguageModel, own_attention
from tunesmith.recipe.recipe import GenerationRecipe

IsOver = Callable[[Sequence[int]], bool]


@torch.no_grad()
def generate_padded(
    model: LanguageModel,
    prompts: Sequence[Prompt],
    *,
    recipe: GenerationRecipe,
    stop_ids: Sequence[int],
    listeners: GenerationListeners,
) -> list[Continuation]:
    """Continue all prompts in one batch, each to the recipe's limit.

    Args:
        model: Put into evaluation mode.
        prompts: At least one token each.
        recipe: Length, temperature, top_p and seed.
        stop_ids: Any of these ends a text.
        listeners: Who hears of tokens, and who may end it all.
    """
    ids, mask = _pad_left(prompts, model.device)
    stops = list(stop_ids)
    ties = TieWatch(len(prompts), stop_ids=stops, prompt_length=ids.shape[1])
    model.network.eval()
    network = model.inner
    before, network.generation_config = network.generation_config, GenerationConfig()
    try:
        with own_attention(model):
            output = model.network.generate(
                input_ids=ids,
                attention_mask=mask,
                generation_config=_config(recipe, stops),
                logits_processor=_processors(prompts, recipe, ties),
                stopping_criteria=_criteria(listeners, ids.shape[1]),
                streamer=listeners.streamer,
            )
    finally:
        network.generation_config = before
    written = output[:, ids.shape[1] :].tolist()
    return [
        _cut(row, stops, tie, is_over=listeners.is_over)
        for row, tie in zip(written, ties.first_ties, strict=True)
    ]


class _Cancelled(StoppingCriteria):
    """Ends every row of a batch once an event is set."""

    def __init__(self, event: Event) -> None:
        self._event = event

    def __call__(self, input_ids: torch.Tensor, scores: object, **_: object) -> torch.Tensor:
        """(B, T) ids -> (B,) bool: True where a row is to end."""
        is_over = self._event.is_set()
        return torch.full((len(input_ids),), is_over, dtype=torch.bool, device=input_ids.device)


class _Over(StoppingCriteria):
    """Ends a row whose own text has come to its end."""

    def __init__(self, is_over: IsOver, prompt_length: int) -> None:
        self._is_over = is_over
        self._prompt_length = prompt_length

    def __call__(self, input_ids: torch.Tensor, scores: object, **_: object) -> torch.Tensor:
        """(B, T) ids -> (B,) bool: True where a row is to end."""
        written = input_ids[:, self._prompt_length :].tolist()
        return torch.tensor([self._is_over(row) for row in written], device=input_ids.device)


def _criteria(listeners: GenerationListeners, prompt_length: int) -> StoppingCriteriaList:
    criteria = StoppingCriteriaList()
    if listeners.cancelled is not None:
        criteria.append(_Cancelled(listeners.cancelled))
    if listeners.is_over is not None:
        criteria.append(_Over(listeners.is_over, prompt_length))
    return criteria


def _processors(
    prompts: Sequence[Prompt], recipe: GenerationRecipe, ties: TieWatch
) -> LogitsProcessorList:
    if recipe.temperature == 0:
        return LogitsProcessorList([ties])
    draws = [draws_of(recipe, prompt.key) for prompt in prompts]
    return LogitsProcessorList([RowwiseSampler([one for one in draws if one])])


def _config(recipe: GenerationRecipe, stops: list[int]) -> GenerationConfig:
    return GenerationConfig(
        max_new_tokens=recipe.max_new_tokens,
        do_sample=False,
        eos_token_id=stops or None,
        pad_token_id=stops[0] if stops else 0,
        use_cache=True,
    )


def _pad_left(prompts: Sequence[Prompt], device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    width = max(len(prompt.ids) for prompt in prompts)
    ids = torch.zeros(len(prompts), width, dtype=torch.int64)
    mask = torch.zeros(len(prompts), width, dtype=torch.int64)
    for row, prompt in enumerate(prompts):
        ids[row, width - len(prompt.ids) :] = torch.as_tensor(list(prompt.ids))
        mask[row, width - len(prompt.ids) :] = 1
    return ids.to(device), mask.to(device)


def _cut(
    written: list[int], stops: list[int], tie: int | None, *, is_over: IsOver | None
) -> Continuation:
    """What a row holds up to its end; what follows there is padding."""
    for place, token in enumerate(written):
        if token in stops:
            return Continuation(ids=written[:place], finish_reason="stop", first_near_tie=tie)
        if is_over is not None and is_over(written[: place + 1]):
            ids, tie = written[: place + 1], None if tie is None or tie > place else tie
            return Continuation(ids=ids, finish_reason="stop", first_near_tie=tie)
    return Continuation(ids=written, finish_reason="length", first_near_tie=tie)
