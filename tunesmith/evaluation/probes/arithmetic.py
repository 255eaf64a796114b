"""A seed -> sums with their result and wrong ones of as many digits."""

import random
from dataclasses import dataclass

_SIGNS = {"+": lambda a, b: a + b, "-": lambda a, b: a - b, "×": lambda a, b: a * b}
_LARGEST = {"+": 60, "-": 90, "×": 12}
_NEAR = (-10, -2, -1, 1, 2, 10)  # what a slip may be off by


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """A sum of two numbers; the first of its choices is right."""

    number: int
    left: int
    right: int
    sign: str
    choices: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.left} {self.sign} {self.right}"


def sums(count: int, *, seed: int = 0) -> list[Sum]:
    """Different sums, the same for the same seed; no result is negative or as long as no other."""
    draw = random.Random(seed)
    found: dict[str, Sum] = {}
    while len(found) < count:
        sign = tuple(_SIGNS)[len(found) % len(_SIGNS)]
        left, right = sorted((draw.randint(2, _LARGEST[sign]) for _ in range(2)), reverse=True)
        result = _SIGNS[sign](left, right)
        wrong = [result + off for off in _NEAR if _is_as_long(result + off, result)]
        if len(wrong) >= 2 and result > 0:
            one = Sum(
                number=len(found),
                left=left,
                right=right,
                sign=sign,
                choices=(result, *draw.sample(wrong, 2)),
            )
            found.setdefault(str(one), one)
    return list(found.values())


def _is_as_long(number: int, result: int) -> bool:
    return number >= 0 and len(str(number)) == len(str(result))
