"""What waits for an answer -> the messages to answer; a reference in it is left aside."""

from tunesmith.examples.columns.column_names import ColumnChoice, ColumnRoles, column_roles
from tunesmith.examples.conversion.conversations import read_messages
from tunesmith.examples.conversion.shapes import to_example
from tunesmith.examples.example import Message
from tunesmith.sources.material import AnsweredQuestion, Material, Section
from tunesmith.sources.row import Dropped, Row, RowError

_STAND_IN = "."


def to_question(piece: Material) -> tuple[Message, ...] | Dropped:
    """Read an instruction, question, prompt, or messages that end with the user's turn.

    Rows of a training set are questions too: what stands before their last answer. So are
    the questions of an FAQ; other raw material asks nothing.
    """
    if isinstance(piece, Row):
        return _row_question(piece)
    if isinstance(piece, AnsweredQuestion):
        return (Message(role="user", content=piece.question),)
    text = piece.text if isinstance(piece, Section) else piece.turns[0].text
    fault = RowError("no question", "a section or a thread asks nothing; name a file of rows")
    return Dropped.of(fault, source=piece.source, text=text)


def _row_question(row: Row) -> tuple[Message, ...] | Dropped:
    read = to_example(row)
    if not isinstance(read, Dropped) and not read.is_text:
        return read.prompt
    return _without_answer(row, read)


def _without_answer(row: Row, read: object) -> tuple[Message, ...] | Dropped:
    fields = row.fields
    roles = column_roles(tuple(fields), ColumnChoice())
    if any(fields.get(name) for name in roles.messages):
        return _waiting_messages(row, roles)
    if not any(isinstance(fields.get(name), str) for name in roles.instruction):
        return read if isinstance(read, Dropped) else _dropped(row, "a text asks nothing")
    answered = dict.fromkeys((*roles.response, "response"), _STAND_IN)
    asked = to_example(Row(fields={**fields, **answered}, source=row.source))
    return asked if isinstance(asked, Dropped) else asked.prompt


def _waiting_messages(row: Row, roles: ColumnRoles) -> tuple[Message, ...] | Dropped:
    fields = row.fields
    name = next(name for name in roles.messages if fields.get(name))
    try:
        messages = read_messages(fields[name])
    except RowError as error:
        return Dropped.of(error, source=row.source, text=str(dict(row.fields)))
    if not messages or messages[-1].role != "user":
        return _dropped(row, "the last message is not the user's")
    return tuple(messages)


def _dropped(row: Row, detail: str) -> Dropped:
    fault = RowError("no question", detail)
    return Dropped.of(fault, source=row.source, text=str(dict(row.fields)))
