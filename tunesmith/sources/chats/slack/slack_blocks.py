"""The blocks of a Slack message -> text as people read it, whom it mentions, and what is no text.

https://api.slack.com/reference/block-kit/blocks: what a person writes is a `rich_text` block, what
an app posts is made of the others. A block of a kind that nobody knows is named with its words.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tunesmith.sources.chats.slack.slack_text import (
    mentioned,
    shown_link,
    shown_moment,
    without_slack_markup,
)

Piece = tuple[str, str]  # a name and a text
_INDENT = "    "
_WORDS = ("text", "fallback", "alt_text", "value", "title", "description", "name", "placeholder")
_PICTURES = ("image", "video")


@dataclass(slots=True)
class BlockText:
    """What blocks say.

    Attributes:
        text: As people read it.
        mentions: The accounts it names, in order.
        not_read: What is no text, by name.
    """

    text: str = ""
    mentions: list[str] = field(default_factory=list)
    not_read: list[Piece] = field(default_factory=list)


def block_text(blocks: object, names: Mapping[str, str]) -> BlockText:
    """Read the blocks of a message; `names` says what accounts and channels are called."""
    found = BlockText()
    texts = [_block(block, names, found) for block in objects(blocks)]
    found.text = "\n".join(text for text in texts if text.strip()).strip("\n")
    return found


def objects(value: object) -> list[Mapping[str, Any]]:
    """The objects of a list; nothing else of whatever stands there."""
    items = value if isinstance(value, list) else []
    return [item for item in items if isinstance(item, Mapping)]


def all_words(value: object) -> str:
    """The words in something of a kind that is not known."""
    found: list[str] = []
    waiting: list[object] = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Mapping):
            found += [text for key in _WORDS if isinstance(text := one.get(key), str)]
            waiting += reversed([item for item in one.values() if isinstance(item, Mapping | list)])
        elif isinstance(one, list):
            waiting += reversed(one)
    return "\n".join(text for text in dict.fromkeys(found) if text.strip())


def _block(block: Mapping[str, Any], names: Mapping[str, str], found: BlockText) -> str:
    kind = block.get("type")
    match kind:
        case "rich_text":
            return "\n".join(_rich(part, names, found) for part in objects(block.get("elements")))
        case "section" | "header" | "markdown":
            fields = [_object(part, names, found) for part in objects(block.get("fields"))]
            _leave(block.get("accessory"), "button", found)
            return "\n".join(text for text in (_object(block, names, found), *fields) if text)
        case "context":
            return " ".join(_context(part, names, found) for part in objects(block.get("elements")))
        case "table":
            return _table(block, names, found)
        case "divider":
            return ""
    name = "picture" if kind in _PICTURES else "button" if kind in ("actions", "input") else None
    _leave(block, name or f"block '{str(kind)[:40]}'", found)
    return ""


def _leave(value: object, name: str, found: BlockText) -> None:
    """Name what is not read, with its words."""
    if value is not None:
        found.not_read.append((name, all_words(value)))


def _object(part: Mapping[str, Any], names: Mapping[str, str], found: BlockText) -> str:
    """`{"type": "mrkdwn", "text": "..."}`, or a block with one in it."""
    text = part.get("text")
    if isinstance(text, Mapping):
        return _object(text, names, found)
    if not isinstance(text, str):
        return ""
    if part.get("type") in ("plain_text", "raw_text", "markdown"):
        return text.strip()
    found.mentions += mentioned(text)
    return without_slack_markup(text, names)


def _context(part: Mapping[str, Any], names: Mapping[str, str], found: BlockText) -> str:
    if part.get("type") == "image":
        _leave(part, "picture", found)
        return ""
    return _object(part, names, found)


def _table(block: Mapping[str, Any], names: Mapping[str, str], found: BlockText) -> str:
    """A line a row, its cells between bars."""
    rows = block.get("rows")
    lines = []
    for row in rows if isinstance(rows, list) else []:
        cells = [
            _block(cell, names, found)
            if cell.get("type") == "rich_text"
            else _object(cell, names, found)
            for cell in objects(row)
        ]
        lines.append("| " + " | ".join(cell.replace("\n", " ") for cell in cells) + " |")
    return "\n".join(lines)


def _rich(part: Mapping[str, Any], names: Mapping[str, str], found: BlockText) -> str:
    """A paragraph, list, quote or code of what a person wrote."""
    elements = objects(part.get("elements"))
    match part.get("type"):
        case "rich_text_list":
            return "\n".join(_items(part, elements, names, found))
        case "rich_text_quote":
            lines = _inline(elements, names, found).split("\n")
            return "\n".join(f"> {line}" for line in lines)
        case "rich_text_preformatted":
            code = _inline(elements, names, found).strip("\n")
            return f"```\n{code}\n```"
        case "rich_text_section":
            return _inline(elements, names, found).rstrip("\n")
    return _inline([part], names, found)


def _items(
    part: Mapping[str, Any],
    elements: Sequence[Mapping[str, Any]],
    names: Mapping[str, str],
    found: BlockText,
) -> Iterator[str]:
    indent = part.get("indent")
    margin = _INDENT * min(indent, 9) if isinstance(indent, int) else ""
    offset = part.get("offset")
    first = 1 + (offset if isinstance(offset, int) else 0)
    for number, element in enumerate(elements, start=first):
        mark = f"{number}." if part.get("style") == "ordered" else "-"
        lines = _rich(element, names, found).split("\n")
        yield "\n".join(
            [f"{margin}{mark} {lines[0]}", *(f"{margin}  {line}" for line in lines[1:])]
        )


def _inline(
    elements: Sequence[Mapping[str, Any]], names: Mapping[str, str], found: BlockText
) -> str:
    return "".join(_words(element, names, found) for element in elements)


def _words(element: Mapping[str, Any], names: Mapping[str, str], found: BlockText) -> str:
    kind = element.get("type")
    if kind == "text":
        text = _said(element, "text")
        style = element.get("style")
        is_code = isinstance(style, Mapping) and style.get("code") is True
        return f"`{text}`" if is_code and text.strip() else text
    if isinstance(kind, str) and kind in _INLINE:
        if kind == "user" and (account := _said(element, "user_id")):
            found.mentions.append(account)
        return _INLINE[kind](element, names)
    if isinstance(element.get("elements"), list):
        return _rich({**element, "type": "rich_text_section"}, names, found)
    return all_words(element)


def _said(element: Mapping[str, Any], key: str) -> str:
    value = element.get(key)
    return value if isinstance(value, str) else ""


def _named(key: str, mark: str) -> Callable[[Mapping[str, Any], Mapping[str, str]], str]:
    """A mention of an account, a channel or a group of accounts."""

    def words(element: Mapping[str, Any], names: Mapping[str, str]) -> str:
        target = _said(element, key)
        return mark + (names.get(target) or target)

    return words


def _emoji(element: Mapping[str, Any], names: Mapping[str, str]) -> str:
    name, code = _said(element, "name"), _said(element, "unicode")
    if name:
        return f":{name}:"
    try:
        return "".join(chr(int(point, 16)) for point in code.split("-"))
    except (ValueError, OverflowError):
        return code


def _date(element: Mapping[str, Any], names: Mapping[str, str]) -> str:
    return _said(element, "fallback") or shown_moment(element.get("timestamp", ""))


def _link(element: Mapping[str, Any], names: Mapping[str, str]) -> str:
    return shown_link(_said(element, "url"), _said(element, "text"))


_INLINE: Mapping[str, Callable[[Mapping[str, Any], Mapping[str, str]], str]] = {
    "user": _named("user_id", "@"),
    "usergroup": _named("usergroup_id", "@"),
    "broadcast": _named("range", "@"),
    "channel": _named("channel_id", "#"),
    "team": _named("team_id", "@"),
    "color": _named("value", ""),
    "emoji": _emoji,
    "date": _date,
    "link": _link,
}
