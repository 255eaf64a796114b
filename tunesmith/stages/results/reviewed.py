"""What is known of a run's answers by what people said of them: the record of `review`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tunesmith.stages.results.record_json import FOR_PEOPLE, as_dict


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """A review, as far as it has come.

    Attributes:
        run: The run's folder.
        model: Whose answers.
        author: Whose word counts here.
        reviews: The file.
        answers: How many can be reviewed.
        reviewed: How many were, and how many of them were called right, wrong or unsure.
        kinds: Each kind with its rate, interval and check.
        saturation: How near the end of new kinds is.
        agreement: With each other person who has reviewed the same answers.
        unread: Lines of the file that are none of ours.
        summary: The same for a person.
    """

    run: str
    model: str
    author: str
    reviews: str
    answers: int
    reviewed: Mapping[str, int]
    kinds: Sequence[Mapping[str, Any]]
    saturation: Mapping[str, Any]
    agreement: Sequence[Mapping[str, Any]] = ()
    unread: int = 0
    summary: tuple[str, ...] = field(default=(), metadata=FOR_PEOPLE, repr=False)

    def to_dict(self) -> dict[str, object]:
        """The JSON of `tunesmith review --json`."""
        return as_dict(self)
