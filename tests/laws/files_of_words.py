"""Files of every kind of source, whose every word of content stands in them once.

A file is drawn as a list of parts; each part writes words that no other part writes. So it can be
asked of each word where it went. Names, dates and marks are structure, and made of other words.
"""

import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any

_SYLLABLES = ("ba", "ku", "li", "mo", "ne", "ri", "sa", "to", "vu", "ze")


class Words:
    """New words on demand, and a list of all that were given."""

    def __init__(self) -> None:
        self.given: list[str] = []

    def some(self, count: int = 2) -> str:
        """Words nobody else has, with blanks between."""
        new = [_word(len(self.given) + place) for place in range(count)]
        self.given += new
        return " ".join(new)


def _word(number: int) -> str:
    return "q" + "".join(_SYLLABLES[int(digit)] for digit in f"{number:04}")


Part = Callable[[Words, int], Any]  # and its place in the file


@dataclass(frozen=True, slots=True, kw_only=True)
class FileKind:
    """How files of a kind are written.

    Attributes:
        kind: What a recipe calls it; None: as it is detected.
        name: Of the file.
        parts: By name, what a file may hold.
        write: Writes all parts of a file into a folder.
        fields: Of the recipe.
    """

    kind: str | None
    name: str
    parts: Mapping[str, Part]
    write: Callable[[Path, Sequence[Any]], None]
    fields: Mapping[str, str] = field(default_factory=dict)


def lines(path: Path, parts: Sequence[Any]) -> None:
    path.write_text("".join(f"{part}\n" for part in parts), encoding="utf-8")


def _blocks(path: Path, parts: Sequence[Any]) -> None:
    path.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def _who(place: int) -> str:
    return ("Ann", "Bob", "Cem")[place % 3]


def _question(words: Words) -> str:
    return f"How do I {words.some()}?"


def _statement(words: Words) -> str:
    return f"You can {words.some()}."


_TALK: dict[str, Callable[[Words], str]] = {
    "question": _question,
    "statement": _statement,
    "thanks": lambda words: f"Thanks! {words.some(1)}",
    "link": lambda words: f"see {words.some(1)} and {words.some(1)}: the end",
}


def _chat_parts(line: Callable[[int, str], Any], **others: Part) -> dict[str, Part]:
    """Said things in the form of a chat, by anyone in turn; and what else it holds."""

    def said(say: Callable[[Words], str]) -> Part:
        return lambda words, place: line(place, say(words))

    return {name: said(say) for name, say in _TALK.items()} | others


def _time(place: int) -> str:
    return f"{place // 60 % 24:02}:{place % 60:02}"


def _whatsapp_line(place: int, text: str) -> str:
    return f"19/07/2022, {_time(place)} - {_who(place)}: {text}"


WHATSAPP = FileKind(
    kind="whatsapp",
    name="chat.txt",
    parts=_chat_parts(
        _whatsapp_line,
        notice=lambda words, place: f"19/07/2022, {_time(place)} - Ann added {words.some(1)}",
        media=lambda words, place: _whatsapp_line(place, "<Media omitted>"),
        deleted=lambda words, place: _whatsapp_line(place, "This message was deleted"),
        second_line=lambda words, place: f"{words.some()}",
    ),
    write=lambda path, parts: lines(path, [_whatsapp_line(0, "Hello"), *parts]),
)


def _irc_line(place: int, text: str) -> str:
    return f"[{_time(place)}] <{_who(place)}> {text}"


IRC = FileKind(
    kind="irc",
    name="channel.log",
    parts=_chat_parts(
        _irc_line,
        addressed=lambda words, place: _irc_line(place, f"Ann: {words.some()}"),
        joined=lambda words, place: f"[{_time(place)}] *** {words.some(1)} has joined #x",
        acted=lambda words, place: f"[{_time(place)}] * Bob {words.some()}",
        broken=lambda words, place: words.some(),
    ),
    write=lambda path, parts: lines(path, [_irc_line(0, "hello"), *parts]),
)


def _slack_message(place: int, text: str) -> dict[str, Any]:
    return {"type": "message", "user": f"U{_who(place)}", "text": text, "ts": f"{1600 + place}.0"}


def _slack_like(**more: Any) -> Part:
    def part(words: Words, place: int) -> dict[str, Any]:
        return {**_slack_message(place, words.some()), **more}

    return part


def _write_slack(path: Path, parts: Sequence[Any]) -> None:
    day = json.dumps([_slack_message(0, "Hello"), *parts])
    users = [{"id": f"U{name}", "name": name} for name in ("Ann", "Bob", "Cem")]
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("users.json", json.dumps(users))
        archive.writestr("channels.json", json.dumps([{"id": "C1", "name": "general"}]))
        archive.writestr("general/2026-01-05.json", day)


def _slack_file(words: Words, place: int) -> dict[str, Any]:
    return {**_slack_message(place, ""), "files": [{"name": f"{words.some(1)}.pdf"}]}


def _slack_attachment(words: Words, place: int) -> dict[str, Any]:
    return {**_slack_message(place, ""), "attachments": [{"text": words.some()}]}


def _slack_block(words: Words, place: int) -> dict[str, Any]:
    link = {"type": "link", "url": "https://example.com", "text": words.some(1)}
    texts = [{"type": "text", "text": f"{words.some()} "}, link]
    section = {"type": "rich_text_section", "elements": texts}
    return {**_slack_message(place, ""), "blocks": [{"type": "rich_text", "elements": [section]}]}


SLACK = FileKind(
    kind="slack",
    name="export.zip",
    parts=_chat_parts(
        _slack_message,
        bot=_slack_like(subtype="bot_message", bot_id="B1"),
        joined=_slack_like(subtype="channel_join"),
        in_thread=_slack_like(thread_ts="1600.0"),
        file=_slack_file,
        attachment=_slack_attachment,
        block=_slack_block,
    ),
    write=_write_slack,
)


def _messenger_message(place: int, text: str) -> dict[str, Any]:
    return {"sender_name": _who(place), "timestamp_ms": place * 1000, "content": text}


def _write_messenger(path: Path, parts: Sequence[Any]) -> None:
    people = [{"name": name} for name in ("Ann", "Bob", "Cem")]
    messages = [*reversed(parts), _messenger_message(0, "Hello")]
    path.write_text(json.dumps({"participants": people, "messages": messages}))


MESSENGER = FileKind(
    kind="messenger",
    name="message_1.json",
    parts=_chat_parts(
        _messenger_message,
        call=lambda words, place: {**_messenger_message(place, words.some()), "type": "Call"},
        unsent=lambda words, place: {**_messenger_message(place, words.some()), "is_unsent": True},
        nobody=lambda words, place: {"content": words.some(), "timestamp_ms": place},
    ),
    write=_write_messenger,
)


def _mail(place: int, text: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = f"{_who(place)} <{_who(place).lower()}@example.com>"
    mail["Date"] = f"Mon, 05 Jan 2026 {_time(place)}:00 +0000"
    mail["Subject"] = f"Re: printer {place // 3}"
    mail["Message-ID"] = f"<{place}@example.com>"
    if place % 3:
        mail["In-Reply-To"] = f"<{place - place % 3}@example.com>"
    mail.set_content(text)
    return mail


def _html_mail(words: Words, place: int) -> EmailMessage:
    mail = _mail(place, f"Plain {words.some()}")
    mail.add_alternative(f"<p>{words.given[-2]} {words.given[-1]}</p>", subtype="html")
    return mail


def _attached(words: Words, place: int) -> EmailMessage:
    mail = _mail(place, _statement(words))
    name = f"{words.some(1)}.csv"
    mail.add_attachment(b"a,b", maintype="text", subtype="csv", filename=name)
    return mail


def _signed(words: Words, place: int) -> EmailMessage:
    return _mail(place, f"{_statement(words)}\n\n-- \n{words.some()}\n")


def _quoting(words: Words, place: int) -> EmailMessage:
    quote = "On Monday, Ann wrote:\n> " + words.some()
    return _mail(place, f"{_statement(words)}\n\n{quote}\n")


def _write_mailbox(path: Path, parts: Sequence[Any]) -> None:
    envelope = b"From ann@example.com Mon Jan  5 10:00:00 2026\n"
    path.write_bytes(b"".join(envelope + part.as_bytes() + b"\n" for part in parts))


MAILBOX = FileKind(
    kind="mbox",
    name="support.mbox",
    parts=_chat_parts(_mail, html=_html_mail, attached=_attached, signed=_signed, quoting=_quoting),
    write=_write_mailbox,
)


def _turn(place: int, text: str) -> dict[str, str]:
    return {"speaker": ("customer", "agent")[place % 2], "text": text}


def _write_dialogues(path: Path, parts: Sequence[Any]) -> None:
    rows = [
        {"id": f"d{begin}", "turns": list(parts[begin : begin + 4])}
        for begin in range(0, len(parts), 4)
    ]
    lines(path, [json.dumps(row) for row in rows])


DIALOGUES = FileKind(
    kind="dialogues",
    name="calls.jsonl",
    parts=_chat_parts(
        _turn,
        silent=lambda words, place: {"speaker": "agent", "text": ""},
        nobody=lambda words, place: {"text": words.some()},
        annotated=lambda words, place: {**_turn(place, words.some()), "intent": words.some(1)},
    ),
    write=_write_dialogues,
)


def _telegram_message(place: int, text: Any) -> dict[str, Any]:
    name = _who(place)
    head = {"id": place, "type": "message", "date": f"2026-01-05T{_time(place)}:00"}
    return {**head, "from": name, "from_id": f"user{name}", "text": text}


def _formatted(words: Words, place: int) -> dict[str, Any]:
    bold = {"type": "bold", "text": words.some(1)}
    return _telegram_message(place, [f"{words.some(1)} ", bold, f" {words.some(1)}"])


def _joined(words: Words, place: int) -> dict[str, Any]:
    head = {"id": place, "type": "service", "date": "2026-01-05T10:00:00", "actor": "Ann"}
    return {**head, "action": "edit_group_title", "title": words.some(1), "text": ""}


def _write_telegram(path: Path, parts: Sequence[Any]) -> None:
    messages = [_telegram_message(0, "Hello"), *parts]
    path.write_text(json.dumps({"name": "x", "type": "private_group", "messages": messages}))


TELEGRAM = FileKind(
    kind=None,
    name="result.json",
    parts=_chat_parts(_telegram_message, formatted=_formatted, joined=_joined),
    write=_write_telegram,
)


def _transcript_line(place: int, text: str) -> str:
    return f"[00:{_time(place)}] {_who(place)}: {text}"


_GREETINGS = [_transcript_line(place, "Hello") for place in range(12)]
TRANSCRIPT = FileKind(
    kind="transcript",
    name="call.txt",
    parts=_chat_parts(_transcript_line, second_line=lambda words, place: words.some()),
    write=lambda path, parts: lines(path, [*_GREETINGS, *parts]),
)

# Rows: cells of content, cells beside them, and rows that are broken.


LONG_TEXT = FileKind(
    kind="text",
    name="novel.txt",
    parts={
        "paragraph": lambda words, place: f"He saw {words.some()}. {words.some(9)}.",
        "chapter": lambda words, place: f"CHAPTER {place}",
        "section": lambda words, place: f" = {words.some()} = ",
        "spoken": lambda words, place: f'"Where is {words.some()}?"',
        "long": lambda words, place: ". ".join(words.some(5) for _ in range(60)),
    },
    write=_blocks,
)

CHAT_FILES = (
    WHATSAPP,
    IRC,
    SLACK,
    MESSENGER,
    MAILBOX,
    DIALOGUES,
    TELEGRAM,
    TRANSCRIPT,
)
TEXT_FILES = (LONG_TEXT,)
