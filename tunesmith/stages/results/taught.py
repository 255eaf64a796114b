"""What a teacher wrote, or would take: the records of `teach`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tunesmith.stages.results.record_json import FOR_PEOPLE, IF_SET, as_dict, known_fields


@dataclass(frozen=True, slots=True, kw_only=True)
class LessonResult:
    """What a teacher wrote.

    Attributes:
        accepted: Pairs that stand up to the rules.
        judged: Pairs that were held against them.
        rate: Accepted of judged, 0 to 1.
        refused: By reason.
        rows: In the file.
        file: Of the pairs.
        dropped_file: Lists what was left out.
        before_file: Both versions of what was improved; None for other tasks.
        notices: What a person should know, a sentence each.
        calls: Made.
        cached: Replies that were kept already.
        tokens: Read and written.
        cost: In the currency of the recipe's prices; None where it has none.
        summary: Lines for people.
    """

    accepted: int
    judged: int
    rate: float
    refused: Mapping[str, int]
    rows: int
    file: str
    dropped_file: str
    before_file: str | None = field(default=None, metadata=IF_SET)
    notices: tuple[str, ...] = ()
    calls: int = 0
    cached: int = 0
    tokens: int = 0
    cost: float | None = None
    summary: tuple[str, ...] = field(default=(), metadata=FOR_PEOPLE)

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> "LessonResult":
        """The record of counts; `before_file` and `summary` may be missing."""
        return known_fields(
            cls,
            record,
            notices=tuple(record.get("notices", ())),
            summary=tuple(record.get("summary", ())),
        )

    def to_dict(self) -> dict[str, object]:
        """The JSON of `tunesmith teach --json`."""
        return as_dict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class LessonForecast:
    """What a lesson will take: calls, tokens, cost.

    Attributes:
        read: The material, in words.
        calls: To make.
        cached: Replies that are kept already.
        prompt_tokens: To read.
        completion_tokens: To write, at most.
        cost: In the currency of the recipe's prices; None where it has none.
        limit: The budget that may end it early, in words; None if it is enough.
        summary: Lines for people.
    """

    read: str
    calls: int
    cached: int
    prompt_tokens: int
    completion_tokens: int
    cost: float | None
    limit: str | None
    summary: tuple[str, ...] = field(default=(), metadata=FOR_PEOPLE)

    def to_dict(self) -> dict[str, object]:
        """The JSON of `tunesmith teach --dry-run --json`."""
        return as_dict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class TeacherReady:
    """The teacher's name, and that it can answer."""

    teacher: str
    ready: bool = True

    def to_dict(self) -> dict[str, object]:
        """The JSON of `tunesmith teach --check --json`."""
        return as_dict(self)
