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
from tunesmith.sources.chats.slack.slack_message import SlackWords, every_word, slack_words
from tunesmith.sources.chats.who_answers_whom import ChannelPace, find_threads
from tunesmith.sources.material import Thread, Turn
from tunesmith.sources.row import Dropped, NotRead, RowError
from tunesmith.sources.tables.json_list import split_list
from tunesmith.sources.tables.strict_json import parse_json

_DAY_FILE = re.compile(r"(?:.*/)?([^/]+)/(\d{4}-\d\d-\d\d)\.json")
_TS = re.compile(r"\d{1,12}(?:\.\d{1,9})?")
_PEOPLE = frozenset({None, "", "thread_broadcast", "me_message", "file_share", "reply_broadcast"})
_PACE = ChannelPace(burst=600.0, alone=4500.0, pause=3600.0, wait=24 * 3600.0)
_WORDS_IN = ("text", "blocks", "attachments")
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


def read_slack(path: Path, name: str) -> Iterator[Thread | Dropped | NotRead]:
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
        names, bots, left = _accounts(tree, name)
        yield from left
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


def _other_files(tree: Tree) -> Iterator[Dropped | NotRead]:
    """Files of channels that are no day files; those at the top belong to the export."""
    for name in tree.links:
        yield Dropped.of(RowError("link", "leads elsewhere"), source=f"{name}:1")
    for name in tree.names:
        short = name.rpartition("/")[2]
        if name.startswith("__MACOSX/") or short.startswith(".") or _DAY_FILE.fullmatch(name):
            continue
        if not _is_list(name):
            fault = RowError(NOT_A_DAY, "is no day file such as 2026-01-05.json")
            yield Dropped.of(fault, source=f"{name}:1", text=_beginning(tree, name))
        elif short not in _LISTS:
            left = "canvases" if "canvas" in short else "list of the export"
            yield NotRead(source=f"{name}:1", name=left, text=_beginning(tree, name))


def _beginning(tree: Tree, name: str) -> str:
    try:
        return next(tree.chunks(name), b"").decode("utf-8", "backslashreplace")
    except RowError as fault:
        return fault.detail


def _is_list(name: str) -> bool:
    """`users.json` beside the channels, also where the archive holds one folder."""
    return name.endswith(".json") and name.count("/") <= 1


def _accounts(
    tree: Tree, name: str
) -> tuple[dict[str, str], frozenset[str], list[Dropped | NotRead]]:
    """What accounts and channels are called, which accounts are bots, and what is left out."""
    names: dict[str, str] = {}
    bots = {"USLACKBOT"}
    left: list[Dropped | NotRead] = []
    for path in tree.names:
        if path.count("/") > 1 or path.rpartition("/")[2] not in _LISTS:
            continue
        for entry in _elements(tree, path):
            if isinstance(entry, Dropped):
                left.append(entry)
                continue
            fields, line = entry
            left += _topics(fields, f"{path}:{line}")
            key, called = fields.get("id"), _called(fields)
            if isinstance(key, str) and called:
                names[key] = called
            if fields.get("is_bot") is True and isinstance(key, str):
                bots.add(key)
    if not any(path.rpartition("/")[2].endswith("users.json") for path in tree.names):
        logger.warning("%s has no users.json; people are called by their account's id", name)
    return names, frozenset(bots), left


def _topics(fields: Mapping[str, Any], source: str) -> Iterator[NotRead]:
    """What a channel is said to be for."""
    for key in ("topic", "purpose"):
        about = fields.get(key)
        words = about.get("value") if isinstance(about, Mapping) else None
        if isinstance(words, str) and words.strip():
            yield NotRead(source=source, name="topic of a channel", text=words)


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
) -> Iterator[Thread | Dropped | NotRead]:
    channel = _Channel()
    for path in files:
        yield from _read_day(tree, path, channel)
    threads: dict[str, list[Post]] = {}
    for message in sorted(channel.messages.values(), key=lambda message: float(message.ts)):
        words = slack_words(message.fields, names)
        post = _post(message, words, bots)
        if isinstance(post, Dropped):
            yield post
            continue
        threads.setdefault(message.thread, []).append(post)
        for name, text in words.not_read:
            yield NotRead(source=message.source, name=name, text=text)
    yield from _conversations(threads, channel.messages, names)


def _conversations(
    threads: Mapping[str, list[Post]], messages: Mapping[str, _Message], names: Mapping[str, str]
) -> Iterator[Thread | Dropped | NotRead]:
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
        channel.num_characters += sum(len(str(fields.get(key, ""))) for key in _WORDS_IN)
        check_held(channel.num_characters, short)


def _place(channel: _Channel, message: _Message) -> Iterator[Dropped]:
    subtype = message.fields.get("subtype")
    if subtype == "message_changed" and isinstance(message.fields.get("message"), Mapping):
        fields = message.fields["message"]
        ts = fields.get("ts")
        before: Mapping[str, Any] = fields
        if isinstance(ts, str) and ts in channel.messages:
            old = channel.messages[ts]
            before, unsaid = old.fields, dict.fromkeys(_WORDS_IN)
            channel.messages[ts] = _Message(
                fields={**before, **unsaid, **fields}, ts=ts, source=old.source
            )
        yield _dropped(message.source, SYSTEM_MESSAGE, "an edit, taken into its message", before)
    elif subtype == "message_deleted":
        old_message = channel.messages.pop(str(message.fields.get("deleted_ts")), None)
        fields = old_message.fields if old_message else message.fields
        yield _dropped(message.source, DELETED, "a message that was deleted later", fields)
    elif message.ts in channel.messages:
        detail = "the same timestamp twice in one channel"
        yield _dropped(message.source, "duplicate message", detail, message.fields)
    else:
        channel.messages[message.ts] = message


def _post(message: _Message, words: SlackWords, bots: frozenset[str]) -> Post | Dropped:
    """What a person wrote, or why it is nobody's words."""
    fields = message.fields
    subtype = fields.get("subtype")
    if subtype == "tombstone" or fields.get("hidden") is True:
        return _dropped(message.source, DELETED, "the message was deleted", fields)
    is_bot = subtype in ("bot_message", "slackbot_response") or message.author in bots
    if is_bot or (message.author is None and fields.get("bot_id")):
        return _dropped(message.source, BOT_MESSAGE, "written by a program", fields)
    if not isinstance(subtype, str | None) or subtype not in _PEOPLE:
        detail = f"of the kind {str(subtype)[:40]}"
        return _dropped(message.source, SYSTEM_MESSAGE, detail, fields)
    is_text = isinstance(fields.get("text"), str | None)
    if not is_text or message.author is None:
        detail = "the field 'user' is missing" if is_text else "'text' is no text"
        return _dropped(message.source, "no message", detail, fields)
    if not words.text or _is_upload_notice(fields):
        return _dropped(message.source, NO_TEXT, "only attachments or files", fields)
    seconds = float(message.ts)
    turn = Turn(author=message.author, text=words.text, source=message.source, seconds=seconds)
    return Post(turn=turn, to=words.to)


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
        text = content.get("text")
        content = every_word(content) or ("" if text is None else str(text))
    text = content if isinstance(content, bytes | str) else str(content)
    return Dropped.of(RowError(reason, detail), source=source, text=text)
