"""One row and the roles of its columns -> the conversation in it, and what was not used for it.

A question and its answer, with what they are about, before it and to choose from; a list of
messages; a text. Whatever could be read in two ways is refused.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from tunesmith.examples.columns.column_names import ColumnRoles
from tunesmith.examples.conversion.cell_paths import OTHERS
from tunesmith.examples.conversion.cell_text import (
    are_numbers,
    cell_content,
    is_blank,
    is_list,
    plain_text,
)
from tunesmith.examples.conversion.context_text import context_text
from tunesmith.examples.conversion.conversations import (
    TOOL_CALLS,
    MessageReader,
    check_conversation,
    has_tools,
    with_reasoning,
)
from tunesmith.examples.conversion.row_faults import (
    AMBIGUOUS,
    is_undesired,
    missing_part,
    position_fault,
    two_readings,
    unfit,
)
from tunesmith.examples.conversion.talk_forms import asked_and_answered, turn_keys, turn_list
from tunesmith.examples.example import Message
from tunesmith.examples.tasks.cells import AnswerChoices, choices_of, in_lettered_lines
from tunesmith.sources.row import RowError

RowFields = Mapping[str, object]
UNDESIRED = "undesired answer"
_NO_MESSAGES = ("message_missing_key", "missing_messages_list", "data_type")


@dataclass(slots=True)
class RowReading:
    """One row while it is read.

    Attributes:
        used: The columns that the example is made of.
        left: What of them it is not made of, by name.
    """

    columns: RowFields
    roles: ColumnRoles
    reader: MessageReader
    used: set[str] = field(default_factory=set)
    left: list[tuple[str, object]] = field(default_factory=list)

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
        elif response and self._present(self.roles.history):
            messages = self._answer(response)  # the last of the earlier turns asks
        else:
            raise missing_part(columns, self.roles, instruction, response)
        messages = self._with_system(self._with_history(messages))
        check_conversation(messages)
        self._check_desired()
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
        return rest + self.left + [(f"messages.{key}", value) for key, value in self.reader.aside]

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
                raise two_readings(shortest, name, ours="instruction")
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
                raise two_readings(found[0], name, ours="response")
        if len(found) > 1:
            self.used.update(found)
        return found[0] if found else None

    def _listed(self, lists: Sequence[str]) -> tuple[Message, ...]:
        columns = self.columns
        text = self._present(self.roles.text)
        if text and columns[text[0]] != "":
            raise two_readings(lists[0], text[0], ours="messages")
        if has_tools(columns):
            raise RowError(TOOL_CALLS, "the row offers tools to call")
        messages = self._turns(lists[0], "messages")
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
        turns = None if isinstance(asked, str) else asked_and_answered(asked, answered)
        if turns is not None:
            self.used.update((instruction, response))
            messages = self.reader.read(turns)
            return (replace(messages[0], input=self._input()), *messages[1:])
        if is_list(asked) and not _is_lone_text(asked):
            before = self._turns(instruction, "instruction")
        else:
            content = self._text(instruction, "empty instruction", "instruction")
            before = (Message(role="user", content=content, input=self._input()),)
        after = self._answer(response)
        if len(after) > 1 and after[0].role == "user":  # the whole conversation once more
            return after if _holds(after, before) else before + after
        return after if after[: len(before)] == before else before + after

    def _answer(self, response: str) -> tuple[Message, ...]:
        value = self.columns[response]
        if isinstance(value, Mapping) and is_list(value.get("text")):  # as SQuAD writes answers
            texts = [one for one in value["text"] if isinstance(one, str)]
            if not texts:
                raise RowError("no answer", f"field '{response}' holds no answer")
            self.used.add(response)
            if len(set(texts)) > 1:
                self.left.append((f"{response}{OTHERS}", texts[1:]))
            return (Message(role="assistant", content=texts[0]),)
        if is_list(value) and not (value and isinstance(value[0], str)):
            return self._turns(response, "response")
        content = self._text(response, "empty response", "response")
        self._check_position(content, response)
        return (Message(role="assistant", content=self._reasoned(content)),)

    def _turns(self, name: str, ours: str) -> tuple[Message, ...]:
        """The messages of a column."""
        value = self.columns[name]
        is_text = isinstance(value, str)
        if ours in ("instruction", "response") and not is_text and not _are_messages(value):
            fault = RowError("not a text", f"field '{name}' holds neither a text nor messages")
            raise unfit(fault, name, value, ours)
        try:
            messages = self.reader.read(value)
        except RowError as fault:
            if fault.reason in _NO_MESSAGES and not is_blank(value):
                raise unfit(fault, name, value, ours) from None
            raise
        self.used.add(name)
        return messages

    def _check_position(self, content: str, response: str) -> None:
        """Refuse an answer that is the place of a choice, counted from nobody knows where."""
        choices = self._offered() if self.roles.choices and content.strip().isdecimal() else None
        if choices and content.strip() not in (*choices.letters, *choices.texts):
            detail = f"field '{response}' is {content.strip()[:20]}, and choices have letters"
            raise position_fault(RowError("unknown choice", detail), response, self.roles)

    def _check_desired(self) -> None:
        for name in self.roles.verdicts:
            value = self.columns[name]
            if value is False or (isinstance(value, str) and is_undesired(value)):
                raise RowError(UNDESIRED, f"field '{name}' is {str(value)[:20]}")

    def _reasoned(self, content: str) -> str:
        found = self._present(self.roles.reasoning) if self.roles.reasoning else []
        if not found or not self.reader.choice.keeps_reasoning:
            return content
        reasoning = plain_text(self.columns[found[0]])
        if not reasoning or not reasoning.strip():
            return content
        self.used.add(found[0])
        return with_reasoning(reasoning, content)

    def _text(self, name: str, reason: str, ours: str = "") -> str:
        self.used.add(name)
        value = self.columns[name]
        try:
            return cell_content(value, name, reason)
        except RowError as fault:
            if ours and not is_blank(value) and (is_list(value) or isinstance(value, Mapping)):
                raise unfit(fault, name, value, ours) from None
            raise

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
            text = self._context(name)
            if text not in parts:
                parts.append(text)
        if roles.choices and (laid_out := self._choices()):
            parts.append(laid_out)
        return parts[0] if len(parts) == 1 else "\n\n".join(parts)

    def _context(self, name: str) -> str:
        self.used.add(name)
        value = self.columns[name]
        try:
            text, left = context_text(value, name)
        except RowError as fault:
            raise unfit(fault, name, value, "input") from None
        self.left += left
        return text

    def _choices(self) -> str:
        choices = self._offered()
        return "" if choices is None else in_lettered_lines(choices)

    def _offered(self) -> AnswerChoices | None:
        names = self.roles.choices
        values: object = self.columns[names[0]]
        marks: tuple[str, ...] = ()
        if len(names) > 1:
            given = [name for name in names if not is_blank(self.columns[name])]
            values = [str(self.columns[name]) for name in given]
            marks = tuple(name[-1] for name in given if name[-1].isdecimal())
        if is_blank(values):
            return None
        self.used.update(names)
        choices = choices_of(values, names[0])
        return replace(choices, letters=marks) if len(marks) == len(choices.texts) else choices

    def _with_history(self, messages: tuple[Message, ...]) -> tuple[Message, ...]:
        if not self.roles.history:
            return messages
        name = self.roles.history[0]
        if is_blank(self.columns[name]):
            return messages
        before = self._turns(name, "history" if messages[0].role == "user" else "instruction")
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
        is_text = not isinstance(self.columns[found[0]], Mapping | list | tuple)
        content = (
            self._text(found[0], "empty system message") if is_text else self._context(found[0])
        )
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
            raise two_readings(response, found[0], ours="response")


def _are_messages(value: object) -> bool:
    """Whether a list holds messages that say who speaks, or texts in turn."""
    if not is_list(value) or not value or not isinstance(value[0], Mapping):
        return is_list(value)
    keys = turn_keys(tuple(value[0]))
    return keys is not None and keys.who in value[0]


def _is_lone_text(value: Sequence[object]) -> bool:
    return len(value) == 1 and isinstance(value[0], str)


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
        raise two_readings(one, other, ours=ours)
