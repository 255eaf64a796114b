"""Outcomes as they arrive -> live counts, told to whoever listens."""

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tunesmith.endpoints.call_budget import Limits
from tunesmith.endpoints.chat_request import ChatFailure, Outcome
from tunesmith.endpoints.ledger import Spending


@dataclass(frozen=True, slots=True, kw_only=True)
class CallCounts:
    """How far a job of calls is.

    Attributes:
        done: Questions answered, from the cache too.
        cached: Of these, read back.
        failed: Questions without an answer, by reason.
        spending: Requests sent, tokens read and written.
        cost: Of these tokens; None where prices are unknown.
    """

    done: int = 0
    cached: int = 0
    failed: Mapping[str, int] = field(default_factory=dict)
    spending: Spending = field(default_factory=Spending)
    cost: float | None = None

    @property
    def num_failed(self) -> int:
        """Questions without an answer."""
        return sum(self.failed.values())

    @property
    def in_words(self) -> str:
        """The counts as a person reads them beside a bar."""
        words = [f"{self.done:,} answered"]
        if self.cached:
            words[0] += f" ({self.cached:,} from the cache)"
        if self.failed:
            reasons = ", ".join(f"{reason} {count:,}" for reason, count in self.failed.items())
            words.append(f"{self.num_failed:,} failed ({reasons})")
        if self.spending.calls:
            words.append(f"{self.spending.tokens:,} tokens")
        if self.cost is not None:
            words.append(f"cost {self.cost:.2f}")
        return ", ".join(words)


class Counting:
    """Counts outcomes; safe for several threads."""

    def __init__(self, limits: Limits, on_change: Callable[[CallCounts], None]) -> None:
        self._limits = limits
        self._on_change = on_change
        self._done = 0
        self._cached = 0
        self._failed: Counter[str] = Counter()
        self._lock = threading.RLock()  # who is told may ask for the counts

    def add(self, outcome: Outcome, spent: Spending) -> None:
        """Count one outcome and tell."""
        with self._lock:
            if isinstance(outcome, ChatFailure):
                self._failed[outcome.reason] += 1
            else:
                self._done += 1
                self._cached += outcome.is_cached
            self._on_change(self._now(spent))

    def now(self, spent: Spending) -> CallCounts:
        """The counts as they are."""
        with self._lock:
            return self._now(spent)

    def _now(self, spent: Spending) -> CallCounts:
        return CallCounts(
            done=self._done,
            cached=self._cached,
            failed=dict(self._failed),
            spending=spent,
            cost=self._limits.cost(spent),
        )
