"""`edits.jsonl` beside a recipe <-> the changes that stand, in order, each by its line's number.

History is only added to. An `undo` takes an earlier line back, another one takes the undo back.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tunesmith.errors import DataError
from tunesmith.examples.edits.pair_edit import PairEdit
from tunesmith.files import hash_json
from tunesmith.line_log import append_line, read_lines

EDITS = "edits.jsonl"


@dataclass(slots=True)
class EditLog:
    """All lines of a file, read in its order.

    Attributes:
        path: The file; it need not be there yet.
        lines: Every change by the number of its line, undone ones too.
        unread: Numbers of lines that are none of ours, such as one that a crash cut off.
    """

    path: Path
    lines: dict[int, PairEdit] = field(default_factory=dict)
    unread: list[int] = field(default_factory=list)

    @classmethod
    def read(cls, path: Path) -> "EditLog":
        """Read a file; one that is missing says nothing."""
        log = cls(path)
        for number, record in enumerate(read_lines(path), start=1):
            try:
                log.lines[number] = PairEdit.from_json(record)
            except DataError:
                log.unread.append(number)
        return log

    @property
    def undone(self) -> frozenset[int]:
        """Lines that a later one takes back; an undo that is undone itself takes back nothing."""
        found: set[int] = set()
        for number in sorted(self.lines, reverse=True):
            edit = self.lines[number]
            if edit.what == "undo" and number not in found and (edit.line or 0) < number:
                found.add(edit.line or 0)
        return frozenset(found)

    def standing(self) -> Iterator[tuple[int, PairEdit]]:
        """The changes that stand, with the numbers of their lines."""
        undone = self.undone
        for number, edit in self.lines.items():
            if edit.what != "undo" and number not in undone:
                yield number, edit

    def effective(self) -> list[tuple[int, PairEdit]]:
        """Of these, those for which pairs are prepared otherwise."""
        return [(number, edit) for number, edit in self.standing() if edit.has_effect]

    @property
    def fingerprint(self) -> str | None:
        """What a preparation depends on; None where nothing is changed."""
        said = [[number, edit.to_json()] for number, edit in self.effective()]
        return hash_json([said, self.unread]) if self.lines and (said or self.unread) else None

    @property
    def is_foreign(self) -> bool:
        """Whether the file is somebody's own, which only bears the name."""
        return bool(self.unread) and not self.lines

    def add(self, edit: PairEdit) -> int:
        """Write a change down.

        Returns:
            The number of its line.

        Raises:
            DataError: It cannot be written, or the file is none of ours.
        """
        if self.is_foreign:
            cure = "Rename it, and the recipe's sources that name it."
            problem = "no file of changes that tunesmith wrote"
            raise DataError(problem, where=str(self.path), cure=cure)
        try:
            append_line(self.path, edit.to_json())
        except OSError as error:
            cure = "Make room there, or the folder writable, and say it again."
            problem = f"cannot be written ({error.strerror or error})"
            raise DataError(problem, where=str(self.path), cure=cure) from None
        fresh = EditLog.read(self.path)
        self.lines, self.unread = fresh.lines, fresh.unread
        return max(number for number, one in self.lines.items() if one == edit)


def edits_concern(edit: PairEdit, recipe: str, sources: Collection[str]) -> bool:
    """Whether a change is about what a recipe reads: by its name, or by the pair's source."""
    return edit.recipe == recipe or edit.source.rpartition(":")[0] in sources
