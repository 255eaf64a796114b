"""What models answered: the records of `answer` and `ask`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tunesmith.stages.results.record_json import FOR_PEOPLE, IF_SET, as_dict, known_fields

if TYPE_CHECKING:
    from tunesmith.generation.responder import Completion


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a model said; printed, its text.

    Attributes:
        model: Its name.
        text: The answer; empty where there is none.
        num_tokens: Generated.
        finish_reason: `stop`, `length` (cut off at max_new_tokens), or why there is no answer.
        has_near_tie: Two tokens were as good as equal; another machine may write another text.
    """

    model: str
    text: str
    num_tokens: int
    finish_reason: str
    has_near_tie: bool = field(default=False, metadata=IF_SET)

    @classmethod
    def of(cls, completion: "Completion") -> "Answer":
        """A completion without the example that it was filed under."""
        return cls(
            model=completion.model,
            text=completion.text,
            num_tokens=completion.num_tokens,
            finish_reason=completion.finish_reason,
            has_near_tie=completion.has_near_tie,
        )

    def __str__(self) -> str:
        return self.text

    def to_dict(self) -> dict[str, object]:
        """A line of `tunesmith ask --json`."""
        return as_dict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletionCount:
    """How many rows of the test set a model answered.

    Attributes:
        answers: All.
        cut_off: Of these, at max_new_tokens.
        failed: Of these, without an answer.
        near_ties: Of these, that hang on two tokens as good as equal.
    """

    answers: int
    cut_off: int
    failed: int
    near_ties: int


@dataclass(frozen=True, slots=True)
class Answered:
    """How many rows each model answered."""

    models: Mapping[str, CompletionCount]

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> "Answered":
        """The counts of each model, as stages keep them."""
        return cls({name: known_fields(CompletionCount, one) for name, one in record.items()})

    def to_dict(self) -> dict[str, object]:
        """The JSON of `tunesmith answer --json`."""
        return {name: as_dict(count) for name, count in self.models.items()}

    def _repr_html_(self) -> str:
        from tunesmith.report.notebook import framed, listed

        heads = ("model", "answers", "cut off", "failed")
        rows = [
            (name, f"{one.answers:,}", f"{one.cut_off:,}", f"{one.failed:,}")
            for name, one in self.models.items()
        ]
        return framed(listed(heads, rows))


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredFile:
    """How many rows of a file a model answered, and where the answers are.

    Attributes:
        answers: All.
        cut_off: Of these, at max_new_tokens.
        failed: Of these, without an answer.
        near_ties: Of these, that hang on two tokens as good as equal.
        dropped: Rows that ask nothing, by reason.
        output: The file of answers, if one was written.
        rows: Questions and answers, in the order of the file.
    """

    answers: int
    cut_off: int
    failed: int
    near_ties: int
    dropped: Mapping[str, int]
    output: str | None = None
    rows: tuple[Mapping[str, Any], ...] = field(default=(), metadata=FOR_PEOPLE)

    def to_dict(self) -> dict[str, object]:
        """The JSON of `tunesmith answer --input --json`."""
        return as_dict(self)
