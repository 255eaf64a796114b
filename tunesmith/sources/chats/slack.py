"""A Slack export, a folder or the zip archive as it was downloaded -> threads.

Threads are taken as Slack has them, over all day files; what is written outside of threads
becomes conversations by who answers whom (`replies`). A place is `channel/day.json:ts`.
Format: https://slack.com/help/articles/220556107.
"""

import codecs
import itertools
import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tunesmith.errors import DataError
from tunesmith.sources.archive import FolderTree, ZipTree, open_tree
from tunesmith.sources.chats.post import (
    BOT_MESSAGE,
    DELETED,
    NO_TEXT,
    NOT_A_DAY,
    SYSTEM_MESSAGE,
    Post,
    as_thread,
    check_held,
    in_order,
)
from tunesmith.sources.chats.slack_text import mentioned, without_slack_markup
from tunesmith.sources.chats.who_answers_whom import ChannelPace, find_threads
from tunesmith.sources.material import Thread, Turn
from tunesmith.sources.row import Dropped, RowError
from tunesmith.sources.tables.json_list import split_list
from tunesmith.sources.tables.strict_json import parse_json

_DAY_FILE = re.compile(r"(?:.*/)?([^/]+)/(\d{4}-\d\d-\d\d)\.json")
_TS = re.compile(r"\d{1,12}(?:\.\d{1,9})?")
_PEOPLE = frozenset({None, "", "thread_broadcast", "me_message", "file_share", "reply_broadcast"})
_PACE = ChannelPace(burst=600.0, alone=4500.0, pause=3600.0, wait=24 * 3600.0)
_LISTS = ("users.json", "org_users.json", "channels.json", "groups.json")

logger = logging.getLogger(__name__)
Tree = FolderTree | ZipTree


@dataclass(frozen=True, slots=True, kw_only=True)
class _Message:
    """One message of a day file."""

    fields: Mapping[str, Any]
    ts: str
    source: str

    @property
    def thread(self) -> str:
        """The thread's first message; of a message outside of threads, its own."""
        value = self.fields.get("thread_ts")
        return value if isinstance(value, str) and _TS.fullmatch(value) else self.ts

    @property
    def author(self) -> str | None:
        value = self.fields.get("user")
        return value if isinstance(value, str) and value else None


@dataclass(slots=True)
class _Channel:
    """What one channel holds, until all its days are read."""

    messages: dict[str, _Message] = field(default_factory=dict)  # by ts
    num_characters: int = 0


def is_slack_export(names: Iterable[str]) -> bool:
    """Whether these are the files of an export: day files in folders, or its lists."""
    return any(_DAY_FILE.fullmatch(name) for name in names)


def read_slack(path: Path, name: str) -> Iterator[Thread | Dropped]:
    """The threads of all channels, one channel in memory at a time.

    Raises:
        DataError: It is no Slack export, or the archive is damaged, hostile or too large.
    """
    tree = open_tree(path, name)
    try:
        days = _days_by_channel(tree.names)
        if not days:
            raise DataError(
                "is no Slack export: no file is called like general/2026-01-05.json",
                where=name,
                cure="Name the folder or .zip that Slack's export gave, with channels in it.",
            )
        yield from _other_files(tree)
        names, bots, faults = _accounts(tree, name)
        yield from faults
        for files in days.values():
            yield from _channel_threads(tree, files, names, bots)
    finally:
        tree.close()


def _days_by_channel(names: Iterable[str]) -> dict[str, list[str]]:
    """Day files by the folder they stand in, oldest first."""
    days: dict[str, list[str]] = {}
    for name in sorted(names):
        if _DAY_FILE.fullmatch(name) and not name.startswith("__MACOSX/"):
            days.setdefault(name.rpartition("/")[0], []).append(name)
    return days


def _other_files(tree: Tree) -> Iterator[Dropped]:
    """Files of channels that are no day files; lists at the top belong to the export."""
    for name in tree.links:
        yield Dropped.of(RowError("link", "leads elsewhere"), source=f"{name}:1")
    for name in tree.names:
        is_inside = name.count("/") > 0 and not name.startswith("__MACOSX/")
        is_hidden = name.rpartition("/")[2].startswith(".")
        if is_inside and not is_hidden and not _DAY_FILE.fullmatch(name) and not _is_list(name):
            detail = "is no day file such as 2026-01-05.json"
            yield Dropped.of(RowError(NOT_A_DAY, detail), source=f"{name}:1")


def _is_list(name: str) -> bool:
    """`users.json` beside the channels, also where the archive holds one folder."""
    return name.endswith(".json") and name.count("/") <= 1


def _accounts(tree: Tree, name: str) -> tuple[dict[str, str], frozenset[str], list[Dropped]]:
    """What accounts and channels are called, which accounts are bots, and bad entries."""
    names: dict[str, str] = {}
    bots = {"USLACKBOT"}
    faults: list[Dropped] = []
    for path in tree.names:
        if path.count("/") > 1 or path.rpartition("/")[2] not in _LISTS:
            continue
        for entry in _elements(tree, path):
            if isinstance(entry, Dropped):
                faults.append(entry)
                continue
            fields, _ = entry
            key, called = fields.get("id"), _called(fields)
            if isinstance(key, str) and called:
                names[key] = called
            if fields.get("is_bot") is True and isinstance(key, str):
                bots.add(key)
    if not any(path.rpartition("/")[2].endswith("users.json") for path in tree.names):
        logger.warning("%s has no users.json; people are called by their account's id", name)
    return names, frozenset(bots), faults


def _called(fields: Mapping[str, Any]) -> str | None:
    profile = fields.get("profile")
    candidates = [fields.get("name"), fields.get("real_name")]
    if isinstance(profile, Mapping):
        candidates[:0] = [profile.get("display_name")]
        candidates.append(profile.get("real_name"))
    for value in candidates:
        if isinstance(value, str) and value.strip():
            return value.strip()
    return None


def _channel_threads(
    tree: Tree, files: Iterable[str], names: Mapping[str, str], bots: frozenset[str]
) -> Iterator[Thread | Dropped]:
    channel = _Channel()
    for path in files:
        yield from _read_day(tree, path, channel)
    threads: dict[str, list[Post]] = {}
    for message in sorted(channel.messages.values(), key=lambda message: float(message.ts)):
        post = _post(message, names, bots)
        if isinstance(post, Dropped):
            yield post
        else:
            threads.setdefault(message.thread, []).append(post)
    yield from _conversations(threads, channel.messages, names)


def _conversations(
    threads: Mapping[str, list[Post]], messages: Mapping[str, _Message], names: Mapping[str, str]
) -> Iterator[Thread | Dropped]:
    """Threads of two messages and more; single messages are the channel's open talk."""
    called = tuple(names.items())
    loose: list[Post] = []
    for first, posts in threads.items():
        is_reply = not posts[0].turn.source.endswith(f":{first}")  # to a message that is gone
        if len(posts) > 1 or is_reply or _has_replies(messages.get(first)):
            yield as_thread([post.turn for post in posts], called)
        else:
            loose += posts
    if loose:
        yield from find_threads(in_order(loose), _PACE, names=called)


def _has_replies(message: _Message | None) -> bool:
    """A thread whose replies were all left out is no open talk either."""
    count = message.fields.get("reply_count") if message else None
    return isinstance(count, int) and count > 0


def _read_day(tree: Tree, path: str, channel: _Channel) -> Iterator[Dropped]:
    """Put a day's messages into the channel; edits and deletions change what is there."""
    short = "/".join(path.split("/")[-2:])
    for entry in _elements(tree, path):
        if isinstance(entry, Dropped):
            yield entry
            continue
        fields, line = entry
        ts = fields.get("ts")
        if not isinstance(ts, str) or not _TS.fullmatch(ts):
            detail = f"a message needs a ts such as 1767600000.000100, this has {str(ts)[:40]}"
            yield _dropped(f"{short}:{line}", "no timestamp", detail, fields)
            continue
        yield from _place(channel, _Message(fields=fields, ts=ts, source=f"{short}:{ts}"))
        channel.num_characters += len(str(fields.get("text", "")))
        check_held(channel.num_characters, short)


def _place(channel: _Channel, message: _Message) -> Iterator[Dropped]:
    subtype = message.fields.get("subtype")
    if subtype == "message_changed" and isinstance(message.fields.get("message"), Mapping):
        fields = message.fields["message"]
        ts = fields.get("ts")
        if isinstance(ts, str) and ts in channel.messages:
            old = channel.messages[ts]
            channel.messages[ts] = _Message(
                fields={**old.fields, **fields}, ts=ts, source=old.source
            )
        yield _dropped(message.source, SYSTEM_MESSAGE, "an edit, taken into its message", fields)
    elif subtype == "message_deleted":
        old_message = channel.messages.pop(str(message.fields.get("deleted_ts")), None)
        fields = old_message.fields if old_message else message.fields
        yield _dropped(message.source, DELETED, "a message that was deleted later", fields)
    elif message.ts in channel.messages:
        detail = "the same timestamp twice in one channel"
        yield _dropped(message.source, "duplicate message", detail, message.fields)
    else:
        channel.messages[message.ts] = message


def _post(message: _Message, names: Mapping[str, str], bots: frozenset[str]) -> Post | Dropped:
    """What a person wrote, or why it is nobody's words."""
    fields = message.fields
    subtype = fields.get("subtype")
    if subtype == "tombstone" or fields.get("hidden") is True:
        return _dropped(message.source, DELETED, "the message was deleted", fields)
    is_bot = subtype in ("bot_message", "slackbot_response") or message.author in bots
    if is_bot or (message.author is None and fields.get("bot_id")):
        return _dropped(message.source, BOT_MESSAGE, "written by a program", fields)
    if subtype not in _PEOPLE:
        return _dropped(message.source, SYSTEM_MESSAGE, f"of the kind {subtype}", fields)
    raw = fields.get("text") or ""
    if not isinstance(raw, str) or message.author is None:
        detail = "the field 'user' is missing" if isinstance(raw, str) else "'text' is no text"
        return _dropped(message.source, "no message", detail, fields)
    text = without_slack_markup(raw, names)
    if not text or _is_upload_notice(fields):
        return _dropped(message.source, NO_TEXT, "only attachments or files", fields)
    turn = Turn(author=message.author, text=text, source=message.source, seconds=float(message.ts))
    return Post(turn=turn, to=mentioned(raw))


def _is_upload_notice(fields: Mapping[str, Any]) -> bool:
    """Older exports say `<@U1> uploaded a file: <link|name>` in the uploader's name."""
    text = str(fields.get("text"))
    is_share = fields.get("subtype") == "file_share"
    return is_share and re.match(r"<@[^>]+> (?:uploaded|shared) a file", text) is not None


def _elements(tree: Tree, path: str) -> Iterator[tuple[dict[str, Any], int] | Dropped]:
    """The objects of a JSON list with their lines; what is damaged costs as little as can be."""
    line = 1
    try:
        for element in split_list(_list_chunks(tree.chunks(path))):
            line = element.line
            source = f"{path}:{line}"
            if element.is_too_long:
                detail = f"{element.num_bytes:,} bytes long"
                yield _dropped(source, "line too long", detail, element.data)
                continue
            try:
                value = parse_json(element.data)
            except RowError as fault:
                yield _dropped(source, fault.reason, fault.detail, element.data)
                continue
            if isinstance(value, dict):
                yield value, line
            else:
                yield _dropped(source, "data_type", "an entry must be an object", element.data)
    except RowError as fault:
        detail = f"{fault.detail}; what follows in this file is lost"
        yield _dropped(f"{path}:{line}", fault.reason, detail, b"")


def _list_chunks(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The file without its mark, once it is seen to hold a list."""
    first = next(chunks, b"").removeprefix(codecs.BOM_UTF8)
    if not first.strip():
        raise RowError("empty file", "the file is empty")
    if not first.lstrip().startswith(b"["):
        raise RowError("not a list", "a list of objects is expected")
    yield from itertools.chain([first], chunks)


def _dropped(source: str, reason: str, detail: str, content: object) -> Dropped:
    if isinstance(content, Mapping):
        content = content.get("text") or ""
    text = content if isinstance(content, bytes | str) else str(content)
    return Dropped.of(RowError(reason, detail), source=source, text=text)
