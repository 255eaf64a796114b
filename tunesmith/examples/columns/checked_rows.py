"""The material of a source -> the same, after what has to be asked about its columns was asked.

The first rows are looked at before any is used; a column that shows its texts later stops the
reading there.
"""

import itertools
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tunesmith.errors import RecipeError, TunesmithError
from tunesmith.examples.columns.column_names import OWN, meaning_of
from tunesmith.examples.columns.column_plan import NUM_SAMPLE, ColumnSurvey, column_choice
from tunesmith.examples.columns.column_questions import ColumnQuestion, content_question
from tunesmith.examples.columns.looks import ColumnLook
from tunesmith.examples.conversion.accounting import unread_cells
from tunesmith.examples.promptsource.prompted import columns_prompted
from tunesmith.examples.tasks.task_examples import columns_read
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.sources.material import Material
from tunesmith.sources.row import Dropped, Row

_SETTLED = 2_000  # cells after which a column that holds no texts is believed

Piece = Material | Dropped


def checked_rows(
    material: Iterator[Piece], source: SourceRecipe, *, folder: Path = Path()
) -> Iterator[Piece]:
    """Look at the first rows at once, and at the others while the caller iterates.

    Args:
        material: Of one source; what is no row passes.
        source: What the recipe says of it.
        folder: The recipe's, where its prompt templates stand.

    Raises:
        MissingError: There is no file of prompt templates.
        RecipeError: A column holds texts that nothing reads, labels beside texts, or what
            another column holds too; the lines that may be written are named.
    """
    sample, error = _first(material)
    rows = [piece for piece in sample if isinstance(piece, Row)]
    name = source.path or source.hub or ""
    rest = material
    if source.task is not None:
        raise_questions(beside_task(rows, source), name)
    elif source.prompts is not None:
        raise_questions(beside(rows, source, columns_prompted(source, folder)), name)
    else:
        survey = ColumnSurvey(column_choice(source))
        for row in rows:
            survey.see(row)
        raise_questions(survey.plan().questions, name)
        rest = _Watch(survey, name).rows(material)
    return itertools.chain(sample, rest if error is None else _raised(error))


def raise_questions(questions: Sequence[ColumnQuestion], where: str) -> None:
    """Ask, in one error; return if there is nothing to ask.

    Raises:
        RecipeError: There is.
    """
    if not questions:
        return
    lines = "".join(f"\n  {line}" for one in questions for line in _lines(one))
    number = "a column" if len(questions) == 1 else f"{len(questions)} columns"
    raise RecipeError(
        f"{number} of it cannot be read without a word from you:{lines}\n",
        where=where,
        cure="Write one of these lines for each under the source in the recipe; import and "
        "preview take --field OURS=THEIRS and --ignore COLUMN.",
    )


def beside_task(rows: Sequence[Row], source: SourceRecipe) -> list[ColumnQuestion]:
    """What is asked about the columns that a task of the library does not read."""
    return beside(rows, source, columns_read(source))


def beside(
    rows: Sequence[Row], source: SourceRecipe, read: Collection[str]
) -> list[ColumnQuestion]:
    """What is asked about the columns that templates do not read."""
    looks: dict[str, ColumnLook] = {}
    for row in rows:
        for name, value in unread_cells(row, read):
            looks.setdefault(name, ColumnLook(name)).add(value)
    return [
        content_question(look)
        for name, look in looks.items()
        if name not in source.ignore and name not in OWN and look.is_content
    ]


def _first(material: Iterator[Piece]) -> tuple[list[Piece], TunesmithError | None]:
    """The first pieces, and the error that comes after them, if one does."""
    sample: list[Piece] = []
    try:
        sample.extend(itertools.islice(material, NUM_SAMPLE))
    except TunesmithError as error:
        return sample, error
    return sample, None


def _raised(error: TunesmithError) -> Iterator[Piece]:
    raise error
    yield


def _lines(question: ColumnQuestion) -> Iterator[str]:
    yield f"{question.column} {question.words}:"
    for sample in question.samples:
        yield f"    {sample}"
    for place, line in enumerate(question.lines):
        if len(question.lines) > 1:
            yield "  or" if place else "  either"
        yield from (f"      {part}" for part in line.split("\n"))


@dataclass(slots=True)
class _Watch:
    """What is still to be seen of the columns that played no part in the sample."""

    survey: ColumnSurvey
    name: str
    watched: dict[tuple[str, ...], list[str]] = field(default_factory=dict)
    doubtful: dict[tuple[str, ...], bool] = field(default_factory=dict)
    next_look: dict[str, int] = field(default_factory=dict)

    def rows(self, material: Iterator[Piece]) -> Iterator[Piece]:
        """Let all pass, until a column turns out to hold texts."""
        for piece in material:
            if isinstance(piece, Row):
                names = tuple(piece.fields)
                columns = self.watched.get(names)
                if columns is None:
                    columns = self.watched[names] = self._unknown(piece)
                    self.doubtful[names] = self._may_be_read_twice(piece)
                if columns:
                    self._see(piece, names)
                if self.doubtful[names]:
                    self._compare(piece)
            yield piece
        for name in self.next_look:
            self._ask_about(name)

    def _unknown(self, row: Row) -> list[str]:
        """The columns of such a row that no example is made of, and whose names say nothing."""
        roles = self.survey.row_roles(row)
        return [
            name
            for name in row.fields
            if roles is not None
            and roles.role_of(name) is None
            and meaning_of(name) is None
            and not self.survey.is_rendering(name)
        ]

    def _see(self, row: Row, names: tuple[str, ...]) -> None:
        for look in self.survey.seen_again(row, self.watched[names]):
            num_distinct = len(look.distinct)
            if num_distinct >= self.next_look.get(look.name, 2):
                self.next_look[look.name] = num_distinct + num_distinct // 4 + 1
                self._ask_about(look.name)
            if look.num_cells > _SETTLED:
                for columns in self.watched.values():
                    if look.name in columns:
                        columns.remove(look.name)

    def _ask_about(self, name: str) -> None:
        if self.survey.is_unread_content(name):
            raise_questions(self.survey.plan().questions, self.name)

    def _may_be_read_twice(self, row: Row) -> bool:
        """Whether such rows have two columns that could be one part, and may differ in some."""
        roles = self.survey.row_roles(row)
        if roles is None:
            return False
        is_preference = bool(roles.chosen and roles.rejected)
        forms = [roles.messages, roles.response, roles.text]
        num_forms = sum(map(bool, forms)) + is_preference
        return num_forms > 1 or max(len(roles.response), len(roles.instruction)) > 1

    def _compare(self, row: Row) -> None:
        self.survey.compare(row)
        if self.survey.two_readings is not None:
            raise_questions(self.survey.plan().questions, self.name)
