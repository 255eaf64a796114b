"""A turn's fields -> what was said, by whom, to whom; and a conversation's sides, once it is whole.

Left out with a reason: what a program wrote, what was taken back, notes that a customer never saw,
turns without words or without a speaker.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tunesmith.sources.chats.post import (
    BOT_MESSAGE,
    DELETED,
    INTERNAL_NOTE,
    NO_TEXT,
    SYSTEM_MESSAGE,
    Names,
    Post,
)
from tunesmith.sources.dialogues.moments import unix_seconds
from tunesmith.sources.dialogues.speaker_labels import is_action
from tunesmith.sources.dialogues.turn_fields import (
    Flat,
    TurnFields,
    field_key,
    is_flagged,
    named,
    side_of,
    text_of,
)
from tunesmith.sources.material import Turn
from tunesmith.sources.row import Dropped, RowError

_SYSTEM = "system"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A turn as it stands in its file, before it is known who of all speakers answers.

    Attributes:
        text: What was said.
        source: Where.
        role: What the file calls the speaker's part.
        author: The speaker's name, or id where there is no name.
        account: The speaker's id, where a name stands beside it.
        is_staff: Whether a field of true and false says that the speaker answers.
        seconds: Unix time.
        id: The message's own.
        reply: The id of the message that this one answers.
        to: Accounts that it mentions.
    """

    text: str
    source: str
    role: str = ""
    author: str = ""
    account: str = ""
    is_staff: bool | None = None
    seconds: float | None = None
    id: str = ""
    reply: str = ""
    to: tuple[str, ...] = ()

    @property
    def labels(self) -> tuple[str, ...]:
        """What may tell the speaker's side: the role, and a name that is nobody's account."""
        name = "" if self.account else self.author
        return tuple(label for label in (self.role, name) if label)


def read_said(turn: Flat, fields: TurnFields, source: str) -> Said:
    """Read one turn.

    Raises:
        RowError: It holds no words of anybody, or none that are meant to be read.
    """
    _check_kind(turn, fields)
    role, author, account = (
        _word(turn, path) for path in (fields.role, fields.author, fields.account)
    )
    is_staff = _answers(turn, fields)
    if not (role or author or account or is_staff is not None):
        raise RowError("no author", "nobody is named as the speaker")
    text = next((text for path in fields.texts if (text := text_of(turn.get(path)))), "")
    program = next((label for label in (role, author) if is_action(label)), None)
    if not text:
        if program:
            raise RowError(SYSTEM_MESSAGE, f"of the kind {program}")
        raise _wordless(turn, fields)
    return Said(
        text=text,
        source=source,
        role=role,
        author=author or account,
        account=account,
        is_staff=is_staff,
        seconds=unix_seconds(turn.get(fields.others.get("time", ""))),
        id=_word(turn, fields.others.get("id")),
        reply=_word(turn, fields.others.get("reply")),
        to=tuple(_mentioned(turn.get(fields.others.get("mentions", "")))),
    )


def as_turns(said: Sequence[Said]) -> Iterator[tuple[Said, Turn] | Dropped]:
    """The turns of one conversation, each with its side as far as labels or flags tell it."""
    sides = _sides(said)
    for one in said:
        label = next((label for label in one.labels if is_action(label)), None)
        if label and label.casefold() not in sides:
            fault = RowError(SYSTEM_MESSAGE, f"of the kind {label}")
            yield Dropped.of(fault, source=one.source, text=one.text)
            continue
        is_staff = one.is_staff
        if is_staff is None:
            found = (sides.get(label.casefold()) for label in one.labels)
            is_staff = next((one for one in found if one is not None), None)
        name = one.account or one.author or one.role or ("agent" if one.is_staff else "customer")
        if is_staff is not None and one.role and one.author:
            name = f"{one.author} ({one.role})"  # who may ask in another ticket
        yield (
            one,
            Turn(
                author=name,
                text=one.text,
                source=one.source,
                seconds=one.seconds,
                is_staff=is_staff,
            ),
        )


def as_posts(turns: Sequence[tuple[Said, Turn]]) -> list[Post]:
    """Turns of an open chat, with what they answer and whom they mention."""
    sources = {said.id: said.source for said, _ in turns if said.id}
    return [
        Post(
            turn=turn,
            to=tuple(account for account in said.to if account != turn.author),
            reply_to=sources.get(said.reply) if said.reply else None,
        )
        for said, turn in turns
    ]


def names_of(said: Sequence[Said]) -> Names:
    """What accounts are called."""
    return tuple(dict.fromkeys((one.account, one.author) for one in said if one.account))


def _check_kind(turn: Flat, fields: TurnFields) -> None:
    """Refuse what is no message for others to read."""
    others = fields.others
    deleted = turn.get(others.get("deleted", ""))
    if deleted not in (None, "", False, 0) and _is_true_or_time(deleted):
        raise RowError(DELETED, "the message was taken back")
    is_public = is_flagged(turn, others.get("public"))
    kind = _word(turn, others.get("kind"))
    is_note = field_key(kind) in named("notes")
    if is_flagged(turn, others.get("internal")) or is_public is False or is_note:
        raise RowError(INTERNAL_NOTE, "written for colleagues, not for the customer")
    if is_flagged(turn, others.get("bot")):
        raise RowError(BOT_MESSAGE, "written by a program")
    if kind and field_key(kind) not in named("kinds_of_people"):
        raise RowError(SYSTEM_MESSAGE, f"of the kind {kind}")


def _is_true_or_time(value: object) -> bool:
    return str(value).strip().casefold() not in ("false", "0", "no")


def _wordless(turn: Flat, fields: TurnFields) -> RowError:
    value = turn.get(fields.texts[0])
    if value is not None and not isinstance(value, str | list | tuple | Mapping):
        return RowError("not a text", f"the field '{fields.texts[0]}' is no text")
    return RowError(NO_TEXT, f"the field '{fields.texts[0]}' is empty")


def _answers(turn: Flat, fields: TurnFields) -> bool | None:
    asks = is_flagged(turn, fields.others.get("asks"))
    if asks is not None:
        return not asks
    return is_flagged(turn, fields.others.get("answers"))


def _sides(said: Sequence[Said]) -> dict[str, bool | None]:
    """Which labels stand on which side, in small letters; programs are left out.

    `system` is the side that answers where nobody else does, as in task-oriented data sets. Where
    all speakers stand on one side, as `agent_1` and `agent_2` do, the labels tell nothing.
    """
    labels = Counter(label.casefold() for one in said for label in one.labels)
    sides = {label: side_of(label) for label in labels if not is_action(label)}
    known = set(sides.values()) - {None}
    first = {label.casefold() for one in said[:1] for label in one.labels}
    is_prompt = _SYSTEM in first and labels[_SYSTEM] == 1
    if set(sides.values()) == {False} and labels[_SYSTEM] * 4 >= len(said) and not is_prompt:
        sides[_SYSTEM] = True
    elif len(known) == 1 and None not in sides.values() and len(sides) > 1:
        return dict.fromkeys(sides)
    return sides


def _mentioned(value: object) -> Iterator[str]:
    """Accounts in a list of people."""
    if isinstance(value, list | tuple):
        for one in value:
            if isinstance(one, Mapping) and (account := one.get("id") or one.get("name")):
                yield str(account)
            elif isinstance(one, str):
                yield one


def _word(turn: Flat, path: str | None) -> str:
    value = turn.get(path) if path else None
    return "" if value is None or isinstance(value, list | Mapping) else str(value).strip()
