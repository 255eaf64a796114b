"""Chats that Messenger or Instagram exported as JSON -> threads; a place is a message's line.

One file, or the folder or zip of the download, where a long chat is spread over
`message_1.json` (the newest) and its neighbours. The download writes UTF-8 bytes as if they
were Latin-1 characters, which is mended. End-to-end encrypted chats use other names for keys.
"""

import functools
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tunesmith.errors import DataError
from tunesmith.sources.archive import open_tree
from tunesmith.sources.chats.post import (
    DELETED,
    NO_TEXT,
    SYSTEM_MESSAGE,
    Post,
    check_held,
    in_order,
)
from tunesmith.sources.chats.who_answers_whom import ChannelPace, find_threads
from tunesmith.sources.chunks import file_chunks
from tunesmith.sources.dialogues.turn_fields import scalars
from tunesmith.sources.lexicon import lexicon
from tunesmith.sources.material import Thread, Turn
from tunesmith.sources.row import Dropped, NotRead, RowError
from tunesmith.sources.tables.json_list import list_place, parse_object, split_list
from tunesmith.sources.tables.strict_json import parse_json

MAX_FILE_BYTES = 256 << 20
_PACE = ChannelPace(burst=300.0, alone=3600.0, pause=2 * 3600.0, wait=24 * 3600.0)
_CHAT_FILE = re.compile(r"(?:.*/)?[^/]+/message_\d+\.json|message_\d+\.json")
_READ = frozenset({"sender_name", "senderName", "content", "text", "timestamp_ms", "timestamp"})
_TYPES = frozenset({None, "Generic", "Share", "text", "link"})


def is_messenger_export(names: Iterable[str]) -> bool:
    """Whether these are the files of a download: folders with `message_1.json` in them."""
    return any(_CHAT_FILE.fullmatch(name) for name in names)


def read_messenger(path: Path, name: str) -> Iterator[Thread | Dropped | NotRead]:
    """The conversations of one chat, or of all chats of a download.

    Raises:
        DataError: It holds no chat, or an archive is damaged, hostile or too large.
    """
    if path.is_file() and not zipfile.is_zipfile(path):
        yield from _chat([(name, file_chunks(path, name))], name)
        return
    tree = open_tree(path, name)
    try:
        chats: dict[str, list[str]] = {}
        for member in tree.names:
            if _CHAT_FILE.fullmatch(member):
                chats.setdefault(member.rpartition("/")[0], []).append(member)
            else:
                yield NotRead(source=f"{member}:1", name="files beside the chats", text=member)
        if not chats:
            raise DataError("holds no message_1.json", where=name, cure="Name the download.")
        for members in chats.values():
            yield from _chat([(member, tree.chunks(member)) for member in members], name)
    finally:
        tree.close()


def _chat(
    files: Iterable[tuple[str, Iterator[bytes]]], name: str
) -> Iterator[Thread | Dropped | NotRead]:
    posts: list[Post] = []
    num_characters = 0
    for place, chunks in files:
        newest_first: list[Post] = []
        for item in _messages(place, chunks):
            if isinstance(item, Dropped | NotRead):
                yield item
                continue
            num_characters += len(item.turn.text)
            check_held(num_characters, name)
            newest_first.append(item)
        posts += reversed(newest_first)
    posts = in_order(posts)
    if posts:
        yield from find_threads(posts, _PACE)


def _messages(place: str, chunks: Iterator[bytes]) -> Iterator[Post | Dropped | NotRead]:
    line = 1
    try:
        data = _whole(chunks)
        chat = parse_object(data)
        if not isinstance(chat.get("messages"), list):
            raise RowError("not a chat", "there is no list of messages")
        yield from _beside([{k: v for k, v in chat.items() if k != "messages"}], f"{place}:1")
        yield from _beside(
            [one for one in chat["messages"] if isinstance(one, Mapping)], f"{place}:1"
        )
        begin, end = list_place(data, "messages")
        first_line = data.count(b"\n", 0, begin) + 1
        elements = split_list([data[begin:end]], first_line=first_line)
        for number, element in enumerate(elements, start=1):
            shares_line = number > 1 and element.line == line
            line = element.line
            source = f"{place}:{line}" + (f" message {number}" if shares_line else "")
            try:
                if element.is_too_long:
                    raise RowError("line too long", f"{element.num_bytes:,} bytes long")
                yield _post(parse_json(element.data), source)
            except RowError as fault:
                yield Dropped.of(fault, source=source, text=element.data)
    except RowError as fault:
        yield Dropped.of(fault, source=f"{place}:{line}")


def _beside(objects: Iterable[Mapping[str, Any]], source: str) -> Iterator[NotRead]:
    """What stands in a chat or its messages beside words, names and times, by name."""
    found: dict[str, list[str]] = {}
    for one in objects:
        for key, value in one.items():
            if key not in _READ:
                found.setdefault(key, []).extend(map(mend_latin, scalars(value)))
    for key, texts in found.items():
        if texts:
            yield NotRead(source=source, name=f"column '{key}'", text="\n".join(texts))


def _whole(chunks: Iterator[bytes]) -> bytes:
    parts: list[bytes] = []
    num_bytes = 0
    for chunk in chunks:
        num_bytes += len(chunk)
        if num_bytes > MAX_FILE_BYTES:
            raise RowError("file too long", f"more than {MAX_FILE_BYTES >> 20} MB")
        parts.append(chunk)
    return b"".join(parts).removeprefix(b"\xef\xbb\xbf")


def _post(fields: Any, source: str) -> Post | Dropped:
    if not isinstance(fields, Mapping):
        raise RowError("data_type", "a message must be an object")
    author = fields.get("sender_name", fields.get("senderName"))
    content = fields.get("content", fields.get("text"))
    if not isinstance(author, str) or not author:
        raise RowError("no author", "the field 'sender_name' is missing")
    if fields.get("is_unsent") is True or fields.get("isUnsent") is True:
        return _left_out(source, DELETED, "the message was taken back", content)
    if fields.get("type") not in _TYPES and content is not None:
        return _left_out(source, SYSTEM_MESSAGE, f"of the kind {fields['type']}", content)
    if not isinstance(content, str) or not content.strip():
        return _left_out(source, NO_TEXT, "only a picture, a file or a sticker", "")
    text = mend_latin(content).strip()
    if _notice().fullmatch(text):
        return _left_out(source, SYSTEM_MESSAGE, "written by the app", text)
    millis = fields.get("timestamp_ms", fields.get("timestamp"))
    seconds = millis / 1000 if isinstance(millis, int | float) else None
    name = mend_latin(author)
    return Post(turn=Turn(author=name, text=text, source=source, seconds=seconds))


@functools.cache
def _notice() -> re.Pattern[str]:
    notices = lexicon(__package__).either("messenger_notices")
    return re.compile(rf"(?:{notices})\.?\s*", re.IGNORECASE)


def mend_latin(text: str) -> str:
    """Read characters that are bytes of UTF-8 as such; other text is left alone."""
    try:
        return text.encode("latin-1").decode("utf-8")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return text


def _left_out(source: str, reason: str, detail: str, content: object) -> Dropped:
    text = mend_latin(content) if isinstance(content, str) else ""
    return Dropped.of(RowError(reason, detail), source=source, text=text)
