"""`reviews.jsonl` <-> the reviews that stand, the kinds they name, and the checks of kinds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tunesmith.errors import DataError
from tunesmith.line_log import append_line, now_text, read_lines
from tunesmith.rounds.answer_review import SCHEMA, Review, kind_name
from tunesmith.rounds.kind_check import KindCheck

REVIEWS = "reviews.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureKind:
    """A kind of failure that people named.

    Attributes:
        name: Its words.
        meaning: A sentence for whoever else labels.
        check: How a program finds it; None where nobody has said.
    """

    name: str
    meaning: str = ""
    check: KindCheck | None = None


@dataclass(slots=True)
class ReviewBook:
    """All that a file of reviews says, read in its order.

    Attributes:
        path: The file; it need not be there yet.
        reviews: Those that stand, by author, row and answer.
        kinds: By name, in the order in which they were first named.
        num_unread: Lines that are none of ours.
    """

    path: Path
    reviews: dict[tuple[str, str, str], Review] = field(default_factory=dict)
    kinds: dict[str, FailureKind] = field(default_factory=dict)
    num_unread: int = 0

    @classmethod
    def read(cls, path: Path) -> "ReviewBook":
        """Read a file; one that is missing says nothing."""
        book = cls(path)
        for record in read_lines(path):
            try:
                book._take(record)
            except DataError:
                book.num_unread += 1
        return book

    def add(self, review: Review) -> None:
        """Write a review down, and count it.

        Raises:
            OSError: It cannot be written; nothing is changed.
        """
        self._write(review.to_json())

    def add_kind(self, name: str, *, meaning: str, check: KindCheck | None, author: str) -> None:
        """Write down what a kind means, or how it is found.

        Raises:
            DataError: The name is empty or too long.
            OSError: It cannot be written.
        """
        said: dict[str, Any] = {"name": _needed(name), "meaning": meaning}
        said |= {"check": None if check is None else check.to_json()}
        self._write(_event("kind", author, said))

    def rename(self, name: str, into: str, *, author: str) -> None:
        """Call a kind otherwise; where the other exists, both become one.

        Raises:
            DataError: There is no such kind, or the other name is empty or too long.
            OSError: It cannot be written.
        """
        if name not in self.kinds:
            cure = f"Known: {', '.join(self.kinds) or 'none yet'}."
            raise DataError(f"no kind is called {name!r}", where="kind", cure=cure)
        self._write(_event("rename", author, {"kind": name, "into": _needed(into)}))

    def of_author(self, author: str) -> dict[tuple[str, str], Review]:
        """One person's reviews, by row and answer."""
        return {key[1:]: one for key, one in self.reviews.items() if key[0] == author}

    def authors(self) -> Sequence[str]:
        """Whoever has said something, the busiest first."""
        names = [author for author, _, _ in self.reviews]
        return sorted({*names}, key=lambda name: (-names.count(name), name))

    def _write(self, record: Mapping[str, Any]) -> None:
        append_line(self.path, record)
        self._take(record)

    def _take(self, record: Mapping[str, Any] | None) -> None:
        """Let one line count.

        Raises:
            DataError: It is none of ours.
        """
        if record is None or record.get("schema") != SCHEMA:
            raise DataError("is no line of reviews")
        if record.get("what") == "review":
            self._take_review(Review.from_json(record))
        elif record.get("what") == "kind":
            check = record.get("check")
            name, meaning = _needed(record.get("name")), record.get("meaning", "")
            found = None if check is None else KindCheck.from_json(check)
            self.kinds[name] = FailureKind(name=name, meaning=str(meaning), check=found)
        elif record.get("what") == "rename":
            self._take_name(_needed(record.get("kind")), _needed(record.get("into")))
        else:
            raise DataError("is no line of reviews")

    def _take_review(self, review: Review) -> None:
        self.reviews.pop(review.key, None)
        if review.judgement is None:
            return
        self.reviews[review.key] = review
        if review.kind is not None:
            self.kinds.setdefault(review.kind, FailureKind(name=review.kind))

    def _take_name(self, old: str, new: str) -> None:
        known = self.kinds.pop(old, FailureKind(name=old))
        self.kinds.setdefault(new, replace(known, name=new))
        for key, review in self.reviews.items():
            if review.kind == old:
                self.reviews[key] = replace(review, kind=new)


def _needed(name: object) -> str:
    found = kind_name(name) if isinstance(name, str) else None
    if found is None:
        raise DataError("a kind needs a name", where="kind")
    return found


def _event(what: str, author: str, said: Mapping[str, Any]) -> dict[str, Any]:
    return {"schema": SCHEMA, "what": what, "time": now_text(), "author": author, **said}
