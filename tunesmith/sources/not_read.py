"""What sources leave unread on purpose -> how often and how much, by file and name.

The sums beside it say what became of everything else.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tunesmith.language.translate import translate
from tunesmith.sources.lines import num_characters
from tunesmith.sources.material import Material, Piece
from tunesmith.sources.row import Dropped, NotRead, source_name
from tunesmith.sources.source_sums import SourceSums, sum_sentences

Key = tuple[str, str]  # a file or data set, and the name of what is not read


@dataclass(slots=True)
class NotReadCount:
    """Counts that grow while sources are read.

    Attributes:
        number: Of cells, pieces or the like, by file and name.
        characters: Of their texts, likewise, blanks aside.
        sums: The sums of all that was read.
    """

    number: Counter[Key] = field(default_factory=Counter)
    characters: Counter[Key] = field(default_factory=Counter)
    sums: SourceSums = field(default_factory=SourceSums)

    def __bool__(self) -> bool:
        return bool(self.number) or bool(self.sums)

    def add(self, item: NotRead) -> None:
        """Count one piece."""
        self.add_some(item.source, item.name, number=1, characters=num_characters(item.text))

    def add_some(self, source: str, name: str, *, number: int, characters: int) -> None:
        """Count pieces of one name and file; `source` is the place of any of them."""
        key = (source_name(source) or source, name)
        self.number[key] += number
        self.characters[key] += characters

    def add_cells(self, source: str, cells: Iterable[tuple[str, object]]) -> None:
        """Count cells of a row by their columns."""
        for name, value in cells:
            size = num_characters(value if isinstance(value, str) else str(value))
            self.add_some(source, f"column '{name}'", number=1, characters=size)

    def update(self, other: "NotReadCount") -> None:
        """Count what another counted, too."""
        self.number.update(other.number)
        self.characters.update(other.characters)
        self.sums.update(other.sums)

    def take(self) -> "NotReadCount":
        """What was counted since the last time."""
        taken = NotReadCount(self.number, self.characters, self.sums.take())
        self.number, self.characters = Counter(), Counter()
        return taken

    def to_json(self) -> dict[str, dict[str, dict[str, int]]]:
        """The counts as they are written: file -> name -> number and characters."""
        record: dict[str, dict[str, dict[str, int]]] = {}
        for (source, name), number in self.number.items():
            characters = self.characters[source, name]
            record.setdefault(source, {})[name] = {"number": number, "characters": characters}
        return record

    def account(self, num_kept_or_dropped: int) -> list[str]:
        """All that a person should know: what was not read, the sums, and those that do not close.

        Args:
            num_kept_or_dropped: Examples and dropped pieces, in the end.
        """
        sums = self.sums
        told = sum_sentences(sums.to_json())
        return [*self.sentences(), *told, *sums.open_sums(num_kept_or_dropped)]

    def sentences(self) -> list[str]:
        """What a person should know of it, a sentence a file."""
        return [
            translate(
                "not read in {source}: {names}",
                source=source,
                names=", ".join(f"{name} ({one['number']:,})" for name, one in names.items()),
            )
            for source, names in self.to_json().items()
        ]


def count_not_read(
    pieces: Iterable[Piece], count: NotReadCount | None, *, source: str = ""
) -> Iterator[Material | Dropped]:
    """Let through what is read or dropped, and count it; of the rest, by name."""
    counted = NotReadCount() if count is None else count
    total = counted.sums.of(source)
    for piece in pieces:
        if isinstance(piece, NotRead):
            counted.add(piece)
            total.pass_over(piece.text)
        else:
            total.pieces_read += 1
            yield piece
