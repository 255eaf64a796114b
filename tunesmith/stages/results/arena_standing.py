"""Who wins an arena: the record of `tunesmith arena`."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tunesmith.rounds.agreement import Agreement
from tunesmith.rounds.bradley_terry import ModelStrength
from tunesmith.stages.results.record_json import FOR_PEOPLE, as_dict


@dataclass(frozen=True, slots=True, kw_only=True)
class ArenaStanding:
    """What people's votes come to.

    Attributes:
        run: The run's folder.
        votes_file: Where they are.
        votes: How many stand, of everybody.
        both_bad: How many of them say that neither will do.
        by_author: How many of each person.
        earlier: Votes on answers that are not those of now, which do not count.
        pairs: How many there are to vote on.
        equal: Pairs that are equal letter by letter; nobody is asked.
        models: The strongest first.
        between_people: Of each two who voted on the same pairs.
        with_judge: Of each person with the judge, on pairs that it was asked too.
        judge: Its win rates on the test rows, by model, and against whom.
        unread: Lines of the file that are no votes.
        summary: The same for a person.
    """

    run: str
    votes_file: str
    votes: int
    both_bad: int
    by_author: dict[str, int]
    earlier: int
    pairs: int
    equal: int
    models: Sequence[ModelStrength]
    between_people: Sequence[Agreement] = ()
    with_judge: Sequence[Agreement] = ()
    judge: Sequence[dict[str, Any]] = ()
    unread: int = 0
    summary: tuple[str, ...] = field(default=(), metadata=FOR_PEOPLE, repr=False)

    def to_dict(self) -> dict[str, object]:
        """The JSON of `tunesmith arena --json`."""
        return as_dict(self)
