"""What another program wrote behind a prompt."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenAnswer:
    """A greedy answer.

    Attributes:
        ids: Token ids without the one that ended it.
        is_ended: It ended by itself.
    """

    ids: tuple[int, ...]
    is_ended: bool
