"""Looks at test scores <-> `looks.jsonl`: who saw which scores of which test set, and when.

A choice is a state of scores: seeing unchanged ones again is another look, and no other choice.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from tunesmith.evaluation.grade import Comparison
from tunesmith.files import hash_json, read_json_lines
from tunesmith.line_log import append_line, read_lines

LOOKS = "looks.jsonl"
_SCHEMA = 1
_SAMPLE = 32  # lowest ids of a test set, which estimate what two sets share
_SAME = 0.5  # share of rows from which two test sets count as one, with rows added or lost


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldOut:
    """A test set, known by its rows: the hash of all ids, and the lowest of them."""

    hash: str
    num_rows: int
    sample: tuple[str, ...]

    @classmethod
    def read(cls, path: Path) -> "HeldOut":
        """The test set in a file of examples; a missing file has no rows."""
        ids = sorted({str(row["id"]) for row in read_json_lines(path)}) if path.is_file() else []
        return cls(hash=hash_json(ids)[:16], num_rows=len(ids), sample=tuple(ids[:_SAMPLE]))

    def is_same(self, other: "HeldOut") -> bool:
        """Whether half of the rows or more are the same, by the lowest ids of both (MinHash)."""
        if self.hash == other.hash:
            return True
        lowest = sorted({*self.sample, *other.sample})[:_SAMPLE]
        shared = {*self.sample} & {*other.sample}
        return bool(lowest) and sum(one in shared for one in lowest) >= _SAME * len(lowest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One look at scores of a test set.

    Attributes:
        time: UTC, to the second.
        who: A name.
        command: What showed the scores.
        run: Its folder.
        test: Which test set.
        scores: The metrics that were shown, and of which models.
        comparisons: The differences that were shown, each with its interval and p-value.
        choice: A hash of what models could be chosen by; None where nothing was to be chosen.
    """

    time: str
    who: str
    command: str
    run: str
    test: HeldOut
    scores: Mapping[str, Sequence[str]]
    comparisons: tuple[Comparison, ...] = ()
    choice: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The record as a line of `looks.jsonl`."""
        told = {field.name: getattr(self, field.name) for field in fields(self)}
        told |= {"test": asdict(self.test), "scores": {k: [*v] for k, v in self.scores.items()}}
        told["comparisons"] = [one.to_json() for one in self.comparisons]
        return {"schema": _SCHEMA, **told}

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> "Look":
        """The look that `to_json` wrote.

        Raises:
            ValueError: It is none.
        """
        try:
            known = {field.name: record[field.name] for field in fields(cls)}
            test = record["test"]
            known["test"] = HeldOut(**{**test, "sample": tuple(test["sample"])})
            known["comparisons"] = tuple(map(Comparison.from_json, record["comparisons"]))
            if record["schema"] != _SCHEMA or not isinstance(record["scores"], dict):
                raise ValueError("no look")
        except (KeyError, TypeError) as error:
            raise ValueError("no look") from error
        return cls(**known)


@dataclass(frozen=True, slots=True, kw_only=True)
class LookLog:
    """All looks in a file, in order, and how many lines of it are none."""

    looks: tuple[Look, ...]
    num_unread: int

    @classmethod
    def read(cls, path: Path) -> "LookLog":
        """Read a file; a missing one holds no looks, and what a crash left of a line counts none.

        Raises:
            OSError: It cannot be read.
        """
        looks, num_unread = [], 0
        for record in read_lines(path):
            try:
                looks.append(Look.from_json(record or {}))
            except ValueError:
                num_unread += 1
        return cls(looks=tuple(looks), num_unread=num_unread)

    def of(self, test: HeldOut) -> tuple[Look, ...]:
        """The looks at one test set."""
        return tuple(look for look in self.looks if look.test.is_same(test))


def append_look(path: Path, look: Look) -> None:
    """Add a look at the end of a file.

    Raises:
        OSError: It cannot be written.
    """
    append_line(path, look.to_json())


def choices_in(looks: Iterable[Look]) -> dict[str, Look]:
    """The first look at each state of scores that something could be chosen by, in order."""
    found: dict[str, Look] = {}
    for look in looks:
        if look.choice is not None:
            found.setdefault(look.choice, look)
    return found


def choice_of(run: str, comparisons: Sequence[Comparison], scores: Mapping[str, Any]) -> str:
    """A hash of what models can be chosen by: their differences; without any, their scores."""
    shown: Any = [one.to_json() for one in comparisons] or scores
    return hash_json(shown if comparisons else [run, shown])[:16]
