"""A message of a Slack export -> the words in it, whom it speaks to, and what is not read.

Its `text` counts where it holds all words; what a newer program or an app wrote may stand in
`blocks` or `attachments` alone. Nothing is taken twice.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tunesmith.sources.chats.slack.slack_blocks import Piece, all_words, block_text, objects
from tunesmith.sources.chats.slack.slack_text import mentioned, without_slack_markup

_WORD = re.compile(r"\w+")
_STUB = re.compile(
    r"this (?:content|message) (?:can['’]?(?:t| ?not) be displayed|contains interactive elements)"
    r"|\[no preview available\]",
    re.IGNORECASE,
)
_CANVASES = ("quip", "canvas")


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackWords:
    """What a message says.

    Attributes:
        text: As people read it.
        to: The accounts that it names, each once.
        not_read: What else is in the message, by name.
    """

    text: str
    to: tuple[str, ...]
    not_read: tuple[Piece, ...]


def slack_words(fields: Mapping[str, Any], names: Mapping[str, str]) -> SlackWords:
    """Read a message; `names` says what accounts and channels are called."""
    raw = fields.get("text")
    raw = raw if isinstance(raw, str) else ""
    blocks = block_text(fields.get("blocks"), names)
    text, other = _fuller(without_slack_markup(raw, names), blocks.text)
    not_read = [*other, *blocks.not_read, *_files(fields)]
    shared = [one for item in objects(fields.get("attachments")) if (one := _attached(item, names))]
    if text:
        not_read += [("attachment", words) for words in shared]
    else:
        text = "\n".join(shared)
    to = tuple(dict.fromkeys([*mentioned(raw), *blocks.mentions]))
    return SlackWords(text=text, to=to, not_read=tuple(not_read))


def every_word(fields: Mapping[str, Any]) -> str:
    """All that stands in a message which is left out."""
    words = slack_words(fields, {})
    return "\n".join(dict.fromkeys([words.text, *(text for _, text in words.not_read)])).strip()


def _fuller(text: str, blocks: str) -> tuple[str, list[Piece]]:
    """The version with more words, and those that only the other one has."""
    said, built = set(_WORD.findall(text.lower())), set(_WORD.findall(blocks.lower()))
    if built <= said and not (built and _STUB.match(text)):
        return text, []
    if said <= built:
        return blocks, []
    is_richer = len(blocks) > len(text) or _STUB.match(text)
    best, other = (blocks, text) if is_richer else (text, blocks)
    known = said if best is text else built
    missing = [word for word in _WORD.findall(other) if word.lower() not in known]
    return best, [("other version of a message", " ".join(missing))] if missing else []


def _files(fields: Mapping[str, Any]) -> Iterator[Piece]:
    """Files and canvases by their names, with the beginning that an export shows."""
    for file in [*objects(fields.get("files")), *objects([fields.get("file")])]:
        kinds = (file.get("filetype"), file.get("mode"), file.get("pretty_type"))
        is_canvas = any(str(kind).lower() in _CANVASES for kind in kinds)
        keys = ("name", "title", "preview", "plain_text", "initial_comment")
        words = [_words(file.get(key)) for key in keys]
        text = "\n".join(word for word in dict.fromkeys(words) if word)
        yield "canvas" if is_canvas else "file", text


def _words(value: object) -> str:
    if isinstance(value, Mapping):
        return _words(value.get("comment")) or all_words(value)
    return value.strip() if isinstance(value, str) else ""


def _attached(item: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """What an app or a shared link adds; its `fallback` says the same for old programs."""
    parts = [item.get(key) for key in ("pretext", "title", "text")]
    texts = [without_slack_markup(part, names) for part in parts if isinstance(part, str)]
    for fields in objects(item.get("fields")):
        pair = [_words(fields.get("title")), _words(fields.get("value"))]
        texts.append(without_slack_markup(": ".join(part for part in pair if part), names))
    texts.append(block_text(item.get("blocks"), names).text)
    texts += [
        block_text(inner.get("message", {}).get("blocks"), names).text
        for inner in objects(item.get("message_blocks"))
        if isinstance(inner.get("message"), Mapping) and not item.get("text")
    ]
    said = "\n".join(text for text in dict.fromkeys(texts) if text)
    fallback = without_slack_markup(_words(item.get("fallback")), names)
    footer = _words(item.get("footer"))
    rest = [footer] if said and footer not in said else []
    return "\n".join([said or fallback, *rest]).strip()
