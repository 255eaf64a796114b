"""A mailbox, one mail, or a folder or zip archive of mails -> threads.

A place is the line where a mail begins. Quotes of mails that are there themselves are not read;
where the mail that is answered is missing, the quote of it is the earlier turn.
"""

import email
import hashlib
from collections.abc import Iterator
from email.message import Message
from itertools import chain
from pathlib import Path

from tunesmith.errors import DataError
from tunesmith.sources.archive import FolderTree, ZipTree, open_tree
from tunesmith.sources.chats.message_intent import asks_question, is_request
from tunesmith.sources.chats.post import (
    BOT_MESSAGE,
    NO_TEXT,
    NOT_A_MAIL,
    as_thread,
    check_held,
)
from tunesmith.sources.chunks import file_chunks
from tunesmith.sources.mail.charsets import LOST, UNREADABLE
from tunesmith.sources.mail.mail_headers import (
    RawHeaders,
    answered_ids,
    bare_subject,
    header,
    is_automatic,
    message_id,
    sender,
    sent_seconds,
)
from tunesmith.sources.mail.mail_parts import MailBody, read_body
from tunesmith.sources.mail.mail_threads import Mail, mails_by_thread
from tunesmith.sources.mail.mailbox import is_mail, raw_mails
from tunesmith.sources.mail.own_text import MailQuote, own_text
from tunesmith.sources.mail.signatures import without_name
from tunesmith.sources.material import Thread, Turn
from tunesmith.sources.row import Dropped, NotRead, RowError
from tunesmith.sources.tables.strict_json import check_characters

QUOTED_TEXT = "quoted text"
_MAX_EARLIER = 20  # mails that are quoted in each other
_MAX_INNER = 1_000  # mails inside of a mail
_OUTLOOK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OUTLOOK_FOLDER = b"!BDN"
_FAULTS = (ValueError, LookupError, AttributeError, IndexError, TypeError, RecursionError)
Found = Mail | Dropped | NotRead


def read_mailbox(path: Path, name: str) -> Iterator[Thread | Dropped | NotRead]:
    """All threads of a mailbox; the texts are held whole, the attachments are not.

    Raises:
        DataError: It is Outlook's own format, or the texts are longer than memory should hold.
    """
    mails: list[Mail] = []
    seen: set[tuple[str, bytes]] = set()
    num_characters = 0
    for item in _all_mails(path, name):
        if not isinstance(item, Mail):
            yield item
            continue
        key = item.id, hashlib.sha256(item.turn.text.encode()).digest()
        if key in seen:
            fault = RowError("duplicate message", f"the mail {item.id} is there twice")
            yield Dropped.of(fault, source=item.turn.source, text=item.turn.text)
            yield from _quotes_not_read(item)
            continue
        seen.add(key)
        num_characters += len(item.turn.text) + sum(len(quote.text) for quote in item.quotes)
        check_held(num_characters, name)
        mails.append(item)
    for thread in mails_by_thread(mails):
        yield from _thread(thread)


def is_mail_folder(names: tuple[str, ...]) -> bool:
    """Whether the files of a folder or archive are mails, by their names."""
    shown = [name for name in names if not name.rpartition("/")[2].startswith(".")]
    mails = [name for name in shown if _is_mail_name(name)]
    return len(mails) * 2 > len(shown)


def is_named_mail(path: Path, head: bytes) -> bool:
    """Whether a file is called like a mail and begins as one; Outlook's own are refused later."""
    if path.suffix.lower() in (".msg", ".pst", ".ost"):
        return head.startswith((_OUTLOOK, _OUTLOOK_FOLDER))
    return _is_mail_name(path.name) and is_mail(head)


def _is_mail_name(name: str) -> bool:
    folder = name.rpartition("/")[0].rpartition("/")[2]
    return name.lower().endswith((".eml", ".mbox", ".mbx")) or folder in ("cur", "new")


def _all_mails(path: Path, name: str) -> Iterator[Found]:
    if not path.is_dir() and not _is_zip(path):
        yield from _mails(file_chunks(path, name), name, is_alone=True)
        return
    tree = open_tree(path, name)
    try:
        for link in tree.links:
            yield Dropped.of(RowError("link", "leads elsewhere"), source=f"{link}:1")
        num_mails = 0
        for inner in tree.names:
            if not inner.startswith("__MACOSX/") and not inner.rpartition("/")[2].startswith("."):
                for item in _inner_mails(tree, inner):
                    num_mails += not (isinstance(item, Dropped) and item.reason == NOT_A_MAIL)
                    yield item
        if not num_mails:
            cure = "Name a folder or .zip archive with mails in it: .eml files or mailboxes."
            raise DataError("holds no mails", where=name, cure=cure)
    finally:
        tree.close()


def _is_zip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"PK\x03\x04"


def _inner_mails(tree: FolderTree | ZipTree, name: str) -> Iterator[Found]:
    """The mails of a file in a folder; a damaged file costs itself."""
    try:
        yield from _mails(tree.chunks(name), name, is_alone=False)
    except (RowError, DataError) as error:
        reason = error.reason if isinstance(error, RowError) else NOT_A_MAIL
        yield Dropped.of(RowError(reason, str(error)), source=f"{name}:1")


def _mails(chunks: Iterator[bytes], name: str, *, is_alone: bool) -> Iterator[Found]:
    head = next(chunks, b"")
    _refuse_outlook(head, name)
    if not is_alone and not is_mail(head[: 1 << 16]):
        yield Dropped.of(
            RowError(NOT_A_MAIL, "it does not begin with the headers of a mail"),
            source=f"{name}:1",
            text=head[:1000],
        )
        return
    for raw in raw_mails(chain([head], chunks)):
        source = f"{name}:{raw.line}"
        yield from _read_mail(raw.data, source)
        if raw.num_unread:
            detail = f"{raw.num_unread:,} bytes at the end of a mail"
            yield NotRead(source=source, name="end of a mail of more than 32 MB", text=detail)


def _refuse_outlook(head: bytes, name: str) -> None:
    if head.startswith((_OUTLOOK, _OUTLOOK_FOLDER)):
        raise DataError(
            "is in Outlook's own format (.msg or .pst), which is not read",
            where=name,
            cure="Export the mails as .eml or mbox: open them in Thunderbird, or copy them to an "
            "IMAP account and save them from there.",
        )


def _read_mail(data: bytes, source: str) -> Iterator[Found]:
    try:
        message = email.message_from_bytes(data, policy=RawHeaders())
        yield from _message(message, source)
        return
    except RowError as error:
        fault = error
    except _FAULTS as error:
        # The standard library's parser fails in these ways on the headers of spam.
        fault = RowError("unreadable mail", f"{type(error).__name__}: {error}")
    yield Dropped.of(fault, source=source, text=data)


def _message(message: Message, source: str) -> list[Found]:
    """A mail and what is inside of it; all of it or, where it raises, nothing."""
    waiting, found = [message], list[Found]()
    while waiting:
        one = waiting.pop()
        body = read_body(one)
        if is_automatic(one, sender(one)[1]):
            body.not_read += [("returned mail", read_body(inner).text) for inner in body.inner]
            body.inner = []
        found += _found(one, body, source if one is message else f"{source}#{len(found)}")
        found += [NotRead(source=source, name=name, text=text) for name, text in body.not_read]
        waiting += body.inner[::-1]
        if len(found) > _MAX_INNER:
            raise RowError("unreadable mail", f"more than {_MAX_INNER:,} mails inside of it")
    return found


def _found(message: Message, body: MailBody, source: str) -> list[Found]:
    name, address = sender(message)
    subject = header(message, "Subject")
    quotes = [_named_quote(quote, source) for quote in body.quotes]
    if not address:
        if body.inner:
            return list(quotes)
        fault = RowError("no author", "the mail has no From")
        return [Dropped.of(fault, source=source, text=body.text or subject), *quotes]
    if is_automatic(message, address):
        fault = RowError(BOT_MESSAGE, "sent by a program")
        text = f"{subject}\n{body.text}".strip()
        return [Dropped.of(fault, source=source, text=text), *quotes]
    bare, is_reply = bare_subject(subject)
    own, signed = without_name(body.text, name)
    if signed:
        body.not_read.append(("signature", signed))
    text = _with_subject(own, bare, is_reply=is_reply, is_folder=bool(body.inner))
    if not text:
        fault = RowError(NO_TEXT, "nothing but quotes or attachments")
        return [*([] if body.inner else [Dropped.of(fault, source=source, text=subject)]), *quotes]
    check_characters(text)
    if LOST in text:
        raise RowError(UNREADABLE, "the character set of its subject is not known")
    return [
        Mail(
            turn=Turn(
                author=address.lower(), text=text, source=source, seconds=sent_seconds(message)
            ),
            name=name or address,
            id=message_id(message) or source,
            answers=answered_ids(message),
            subject=bare.casefold(),
            is_reply=is_reply,
            quotes=tuple(body.quotes),
        )
    ]


def _with_subject(text: str, subject: str, *, is_reply: bool, is_folder: bool) -> str:
    """The text; below the subject where the question is in that alone."""
    if not subject or is_reply or asks_question(text) or is_request(text):
        return text
    return text if is_folder and not text else f"{subject}\n\n{text}".strip()


def _named_quote(quote: MailQuote, source: str) -> NotRead:
    return NotRead(source=source, name=QUOTED_TEXT, text=f"{quote.introduction}\n{quote.text}")


def _quotes_not_read(mail: Mail) -> Iterator[NotRead]:
    for quote in mail.quotes:
        yield _named_quote(quote, mail.turn.source)


def _thread(mails: list[Mail]) -> Iterator[Thread | NotRead]:
    names = {mail.turn.author: mail.name for mail in mails}
    turns = [mail.turn for mail in mails]
    earlier, not_read = _earlier_turns(mails[0])
    yield from not_read if earlier else _quotes_not_read(mails[0])
    for mail in mails[1:]:
        yield from _quotes_not_read(mail)
    yield as_thread([*earlier, *turns], tuple(names.items()))


def _earlier_turns(mail: Mail) -> tuple[list[Turn], list[NotRead]]:
    """The mails that a thread's first one answers, out of its quotes, and what is left of them.

    Only where each is quoted whole and says whose it is, down to one that asks: nobody could tell
    else who asks and who answers.
    """
    turns: list[Turn] = []
    not_read: list[NotRead] = []
    source, quotes = mail.turn.source, mail.quotes
    while quotes:
        (quote, *others), own = quotes, own_text(quotes[0].text)
        is_known = bool(quote.introduction and quote.author and own.text)
        if others or not is_known or len(turns) == _MAX_EARLIER:
            return [], []
        author = str(quote.author).lower()
        seconds = mail.turn.seconds
        turns.insert(0, Turn(author=author, text=own.text, source=source, seconds=seconds))
        if own.signature:
            not_read.append(NotRead(source=source, name="signature", text=own.signature))
        quotes = own.quotes
    asks = bool(turns) and (asks_question(turns[0].text) or is_request(turns[0].text))
    is_other = bool(turns) and turns[-1].author != mail.turn.author
    return (turns, not_read) if asks and is_other else ([], [])
