"""Bytes of a mail and what it calls their character set -> text, with no letter guessed wrongly.

Names are taken as browsers and mail programs take them (https://encoding.spec.whatwg.org). UTF-8
is seen whatever is declared. Where the name is missing or wrong, the set is looked for among the
usual ones, and taken only where no other reading is as likely.
"""

import codecs
import functools
import re
from collections.abc import Iterable, Sequence

from tunesmith.sources.encodings.charset import find_charset
from tunesmith.sources.row import RowError

UNREADABLE = "unknown characters"
LOST = "\ufffd"
_SAME = {  # a name, without blanks and marks -> Python's name of the set it stands for in mail
    "ansi": "cp1252",
    "iso88591": "cp1252",
    "latin1": "cp1252",
    "iso88599": "cp1254",
    "iso88598i": "iso8859_8",
    "iso88598e": "iso8859_8",
    "iso88596i": "iso8859_6",
    "iso88596e": "iso8859_6",
    "logical": "iso8859_8",
    "gb2312": "gb18030",
    "gb231280": "gb18030",
    "gbk": "gb18030",
    "euccn": "gb18030",
    "ksc56011987": "cp949",
    "ksc5601": "cp949",
    "euckr": "cp949",
    "windows949": "cp949",
    "shiftjis": "cp932",
    "sjis": "cp932",
    "windows31j": "cp932",
    "iso2022jp": "iso2022_jp_ext",
    "unicode11utf7": "utf_7",
    "unicode11utf8": "utf_8",
    "utf8mb4": "utf_8",
    "utf": "utf_8",
    "macroman": "mac_roman",
    "macintosh": "mac_roman",
    "mac": "mac_roman",
    "maccyrillic": "mac_cyrillic",
    "maccentraleurope": "mac_latin2",
    "macce": "mac_latin2",
    "koi8": "koi8_r",
    "windows874": "cp874",
    "big5": "big5hkscs",
}
_NOT_OF_TEXT = {
    "idna",
    "punycode",
    "unicode_escape",
    "raw_unicode_escape",
    "undefined",
    "utf_7_imap",
}
_ONE_BYTE = re.compile(
    r"ascii|cp\d|iso8859|latin|koi8|mac|windows|tis|hp_roman|ptcp|kz", re.IGNORECASE
)
_FEW = 3  # letters that are not ASCII; of so few nobody can tell the language
_DOUBTFUL = re.compile(
    r"[ðþýÐÞÝø]|ì(?=\w)|õ(?!e)|ã(?![oe])"
)  # Turkish, Czech, Hungarian, Romanian as well
_LATIN = {"cp1252", "cp1250", "cp1254", "iso8859-15", "iso8859-2"}
_ESCAPES = re.compile(rb"\x1b(?:\$[@B]|\(J|\$\([D])|\x1b\$\)C")
_MAX_MARKED = 0.5  # of the letters of a language that is written in Latin
_MIN_LETTERS = 8
_CONTROL = re.compile("[\x80-\x9f]")  # no text holds them; in another set they are letters
_SAMPLE = 4_000  # bytes that are looked at for the set


def decoded(data: bytes, charset: str | None, *, others: Sequence[str] = ()) -> str:
    """The text of bytes.

    Args:
        data: As the mail's part holds them.
        charset: What the part says of them.
        others: What the rest of the mail says of its own.

    Raises:
        RowError: The letters cannot be known.
    """
    name = known_charset(charset)
    text = _as_unicode(data, name)
    if text is None and name is not None:
        text = _strictly(data, name)
    if text is None or (name in _LATIN and _is_foreign(text)):
        declared = f"'{charset[:40]}'" if charset else "none"
        text = _guessed(data, [other for other in others if known_charset(other) != name], declared)
    if LOST in text:
        lost = f"{text.count(LOST):,} letters were lost before the mail was saved (U+FFFD)"
        raise RowError(UNREADABLE, lost)
    return text


def known_charset(charset: str | None) -> str | None:
    """Python's name of a character set as mails call it; None where nobody knows it."""
    bare = re.sub(r"[^a-z0-9]", "", (charset or "").lower())
    bare = bare.removeprefix("cs") if bare.startswith("csiso") else bare
    plain = bare[1:] if bare.startswith("x") else bare
    page = re.search(r"(?:windows|win|cp|ibm|dos|ms)(\d{3,4})", plain)
    for name in (_SAME.get(bare), _SAME.get(plain), charset, bare, plain, page and f"cp{page[1]}"):
        if name and (found := _codec(name)):
            return _SAME.get(found.replace("_", "").replace("-", ""), found)
    return None


@functools.cache
def _codec(name: str) -> str | None:
    try:
        found = codecs.lookup(name.strip())
    except (LookupError, ValueError, UnicodeError):
        return None
    is_text = getattr(found, "_is_text_encoding", True)
    return found.name if is_text and found.name.replace("-", "_") not in _NOT_OF_TEXT else None


def _as_unicode(data: bytes, name: str | None) -> str | None:
    """Text that can be nothing else: ASCII, UTF-8, or with the escapes of ISO 2022."""
    if _ESCAPES.search(data):
        return _strictly(data, "iso2022_kr" if b"\x1b$)C" in data else "iso2022_jp_ext")
    is_one_byte = name is None or _ONE_BYTE.match(name) is not None
    if is_one_byte or name in ("utf_8", "utf-8"):
        return _strictly(data.removeprefix(codecs.BOM_UTF8), "utf-8")
    return None


def _strictly(data: bytes, name: str) -> str | None:
    try:
        text = data.decode(name)
    except (UnicodeError, LookupError, ValueError):
        return None
    return None if _CONTROL.search(text) else text


def _guessed(data: bytes, others: Iterable[str], declared: str) -> str:
    """The reading that the rest of the mail, or the bytes themselves, leave no doubt about."""
    for other in others:
        name = known_charset(other)
        if name and (text := _strictly(data, name)) is not None:
            return text
    found = find_charset(data)
    text = _strictly(data, found.codec) if found and not found.others else None
    if text is not None and not (_num_marked(data) <= _FEW and _DOUBTFUL.search(text)):
        return text
    fits = ", ".join((found.name, *found.others)) if found else "none that is known"
    raise RowError(
        UNREADABLE, f"the character set is not known (declared: {declared}; it may be {fits})"
    )


def _num_marked(data: bytes) -> int:
    return len(data) - len(data.decode("ascii", "ignore"))


def _is_foreign(text: str) -> bool:
    """Whether it is no language of Latin letters, as they do not write so many with marks."""
    letters = re.findall(r"[^\W\d_]", text[:_SAMPLE])
    num_marked = sum(letter > "\x7f" for letter in letters)
    return len(letters) >= _MIN_LETTERS and num_marked > _MAX_MARKED * len(letters)
