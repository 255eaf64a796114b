"""What a person says of one answer <-> a line of `reviews.jsonl`, which is only ever added to."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self, get_args

from tunesmith.errors import DataError
from tunesmith.files import hash_bytes

SCHEMA = 1
Judgement = Literal["right", "wrong", "unsure"]
JUDGEMENTS: tuple[Judgement, ...] = get_args(Judgement)
MOST_CHARACTERS = 100_000  # of a note or a correction
MOST_NAME_CHARACTERS = 80  # of a kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """One person's word on one answer.

    Attributes:
        time: When, UTC.
        author: Who.
        run: The run's folder, as it was called.
        model: The run's model that answered.
        example_id: The row that was answered.
        answer: The hash of the answer's text: another answer to the row is another matter.
        judgement: Right, wrong or unsure; None takes the earlier word back.
        kind: What is wrong, in the words that count it; None where nobody has named it.
        note: The first thing that is wrong, freely.
        correction: What the answer should have been.
    """

    time: str
    author: str
    run: str
    model: str
    example_id: str
    answer: str
    judgement: Judgement | None
    kind: str | None = None
    note: str | None = None
    correction: str | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """What a later line of the same key replaces."""
        return self.author, self.example_id, self.answer

    def to_json(self) -> dict[str, Any]:
        """The line; what nobody said is left out."""
        said = {name: value for name, value in asdict(self).items() if value is not None}
        return {"schema": SCHEMA, "what": "review", **said}

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Self:
        """Read a line.

        Raises:
            DataError: It is no review.
        """
        known: dict[str, Any] = {name: record.get(name) for name in cls.__slots__}
        needed = ("time", "author", "run", "model", "example_id", "answer")
        if any(not isinstance(known[name], str) for name in needed):
            raise DataError("is no review")
        optional = [known[name] for name in ("kind", "note", "correction")]
        is_text = all(one is None or isinstance(one, str) for one in optional)
        if not is_text or known["judgement"] not in (*JUDGEMENTS, None):
            raise DataError("is no review")
        return cls(**known)


def answer_hash(text: str) -> str:
    """What tells one answer from another, in 16 hexadecimal digits."""
    return hash_bytes(text.encode("utf-8", "surrogatepass"))[:16]


def kind_name(text: str) -> str | None:
    """A kind as it is kept: one line without blanks around it; None where nothing is left.

    Raises:
        DataError: It is longer than 80 characters.
    """
    name = " ".join(text.split())
    if len(name) > MOST_NAME_CHARACTERS:
        cure = f"Name a kind in at most {MOST_NAME_CHARACTERS} characters; the rest is a note."
        raise DataError(f"{len(name)} characters", where="kind", cure=cure)
    return name or None
