"""A mail with its parts -> the text a person reads in it, and by name what is not read.

Every part is looked at (RFC 2046): of alternatives the one that says more, texts one below the
other, mails inside of a mail as such. Files, pictures, calendars and keys are named.
"""

import base64
import quopri
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from email.message import Message

from tunesmith.sources.chats.post import ENCRYPTED
from tunesmith.sources.mail.charsets import decoded
from tunesmith.sources.mail.flowed import unflowed
from tunesmith.sources.mail.html_mail import Piece, html_mail
from tunesmith.sources.mail.mail_headers import declared_charsets
from tunesmith.sources.mail.own_text import MailQuote, own_text
from tunesmith.sources.row import RowError

MAX_BODY_CHARACTERS = 200_000
_NAMED = {  # parts that are no text of the author's
    "text/rtf": "attachment",
    "text/calendar": "calendar",
    "text/vcard": "address card",
    "text/x-vcard": "address card",
    "text/directory": "address card",
    "application/pgp-signature": "electronic signature",
    "application/pgp-keys": "electronic signature",
    "application/pkcs7-signature": "electronic signature",
    "application/x-pkcs7-signature": "electronic signature",
    "message/delivery-status": "delivery status",
    "message/disposition-notification": "delivery status",
    "text/rfc822-headers": "delivery status",
    "message/partial": "part of a mail",
    "message/external-body": "part of a mail",
}
_ENCRYPTED = ("multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime")
_READ = ("text/plain", "text/html", "text/enriched", "text/richtext", "text/markdown")
_PGP_MESSAGE = "-----BEGIN PGP MESSAGE-----"
_PGP_SIGNED = re.compile(r"-----BEGIN PGP SIGNED MESSAGE-----\r?\n(?:[A-Z]\w+: .*\r?\n)*\r?\n?")
_PGP_SIGNATURE = re.compile(
    r"^-----BEGIN PGP (SIGNATURE|PUBLIC KEY BLOCK)-----.*?(?:^-----END PGP \1-----|\Z)",
    re.DOTALL | re.MULTILINE,
)
_UUENCODED = re.compile(r"^begin [0-7]{3,4} (\S.*)\n(?:[ -`]{1,90}\n)*?(?:`?\n)?end$", re.MULTILINE)
_TAGS = re.compile(r"<<|</?[A-Za-z][\w-]{0,20}>")
_PAGE = re.compile(r"\s*<(?:!doctype html|html)\b", re.IGNORECASE)
_BASE64 = re.compile(rb"[A-Za-z0-9+/=\s]*")
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_WORD = re.compile(r"\w+")
_MAX_CHARSETS = 20
_IS_RICHER = 2.0  # the longer of two alternatives says more from here on


@dataclass(slots=True)
class MailBody:
    """What a mail, or a part of it, holds.

    Attributes:
        text: What its author wrote.
        quotes: Mails in the texts, in order.
        not_read: What else is there, by name.
        inner: The mails that are parts of it.
    """

    text: str = ""
    quotes: list[MailQuote] = field(default_factory=list)
    not_read: list[Piece] = field(default_factory=list)
    inner: list[Message] = field(default_factory=list)

    def add(self, others: Sequence["MailBody"]) -> None:
        """Put other parts below."""
        texts = [self.text, *(other.text for other in others)]
        self.text = "\n\n".join(text for text in texts if text)
        for other in others:
            self.quotes += other.quotes
            self.not_read += other.not_read
            self.inner += other.inner


def read_body(message: Message) -> MailBody:
    """What a mail says.

    Raises:
        RowError: It is encrypted, too long, or in letters that cannot be known.
    """
    body = _part(message, declared_charsets(message) + _charsets(message))
    if not body.text and any(name == "encrypted part" for name, _ in body.not_read):
        raise RowError(ENCRYPTED, "nobody but its receiver can read it")
    return body


def _charsets(message: Message) -> list[str]:
    """The character sets that parts name."""
    named = (part.get_param("charset") for part in message.walk())
    found = [charset for charset in named if isinstance(charset, str) and charset]
    return list(dict.fromkeys(found))[:_MAX_CHARSETS]


def _part(part: Message, others: Sequence[str]) -> MailBody:
    kind = part.get_content_type().split()[0]
    if kind in _ENCRYPTED and part.get_param("smime-type") != "signed-data":
        return MailBody(not_read=[("encrypted part", "")])
    if kind == "message/rfc822" and part.is_multipart():
        return MailBody(inner=[one for one in part.get_payload() if isinstance(one, Message)])
    if part.is_multipart():
        return _several(part, kind, others)
    disposition = part.get_content_disposition()
    is_file = disposition == "attachment" or bool(disposition and part.get_filename())
    is_text = kind in _READ or (part.get_content_maintype() in ("text", "multipart"))
    if not is_text or is_file or kind in _NAMED:
        return MailBody(not_read=[_file(part, kind, others)])
    return _text(part, kind, others)


def _several(part: Message, kind: str, others: Sequence[str]) -> MailBody:
    children = [child for child in part.get_payload() if isinstance(child, Message)]
    body = MailBody(not_read=list(_outside(part)))
    bodies = [_part(child, others) for child in children]
    if kind == "multipart/alternative" and len(bodies) > 1:
        bodies = [_best(bodies)]
    body.add(bodies)
    return body


def _outside(part: Message) -> Iterator[Piece]:
    """What stands before the first part and behind the last, which mail programs do not show."""
    for text in (part.preamble, part.epilogue):
        if text and text.strip():
            yield "text outside of the parts", _shown(text)


def _best(bodies: Sequence[MailBody]) -> MailBody:
    """Of alternatives the first, unless a later one says more; what only others say is named."""
    best = bodies[0]
    for body in bodies[1:]:
        if _says_more(body.text, best.text):
            best = body
    for body in bodies:
        if body is not best:
            best.inner += body.inner
            best.not_read += [piece for piece in body.not_read if piece not in best.not_read]
            best.not_read += _only_there(body, best)
    return best


def _says_more(later: str, first: str) -> bool:
    """Whether the first alternative only says that there is another, or is cut short."""
    old, new = _WORD.findall(first.lower()), _WORD.findall(later.lower())
    if len(new) > _IS_RICHER * len(old):
        return True
    num_shared = len(set(old).intersection(new))
    is_pointer = "html" in old and "html" not in new
    return bool(new) and num_shared * 2 < len(set(old)) and (is_pointer or len(new) > len(old))


def _only_there(body: MailBody, best: MailBody) -> Iterator[Piece]:
    """The words of an alternative that the chosen one has nowhere."""
    chosen = [best.text, *(quote.introduction + " " + quote.text for quote in best.quotes)]
    chosen += [text for _, text in best.not_read]
    words = set(_WORD.findall(" ".join(chosen).lower()))
    for text in (body.text, *(quote.introduction + "\n" + quote.text for quote in body.quotes)):
        missing = [word for word in _WORD.findall(text) if word.lower() not in words]
        if missing:
            yield "alternative text", " ".join(missing)


def _text(part: Message, kind: str, others: Sequence[str]) -> MailBody:
    raw = decoded(_bytes(part), _charset(part), others=others)
    if len(raw) > MAX_BODY_CHARACTERS:
        raise RowError("mail too long", f"its text has {len(raw):,} characters")
    if part.get_content_maintype() == "multipart" and re.search(r"(?im)^content-type:", raw):
        raise RowError("unreadable mail", "the border of its parts is not named")
    not_read: list[Piece] = []
    text = raw.replace("\r\n", "\n")
    if kind == "text/html" or _PAGE.match(text):
        text, not_read = html_mail(text)
    elif kind in ("text/enriched", "text/richtext"):
        text = _TAGS.sub(lambda tag: "<" if tag.group() == "<<" else "", text)
    elif str(part.get_param("format") or "").lower() == "flowed":
        text = unflowed(text, is_space_deleted=str(part.get_param("delsp")).lower() == "yes")
    text, found = _without_armour(text)
    own = own_text(text)
    signature = [("signature", own.signature)] if own.signature else []
    return MailBody(text=own.text, quotes=list(own.quotes), not_read=not_read + found + signature)


def _without_armour(text: str) -> tuple[str, list[Piece]]:
    """Text without electronic signatures and files written into it."""
    if _PGP_MESSAGE in text:
        raise RowError(ENCRYPTED, "nobody but its receiver can read it")
    found: list[Piece] = []
    for name, pattern in (("electronic signature", _PGP_SIGNATURE), ("attachment", _UUENCODED)):
        if "-----BEGIN PGP" in text or "\nend" in text:
            found += [(name, match.group()) for match in pattern.finditer(text)]
            text = pattern.sub("", text)
    signed = _PGP_SIGNED.sub("", text)
    return (re.sub(r"(?m)^- (?=-)", "", signed) if signed != text else text), found


def _file(part: Message, kind: str, others: Sequence[str]) -> Piece:
    """The name of what a part is, with its file's name and the words of a text."""
    name = _NAMED.get(kind, "picture" if kind.startswith("image/") else "attachment")
    text = _shown(part.get_filename() or kind)
    if part.get_content_maintype() == "text":
        try:
            text += "\n" + decoded(_bytes(part), _charset(part), others=others)
        except RowError as fault:
            text += f"\n{fault.detail}"
    return name, text


def _charset(part: Message) -> str | None:
    value = part.get_param("charset")
    return _shown(value) if isinstance(value, str) else None


def _shown(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _bytes(part: Message) -> bytes:
    """The content of a part; what says it is encoded and is not stays as it is."""
    payload = part.get_payload()
    data = payload.encode("utf-8", "surrogateescape") if isinstance(payload, str) else b""
    encoding = str(part.get("Content-Transfer-Encoding") or "").split(";")[0].strip().lower()
    if encoding == "quoted-printable":
        return quopri.decodestring(data)
    if encoding == "base64":
        return _from_base64(data)
    decoded_payload = part.get_payload(decode=True)
    return decoded_payload if isinstance(decoded_payload, bytes) else data


def _from_base64(data: bytes) -> bytes:
    """Bytes of base64; lists add footers below, and some programs only say they encode."""
    lines = data.splitlines(keepends=True)
    end = next((n for n, line in enumerate(lines) if not _BASE64.fullmatch(line)), len(lines))
    bare = re.sub(rb"[\s=]", b"", b"".join(lines[:end]))
    if len(bare) % 4 == 1:
        bare = bare[:-1]
    text = base64.b64decode(bare + b"=" * (-len(bare) % 4))
    is_text = text and not _CONTROL.search(text) and len(bare) % 4 != 3
    rest = b"".join(lines[end:])
    return text + b"\n" * bool(rest) + rest if not rest or is_text else data
