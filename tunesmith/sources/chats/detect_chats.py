"""The beginning of a file, a folder or an archive -> which kind of chat it is, if any."""

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from tunesmith.errors import DataError
from tunesmith.recipe.values import SourceKind
from tunesmith.sources.archive import open_tree
from tunesmith.sources.chats.dialogues import conversation_column, message_columns, read_dialogues
from tunesmith.sources.chats.irc import is_irc_line
from tunesmith.sources.chats.messenger import is_messenger_export
from tunesmith.sources.chats.slack import is_slack_export
from tunesmith.sources.chats.whatsapp import is_whatsapp_line
from tunesmith.sources.material import Thread
from tunesmith.sources.row import Dropped, Row

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
_OTHER_SHAPES = frozenset({"summary", "label", "response", "output", "answer", "completion"})


def kind_of_tree(path: Path, name: str) -> SourceKind | None:
    """The kind of a folder or zip archive, by the names in it.

    Raises:
        DataError: An archive is damaged, hostile or too large.
    """
    tree = open_tree(path, name)
    tree.close()
    if is_slack_export(tree.names):
        return "slack"
    return "messenger" if is_messenger_export(tree.names) else None


def kind_of_text(head: bytes) -> SourceKind | None:
    """The kind of a text file by its first lines: a mailbox, or a chat written line by line."""
    text = head.decode("utf-8", "replace").lstrip("\ufeff\u200e")
    if (text.startswith("From ") and _MAIL_HEADER.search(text)) or _MAIL_BEGINS.match(head):
        return "mbox"
    lines = [line for line in text.split("\n")[:_NUM_LINES] if line.strip()]
    if lines and any(is_whatsapp_line(line) for line in lines[:2]):
        return "whatsapp"
    num_spoken = sum(is_irc_line(line) for line in lines)
    return "irc" if num_spoken >= 2 and num_spoken * 4 >= len(lines) else None


def is_messenger(head: bytes) -> bool:
    """Whether a JSON object begins as Messenger writes one."""
    return all(pattern.search(head) for pattern in _MESSENGER)


def are_dialogues(rows: Iterable[Row | Dropped], fields: Mapping[str, str]) -> bool:
    """Whether rows are dialogues, or the messages of some; rows that are examples are not.

    It is not enough that columns have fitting names: both sides must be seen to speak.
    """
    first = [row for row in _some(rows) if isinstance(row, Row)]
    if not first or _OTHER_SHAPES & first[0].fields.keys():
        return False
    names = [str(name) for name in first[0].fields]
    holds_talk = conversation_column(first[0].fields, fields) is not None
    if not holds_talk and message_columns(names, fields) is None:
        return False
    threads = [item for item in read_dialogues(first, fields, "") if isinstance(item, Thread)]
    return any(_has_two_sides(thread) for thread in threads)


def _some(rows: Iterable[Row | Dropped]) -> Iterator[Row | Dropped]:
    try:
        yield from itertools.islice(rows, _NUM_ROWS)
    except DataError:
        return  # whoever reads the whole file will say so


def _has_two_sides(thread: Thread) -> bool:
    parties = {turn.is_staff for turn in thread.turns}
    if parties == {None}:
        return len({turn.author for turn in thread.turns}) > 1
    return {True, False} <= parties
