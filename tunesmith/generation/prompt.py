"""What generation takes and gives: prompts and continuations, as token ids, and who listens."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Event
from typing import Literal

from transformers.generation.streamers import BaseStreamer

from tunesmith.recipe.recipe import GenerationRecipe

FinishReason = Literal["stop", "length"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """Token ids to continue.

    Attributes:
        ids: At least one token.
        key: Names its random numbers when sampling.
        room: New tokens it may get where that is fewer than the recipe's; None is the recipe's.
    """

    ids: Sequence[int]
    key: str
    room: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Continuation:
    """What a model wrote, without the token that stopped it.

    Attributes:
        ids: Token ids.
        finish_reason: `stop` if it ended by itself, `length` if it was cut off.
        first_near_tie: The first place in `ids` (or just behind them) where the two best
            logits came within 1e-4 of each other, so that another batch size may give
            another text from there on; None if there is no such place.
    """

    ids: list[int]
    finish_reason: FinishReason
    first_near_tie: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationListeners:
    """Who hears of tokens, and who may end it all.

    Attributes:
        streamer: Told of each token as it comes; for a single prompt.
        cancelled: Once it is set, generation ends within a token or two.
        is_over: Whether a text ends with the last of its ids, beside those that always end it.
        on_token: Told of each token of a text, the one that stops it left out.
        num_likely: How many of the likeliest tokens are told with each; None tells none.
    """

    streamer: BaseStreamer | None = None
    cancelled: Event | None = None
    is_over: Callable[[Sequence[int]], bool] | None = None
    on_token: "Callable[[TokenChoice], None] | None" = None
    num_likely: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenChoice:
    """A token that was written.

    Attributes:
        token: Its id.
        logprob: The logarithm of its probability at temperature 1, where it was asked for.
        likely: The likeliest tokens at that place and their logarithms, best first.
    """

    token: int
    logprob: float | None = None
    likely: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedText:
    """A text that is to be written, on terms of its own.

    Attributes:
        prompt: What it continues.
        recipe: Its length, temperature, top_p and seed.
        listeners: Who hears of its tokens, and who may end it.
    """

    prompt: Prompt
    recipe: GenerationRecipe
    listeners: GenerationListeners = field(default_factory=GenerationListeners)

    @property
    def room(self) -> int:
        """New tokens it may get."""
        limit, room = self.recipe.max_new_tokens, self.prompt.room
        return limit if room is None else min(limit, room)
