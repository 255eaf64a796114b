"""Mails and mailboxes of a few words, and what is read of them."""

from pathlib import Path

from tunesmith.sources.mail.read_mail import read_mailbox
from tunesmith.sources.material import Thread
from tunesmith.sources.row import Dropped, NotRead

Piece = Thread | Dropped | NotRead
ENVELOPE = "From {address} Mon Jan  5 10:0{number}:00 2026\n"
HEADERS = (
    "From: {name} <{address}>\nSubject: {subject}\nMessage-ID: <{number}@x.example>\n"
    "Date: Mon, 05 Jan 2026 10:0{number}:00 +0000\n"
)


def mail(
    body: str | bytes,
    *,
    number: int = 0,
    author: str = "Mara Voss",
    more: str = "",
    subject: str = "Re: Delivery",
) -> bytes:
    """A mail in a mailbox; the next one needs a blank line before it."""
    address = f"{author.split(maxsplit=1)[0].lower()}@client.example"
    fields = {"name": author, "address": address, "number": number, "subject": subject}
    head = ENVELOPE.format(**fields) + HEADERS.format(**fields) + more
    data = body if isinstance(body, bytes) else body.encode()
    separator = b"" if "Content-Type" in more and "\n\n" in more else b"\n"
    return head.encode("utf-8", "surrogateescape") + separator + data + b"\n\n"


def html(page: str) -> dict[str, str]:
    """The header of an HTML mail."""
    return {"body": page, "more": "Content-Type: text/html; charset=utf-8\n"}


def read(folder: Path, data: bytes, name: str = "box.mbox") -> list[Piece]:
    """Everything that comes of a mailbox."""
    (folder / name).write_bytes(data)
    return list(read_mailbox(folder / name, name))


def texts(items: list[Piece]) -> list[list[str]]:
    """The turns of threads."""
    return [[turn.text for turn in item.turns] for item in items if isinstance(item, Thread)]


def reasons(items: list[Piece]) -> list[str]:
    """Why mails were dropped."""
    return [item.reason for item in items if isinstance(item, Dropped)]


def not_read(items: list[Piece]) -> dict[str, str]:
    """What was passed over, by name."""
    found: dict[str, str] = {}
    for item in items:
        if isinstance(item, NotRead):
            found[item.name] = f"{found.get(item.name, '')}\n{item.text}".strip()
    return found
