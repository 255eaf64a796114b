"""What a source leaves open -> a question with numbered answers, for a person or for nobody."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsettled:
    """Something that only the owner of the material knows.

    Attributes:
        where: The source.
        text: What is to be decided.
        samples: Of what it is about, two at most.
        answers: Lines of a recipe to choose from, the likeliest first.
    """

    where: str
    text: str
    samples: tuple[str, ...]
    answers: tuple[str, ...]


Asker = Callable[[Unsettled], int]  # the place of the answer among the answers
