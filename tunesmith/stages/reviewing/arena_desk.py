"""A run's answers to validation rows -> two at a time without names, and what people choose.

Sides and order are drawn by a seed of the person and the row, so that a page that is loaded again
shows the same. Test rows are never shown: law 23.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from itertools import combinations
from pathlib import Path

from tunesmith.errors import DataError, MissingError
from tunesmith.evaluation.references import RowFile
from tunesmith.examples.example import Example
from tunesmith.files import our_records, read_json_lines
from tunesmith.line_log import now_text
from tunesmith.rounds.answer_review import answer_hash
from tunesmith.rounds.vote_book import CHOICES, VOTES, Choice, Vote, VoteBook
from tunesmith.stages.execution.claim import notes_folder
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.stages.reviewing.review_files import review_files


@dataclass(frozen=True, slots=True, kw_only=True)
class AnonymousPair:
    """Two answers to a row, side by side.

    Attributes:
        example: The validation row.
        models: Whose answers: left and right; a voter is told afterwards.
        texts: The answers.
    """

    example: Example
    models: tuple[str, str]
    texts: tuple[str, str]


@dataclass(frozen=True, slots=True)
class PairPlace:
    """Which row and which models, left and right."""

    row: str
    models: tuple[str, str]


class ArenaDesk:
    """One person's choices between a run's answers. All that it knows is in files.

    Args:
        folder: Of a run that two models or more have answered validation rows of.
        author: Who chooses.

    Raises:
        MissingError: Fewer than two models have answered.
        DataError: A row is a test row, or a file is damaged.
    """

    def __init__(self, folder: RunFolder, *, author: str) -> None:
        self.folder = folder
        self.author = author
        self._rows, self._answers = _read(folder)
        self.book = VoteBook.read(votes_path(folder))
        self._hashes = _hashes(folder, self._answers)
        self.num_equal = 0
        self.places = self._order()

    @property
    def models(self) -> tuple[str, ...]:
        """Whose answers there are."""
        return tuple(self._answers)

    def standing(self) -> Sequence[Vote]:
        """Votes of everybody on the answers as they are now."""
        return [
            vote
            for vote in self.book.votes.values()
            if vote.example_id in self._rows
            and self.hashes(vote.example_id, (vote.left, vote.right))
            == (vote.left_answer, vote.right_answer)
        ]

    def voted(self) -> dict[tuple[str, frozenset[str]], Vote]:
        """This person's votes on these answers, by row and models."""
        return {
            (vote.example_id, frozenset((vote.left, vote.right))): vote
            for vote in self.standing()
            if vote.author == self.author
        }

    def next(self) -> PairPlace | None:
        """What to choose between next; None where everything is said."""
        done = self.voted()
        waiting = (one for one in self.places if (one.row, frozenset(one.models)) not in done)
        return next(waiting, None)

    def pair(self, place: PairPlace) -> AnonymousPair:
        """The texts of a place."""
        left, right = (str(self._answers[one][place.row]["text"]) for one in place.models)
        example = Example.from_json(self._rows[place.row])
        return AnonymousPair(example=example, models=place.models, texts=(left, right))

    def hashes(self, row: str, models: tuple[str, str]) -> tuple[str | None, str | None]:
        """What tells two models' answers to a row from others; None where there is none."""
        left, right = (self._hashes.get(model, {}).get(row) for model in models)
        return left, right

    def say(self, row: str, models: tuple[str, str], choice: str | None) -> Vote:
        """Write down which answer is better; None takes it back.

        Raises:
            DataError: There is no such choice or no such pair.
            OSError: It cannot be written.
        """
        if choice is not None and choice not in CHOICES:
            cure = f"Say one of {', '.join(CHOICES)}."
            raise DataError(f"{choice[:40]!r} is no choice", where="vote", cure=cure)
        hashes = self.hashes(row, models)
        if row not in self._rows or None in hashes or models[0] == models[1]:
            problem = "this is no validation row that both models have answered"
            raise DataError(problem, where=row[:40], cure="Test rows are never voted on.")
        said: Choice | None = next((one for one in CHOICES if one == choice), None)
        vote = Vote(
            time=now_text(),
            author=self.author,
            run=str(self.folder.path),
            example_id=row,
            left=models[0],
            right=models[1],
            left_answer=str(hashes[0]),
            right_answer=str(hashes[1]),
            choice=said,
        )
        self.book.add(vote)
        return vote

    def _order(self) -> list[PairPlace]:
        """All pairs that differ, in this person's order; equal answers are counted, not asked."""
        pairs = list(combinations(self.models, 2))
        found: list[tuple[bytes, PairPlace]] = []
        for row in self._rows:
            for one, two in pairs:
                hashes = self.hashes(row, (one, two))
                if None in hashes:
                    continue
                if hashes[0] == hashes[1]:
                    self.num_equal += 1
                    continue
                drawn = _drawn(self.author, row, one, two)
                models = (one, two) if drawn[0] % 2 else (two, one)
                found.append((drawn[1:], PairPlace(row, models)))
        return [place for _, place in sorted(found, key=lambda pair: pair[0])]


def votes_path(folder: RunFolder) -> Path:
    """Where the votes on a run's answers are kept: beside its recipe, as they outlive it."""
    return (folder.recipe_folder or notes_folder(folder.path)) / VOTES


def _read(folder: RunFolder) -> tuple[RowFile, Mapping[str, RowFile]]:
    """The rows, and what each model answered to them.

    Raises:
        MissingError: Fewer than two models have answered.
        DataError: A row is a test row, or a file is damaged.
    """
    files = review_files(folder)
    place = files.answers("tuned").parent
    names = sorted(path.stem for path in place.glob("[!.]*.jsonl")) if place.is_dir() else []
    if len(names) < 2 or not files.rows.is_file():
        lacking = "base" if names == ["tuned"] else "tuned"
        cure = f"Let {lacking} answer: tunesmith review {folder.path} --model {lacking} --json"
        problem = f"an arena needs the answers of two models; there are those of {len(names)}"
        raise MissingError(problem, where=str(place), cure=cure)
    with our_records(files.rows):
        rows = kept_rows(files.rows, "id")
    with our_records(place):
        answers = {name: kept_rows(files.answers(name), "example_id") for name in names}
    test = folder.examples("test")
    held = kept_rows(test, "id") if test.is_file() else {}
    if leaked := next((row for row in rows if row in held), None):
        problem = f"row {leaked} is a test row, and those are never voted on"
        raise DataError(problem, where=str(files.rows), cure=f"Delete {files.path}.")
    return rows, answers


def _hashes(folder: RunFolder, models: Iterable[str]) -> dict[str, Mapping[str, str]]:
    """The hash of each model's answer to each row."""
    paths = {model: review_files(folder).answers(model) for model in models}
    told = {model: path.stat() for model, path in paths.items()}
    return {
        model: _kept_hashes(path, told[model].st_mtime_ns, told[model].st_size)
        for model, path in paths.items()
    }


@lru_cache(maxsize=8)
def _kept_hashes(path: Path, moment: int, size: int) -> Mapping[str, str]:
    del moment, size
    return {one["example_id"]: answer_hash(str(one["text"])) for one in read_json_lines(path)}


def kept_rows(path: Path, key: str) -> RowFile:
    """A file's rows by id; the places of rows are kept until the file changes."""
    told = path.stat()
    return _kept(path, key, told.st_mtime_ns, told.st_size)


@lru_cache(maxsize=8)
def _kept(path: Path, key: str, moment: int, size: int) -> RowFile:
    del moment, size  # of which version of the file this is
    return RowFile(path, key=key)


def _drawn(*words: str) -> bytes:
    """Random bytes of a person, a row and two models."""
    return blake2b("\n".join(words).encode("utf-8", "surrogatepass"), digest_size=9).digest()
