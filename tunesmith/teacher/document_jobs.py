"""Documents -> the requests for pairs about them: a part of a section, a kind of task, a style."""

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tunesmith.errors import DataError
from tunesmith.examples.conversion.cut_sections import cut_section
from tunesmith.examples.splitting.words import words_of
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.recipe.teacher_recipe import Style, TaskKind, TeacherRecipe
from tunesmith.sources.material import AnsweredQuestion, Section
from tunesmith.sources.read_source import read_source

_MIN_WORDS = 12  # of a part that may hold something to ask


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentPart:
    """A piece of a section that one request is about."""

    headings: tuple[str, ...]
    text: str
    source: str
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentJob:
    """What one request to a teacher asks for: a part, a kind of task, a style."""

    part: DocumentPart
    kind: TaskKind
    style: Style


def read_parts(recipe: TeacherRecipe, subject: str | None, *, folder: Path) -> list[DocumentPart]:
    """The parts of all documents, in order.

    Args:
        recipe: Names the documents.
        subject: What they describe; None: what each of them shows.
        folder: The recipe's; paths are relative to it.

    Raises:
        MissingError: A document does not exist.
        DataError: One of them holds no text under headings.
    """
    parts: list[DocumentPart] = []
    for path in recipe.documents:
        before = len(parts)
        source = SourceRecipe(path=path)
        for piece in read_source(source, folder=folder):
            parts += _parts(piece, subject)
        if len(parts) == before:
            raise DataError(
                "holds no text that could be asked about",
                where=path,
                cure="Documents are pages of Markdown, HTML, reStructuredText or plain text.",
            )
    return parts


def plan_jobs(parts: Iterable[DocumentPart], recipe: TeacherRecipe) -> list[DocumentJob]:
    """Each part in each style and kind, in an order that the seed draws.

    Of a job that is stopped early the pairs come from everywhere in the documents.
    """
    jobs = [
        DocumentJob(part=part, kind=kind, style=style)
        for part in parts
        for kind in recipe.kinds
        for style in recipe.styles
    ]
    random.Random(f"documents/{recipe.seed}").shuffle(jobs)
    return jobs


def _parts(piece: object, subject: str | None) -> Iterator[DocumentPart]:
    """The parts of a section; a page's own question is the heading of its answer."""
    if isinstance(piece, Section):
        headings, text, own = piece.headings, piece.text, piece.subject
    elif isinstance(piece, AnsweredQuestion):
        headings, text, own = (*piece.headings, piece.question), piece.answer, ""
    else:
        return
    for part in cut_section(text):
        if len(words_of(part)) >= _MIN_WORDS:
            yield DocumentPart(
                headings=headings, text=part, source=piece.source, subject=subject or own
            )
