"""Values that a template makes -> the same, or an error once they grow past what templates need.

Time, steps and text are counted a rendering, in each thread for itself.
"""

import hashlib
import re
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jinja2.exceptions import SecurityError

MAX_OUTPUT_CHARS = 4_000_000  # and 16 times the characters that go in
MAX_STEPS = 1_000_000  # loop passes and calls
MAX_SECONDS = 5.0
MAX_ITEMS = 200_000  # values within one list or mapping, nested ones included
MAX_NUMBER = 100_000  # an integer that a filter or method takes, such as a width

WIDE_FORMAT = re.compile(r"\d{5}")


class LimitError(SecurityError):
    """A template does more than a template has to."""


class TemplateBudget(threading.local):
    """What the rendering of this thread may still use."""

    steps = MAX_STEPS
    chars = MAX_OUTPUT_CHARS
    deadline = float("inf")
    seed = 0
    draws = 0

    def refill(self, num_chars: int, *, seed: int = 0) -> None:
        """Begin a rendering; `num_chars` is the size of what goes in."""
        self.seed, self.draws = seed, 0
        self.steps = MAX_STEPS
        self.chars = MAX_OUTPUT_CHARS + 16 * num_chars
        self.deadline = time.monotonic() + MAX_SECONDS

    def step(self) -> None:
        """Count one pass of a loop or one call."""
        self.steps -= 1
        if self.steps < 0:
            raise LimitError(f"it takes more than {MAX_STEPS:,} steps")
        if time.monotonic() > self.deadline:
            raise LimitError(f"it takes more than {MAX_SECONDS:g} seconds")

    def allow(self, num_chars: int) -> None:
        """Let a text of this length be made."""
        if num_chars > self.chars:
            raise LimitError(f"it makes a text of more than {self.chars:,} characters")

    def draw(self, count: int) -> int:
        """A number below `count`, the same for the same seed and the same draw."""
        self.draws += 1
        digest = hashlib.blake2b(f"{self.seed}/{self.draws}".encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") % count


BUDGET = TemplateBudget()


@dataclass(frozen=True, slots=True)
class CountedItems:
    """A loop's items; each pass is a step."""

    items: Any

    def __iter__(self) -> Iterator[Any]:
        for item in self.items:
            BUDGET.step()
            yield item

    def __len__(self) -> int:
        return len(self.items)


def weighed(value: Any) -> Any:
    """The value, if it is of a size that templates need."""
    if isinstance(value, str):
        BUDGET.allow(len(value))
    elif isinstance(value, list | tuple | dict):
        BUDGET.allow(weigh_value(value))
    return value


def weigh_value(value: Any) -> int:
    """Characters of all texts within a value; the number of values is limited."""
    waiting = [value]
    num_chars = 0
    num_items = 0
    while waiting:
        item = waiting.pop()
        num_items += 1
        if isinstance(item, str):
            num_chars += len(item)
        elif isinstance(item, list | tuple):
            waiting.extend(item)
        elif isinstance(item, Mapping):
            waiting += [*item.keys(), *item.values()]
        if num_items + len(waiting) > MAX_ITEMS:
            raise LimitError(f"it makes a list of more than {MAX_ITEMS:,} values")
    return num_chars


def join(pieces: Iterable[Any]) -> str:
    """Joined text, counted while it grows."""
    texts = []
    num_chars = 0
    for piece in pieces:
        text = piece if isinstance(piece, str) else str(weighed(piece))
        num_chars += len(text)
        BUDGET.allow(num_chars)
        texts.append(text)
    return "".join(texts)


def check_arguments(values: Iterable[Any]) -> None:
    """No call takes a number that only a bomb needs."""
    for value in values:
        if isinstance(value, int) and abs(value) > MAX_NUMBER:
            raise LimitError(f"it calls a function with the number {value:.3g}")


def check_method(owner: str, name: str, args: tuple[Any, ...]) -> None:
    """A text's methods whose result can be far larger than the text."""
    if name == "replace" and len(args) >= 2:
        BUDGET.allow(replaced_length(owner, str(args[0]), str(args[1])))
    elif name == "join" and args:
        check_join((args[0], owner))
    elif name == "translate":
        raise SecurityError("it calls str.translate")


def check_update(owner: dict[Any, Any], args: tuple[Any, ...]) -> None:
    """A mapping that grows in place."""
    if len(owner) + sum(len(value) for value in args if isinstance(value, dict)) > MAX_ITEMS:
        raise LimitError(f"it makes a list of more than {MAX_ITEMS:,} values")


def replaced_length(text: str, old: str, new: str) -> int:
    """Characters at most after every `old` became `new`."""
    return len(text) + text.count(old) * len(new)


def check_join(args: tuple[Any, ...]) -> None:
    """A list with a separator between its values."""
    separator = max((len(value) for value in args if isinstance(value, str)), default=0)
    for value in args:
        if isinstance(value, list | tuple):
            BUDGET.allow(weigh_value(value) + separator * len(value))


def check_product(left: Any, right: Any) -> None:
    """A text or list many times over, or a product of numbers."""
    for value, count in ((left, right), (right, left)):
        if isinstance(value, str | list | tuple) and isinstance(count, int):
            size = len(value) if isinstance(value, str) else weigh_value(value) + len(value)
            BUDGET.allow(size * max(count, 0))
            if not isinstance(value, str) and len(value) * count > MAX_ITEMS:
                raise LimitError(f"it makes a list of more than {MAX_ITEMS:,} values")
    if isinstance(left, int) and isinstance(right, int):
        _check_bits(left.bit_length() + right.bit_length())


def check_power(left: Any, right: Any) -> None:
    """A power of whole numbers."""
    if isinstance(left, int) and isinstance(right, int):
        _check_bits(left.bit_length() * abs(right))


def _check_bits(num_bits: int) -> None:
    if num_bits > 4096:
        raise LimitError("it computes a very large number")


def check_format(pattern: str, values: Any) -> None:
    """A pattern with widths, and the values put into it."""
    if WIDE_FORMAT.search(pattern):
        raise LimitError("it formats a very wide field")
    check_arguments(values if isinstance(values, tuple) else (values,))
