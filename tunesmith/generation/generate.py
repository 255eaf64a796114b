"""Prompts as token ids and a model -> continuations as token ids, by the fastest exact way."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from tunesmith.generation.decoding_loop import Writer, write_all
from tunesmith.generation.padded import generate_padded
from tunesmith.generation.prompt import (
    AskedText,
    Continuation,
    FinishReason,
    GenerationListeners,
    Prompt,
)
from tunesmith.models.continue_texts import find_continuation_output
from tunesmith.models.forward import LanguageModel
from tunesmith.recipe.recipe import GenerationRecipe
from tunesmith.training.resources.memory_budget import free_memory

__all__ = ["Continuation", "FinishReason", "Prompt", "generate", "generate_as_they_end"]

_MOST_AT_ONCE = 128  # more gain nothing: the products are as fast as they get
_PADDED_AT_ONCE = 16
_SHARE_OF_FREE_MEMORY = 0.25
_BYTES_OF_FLOAT = 4


def generate(
    model: LanguageModel,
    prompts: Sequence[Prompt],
    *,
    recipe: GenerationRecipe,
    stop_ids: Sequence[int],
    listeners: GenerationListeners | None = None,
) -> list[Continuation]:
    """Continue all prompts at once, whatever the recipe's batch; in their order.

    Args:
        model: Put into evaluation mode.
        prompts: At least one token each.
        recipe: Length, temperature, top_p and seed.
        stop_ids: Any of these ends a text.
        listeners: Who hears of tokens (of a single prompt), and who may end it all.
    """
    recipe = recipe.model_copy(update={"batch": len(prompts)})
    ended = dict(
        generate_as_they_end(model, prompts, recipe=recipe, stop_ids=stop_ids, listeners=listeners)
    )
    return [ended[number] for number in range(len(prompts))]


def generate_as_they_end(
    model: LanguageModel,
    prompts: Sequence[Prompt],
    *,
    recipe: GenerationRecipe,
    stop_ids: Sequence[int],
    listeners: GenerationListeners | None = None,
) -> Iterator[tuple[int, Continuation]]:
    """Continue prompts, `recipe.batch` at a time, those of similar length together.

    Args:
        model: Put into evaluation mode.
        prompts: At least one token each; they are begun in this order.
        recipe: Length, temperature, top_p, seed and batch.
        stop_ids: Any of these ends a text.
        listeners: Who hears of tokens, and who may end it all.

    Yields:
        The number of a prompt and what follows it, as soon as it has ended.
    """
    listeners = listeners or GenerationListeners()
    if not prompts:
        return
    longest = max(len(prompt.ids) for prompt in prompts) + recipe.max_new_tokens
    limit = model.shared_row_limit
    is_in_reach = limit is None or longest <= limit
    if is_in_reach and find_continuation_output(model) != "none":
        num_at_once = min(len(prompts), places_at_once(model, recipe, longest))
        writer = Writer(model, stop_ids=stop_ids, num_at_once=num_at_once)
        yield from write_all(
            writer, [AskedText(prompt=one, recipe=recipe, listeners=listeners) for one in prompts]
        )
        return
    at_once = recipe.batch if isinstance(recipe.batch, int) else _PADDED_AT_ONCE
    for room, pairs in groupby(enumerate(prompts), key=lambda pair: pair[1].room):
        group = list(pairs)
        limit = recipe.max_new_tokens if room is None else min(room, recipe.max_new_tokens)
        limited = recipe.model_copy(update={"max_new_tokens": limit})
        for start in range(0, len(group), at_once):
            part = group[start : start + at_once]
            numbers, batch = zip(*part, strict=True)
            yield from zip(
                numbers,
                generate_padded(
                    model,
                    batch,
                    recipe=limited,
                    stop_ids=stop_ids,
                    listeners=listeners,
                ),
                strict=True,
            )


def places_at_once(model: LanguageModel, recipe: GenerationRecipe, longest: int) -> int:
    """Texts at a time: as the recipe says, or as many as memory and gain allow."""
    if isinstance(recipe.batch, int):
        return recipe.batch
    config = model.inner.config.get_text_config()
    heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
    width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    kept = 2 * config.num_hidden_layers * heads * width * longest
    bytes_each: int = (kept + config.vocab_size) * _BYTES_OF_FLOAT
    fitting = int(free_memory(model.device) * _SHARE_OF_FREE_MEMORY) // bytes_each
    return max(1, min(_MOST_AT_ONCE, fitting))
