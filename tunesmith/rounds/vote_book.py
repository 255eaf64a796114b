"""`votes.jsonl` <-> which of two answers people found better; it is only ever added to."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, Self, get_args

from tunesmith.errors import DataError
from tunesmith.line_log import append_line, read_lines
from tunesmith.rounds.bradley_terry import PairwiseOutcome

VOTES = "votes.jsonl"
Choice = Literal["left", "right", "tie", "both bad"]
CHOICES: tuple[Choice, ...] = get_args(Choice)
_SCORES: Mapping[str, float] = {"left": 1.0, "right": 0.0, "tie": 0.5, "both bad": 0.5}
_SCHEMA = 1
VoteKey = tuple[str, str, frozenset[tuple[str, str]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """One person's choice between two answers to a row.

    Attributes:
        time: When, UTC.
        author: Who.
        run: The run's folder, as it was called.
        example_id: The row that was answered.
        left: The model whose answer stood left; nobody saw its name.
        right: The other.
        left_answer: The hash of the answer that stood left.
        right_answer: Of the other.
        choice: Which is better; None takes the earlier choice back.
    """

    time: str
    author: str
    run: str
    example_id: str
    left: str
    right: str
    left_answer: str
    right_answer: str
    choice: Choice | None

    @property
    def key(self) -> VoteKey:
        """What a later line of the same key replaces: whichever stood left."""
        answers = (self.left, self.left_answer), (self.right, self.right_answer)
        return self.author, self.example_id, frozenset(answers)

    @property
    def outcome(self) -> PairwiseOutcome:
        """As a vote between models; both bad is a tie."""
        assert self.choice is not None, "what was taken back is no vote"
        score = _SCORES[self.choice]
        return PairwiseOutcome(row=self.example_id, first=self.left, second=self.right, score=score)

    @property
    def label(self) -> str:
        """What was said, whichever stood left: the better model's name, or `tie`."""
        return {"left": self.left, "right": self.right}.get(str(self.choice), "tie")

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Self:
        """Read a line.

        Raises:
            DataError: It is no vote.
        """
        known: dict[str, Any] = {name: record.get(name) for name in cls.__slots__}
        texts = [value for name, value in known.items() if name != "choice"]
        is_known = known["choice"] in (*CHOICES, None) and known["left"] != known["right"]
        if record.get("schema") != _SCHEMA or not is_known:
            raise DataError("is no vote")
        if not all(isinstance(one, str) for one in texts):
            raise DataError("is no vote")
        return cls(**known)


@dataclass(slots=True)
class VoteBook:
    """All that a file of votes says, read in its order.

    Attributes:
        path: The file; it need not be there yet.
        votes: Those that stand.
        num_unread: Lines that are none of ours.
    """

    path: Path
    votes: dict[VoteKey, Vote] = field(default_factory=dict)
    num_unread: int = 0

    @classmethod
    def read(cls, path: Path) -> "VoteBook":
        """Read a file; one that is missing says nothing."""
        book = cls(path)
        for record in read_lines(path):
            try:
                book._take(Vote.from_json(record or {}))
            except DataError:
                book.num_unread += 1
        return book

    def add(self, vote: Vote) -> None:
        """Write a vote down, and count it.

        Raises:
            OSError: It cannot be written; nothing is changed.
        """
        append_line(self.path, {"schema": _SCHEMA, **asdict(vote)})
        self._take(vote)

    def _take(self, vote: Vote) -> None:
        self.votes.pop(vote.key, None)
        if vote.choice is not None:
            self.votes[vote.key] = vote
