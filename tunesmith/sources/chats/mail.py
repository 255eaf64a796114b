"""A mailbox file (mbox), or one mail -> threads; a place is the line where a mail begins.

Mails belong together by In-Reply-To and References (RFC 5322), and where those are missing by
a subject that says it is a reply. Attachments are not read.
"""

import email
import email.utils
import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage, MIMEPart
from email.policy import default
from pathlib import Path

from tunesmith.sources.chats.mail_text import own_text
from tunesmith.sources.chats.message_intent import asks_question, is_request
from tunesmith.sources.chats.post import BOT_MESSAGE, NO_TEXT, as_thread, check_held
from tunesmith.sources.chunks import file_chunks
from tunesmith.sources.lexicon import lexicon
from tunesmith.sources.lines import split_lines
from tunesmith.sources.material import Thread, Turn
from tunesmith.sources.row import Dropped, RowError
from tunesmith.sources.tables.strict_json import check_characters

MAX_MAIL_BYTES = 32 << 20  # what follows is an attachment
MAX_BODY_CHARACTERS = 200_000
_LIST_MARK = re.compile(r"^\s*\[[^\]]{1,40}\]\s*")
_MESSAGE_ID = re.compile(r"<[^<>\s]+>")
_SUBJECT_SECONDS = 30 * 86_400.0
_ROBOTS = re.compile(
    r"^(?:mailer-daemon|no-?reply|do-?not-?reply|postmaster|bounces?)[@+]", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mail:
    """A mail as far as threads need it."""

    turn: Turn
    name: str
    id: str
    answers: tuple[str, ...]  # ids of earlier mails, the nearest last
    subject: str
    is_reply: bool


def read_mailbox(path: Path, name: str) -> Iterator[Thread | Dropped]:
    """All threads of a mailbox; the texts are held whole, the attachments are not.

    Raises:
        DataError: The texts are longer than memory should hold.
    """
    mails: list[_Mail] = []
    num_characters = 0
    for line, data in _raw_mails(path, name):
        mail = _read_mail(data, f"{name}:{line}")
        if isinstance(mail, Dropped):
            yield mail
            continue
        num_characters += len(mail.turn.text)
        check_held(num_characters, name)
        mails.append(mail)
    yield from _threads(mails)


def _raw_mails(path: Path, name: str) -> Iterator[tuple[int, bytes]]:
    """Mails as bytes with the line they begin in. `From ` begins one after a blank line."""
    parts: list[bytes] = []
    num_bytes, begin, is_after_blank = 0, 1, True
    for line in split_lines(file_chunks(path, name)):
        if is_after_blank and line.data.startswith(b"From "):
            if parts:
                yield begin, b"".join(parts)
            parts, num_bytes, begin = [], 0, line.number
            is_after_blank = False
            continue
        is_after_blank = not line.data.strip(b"\r\n")
        data = line.data[1:] if re.match(rb">+From ", line.data) else line.data
        num_bytes += len(data)
        if num_bytes <= MAX_MAIL_BYTES:
            parts.append(data)
    if b"".join(parts[:100]).strip():
        yield begin, b"".join(parts)


def _read_mail(data: bytes, source: str) -> _Mail | Dropped:
    try:
        message = email.message_from_bytes(data, policy=default)
        assert isinstance(message, EmailMessage)
        return _mail(message, source)
    except RowError as error:
        fault = error
    except (
        ValueError,
        LookupError,
        AttributeError,
        IndexError,
        TypeError,
        RecursionError,
    ) as error:
        # The standard library's header parser fails in these ways on headers of spam.
        fault = RowError("unreadable mail", f"{type(error).__name__}: {error}")
    return Dropped.of(fault, source=source, text=data)


def _mail(message: EmailMessage, source: str) -> _Mail | Dropped:
    name, address = email.utils.parseaddr(_header(message, "From"))
    subject = _header(message, "Subject")
    if not address:
        raise RowError("no author", "the mail has no From")
    if _is_automatic(message, address):
        return Dropped.of(RowError(BOT_MESSAGE, "sent by a program"), source=source, text=subject)
    text = own_text(_body(message))
    bare, is_reply = bare_subject(subject)
    if bare and not is_reply and not (asks_question(text) or is_request(text)):
        text = f"{bare}\n\n{text}".strip()  # the question is in the subject alone
    if not text:
        return Dropped.of(
            RowError(NO_TEXT, "nothing but quotes or attachments"), source=source, text=subject
        )
    check_characters(text)
    answers = _header(message, "References") + " " + _header(message, "In-Reply-To")
    return _Mail(
        turn=Turn(author=address.lower(), text=text, source=source, seconds=_seconds(message)),
        name=name or address,
        id="".join(_MESSAGE_ID.findall(_header(message, "Message-ID"))[:1]) or source,
        answers=tuple(_MESSAGE_ID.findall(answers)),
        subject=bare.casefold(),
        is_reply=is_reply,
    )


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


def _threads(mails: list[_Mail]) -> Iterator[Thread]:
    roots = _roots(mails)
    members: dict[int, list[_Mail]] = {}
    for index, mail in enumerate(mails):
        members.setdefault(roots[index], []).append(mail)
    for thread in members.values():
        ordered = sorted(thread, key=lambda mail: mail.turn.seconds or 0.0)
        names = {mail.turn.author: mail.name for mail in ordered}
        yield as_thread([mail.turn for mail in ordered], tuple(names.items()))


def _roots(mails: list[_Mail]) -> list[int]:
    """For each mail the number that its thread goes by."""
    parent = list(range(len(mails)))

    def root(index: int) -> int:
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    by_id: dict[str, int] = {}
    for index, mail in enumerate(mails):
        by_id.setdefault(mail.id, index)
    for index, mail in enumerate(mails):
        for answered in mail.answers:  # also of mails that are not here: their answers are kin
            other = by_id.setdefault(answered, index)
            first, second = sorted((root(index), root(other)))
            parent[second] = first
    newest: dict[str, int] = {}
    order = sorted(range(len(mails)), key=lambda index: mails[index].turn.seconds or 0.0)
    for index in order:
        mail = mails[index]
        earlier = newest.get(mail.subject)
        is_answer = mail.is_reply and not mail.answers and bool(mail.subject)
        if earlier is not None and is_answer and _are_near(mails[earlier], mail):
            first, second = sorted((root(index), root(earlier)))
            parent[second] = first
        newest[mail.subject] = index
    return [root(index) for index in range(len(mails))]


def _are_near(earlier: _Mail, later: _Mail) -> bool:
    then, now = earlier.turn.seconds, later.turn.seconds
    return then is None or now is None or now - then <= _SUBJECT_SECONDS


def _body(message: EmailMessage) -> str:
    part = message.get_body(preferencelist=("plain", "html"))
    if part is None:
        return ""
    text = _content(part)
    if len(text) > MAX_BODY_CHARACTERS:
        raise RowError("mail too long", f"its text has {len(text):,} characters")
    return html_text(text) if part.get_content_subtype() == "html" else text


def _content(part: MIMEPart) -> str:
    try:
        content = part.get_content()
    except LookupError:  # a character set that nobody knows
        content = part.get_payload(decode=True)
    if isinstance(content, bytes):
        try:
            return content.decode("utf-8")
        except UnicodeDecodeError:
            return content.decode("cp1252", "replace")
    return str(content)


def html_text(page: str) -> str:
    """The text of an HTML mail, without the mail it quotes."""
    from bs4 import BeautifulSoup  # noqa: PLC0415 - needed only where a mail has no plain text

    soup = BeautifulSoup(page, "lxml")
    for tag in soup(["script", "style", "head", "title", "blockquote"]):
        tag.decompose()
    for quote in soup.select(".gmail_quote, .moz-cite-prefix, #divRplyFwdMsg, .gmail_signature"):
        quote.decompose()
    for node in soup.find_all(string=re.compile(r"\n")):
        if node.find_parent("pre") is None:  # elsewhere a line's end in the source is a blank
            node.replace_with(re.sub(r"\s*\n\s*", " ", node))
    for tag in soup.find_all("br"):
        tag.replace_with("\n")
    for tag in soup.find_all(["p", "div", "tr", "h1", "h2", "h3", "h4", "ul", "ol"]):
        tag.append("\n\n" if tag.name == "p" else "\n")
    for tag in soup.find_all("li"):
        tag.insert(0, "- ")
        tag.append("\n")
    lines = [re.sub(r"[ \t\xa0]+", " ", line).strip() for line in soup.get_text().split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _header(message: EmailMessage, name: str) -> str:
    value = message.get(name)
    return re.sub(r"\s+", " ", str(value)).strip() if value is not None else ""


def _is_automatic(message: EmailMessage, address: str) -> bool:
    said = _header(message, "Auto-Submitted").lower()
    is_bulk = _header(message, "Precedence").lower() in ("bulk", "junk", "auto_reply")
    is_list = bool(_header(message, "List-Id") or _header(message, "List-Post"))
    has_mark = bool(said and said != "no") or bool(_header(message, "X-Autoreply"))
    return has_mark or (is_bulk and not is_list) or _ROBOTS.match(address) is not None


def _seconds(message: EmailMessage) -> float | None:
    try:
        return email.utils.parsedate_to_datetime(_header(message, "Date")).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
