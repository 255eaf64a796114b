"""What a source holds and where it went -> sums that must close, source by source.

Cells of rows, and characters of everything else, blanks aside. Counted is what a kind's reader
takes out of its file as content; markup, names, dates and headings are structure, and not counted.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Self

from tunesmith.sources.lines import num_characters
from tunesmith.sources.material import AnsweredQuestion, Section, Thread
from tunesmith.sources.row import Dropped, Row

_PLACES = ("read", "in_examples", "dropped", "not_read")
SumsJson = Mapping[str, Mapping[str, Any]]


@dataclass(slots=True)
class SourceSum:
    """Of one source: what was read, and what became of it.

    Attributes:
        pieces_read: Rows, sections, threads and broken pieces that its reader gave.
        pieces_taken: Those that reached the making of examples.
        rows: Those of them that are rows.
        num_made: Examples, and pieces that were dropped instead.
        cells_read: That are not blank, of all rows; the others say where they went.
        characters_read: Likewise, of everything that is no row.
    """

    pieces_read: int = 0
    pieces_taken: int = 0
    rows: int = 0
    num_made: int = 0
    cells_read: int = 0
    cells_in_examples: int = 0
    cells_dropped: int = 0
    cells_not_read: int = 0
    characters_read: int = 0
    characters_in_examples: int = 0
    characters_dropped: int = 0
    characters_not_read: int = 0

    def add(self, other: Self) -> None:
        """Count what another counted, too."""
        for name in _NAMES:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def take(self) -> Self:
        """What was counted since the last time."""
        taken = type(self)(*(getattr(self, name) for name in _NAMES))
        for name in _NAMES:
            setattr(self, name, 0)
        return taken

    def pass_over(self, text: str) -> None:
        """Count a text that is not read, on purpose."""
        size = num_characters(text)
        self.characters_read += size
        self.characters_not_read += size

    def drop_text(self, num_characters: int) -> None:
        """Count a text that was found within a row, and dropped."""
        self.characters_read += num_characters
        self.characters_dropped += num_characters

    def drop_cells(self, number: int) -> None:
        """Count the cells of a row that is dropped."""
        self.cells_read += number
        self.cells_dropped += number

    def open_sums(self) -> Iterator[str]:
        """What is in no list, each in words; nothing where everything is."""
        for unit in ("cells", "characters"):
            read, *found = (getattr(self, f"{unit}_{place}") for place in _PLACES)
            if read != sum(found):
                yield f"{read:,} {unit} were read and {sum(found):,} are in a list"
        if self.pieces_read != self.pieces_taken:
            yield f"{self.pieces_read:,} pieces were read and {self.pieces_taken:,} were used"

    def to_json(self) -> dict[str, Any]:
        """The sums as they are written, without those of nothing."""
        record: dict[str, Any] = {"rows": self.rows} if self.rows else {}
        for unit in ("cells", "characters"):
            counts = {place: getattr(self, f"{unit}_{place}") for place in _PLACES}
            if any(counts.values()):
                record[unit] = counts
        return record


_NAMES = tuple(one.name for one in fields(SourceSum))


@dataclass(slots=True)
class SourceSums:
    """The sums of all sources, by what the recipe calls them."""

    by_source: dict[str, SourceSum] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return any(one != SourceSum() for one in self.by_source.values())

    def of(self, source: str) -> SourceSum:
        """The sum of one source, which may grow."""
        return self.by_source.setdefault(source, SourceSum())

    def update(self, other: "SourceSums") -> None:
        """Count what another counted, too."""
        for source, one in other.by_source.items():
            self.of(source).add(one)

    def take(self) -> "SourceSums":
        """What was counted since the last time; whoever counts in a sum goes on in it."""
        return SourceSums({source: one.take() for source, one in self.by_source.items()})

    def open_sums(self, num_kept_or_dropped: int) -> list[str]:
        """A warning for each source of which something is in no list, and for all together.

        Args:
            num_kept_or_dropped: Examples and dropped pieces, in the end.
        """
        found = [
            f"{source}: {words}"
            for source, one in self.by_source.items()
            for words in one.open_sums()
        ]
        num_made = sum(one.num_made for one in self.by_source.values())
        if num_made != num_kept_or_dropped:
            made = f"{num_made:,} examples and dropped pieces were made"
            found.append(f"all sources: {made} and {num_kept_or_dropped:,} are in a list")
        cure = "This is a bug of Tunesmith; please report it with the source's kind."
        return [f"{words}: the rest is nowhere. {cure}" for words in found]

    def to_json(self) -> dict[str, dict[str, Any]]:
        """The sums as they are written, by source."""
        return {
            source: record for source, one in self.by_source.items() if (record := one.to_json())
        }


def sum_sentences(sums: SumsJson) -> Iterator[str]:
    """What a person reads of the sums of `SourceSums.to_json`: a sentence a source."""
    for source, record in sums.items():
        parts = []
        if "cells" in record:
            parts.append(f"{record['rows']:,} rows, {_equation(record['cells'], 'cells')}")
        if "characters" in record:
            beside = " beside the rows" if "cells" in record else ""
            parts.append(_equation(record["characters"], f"characters{beside}"))
        yield f"{source}: {'; '.join(parts)}"


def _equation(counts: Mapping[str, int], unit: str) -> str:
    places = [f"{counts[place]:,} {place.replace('_', ' ')}" for place in _PLACES[1:]]
    full = [words for place, words in zip(_PLACES[1:], places, strict=True) if counts[place]]
    return f"{counts['read']:,} {unit} = {' + '.join(full) or '0'}"


def taken(pieces: Iterable[Any], total: SourceSum) -> Iterator[Any]:
    """Let pieces pass, and count them as they come to be made into examples."""
    for piece in pieces:
        total.pieces_taken += 1
        if isinstance(piece, Row):
            total.rows += 1
        else:
            total.characters_read += content_characters(piece)
        yield piece


def content_characters(piece: Section | AnsweredQuestion | Thread | Dropped) -> int:
    """How much content a piece holds, blanks aside; headings are structure."""
    if isinstance(piece, Dropped):
        return piece.num_characters
    return sum(map(num_characters, content_texts(piece)))


def content_texts(piece: Section | AnsweredQuestion | Thread) -> list[str]:
    """The texts of a piece that examples are made of."""
    if isinstance(piece, Section):
        return [piece.text]
    if isinstance(piece, AnsweredQuestion):
        return [piece.question, piece.answer]
    return [turn.text for turn in piece.turns]
