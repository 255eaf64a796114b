"""Limits on calls, tokens and money -> leave to make a call, or not.

The most that a call can take is set aside before it is made, and what it took is settled after
it; so calls in flight together cannot exceed a limit that each of them would have kept.
"""

import threading
from dataclasses import dataclass, replace

from tunesmith.endpoints.chat_request import ChatRequest, Outcome
from tunesmith.endpoints.ledger import Ledger, Spending
from tunesmith.recipe.endpoint_recipe import EndpointRecipe

_TOKENS_AROUND_MESSAGE = 16  # role, control tokens
_BYTES_PER_TOKEN = 4  # of ordinary text; a bound is one
_PRICED_TOKENS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What may be spent at most; None is no limit. Prices are of a million tokens."""

    max_calls: int | None = None
    max_total_tokens: int | None = None
    max_cost: float | None = None
    prompt_price: float | None = None
    completion_price: float | None = None

    @classmethod
    def of(cls, recipe: EndpointRecipe) -> "Limits":
        """The limits that a recipe names."""
        return cls(
            max_calls=recipe.max_calls,
            max_total_tokens=recipe.max_total_tokens,
            max_cost=recipe.max_cost,
            prompt_price=recipe.prompt_price,
            completion_price=recipe.completion_price,
        )

    def cost(self, spending: Spending) -> float | None:
        """What tokens cost; None where prices are unknown."""
        if self.prompt_price is None or self.completion_price is None:
            return None
        read = self.prompt_price * spending.prompt_tokens
        return (read + self.completion_price * spending.completion_tokens) / _PRICED_TOKENS

    def exceeded_by(self, spending: Spending) -> str | None:
        """The limit that this much would exceed."""
        if self.max_calls is not None and spending.calls > self.max_calls:
            return f"max_calls: {self.max_calls:,}"
        if self.max_total_tokens is not None and spending.tokens > self.max_total_tokens:
            return f"max_total_tokens: {self.max_total_tokens:,}"
        cost = self.cost(spending)
        if self.max_cost is not None and cost is not None and cost > self.max_cost:
            return f"max_cost: {self.max_cost:g}"
        return None


def estimated_spending(request: ChatRequest) -> Spending:
    """What a call will probably take: ordinary text, an answer of the full length."""
    return replace(most_spending(request), prompt_tokens=_tokens(request, _BYTES_PER_TOKEN))


def most_spending(request: ChatRequest) -> Spending:
    """The most a call can take: no tokenizer makes more tokens of a text than it has bytes."""
    return Spending(
        calls=1, prompt_tokens=_tokens(request, 1), completion_tokens=request.max_tokens
    )


def _tokens(request: ChatRequest, num_bytes: int) -> int:
    texts = [len(message.content.encode("utf-8", "replace")) for message in request.messages]
    return sum(-(-size // num_bytes) + _TOKENS_AROUND_MESSAGE for size in texts)


def actual_spending(outcome: Outcome, request: ChatRequest) -> Spending:
    """What a call took: as the server counts it, else the most it can have taken."""
    limit = most_spending(request)
    read, written = outcome.prompt_tokens, outcome.completion_tokens
    return Spending(
        calls=1,
        prompt_tokens=limit.prompt_tokens if read is None else read,
        completion_tokens=limit.completion_tokens if written is None else written,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAside:
    """What one call may take, until it is settled."""

    most: Spending
    entry: int | None


class CallBudget:
    """What was spent and what is set aside, against limits; safe for several threads."""

    def __init__(self, limits: Limits, ledger: Ledger | None = None) -> None:
        """Begin with nothing spent, or where a ledger ends.

        Args:
            limits: What may be spent.
            ledger: Where it is written down, for the next process.
        """
        self.limits = limits
        self._ledger = ledger
        self._spent = ledger.total() if ledger else Spending()
        self._set_aside = Spending()
        self._lock = threading.Lock()

    @property
    def spent(self) -> Spending:
        """What finished calls took."""
        with self._lock:
            return self._spent

    def set_aside(self, request: ChatRequest) -> SetAside | str:
        """Set aside what a call can take.

        Returns:
            What was set aside, to be settled; or the limit that forbids the call.
        """
        wanted = most_spending(request)
        with self._lock:
            together = self._spent.plus(self._set_aside).plus(wanted)
            limit = self.limits.exceeded_by(together)
            if limit is not None:
                return limit
            self._set_aside = self._set_aside.plus(wanted)
        entry = self._ledger.write(wanted) if self._ledger else None
        return SetAside(most=wanted, entry=entry)

    def settle(self, aside: SetAside, took: Spending | None) -> None:
        """Replace what was set aside by what was taken; None: the call was never made."""
        if self._ledger is not None and aside.entry is not None:
            self._ledger.settle(aside.entry, took)
        with self._lock:
            self._set_aside = self._set_aside.plus(aside.most, times=-1)
            if took is not None:
                self._spent = self._spent.plus(took)
