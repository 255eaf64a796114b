"""One row and the roles of its columns -> the conversation in it, and what was not used for it.

A question and its answer, with what they are about, before it and to choose from; a list of
messages; a text. Whatever could be read in two ways is refused.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tunesmith.examples.columns.column_names import (
    OWN,
    ColumnRoles,
    found_in,
)
from tunesmith.examples.conversion.cell_text import (
    are_numbers,
    cell_content,
    is_blank,
    is_list,
    plain_text,
)
from tunesmith.examples.conversion.conversations import (
    TOOL_CALLS,
    MessageReader,
    check_conversation,
    has_tools,
    with_reasoning,
)
from tunesmith.examples.conversion.talk_forms import SIDES, turn_list
from tunesmith.examples.example import Message
from tunesmith.examples.tasks.cells import choices_of, in_lettered_lines
from tunesmith.sources.row import RowError

RowFields = Mapping[str, object]
AMBIGUOUS = "ambiguous"
MISSING = "missing field"


class TwoReadingsError(RowError):
    """Two columns that could be the same part of an example, and differ."""

    def __init__(self, first: str, second: str, ours: str) -> None:
        self.first, self.second, self.ours = first, second, ours
        detail = f"both '{first}' and '{second}', and they differ. "
        super().__init__(AMBIGUOUS, f"{detail}Say which one counts: fields: {{{ours}: {first}}}.")


@dataclass(slots=True)
class RowReading:
    """One row while it is read; `used` are the columns that the example is made of."""

    columns: RowFields
    roles: ColumnRoles
    reader: MessageReader
    used: set[str] = field(default_factory=set)

    def messages(self) -> tuple[Message, ...]:
        """The conversation of the row.

        Raises:
            RowError: It has none, or several.
        """
        columns = self.columns
        lists = [name for name in self._present(self.roles.messages) if self._is_talk(name)]
        instruction = self._instruction()
        response = self._response(has_list=bool(lists))
        if lists:
            messages = self._listed(lists)
            self._compare_with_list(messages, lists[0], instruction, response)
        elif instruction and response:
            messages = self._pair(instruction, response)
            self._check_rendering(messages, response)
        elif text := self._present(self.roles.text):
            return (Message(role="assistant", content=self._text(text[0], "empty text")),)
        elif response in self.roles.chosen and turn_list(columns[response]):
            self.used.add(response)
            messages = self.reader.read(columns[response])
        else:
            raise self._missing(instruction, response)
        messages = self._with_system(self._with_history(messages))
        check_conversation(messages)
        return messages

    def tags(self) -> tuple[str, ...]:
        """The tags that Tunesmith gave the row."""
        value = self.columns.get("tags")
        if not isinstance(value, list) or not all(isinstance(tag, str) for tag in value):
            return ()
        self.used.add("tags")
        return tuple(value)

    def unread(self) -> list[tuple[str, object]]:
        """What the example is not made of: columns, and keys of messages."""
        rest = [] if len(self.used) == len(self.columns) else self._rest()
        return rest + [(f"messages.{key}", value) for key, value in self.reader.aside]

    def _rest(self) -> list[tuple[str, object]]:
        return [
            (name, value)
            for name, value in self.columns.items()
            if name not in self.used and not is_blank(value)
        ]

    def _present(self, names: Sequence[str]) -> list[str]:
        """The columns that hold something; where none does, the first that is not null."""
        if not names:
            return []
        columns = self.columns
        if len(names) == 1 and isinstance(columns[names[0]], str):
            return list(names)
        given = [name for name in names if columns[name] is not None]
        full = [name for name in given if columns[name] != "" and not are_numbers(columns[name])]
        return full or given[:1]

    def _is_talk(self, name: str) -> bool:
        """Whether a column holds a conversation, and not a count or a name of one."""
        value = self.columns[name]
        if name in ("messages", "conversations"):
            return True
        if isinstance(value, str | Mapping):
            return turn_list(value) is not None
        return is_list(value) and not are_numbers(value) and not self._are_questions(name)

    def _are_questions(self, name: str) -> bool:
        """Whether a list holds the turns of the user alone, as MT-bench writes them."""
        value = self.columns[name]
        is_plain = is_list(value) and all(isinstance(one, str) for one in value)
        return name == "turns" and is_plain

    def _instruction(self) -> str | None:
        """The column that asks. Of several, the one that the others only lay out."""
        asked = [name for name in self.roles.messages if self._are_questions(name)]
        found = self._present((*self.roles.instruction, *asked))
        if len(found) < 2:
            return found[0] if found else None
        texts = {name: str(self.columns[name]) for name in found}
        shortest = min(found, key=lambda name: len(texts[name]))
        for name in found:
            if texts[shortest] not in texts[name]:
                raise _ambiguous(shortest, name, ours="instruction")
        self.used.update(name for name in found if texts[name] == texts[shortest])
        return shortest

    def _response(self, *, has_list: bool) -> str | None:
        columns, roles = self.columns, self.roles
        found = self._present(roles.response)
        is_pair = bool(self._present(roles.chosen)) and bool(self._present(roles.rejected))
        if is_pair and not has_list:
            found = [*found, roles.chosen[0]]
        elif not found and not has_list:
            found = self._present(roles.chosen)
        for name in found[1:]:
            if columns[name] != columns[found[0]]:
                raise _ambiguous(found[0], name, ours="response")
        if len(found) > 1:
            self.used.update(found)
        return found[0] if found else None

    def _listed(self, lists: Sequence[str]) -> tuple[Message, ...]:
        columns = self.columns
        text = self._present(self.roles.text)
        if text and columns[text[0]] != "":
            raise _ambiguous(lists[0], text[0], ours="messages")
        if has_tools(columns):
            raise RowError(TOOL_CALLS, "the row offers tools to call")
        messages = self.reader.read(columns[lists[0]])
        if len(lists) > 1:
            other = MessageReader().read(columns[lists[1]])
            _check_same(messages, other, lists[0], lists[1], ours="messages")
            if _holds(messages, other):
                self.used.add(lists[1])
        self.used.add(lists[0])
        return messages

    def _compare_with_list(
        self, messages: Sequence[Message], name: str, instruction: str | None, response: str | None
    ) -> None:
        """A pair beside a list says the same; a question alone may, and counts as read then."""
        if instruction and response:
            pair = self._pair(instruction, response)
            _check_same(messages, pair, name, response, ours="messages")
            if any(turn.input and not _holds(messages, [turn]) for turn in pair):
                roles = self.roles
                self.used.difference_update(roles.context, roles.input, roles.choices)
        elif instruction is not None:
            asked = plain_text(self.columns[instruction])
            if asked and any(asked.strip() in turn.content for turn in messages):
                self.used.add(instruction)

    def _pair(self, instruction: str, response: str) -> tuple[Message, ...]:
        """One question and one answer; either may be a list of messages, or of turns."""
        columns = self.columns
        asked, answered = columns[instruction], columns[response]
        turns = None if isinstance(asked, str) else _interleaved(asked, answered)
        if turns is not None:
            self.used.update((instruction, response))
            return self.reader.read(turns)
        if is_list(asked) and not _is_lone_text(asked):
            before = self.reader.read(asked)
            self.used.add(instruction)
        else:
            content = self._text(instruction, "empty instruction")
            before = (Message(role="user", content=content, input=self._input()),)
        after = self._answer(response)
        if len(after) > 1 and after[0].role == "user":  # the whole conversation once more
            return after if _holds(after, before) else before + after
        return after if after[: len(before)] == before else before + after

    def _answer(self, response: str) -> tuple[Message, ...]:
        value = self.columns[response]
        if isinstance(value, str):
            content = self._text(response, "empty response")
            return (Message(role="assistant", content=self._reasoned(content)),)
        if isinstance(value, Mapping) and is_list(value.get("text")):  # as SQuAD writes answers
            texts = [one for one in value["text"] if isinstance(one, str)]
            if not texts:
                raise RowError("no answer", f"field '{response}' holds no answer")
            self.used.add(response)
            return (Message(role="assistant", content=texts[0]),)
        if is_list(value) and not (value and isinstance(value[0], str)):
            self.used.add(response)
            return self.reader.read(value)
        content = self._text(response, "empty response")
        return (Message(role="assistant", content=self._reasoned(content)),)

    def _reasoned(self, content: str) -> str:
        found = self._present(self.roles.reasoning) if self.roles.reasoning else []
        if not found or not self.reader.choice.keeps_reasoning:
            return content
        reasoning = plain_text(self.columns[found[0]])
        if not reasoning or not reasoning.strip():
            return content
        self.used.add(found[0])
        return with_reasoning(reasoning, content)

    def _text(self, name: str, reason: str) -> str:
        self.used.add(name)
        return cell_content(self.columns[name], name, reason)

    def _input(self) -> str:
        """What it is to be applied to: contexts, Alpaca's input, the choices, below each other."""
        roles = self.roles
        if not (roles.context or roles.input or roles.choices):
            return ""
        parts: list[str] = []
        for name in (*roles.context, *roles.input):
            value = self.columns[name]
            if is_blank(value) or are_numbers(value):
                continue
            text = _joined(value, name)
            self.used.add(name)
            if text not in parts:
                parts.append(text)
        if roles.choices and (laid_out := self._choices()):
            parts.append(laid_out)
        return parts[0] if len(parts) == 1 else "\n\n".join(parts)

    def _choices(self) -> str:
        names = self.roles.choices
        values: object = self.columns[names[0]]
        if len(names) > 1:
            values = [str(self.columns[name]) for name in names if not is_blank(self.columns[name])]
        if is_blank(values):
            return ""
        self.used.update(names)
        return in_lettered_lines(choices_of(values, names[0]))

    def _with_history(self, messages: tuple[Message, ...]) -> tuple[Message, ...]:
        if not self.roles.history:
            return messages
        name = self.roles.history[0]
        if is_blank(self.columns[name]):
            return messages
        before = self.reader.read(self.columns[name])
        self.used.add(name)
        if messages[: len(before)] == before:
            return messages
        head = messages[:1] if messages[0].role == "system" else ()
        return head + before + messages[len(head) :]

    def _with_system(self, messages: tuple[Message, ...]) -> tuple[Message, ...]:
        found = self._present(self.roles.system) if self.roles.system else []
        if not found or is_blank(self.columns[found[0]]):
            if found and self.columns[found[0]] != "":
                self._text(found[0], "empty system message")
            return messages
        content = self._text(found[0], "empty system message")
        if messages[0].role != "system":
            return (Message(role="system", content=content), *messages)
        if messages[0].content != content:
            detail = f"a field '{found[0]}' and another system message in the list"
            raise RowError(AMBIGUOUS, detail)
        return messages

    def _check_rendering(self, messages: Sequence[Message], response: str) -> None:
        """Let a text pass that only lays out the instruction and the response beside it."""
        found = self._present(self.roles.text) if self.roles.text else []
        if not found or self.columns[found[0]] == "":
            return
        text = self.columns[found[0]]
        if not isinstance(text, str) or any(turn.content not in text for turn in messages):
            raise _ambiguous(response, found[0], ours="response")

    def _missing(self, instruction: str | None, response: str | None) -> RowError:
        roles, columns = self.roles, self.columns
        sides = (*roles.instruction, *roles.response)
        if instruction is None and response is None:
            nulls = [name for name in (*sides, *roles.messages, *roles.text) if name in columns]
            if nulls and columns[nulls[0]] is None:
                return RowError("null field", f"field '{nulls[0]}' is null")
            return RowError(
                MISSING,
                f"no field 'instruction', 'messages' or 'text'; found {found_in(columns)}. Map "
                "them: fields: {instruction: COLUMN, response: COLUMN}.",
            )
        ours, known = (
            ("response", roles.response) if instruction else ("instruction", roles.instruction)
        )
        if known:
            return RowError("null field", f"field '{known[0]}' is null")
        taken = (instruction, response, *OWN, *roles.input, *roles.context, *roles.system)
        others = [name for name in columns if name not in taken]
        column = others[0] if len(others) == 1 else "COLUMN"
        return RowError(
            MISSING,
            f"no field '{ours}'; found {found_in(columns)}. Map it: fields: {{{ours}: {column}}}.",
        )


def _interleaved(asked: object, answered: object) -> list[object] | None:
    """Turns of two lists of texts, the questions and the answers; None where they are none."""
    if not (is_list(asked) and is_list(answered) and len(asked) == len(answered) > 0):
        return None
    if not all(isinstance(one, str) for one in (*asked, *answered)):
        return None
    pairs = zip(asked, answered, strict=True)
    return [
        {"role": role, "content": one}
        for pair in pairs
        for role, one in zip(SIDES, pair, strict=True)
    ]


def _is_lone_text(value: Sequence[object]) -> bool:
    return len(value) == 1 and isinstance(value[0], str)


def _joined(value: object, name: str) -> str:
    """One text; of a list of texts, each in a paragraph of its own."""
    if is_list(value) and value and all(isinstance(one, str) for one in value):
        return "\n\n".join(str(one) for one in value)
    return cell_content(value, name, "")


def _holds(messages: Sequence[Message], others: Sequence[Message]) -> bool:
    """Whether a conversation says what others say."""
    said = [part.strip() for turn in messages for part in (turn.content, turn.input)]
    return all(part.strip() in said for one in others for part in (one.content, one.input))


def _check_same(
    first: Sequence[Message], second: Sequence[Message], one: str, other: str, *, ours: str
) -> None:
    def turns(messages: Sequence[Message]) -> list[tuple[str, str]]:
        return [(turn.role, turn.content) for turn in messages if turn.role != "system"]

    if turns(first) != turns(second):
        raise _ambiguous(one, other, ours=ours)


def _ambiguous(first: str, second: str, *, ours: str) -> TwoReadingsError:
    return TwoReadingsError(first, second, ours)
