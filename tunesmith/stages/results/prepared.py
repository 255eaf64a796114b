"""What reading came to: the records of `prepare`, `import` and `preview`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tunesmith.sources.read_source import ReadAs
from tunesmith.sources.row import Dropped
from tunesmith.sources.source_sums import SumsJson
from tunesmith.stages.results.record_json import FOR_PEOPLE, IF_SET, as_dict, known_fields
from tunesmith.stages.results.taught import LessonResult

NotReadJson = Mapping[str, Mapping[str, Mapping[str, int]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCount:
    """Of one source: examples that were kept, and pieces that were dropped."""

    kept: int
    dropped: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitSummary:
    """What lies in one split.

    Attributes:
        rows: Encoded rows; a template that rewrites history makes several of one example.
        groups: Of examples that may not be separated.
        asked: The share of the examples that the recipe asks for, 0 to 1.
        share: The share that it has, 0 to 1.
        tokens: Of all rows.
        trained_tokens: Of these, those that the loss counts.
    """

    rows: int
    groups: int
    asked: float
    share: float
    tokens: int
    trained_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What `prepare` made of the sources.

    Attributes:
        kept: Examples.
        dropped: Pieces that were left out, by reason; data/dropped.jsonl lists them.
        by_source: The same by source.
        not_read: What was passed over on purpose: by source and name, number and characters.
        sums: By source, how many cells or characters were read, and what became of them.
        template: The name of the template, and why it was taken.
        read_as: What each source was taken for, and why.
        taught: What each teacher wrote; None without a teacher.
        redacted: How many texts of each kind were hidden.
        contradictions: Pairs of different answers to one question.
        splits: By name: train, validation, test.
        remembered: A hash of splits.jsonl; None where there is none.
        notices: What a person should know, a sentence each.
    """

    kept: int
    dropped: Mapping[str, int]
    by_source: Mapping[str, SourceCount]
    not_read: NotReadJson = field(default_factory=dict)
    sums: SumsJson = field(default_factory=dict)
    template: Mapping[str, str] = field(default_factory=dict)
    read_as: tuple[ReadAs, ...] = ()
    taught: tuple[LessonResult, ...] | None = field(default=None, metadata=IF_SET)
    redacted: Mapping[str, int] = field(default_factory=dict)
    contradictions: int = 0
    splits: Mapping[str, SplitSummary] = field(default_factory=dict)
    remembered: str | None = None
    notices: tuple[str, ...] = ()

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> "Prepared":
        """The record that a run keeps in its manifest."""
        taught = record.get("taught")
        splits = record.get("splits", {})
        return known_fields(
            cls,
            record,
            by_source=_counts(record),
            read_as=_read_as(record),
            taught=None if taught is None else tuple(map(LessonResult.from_dict, taught)),
            splits={name: known_fields(SplitSummary, one) for name, one in splits.items()},
            notices=tuple(record.get("notices", ())),
        )

    def to_dict(self) -> dict[str, object]:
        """The JSON of `tunesmith prepare --json`."""
        return as_dict(self)

    def _repr_html_(self) -> str:
        from tunesmith.report.notebook import figures, framed, listed

        rows = [
            (name, f"{one.rows:,}", f"{one.groups:,}", f"{one.tokens:,}", f"{one.trained_tokens:,}")
            for name, one in self.splits.items()
        ]
        dropped = ", ".join(f"{count:,} {reason}" for reason, count in self.dropped.items())
        about = {"kept": f"{self.kept:,}", "dropped": dropped or "0"}
        notices = {"notices": "\n".join(self.notices)} if self.notices else {}
        table = listed(("split", "rows", "groups", "tokens", "trained tokens"), rows)
        return framed(figures("Prepared", {**about, **notices}), table)


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What `import` made of raw material.

    Attributes:
        kept: Examples.
        dropped: Pieces that were left out, by reason.
        by_source: The same by source.
        not_read: What was passed over on purpose: by source and name, number and characters.
        sums: By source, how many cells or characters were read, and what became of them.
        redacted: How many texts of each kind were hidden.
        read_as: What each source was taken for, and why.
        file: Where the examples are; None where nothing was written.
        dropped_file: Where what was left out is listed; None likewise.
        findings: The first pieces that were left out, where nothing was written; else None.
    """

    kept: int
    dropped: Mapping[str, int]
    by_source: Mapping[str, SourceCount]
    not_read: NotReadJson
    sums: SumsJson
    redacted: Mapping[str, int]
    read_as: tuple[ReadAs, ...]
    file: str | None = field(default=None, metadata=IF_SET)
    dropped_file: str | None = field(default=None, metadata=IF_SET)
    findings: tuple[Dropped, ...] | None = field(default=None, metadata=IF_SET)

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> "Imported":
        """The record of counts that were made while reading."""
        return known_fields(cls, record, by_source=_counts(record), read_as=_read_as(record))

    def to_dict(self) -> dict[str, object]:
        """The JSON of `tunesmith import --json`."""
        return as_dict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewPiece:
    """A piece of a row's text: whether it is trained, and whether the example wrote it."""

    text: str
    is_trained: bool
    is_content: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewRow:
    """A row as training would read it.

    Attributes:
        id: Of the example.
        source: Its file and line.
        text: What the model reads.
        ids: The same as token ids, (T,).
        is_trained: Of each token, whether the loss counts it, (T,).
        prompt_ids: What generation would start from for the last answer.
        pieces: The text in pieces.
        redacted: How many texts of each kind were hidden in it.
    """

    id: str
    source: str
    text: str
    ids: tuple[int, ...]
    is_trained: tuple[bool, ...]
    prompt_ids: tuple[int, ...]
    pieces: tuple[PreviewPiece, ...] = field(default=(), metadata=FOR_PEOPLE)
    redacted: Mapping[str, int] = field(default_factory=dict, metadata=FOR_PEOPLE)

    def to_dict(self) -> dict[str, object]:
        """A line of `tunesmith preview --json`."""
        return as_dict(self)


def _counts(record: Mapping[str, Any]) -> dict[str, SourceCount]:
    found = record.get("by_source", {})
    return {name: known_fields(SourceCount, counts) for name, counts in found.items()}


def _read_as(record: Mapping[str, Any]) -> tuple[ReadAs, ...]:
    found = record.get("read_as", ())
    return tuple(one if isinstance(one, ReadAs) else known_fields(ReadAs, one) for one in found)
