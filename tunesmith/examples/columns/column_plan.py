"""Some rows of a source and its recipe -> what each column means, and what has to be asked.

For whoever writes a recipe, and for every command that reads one: nothing with words in it is
passed over without a line that says so.
"""

import html
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from tunesmith.examples.columns.column_names import (
    OWN,
    ColumnChoice,
    ColumnRoles,
    is_verdict,
    meaning_of,
    stem_of,
    yaml_name,
)
from tunesmith.examples.columns.column_questions import (
    ColumnQuestion,
    column_question,
    content_question,
    field_line,
    field_of,
    guessed_role,
)
from tunesmith.examples.columns.looks import ColumnLook
from tunesmith.examples.columns.proposals import ProposedTask, propose_task
from tunesmith.examples.conversion.cell_paths import OTHERS
from tunesmith.examples.conversion.cell_text import is_blank, plain_text
from tunesmith.examples.conversion.conversations import MessageReader, UnreadKeyError
from tunesmith.examples.conversion.nested_rows import nested_rows
from tunesmith.examples.conversion.row_faults import (
    MISSING,
    TwoReadingsError,
    UnfitColumnError,
    lines_for,
)
from tunesmith.examples.conversion.row_reading import RowReading
from tunesmith.examples.conversion.shapes import RowReader
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.sources.lexicon import lexicon
from tunesmith.sources.row import Row, RowError

NUM_SAMPLE = 200  # rows that are looked at before the first one is used
_NAMED_UNREAD = ("rejected", "chosen", "reasoning", "tools", "set_aside")
_SPEAKERS = ("role", "speaker", "sender", "from", "author_role")
_TAG, _NO_WORD = re.compile(r"<[^<>]{1,200}>"), re.compile(r"[\W_]+")
_MOSTLY = 0.9
_MOST_ASKED = 12  # columns of a table of which nothing is known


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedColumn:
    """A column, what it is taken for and why; or that it is not read."""

    name: str
    meaning: str
    reason: str
    is_read: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnPlan:
    """What a source's columns mean, as far as the rows seen show it.

    Attributes:
        columns: In the order of the file.
        questions: What the recipe has to say before the source is read.
        task: A prompt template of the library that fits a table of labels.
    """

    columns: tuple[PlannedColumn, ...]
    questions: tuple[ColumnQuestion, ...]
    task: ProposedTask | None

    @property
    def fields(self) -> dict[str, str]:
        """Our field: the column that is read as it, where it is one alone."""
        read = [(field_of(one.meaning), one.name) for one in self.columns if one.is_read]
        counts = Counter(ours for ours, _ in read)
        return {ours: theirs for ours, theirs in read if counts[ours] == 1}


def column_choice(source: SourceRecipe) -> ColumnChoice:
    """What a recipe says of a source's columns."""
    return ColumnChoice(
        fields=tuple((str(ours), theirs) for ours, theirs in source.fields.items()),
        ignored=frozenset(source.ignore),
        keeps_reasoning=source.keep_reasoning,
        keeps_headers=source.keep_headers is not False,
        keeps_rejected=source.keeps_rejected,
    )


def plan_columns(rows: Iterable[Row], source: SourceRecipe) -> ColumnPlan:
    """Look at rows as they would be read.

    Args:
        rows: Some of the source, such as its first 200.
        source: What the recipe says so far: `fields`, `ignore`.
    """
    survey = ColumnSurvey(column_choice(source))
    for row in rows:
        survey.see(row)
    return survey.plan()


@dataclass(slots=True)
class ColumnSurvey:
    """What was seen of a source's rows so far.

    Attributes:
        choice: What the recipe says.
        looks: Of the cells that no example was made of, by column.
        used: In how many rows each column was.
        renderings: In how many it said nothing but what others said.
    """

    choice: ColumnChoice
    looks: dict[str, ColumnLook] = field(default_factory=dict)
    used: Counter[str] = field(default_factory=Counter)
    renderings: Counter[str] = field(default_factory=Counter)
    roles: dict[str, str] = field(default_factory=dict)
    two_readings: TwoReadingsError | None = None
    samples: tuple[str, ...] = ()
    unread_keys: dict[str, object] = field(default_factory=dict)
    unfit: dict[str, list[UnfitColumnError]] = field(default_factory=dict)
    lacks_response: int = 0
    num_texts: int = 0
    num_read: int = 0
    _reader: RowReader | None = None

    def see(self, row: Row) -> None:
        """Read one row, or those within it, and look at what is left."""
        for one in nested_rows(row):
            if isinstance(one, Row):
                self._see(one)

    def _see(self, row: Row) -> None:
        roles = self.row_roles(row)
        if roles is None:
            return  # it will be dropped for that
        for name in row.fields:
            self.roles.setdefault(str(name), roles.role_of(name) or "")
        reading = RowReading(row.fields, roles, MessageReader(self.choice))
        try:
            messages = reading.messages()
        except RowError as fault:
            self._note(fault, row, roles)
            if fault.reason != MISSING:
                return  # the row is dropped whole, with this reason
            used, said = {str(name) for name in row.fields if roles.role_of(name)}, ""
        else:
            self.num_read += 1
            self.num_texts += len(messages) == 1
            used = reading.used
            self._look(dict(reading.left), set(), "")
            said = "\0".join(_bare(f"{one.content} {one.input}") for one in messages)
        self._look(row.fields, used, said)

    def plan(self) -> ColumnPlan:
        """What follows from what was seen."""
        task = self._task()
        questions = [*self._asked_first(), *self._asked_labels(task), *self._asked_content(task)]
        columns = tuple(self._planned(name) for name in self.roles)
        return ColumnPlan(columns=columns, questions=tuple(questions), task=task)

    def is_unread_content(self, name: str) -> bool:
        """Whether a column holds texts that no example is made of, and nobody said so."""
        look = self.looks.get(name)
        role = self.roles.get(name)
        if look is None or name in OWN or role in _NAMED_UNREAD or role == "text":
            return False  # a text that is not read says what the others say
        return look.is_content and not self.is_rendering(name)

    def is_rendering(self, name: str) -> bool:
        """Whether a column said nothing but what others say."""
        look = self.looks.get(name)
        return look is not None and self.renderings[name] >= _MOSTLY * look.num_cells

    def row_roles(self, row: Row) -> ColumnRoles | None:
        """Who plays which role in a row; None where it lacks a column that the recipe names."""
        if self._reader is None:
            self._reader = RowReader(self.choice)
        try:
            return self._reader.roles(row.fields)
        except RowError:
            return None

    def compare(self, row: Row) -> None:
        """Note whether a row can be read in two ways."""
        roles = self.row_roles(row)
        if roles is not None:
            try:
                RowReading(row.fields, roles, MessageReader(self.choice)).messages()
            except RowError as fault:
                self._note(fault, row, roles)

    def seen_again(self, row: Row, names: Iterable[str]) -> Iterator[ColumnLook]:
        """Look at more cells of columns that no example is made of."""
        for name in names:
            if not is_blank(row.fields[name]):
                self.roles.setdefault(name, "")
                look = self.looks.setdefault(name, ColumnLook(name))
                look.add(row.fields[name])
                yield look

    def _note(self, fault: RowError, row: Row, roles: ColumnRoles) -> None:
        if isinstance(fault, TwoReadingsError) and self.two_readings is None:
            self.two_readings = fault
            self.samples = tuple(_shown(row.fields.get(n)) for n in (fault.first, fault.second))
        elif isinstance(fault, UnfitColumnError):
            self.unfit.setdefault(fault.column, []).append(fault)
        elif isinstance(fault, UnreadKeyError):
            self.unread_keys.setdefault(fault.key, fault.value)
        elif (
            fault.reason == MISSING and (roles.instruction or roles.context) and not roles.response
        ):
            self.lacks_response += 1

    def _look(self, fields: Mapping[str, object], used: set[str], said: str) -> None:
        for name, value in fields.items():
            if is_blank(value) or name in self.choice.ignored or name.endswith(OTHERS):
                continue
            if name in used:
                self.used[name] += 1
                continue
            look = self.looks.get(name)
            if look is None:
                look = self.looks[name] = ColumnLook(name)
            look.add(value)
            bare = _bare(plain_text(value) or "")
            self.renderings[name] += bool(bare) and bare in said

    def _task(self) -> ProposedTask | None:
        if not self.num_texts and not self.lacks_response and self.num_read:
            return None
        return propose_task(list(self.roles), self.roles, self.looks)

    def _asked_first(self) -> Iterator[ColumnQuestion]:
        fault = self.two_readings
        if fault is not None:
            second = self.roles.get(fault.second, "")
            second = second if second in ("text", "messages") else fault.ours
            one_each = (field_line(fault.ours, fault.first), field_line(second, fault.second))
            both: tuple[str, ...] = ()
            if fault.ours == "instruction" and "response" not in self.roles.values():
                asks, answers = (n for n in self.roles if n in (fault.first, fault.second))
                pair = f"instruction: {yaml_name(asks)}, response: {yaml_name(answers)}"
                both = (f"fields: {{{pair}}}",)
            yield ColumnQuestion(
                column=fault.first,
                words=f"and {fault.second} both hold the {fault.ours}, and differ",
                samples=self.samples,
                lines=(*both, *one_each),
            )
        for name, faults in self.unfit.items():
            if len(faults) > self.num_read:
                samples = tuple(dict.fromkeys(_shown(one.value) for one in faults[:2]))
                lines = faults[0].lines
                yield ColumnQuestion(
                    column=name, words=faults[0].words, samples=samples, lines=lines
                )
        for key, value in self.unread_keys.items():
            yield ColumnQuestion(
                column=key,
                words="is a key of messages that nobody reads",
                samples=(_shown(value),),
                lines=(f"ignore: [{yaml_name(key)}]",),
            )

    def _asked_labels(self, task: ProposedTask | None) -> Iterator[ColumnQuestion]:
        """A text that is trained by itself, or a question without answer, beside labels."""
        if not self.num_texts and not self.lacks_response:
            for look in self.looks.values():
                if look.codes == {"0", "1"} and look.num_texts == 0 and is_verdict(look.name):
                    words = "holds 0 and 1; if 0 marks bad answers, write false and true"
                    yield column_question(look, words, f"ignore: [{yaml_name(look.name)}]")
            return
        for name, look in self.looks.items():
            if name.casefold() in _SPEAKERS and look.num_texts:
                words = "says who speaks: each row is a message of a conversation"
                lines = ("kind: dialogues", f"ignore: [{yaml_name(name)}]")
                yield column_question(look, words, *lines)
            elif look.is_label and self.roles.get(name) not in _NAMED_UNREAD:
                tasks = task.lines if task and task.column == name else ()
                asked = next((one for one, role in self.roles.items() if role == "text"), None)
                pair = f"instruction: {yaml_name(asked)}, " if asked else ""
                fields = f"fields: {{{pair}response: {yaml_name(name)}}}"
                is_number = task is not None and task.needs_names and not look.is_nested
                told = (fields, *tasks) if is_number else (*tasks, fields)
                yield column_question(look, "holds labels", *told, f"ignore: [{yaml_name(name)}]")

    def _asked_content(self, task: ProposedTask | None) -> Iterator[ColumnQuestion]:
        taken = {field_of(self.roles[name]) for name in self.used if self.roles.get(name)}
        taken |= {
            field_of(role) for name, role in self.roles.items() if role and name in self.looks
        }
        taken -= {"text"}
        taken |= {"instruction"} if "history" in self.roles.values() else set()
        stems: dict[str, str] = {}
        unread = [look for name, look in self.looks.items() if self.is_unread_content(name)]
        if not self.num_read and len(unread) > _MOST_ASKED:
            return  # no table of examples: each row is dropped, and says so
        for look in unread:
            name = look.name
            lines = list(task.lines) if task and name in task.columns.values() else []
            role = guessed_role(look, taken)
            ignore = f"ignore: [{yaml_name(name)}]"
            stem = stem_of(name)
            if self.num_texts:
                lines += () if "text" in taken or look.is_nested else self._beside_text(name)
                taken.add("text")
            elif stem is not None and stem in stems:
                lines += [ignore, field_line(stems[stem], name)]
            elif look.is_nested and not self.num_read:
                lines += list(lines_for(name, look.example, self._lacking(taken)))
            elif role == "text" and self.num_read:
                pass
            elif role is not None:
                taken.add(role)
                stems |= {stem: role} if stem is not None else {}
                lines.append(field_line(role, name))
            yield content_question(look, *lines)

    def _lacking(self, taken: set[str]) -> str:
        """What rows have not got; where turns come before, they ask."""
        has_history = "history" in self.roles.values()
        parts = ("response", "instruction") if has_history else ("instruction", "response")
        return next((one for one in parts if one not in taken), "input") if taken else "messages"

    def _beside_text(self, name: str) -> Iterator[str]:
        """What a text and another column may be to each other."""
        text = next((one for one, role in self.roles.items() if role == "text"), "text")
        asks_first = name.casefold() in lexicon(__package__).words("answers_beside_text")
        pairs = ((text, name), (name, text)) if asks_first else ((name, text), (text, name))
        for asked, answered in pairs:
            yield f"fields: {{instruction: {yaml_name(asked)}, response: {yaml_name(answered)}}}"

    def _planned(self, name: str) -> PlannedColumn:
        role, meaning = self.roles[name], meaning_of(name)
        if self.used[name]:
            said = dict(self.choice.fields)
            reason = "the recipe says so" if name in said.values() else "its name says so"
            return PlannedColumn(name=name, meaning=role, reason=reason, is_read=True)
        look = self.looks.get(name)
        if role == "set_aside":
            meaning, reason = None, "the recipe leaves it out"
        elif look is None:
            reason = "it is empty"
        elif self.is_unread_content(name):
            meaning, reason = None, "it holds texts, and its name is unknown"
        elif self.is_rendering(name):
            meaning, reason = None, "it says what other columns say"
        elif role or meaning:
            reason = "its name says so"
        else:
            reason = "it holds numbers, codes or a few words again and again"
        found = role or meaning or "unread"
        return PlannedColumn(name=name, meaning=found, reason=reason, is_read=False)


def _shown(value: object) -> str:
    return " ".join(str(value).split())[:60]


def _bare(text: str) -> str:
    """The letters and digits of a text, without markup."""
    return _NO_WORD.sub("", html.unescape(_TAG.sub("", text))).casefold()
