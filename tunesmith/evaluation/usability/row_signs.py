"""One answer's signs, and whether it is right: a line of `signs/<model>.jsonl`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tunesmith.files import read_json_lines


@dataclass(frozen=True, slots=True, kw_only=True)
class RowSigns:
    """What was found in one answer.

    Attributes:
        example_id: The test row.
        model: Who answered.
        form: Of the reference.
        signs: What makes the answer unusable, by name, each with what was found.
        is_right: Whether it is right, or agrees with the reference.
        fit: How well a text fits its own question, 0 to 100; None for other forms.
        similarity: Of the most similar training question, 0 to 1; None where it was not sought.
        failure: Why there is no answer to look at; then nothing else was found.
    """

    example_id: str
    model: str
    form: str = ""
    signs: Mapping[str, str] = field(default_factory=dict)
    is_right: bool = False
    fit: float | None = None
    similarity: float | None = None
    failure: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The record as a line of the file."""
        record: dict[str, Any] = {"example_id": self.example_id, "model": self.model}
        if self.failure is not None:
            return {**record, "failure": self.failure}
        record |= {"form": self.form, "signs": dict(self.signs), "is_right": self.is_right}
        found = {"fit": self.fit, "similarity": self.similarity}
        return record | {name: round(v, 4) for name, v in found.items() if v is not None}


def read_row_signs(path: Path) -> Iterator[RowSigns]:
    """The lines of one `signs/<model>.jsonl`, one at a time."""
    return (RowSigns(**record) for record in read_json_lines(path))
