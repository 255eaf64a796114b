"""The headers of a mail -> who wrote it, when, what it answers and what it is about.

Headers are read as they were written, and no more of one than a few thousand characters: the
standard library's own parser of headers takes 6 GB for a subject of 420 KB. Encoded words
(RFC 2047) are decoded also where they are broken, and raw letters as those of a body.
"""

import binascii
import email.utils
import functools
import quopri
import re
from collections.abc import Iterator
from email.message import Message
from email.policy import Compat32

from tunesmith.sources.lexicon import lexicon
from tunesmith.sources.mail.charsets import LOST, decoded
from tunesmith.sources.mail.reply_lines import ADDRESS
from tunesmith.sources.row import RowError

MAX_HEADER = 16_384  # characters
_WORD = re.compile(r"=\?([^?\s*]+)(?:\*[^?\s]*)?\?([bBqQ])\?(.*?)\?=", re.DOTALL)
_LIST_MARK = re.compile(r"^\s*\[[^\]]{1,40}\]\s*")
_MESSAGE_ID = re.compile(r"<[^<>\s]+>")
_ARCHIVED = re.compile(r"(\S+) at (\S+) \((.*)\)")  # as Pipermail hides addresses
_ROBOTS = re.compile(
    r"^(?:mailer-daemon|no-?reply|do-?not-?reply|postmaster|bounces?)[@+]", re.IGNORECASE
)


class RawHeaders(Compat32):
    """Headers as they were written, the middle of endless ones left out."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        """A header's lines as its name and value."""
        name, value = super().header_source_parse(sourcelines)
        if len(value) > MAX_HEADER:
            value = value[: MAX_HEADER // 2] + " " + value[-MAX_HEADER // 2 :]
        return name, value

    def header_fetch_parse(self, name: str, value: str) -> str:
        """The value as it is."""
        return value


def header(message: Message, name: str) -> str:
    """A header as text on one line; letters that cannot be known are U+FFFD."""
    value = message.get(name)
    if value is None:
        return ""
    text = "".join(_decoded_words(re.sub(r"\s*[\r\n]+\s*", " ", str(value))))
    return " ".join(text.split())


def declared_charsets(message: Message) -> list[str]:
    """The character sets that encoded words in the headers name."""
    values = (str(value) for _, value in message.items())
    return [match[1] for value in values if (match := _WORD.search(value))]


def sender(message: Message) -> tuple[str, str]:
    """The name and address of who wrote a mail; the address is empty where there is none."""
    raw = re.sub(r"\s*[\r\n]+\s*", " ", str(message.get("From") or ""))
    if match := _ARCHIVED.fullmatch(raw.strip()):
        return match[3].strip("\"' ") or match[1], f"{match[1]}@{match[2]}"
    name, address = email.utils.parseaddr(raw)
    if "@" not in address:
        found = ADDRESS.search(raw)
        if found:
            name, address = raw[: found.start()].strip("\"'<( "), found.group()
    address = address.encode("utf-8", "backslashreplace").decode()
    return " ".join("".join(_decoded_words(name)).split()), address


def message_id(message: Message) -> str:
    """A mail's own id; empty where it has none."""
    return "".join(_MESSAGE_ID.findall(header(message, "Message-ID"))[:1])


def answered_ids(message: Message) -> tuple[str, ...]:
    """The ids of earlier mails that it answers, the nearest last."""
    said = header(message, "References") + " " + header(message, "In-Reply-To")
    return tuple(_MESSAGE_ID.findall(said))


def sent_seconds(message: Message) -> float | None:
    """When it was sent, in seconds of Unix time."""
    try:
        return email.utils.parsedate_to_datetime(header(message, "Date")).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None


def is_automatic(message: Message, address: str) -> bool:
    """Whether a program sent it."""
    said = header(message, "Auto-Submitted").lower()
    is_bulk = header(message, "Precedence").lower() in ("bulk", "junk", "auto_reply")
    is_list = bool(header(message, "List-Id") or header(message, "List-Post"))
    has_mark = bool(said and said != "no") or bool(header(message, "X-Autoreply"))
    return has_mark or (is_bulk and not is_list) or _ROBOTS.match(address) is not None


def bare_subject(subject: str) -> tuple[str, bool]:
    """A subject without `Re:`, `Fwd:` and list names, and whether it says it is a reply."""
    is_reply = False
    while True:
        cut = _mark("reply_marks", r"(?:\[\d+\])?").sub("", subject, count=1)
        is_reply = is_reply or cut != subject
        cut = _LIST_MARK.sub("", _mark("forward_marks").sub("", cut, count=1), count=1)
        if cut == subject:
            return subject.strip(), is_reply
        subject = cut


@functools.cache
def _mark(name: str, count: str = "") -> re.Pattern[str]:
    """`Fwd:`, and with a count `Re[2]:`."""
    marks = lexicon(__package__).either(name)
    return re.compile(rf"^\s*(?:{marks}){count}\s*[:：]\s*", re.IGNORECASE)


def _decoded_words(value: str) -> Iterator[str]:
    """The parts of a header; neighbours of one character set are decoded together."""
    waiting, charset, place = b"", "", 0
    for match in _WORD.finditer(value):
        between = value[place : match.start()]
        place = match.end()
        if between.strip() or match[1].lower() != charset:
            yield _letters(waiting, charset)
            waiting = b""
            yield _raw(between) if between.strip() or not charset else ""
        waiting, charset = waiting + _word_bytes(match[2], match[3]), match[1].lower()
    yield _letters(waiting, charset)
    yield _raw(value[place:])


def _word_bytes(encoding: str, text: str) -> bytes:
    data = text.encode("utf-8", "surrogateescape")
    if encoding in "qQ":
        return quopri.decodestring(data.replace(b"_", b" "), header=True)
    bare = re.sub(rb"[^A-Za-z0-9+/]", b"", data)
    if len(bare) % 4 == 1:
        bare = bare[:-1]
    return binascii.a2b_base64(bare + b"=" * (-len(bare) % 4))


def _raw(text: str) -> str:
    return _letters(text.encode("utf-8", "surrogateescape"), None) if not text.isascii() else text


def _letters(data: bytes, charset: str | None) -> str:
    try:
        return decoded(data, charset)
    except RowError:
        return LOST
