"""The kinds of chats, as records: what each is recognised by, and who reads it."""

import itertools
import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache, partial
from pathlib import Path
from typing import Literal

from tunesmith.errors import DataError
from tunesmith.sources.chats.irc import is_irc_log, read_irc
from tunesmith.sources.chats.messenger import is_messenger_export, read_messenger
from tunesmith.sources.chats.slack.slack import is_slack_export, read_slack
from tunesmith.sources.chats.whatsapp.whatsapp import is_whatsapp_chat, read_whatsapp
from tunesmith.sources.dialogues.discord_page import MARK, read_discord_page
from tunesmith.sources.dialogues.read_dialogues import are_dialogues, read_dialogues
from tunesmith.sources.dialogues.transcripts import find_form, read_transcript
from tunesmith.sources.kind import Certainty, Recognition, SourceFile, SourceKind
from tunesmith.sources.mail.read_mail import is_mail_folder, is_named_mail, read_mailbox
from tunesmith.sources.material import Piece, Thread
from tunesmith.sources.page_kinds import format_of, is_page
from tunesmith.sources.row import Dropped, NotRead, Row
from tunesmith.sources.row_kinds import read_rows, row_kind
from tunesmith.sources.tables.json_files import read_json_values
from tunesmith.sources.unrecognised import unrecognised

_TextChat = Literal["mbox", "whatsapp", "irc"]
_RowPiece = Row | Dropped | NotRead
_NUM_LINES = 200
_NUM_ROWS = 200
_MAIL_HEADER = re.compile(
    r"^(?:From|Date|Subject|To|Message-ID|Received|Return-Path|X-\S+|MIME-Version): ?\S",
    re.MULTILINE | re.IGNORECASE,
)
_MAIL_BEGINS = re.compile(rb"(?:Return-Path|Received|Delivered-To|Message-ID|MIME-Version): ?\S")
_MESSENGER = (
    re.compile(rb'"participants"\s*:\s*\['),
    re.compile(rb'"(?:sender_name|senderName)"\s*:'),
)
_COLUMNS_OF_DIALOGUES = frozenset({"thread", "author", "role", "message"})


def _recognise_slack(file: SourceFile) -> Recognition | None:
    if not file.is_tree or not is_slack_export(file.inner_names):
        return None
    reason = "it holds a Slack export's channels with a file a day"
    return Recognition(certainty=Certainty.CERTAIN, reason=reason)


def _recognise_messenger(file: SourceFile) -> Recognition | None:
    """An export's folder or archive, or one file of it."""
    if file.is_tree:
        is_export = is_messenger_export(file.inner_names)
    else:
        starts = file.head.lstrip().startswith(b"{")
        is_export = starts and all(pattern.search(file.head) for pattern in _MESSENGER)
    if not is_export:
        return None
    reason = "it holds participants and messages, as Messenger exports them"
    return Recognition(certainty=Certainty.CERTAIN, reason=reason)


@lru_cache(maxsize=4)
def _text_chat(file: SourceFile) -> _TextChat | None:
    """A mailbox, or a chat written line by line; tags of a page would look like nicks.

    Messages may look like Markdown, and pages of Markdown may quote a log.
    """
    written = "html" if file.is_tree else format_of(file)
    if written == "html":
        return None
    text = file.head.decode("utf-8", "replace").lstrip("\ufeff\u200e")
    if (text.startswith("From ") and _MAIL_HEADER.search(text)) or _MAIL_BEGINS.match(file.head):
        return "mbox"
    lines = [line for line in text.split("\n")[:_NUM_LINES] if line.strip()]
    if is_whatsapp_chat(lines):
        return "whatsapp"
    least_share = 1 / 4 if written in (None, "plain") else 1 / 2
    return "irc" if is_irc_log(lines, least_share) else None


def _recognise_text(kind: _TextChat, reason: str, file: SourceFile) -> Recognition | None:
    if _text_chat(file) != kind:
        return None
    return Recognition(certainty=Certainty.LIKELY, reason=reason)


def _recognise_mail(file: SourceFile) -> Recognition | None:
    """A mailbox, a mail, or a folder or archive of them."""
    if file.is_tree and is_mail_folder(file.inner_names):
        return Recognition(certainty=Certainty.LIKELY, reason="most of its files are mails")
    if not file.is_tree and is_named_mail(file.path, file.head):
        return Recognition(certainty=Certainty.LIKELY, reason="its name and beginning are a mail's")
    return _recognise_text("mbox", "it begins as a mailbox, with From and headers", file)


def _recognise_dialogues(file: SourceFile) -> Recognition | None:
    """Rows that are dialogues, or the messages of some, as they show or the recipe says."""
    if _text_chat(file) or row_kind(file) is None:
        return None
    is_named = file.fields.keys() & _COLUMNS_OF_DIALOGUES
    rows = _set_aside(_some(_read_values(file)), [])
    if not is_named and not are_dialogues(rows, file.fields, file.name):
        return None
    reason = "its rows are turns of conversations, with who speaks"
    return Recognition(certainty=Certainty.LIKELY, reason=reason)


def _recognise_transcript(file: SourceFile) -> Recognition | None:
    """A text of who said what, which no table is, and no chat whose lines say more."""
    if MARK in file.head:
        reason = "it is a channel that DiscordChatExporter wrote as a page"
        return Recognition(certainty=Certainty.CERTAIN, reason=reason)
    is_text = format_of(file) in (None, "plain", "markdown") and b"\0" not in file.head
    if file.is_tree or not is_text or row_kind(file) in ("csv", "tsv", "parquet", "arrow"):
        return None
    form = find_form(file.head.decode("utf-8", "replace").lstrip("\ufeff\u200e").split("\n"))
    if form is None or (_text_chat(file) and form.name != "time, name"):
        return None
    reason = f"its lines say who speaks ({form.name})"
    return Recognition(certainty=Certainty.LIKELY, reason=reason)


def _read_transcript(file: SourceFile) -> Iterator[Piece]:
    read = read_discord_page if MARK in file.head else read_transcript
    return read(file.path, file.name)


def _some(rows: Iterable[_RowPiece]) -> Iterator[_RowPiece]:
    try:
        yield from itertools.islice(rows, _NUM_ROWS)
    except DataError:
        return  # whoever reads the whole file will say so


def _read(reader: Callable[[Path, str], Iterator[Piece]], file: SourceFile) -> Iterator[Piece]:
    return reader(file.path, file.name)


def _read_dialogues(file: SourceFile) -> Iterator[Thread | Dropped | NotRead]:
    if row_kind(file) is None and not (_text_chat(file) or is_page(file)):
        raise unrecognised(file)
    passed_over: list[NotRead] = []
    rows = _set_aside(_read_values(file), passed_over)
    return itertools.chain(read_dialogues(rows, file.fields, file.name), passed_over)


def _set_aside(pieces: Iterable[_RowPiece], passed_over: list[NotRead]) -> Iterator[Row | Dropped]:
    """Let rows through, and keep what is passed over."""
    for piece in pieces:
        if isinstance(piece, NotRead):
            passed_over.append(piece)
        else:
            yield piece


def _read_values(file: SourceFile) -> Iterator[_RowPiece]:
    """The rows of a file; of JSON whatever it holds, since dialogues may stand at any depth."""
    kind = row_kind(file)
    if kind not in ("json", "jsonl"):
        return read_rows(file)
    return read_json_values(file.path, file.name, is_lines=kind == "jsonl")


CHAT_KINDS = (
    SourceKind(
        name="slack",
        description="an export of Slack, its folder or zip archive",
        recognise=_recognise_slack,
        read=partial(_read, read_slack),
        takes_folders=True,
    ),
    SourceKind(
        name="messenger",
        description="an export of Messenger: a file, its folder or zip archive",
        recognise=_recognise_messenger,
        read=partial(_read, read_messenger),
        takes_folders=True,
    ),
    SourceKind(
        name="transcript",
        description="a text of who said what: transcripts, subtitles with names, Discord's text",
        recognise=_recognise_transcript,
        read=_read_transcript,
    ),
    SourceKind(
        name="mbox",
        description="a mailbox in one file, or a folder or zip archive of mails",
        recognise=_recognise_mail,
        read=partial(_read, read_mailbox),
        takes_folders=True,
    ),
    SourceKind(
        name="whatsapp",
        description="a chat as WhatsApp exports it",
        recognise=partial(
            _recognise_text, "whatsapp", "its lines begin with a date, a time and a name"
        ),
        read=partial(_read, read_whatsapp),
    ),
    SourceKind(
        name="irc",
        description="a log of an IRC channel",
        recognise=partial(_recognise_text, "irc", "its lines begin with a time and a nick"),
        read=partial(_read, read_irc),
    ),
    SourceKind(
        name="dialogues",
        description="rows that are dialogues, or the messages of some",
        recognise=_recognise_dialogues,
        read=_read_dialogues,
    ),
)
