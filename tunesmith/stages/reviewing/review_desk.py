"""A run's answers and the book of reviews -> which answer to look at next, what is known so far."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tunesmith.errors import DataError, MissingError
from tunesmith.evaluation.metrics import find_metric
from tunesmith.examples.example import Example, last_user_text
from tunesmith.files import read_json_lines
from tunesmith.line_log import now_text
from tunesmith.rounds.answer_review import (
    MOST_CHARACTERS,
    Judgement,
    Review,
    answer_hash,
    kind_name,
)
from tunesmith.rounds.kind_check import CheckedAnswer
from tunesmith.rounds.kind_rates import KindRate, kind_rates, measures, seen_kinds, shuffled_ids
from tunesmith.rounds.review_book import REVIEWS, ReviewBook
from tunesmith.rounds.review_order import Candidate, PickOrder
from tunesmith.rounds.unseen_kinds import Saturation, saturation
from tunesmith.stages.execution.claim import notes_folder
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.stages.reviewing.review_files import ReviewFiles, review_files

TUNED = "tuned"
_METRICS = ("exact_match", "token_f1", "chrf")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewRow:
    """An answer that can be reviewed.

    Attributes:
        example: The validation row.
        text: What the model answered.
        answered: The same as checks see it.
    """

    example: Example
    text: str
    answered: CheckedAnswer

    @property
    def id(self) -> str:
        """Of the row."""
        return self.example.id

    @property
    def key(self) -> tuple[str, str]:
        """The row's id and the answer's hash."""
        return self.example.id, answer_hash(self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """A person's word on an answer; see `Review`."""

    judgement: Judgement
    kind: str = ""
    note: str = ""
    correction: str = ""


class ReviewDesk:
    """One person's review of one model's answers. All that it knows is in files.

    Args:
        folder: Of a run whose answers are there; see `answer_for_review`.
        author: Who reviews.
        model: Whose answers.

    Raises:
        MissingError: The model has not answered.
    """

    def __init__(self, folder: RunFolder, *, author: str, model: str = TUNED) -> None:
        self.folder = folder
        self.author = author
        self.model = model
        self.rows = read_review_rows(review_files(folder), model)
        self.book = ReviewBook.read(reviews_path(folder))

    def reviewed(self, author: str | None = None) -> dict[str, Review]:
        """What a person said of these answers, by row, in the order in which it was said.

        Args:
            author: This desk's person, if none is named.
        """
        rows = {one.key: row for row, one in self.rows.items()}
        said = self.book.of_author(author or self.author)
        return {rows[key]: one for key, one in said.items() if key in rows}

    def next(self, *, skipped: Sequence[str] = ()) -> ReviewRow | None:
        """The answer to look at next: in turn one that measures and one that is picked to teach.

        Args:
            skipped: Rows that shall come last.
        """
        done = self.reviewed()
        waiting = [one for one in shuffled_ids([*self.rows]) if one not in done]
        fresh = [one for one in waiting if one not in skipped] or waiting
        measuring = [one for one in fresh if measures(one)]
        if not fresh or (measuring and (len(done) % 2 == 0 or len(measuring) == len(fresh))):
            return self.rows[measuring[0]] if measuring else None
        order = PickOrder([_candidate(one) for one in self.rows.values() if not measures(one.id)])
        for row in [*done, *skipped]:
            order.saw(row)
        return self.rows[order.next() or next(one for one in fresh if not measures(one))]

    def say(self, row: str, said: Remark) -> Review:
        """Write down what the person says of a row's answer.

        Raises:
            DataError: There is no such row, or what is said contradicts itself or is too long.
            OSError: It cannot be written.
        """
        review = self._review(row, said.judgement, said)
        self.book.add(review)
        return review

    def take_back(self, row: str) -> None:
        """Take the last word on a row back.

        Raises:
            DataError: There is no such row.
        """
        self.book.add(self._review(row, None, None))

    def rates(self, author: str | None = None) -> list[KindRate]:
        """Each kind with its rate among the answers, by one person's reviews."""
        return kind_rates([*self.rows], self.reviewed(author))

    def saturation(self) -> Saturation:
        """How near the end of new kinds is."""
        return saturation(seen_kinds([*self.reviewed().values()]))

    def _review(self, row: str, judgement: Judgement | None, said: Remark | None) -> Review:
        found = self.rows.get(row)
        if found is None:
            problem = "this is no validation row that the model has answered"
            raise DataError(problem, where=row[:40], cure="Test rows are never reviewed.")
        example_id, answer = found.key
        told = said or Remark(judgement="unsure")
        if judgement != "wrong" and (told.kind.strip() or told.correction.strip()):
            cure = "Say wrong, or leave kind and correction empty."
            raise DataError("only a wrong answer has a kind or a correction", cure=cure)
        return Review(
            time=now_text(),
            author=self.author,
            run=str(self.folder.path),
            model=self.model,
            example_id=example_id,
            answer=answer,
            judgement=judgement,
            kind=kind_name(told.kind),
            note=_text("note", told.note),
            correction=_text("correction", told.correction),
        )


def reviews_path(folder: RunFolder) -> Path:
    """Where the reviews of a run are kept: beside its recipe, as they outlive it."""
    return (folder.recipe_folder or notes_folder(folder.path)) / REVIEWS


def read_review_rows(files: ReviewFiles, model: str) -> dict[str, ReviewRow]:
    """Every answer that can be reviewed, by its row.

    Raises:
        MissingError: The model has not answered.
    """
    if not files.answers(model).is_file():
        cure = f"tunesmith review {files.path.parent} lets it answer."
        raise MissingError(f"{model} has not answered the validation rows", cure=cure)
    signs = {one["example_id"]: frozenset(one["signs"]) for one in _signs(files, model)}
    texts = {one["example_id"]: str(one["text"]) for one in read_json_lines(files.answers(model))}
    examples = map(Example.from_json, read_json_lines(files.rows))
    return {
        one.id: _row(one, texts[one.id], signs.get(one.id, frozenset()))
        for one in examples
        if one.id in texts
    }


def _signs(files: ReviewFiles, model: str) -> Sequence[Mapping[str, Any]]:
    path = files.signs(model)
    return [one for one in read_json_lines(path) if one.get("signs")] if path.is_file() else []


def _row(example: Example, text: str, signs: frozenset[str]) -> ReviewRow:
    scores = {name: find_metric(name).measure(text, example.reference) for name in _METRICS}
    answered = CheckedAnswer(
        question=last_user_text(example.prompt),
        text=text,
        reference=example.reference,
        signs=signs,
        scores=scores,
    )
    return ReviewRow(example=example, text=text, answered=answered)


def _candidate(row: ReviewRow) -> Candidate:
    source = row.example.source.partition(":")[0]
    groups = (*row.example.tags, f"source:{source}")
    return Candidate(id=row.example.id, answered=row.answered, groups=groups)


def _text(name: str, text: str) -> str | None:
    if len(text) > MOST_CHARACTERS:
        raise DataError(f"longer than {MOST_CHARACTERS:,} characters", where=name)
    return text.strip() or None
