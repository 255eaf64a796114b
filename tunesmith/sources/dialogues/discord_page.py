"""A channel that DiscordChatExporter wrote as a page (HTML) -> its conversations.

Messages become turns with the names of the exporter's JSON, which are known.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tunesmith.sources.dialogues.dialogue_pieces import Talk, talk_pieces
from tunesmith.sources.dialogues.turn_fields import find_turn_fields, flattened, scalars, text_of
from tunesmith.sources.material import Thread
from tunesmith.sources.pages.page_text import read_page_text
from tunesmith.sources.row import Dropped, NotRead, Row

if TYPE_CHECKING:
    from bs4 import Tag

MARK = b"chatlog__message"  # a class of every message


def read_discord_page(path: Path, name: str) -> Iterator[Thread | Dropped | NotRead]:
    """The conversations of a channel, and what the page shows around its messages.

    Raises:
        DataError: It is no text, or too long.
    """
    from bs4 import BeautifulSoup  # noqa: PLC0415 - needed only for such pages

    page = BeautifulSoup(read_page_text(path, name), "lxml")
    for tag in page(["script", "style"]):
        tag.decompose()
    rows: list[Row] = []
    author: dict[str, object] = {}
    moment = ""
    for box in page.select(".chatlog__message-container"):
        author = _author(box) or author  # a message below one's own names nobody again
        moment = _title(box, ".chatlog__timestamp") or moment
        rows.append(_row(box, name, author, _title(box, ".chatlog__short-timestamp") or moment))
        box.decompose()
    turns = [flattened(row.fields) for row in rows]
    if fields := find_turn_fields(turns, {}):
        places = [row.source for row in rows]
        yield from talk_pieces(Talk(turns=turns, fields=fields, sources=places, is_whole_file=True))
    else:
        for row in rows:
            words = "\n".join(scalars(row.fields))
            yield NotRead(source=row.source, name="messages without words", text=words)
    text = page.get_text(" ", strip=True)
    if text:
        yield NotRead(source=f"{name}:1", name="around the messages", text=text)


def _row(box: "Tag", name: str, author: dict[str, object], moment: str) -> Row:
    source = f"{name}:{box.sourceline or 1}#{box.get('data-message-id') or box.get('id')}"
    notice = box.select_one(".chatlog__system-notification-content")
    reply = re.search(r"\d{3,}", str(box.select_one(".chatlog__reply-link")))
    said = [
        text_of(f"<div>{part.decode_contents()}</div>") for part in box.select(".chatlog__content")
    ]
    for part in box.select(".chatlog__content, .chatlog__author, .chatlog__timestamp"):
        part.decompose()
    beside = box.get_text(" ", strip=True)
    return Row(
        fields={
            "id": str(box.get("data-message-id") or ""),
            "type": "notice" if notice else "Default",
            "author": author,
            "timestamp": moment,
            "content": "\n".join(said) or (beside if notice else ""),
            "reference": {"messageId": reply[0] if reply else None},
            "beside": "" if notice else beside,
        },
        source=source,
    )


def _author(box: "Tag") -> dict[str, object]:
    found = box.select_one(".chatlog__author, .chatlog__system-notification-author")
    if found is None:
        return {}
    called = found.get_text(strip=True)
    is_bot = box.select_one(".chatlog__author-tag, .chatlog__bot-tag") is not None
    return {"id": str(found.get("data-user-id") or called), "name": called, "isBot": is_bot}


def _title(box: "Tag", selector: str) -> str:
    found = box.select_one(selector)
    return str(found.get("title") or found.get_text(strip=True)) if found else ""
