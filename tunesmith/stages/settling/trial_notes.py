"""Trials as they are made -> trials.jsonl -> the same trials after a kill, without making them."""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tunesmith.errors import DataError, MissingError
from tunesmith.files import json_line, read_json_lines, write_json_lines
from tunesmith.training.distributed import Ranks
from tunesmith.training.search.find_rate import Trial
from tunesmith.training.search.trials import RangeTest, TrialRoom


@dataclass(slots=True, kw_only=True)
class TrialNotes:
    """What is known of a search so far; rank 0 reads and writes it.

    Attributes:
        path: JSON Lines: the key, then what was measured.
        key: Of all that the trials depend on, the machine too: notes of another are not read.
        ranks: The processes that make them together.
        lines: What stands there.
    """

    path: Path
    key: str
    ranks: Ranks
    lines: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Read what an interrupted search left, or begin anew."""
        lines = self._read() if self.ranks.is_first else []
        if self.ranks.is_first and not lines:
            write_json_lines(self.path, [{"key": self.key}])
        self.lines = self.ranks.from_first(lines[1:])

    def loss(self, rate: float, steps: int, room: TrialRoom) -> float | None:
        """Of a trial: as it stands here, or as it is found now."""
        for line in self.lines:
            if (line.get("learning_rate"), line.get("steps")) == (rate, steps):
                known: float | None = line["loss"]
                return known
        loss = room.attempt(rate, steps)
        self._add(asdict(Trial(learning_rate=rate, steps=steps, loss=loss)))
        return loss

    def range_test(self, expected: float, room: TrialRoom) -> RangeTest:
        """A range test, likewise."""
        for line in self.lines:
            if line.get("expected") == expected:
                return [(rate, loss) for rate, loss in line["range_test"]]
        tested = room.range_test(expected)
        self._add({"expected": expected, "range_test": tested})
        return tested

    def _read(self) -> list[dict[str, Any]]:
        try:
            lines = list(read_json_lines(self.path))
        except (DataError, MissingError):
            return []
        return lines if lines and lines[0].get("key") == self.key else []

    def _add(self, line: dict[str, Any]) -> None:
        self.lines.append(line)
        if self.ranks.is_first:
            with self.path.open("ab") as stream:
                stream.write(json_line(line))
