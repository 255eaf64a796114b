"""Text -> the same with e-mail addresses as `[email]` and IP addresses as `[ip]`."""

import functools
import ipaddress
import re

from tunesmith.examples.redaction.replacing import Hidden, replace
from tunesmith.sources.lexicon import lexicon

_EMAIL = re.compile(
    r"(?<![\w.+%-])(?P<local>[\w.+%'&-]{1,64})@(?P<host>(?:[\w-]{1,63}\.){1,8})"
    r"(?P<top>[^\W\d_]{2,24}|xn--[\w-]{2,59})(?![\w@])"
)
_SPELLED = re.compile(
    r"(?<![\w.+-])[\w.+-]{1,64} ?[\[({<] ?at ?[\])}>] ?"
    r"(?:[\w-]{1,63}(?:\.| ?[\[({<] ?dot ?[\])}>] ?)){1,8}[^\W\d_]{2,24}(?!\w)",
    re.IGNORECASE,
)
_FILES = frozenset(("png", "jpg", "jpeg", "gif", "svg", "webp", "css", "js"))  # icon@2x.png
_V4 = re.compile(r"(?<![\w.-])(\d{1,3}(?:\.\d{1,3}){3})(?![\w-]|\.\d)")
_V6 = re.compile(r"(?<![\w:.])[0-9A-Fa-f:]{3,39}(?:\d{1,3}(?:\.\d{1,3}){3})?(?![\w:])")


def hide_emails(text: str) -> Hidden:
    """Replace e-mail addresses, also those written as `name [at] host [dot] org`."""
    total = 0
    if "@" in text:
        text, total = replace(_EMAIL, text, _email)
    lower = text.lower()
    if "at]" in lower or "at)" in lower or "at}" in lower or "at>" in lower:
        text, count = _SPELLED.subn("[email]", text)
        total += count
    return text, total


def hide_ip_addresses(text: str) -> Hidden:
    """Replace addresses that lead to one machine; 127.0.0.1, masks and versions stay."""
    total = 0
    if text.count(".") >= 3:
        text, total = replace(_V4, text, _v4)
    if text.count(":") >= 2:
        text, count = replace(_V6, text, _v6)
        total += count
    return text, total


def _email(match: re.Match[str]) -> str | None:
    is_address_of_code = match["local"] == "git" and match.string[match.end() :][:1] == ":"
    if is_address_of_code or match["top"].lower() in _FILES:
        return None
    lead = match["local"][: len(match["local"]) - len(match["local"].lstrip("'"))]
    return f"{lead}[email]"


def _v4(match: re.Match[str]) -> str | None:
    parts = match[1].split(".")
    if any(int(part) > 255 or (len(part) > 1 and part[0] == "0") for part in parts):
        return None
    if parts[0] in ("0", "127", "255"):
        return None
    before = match.string[max(0, match.start() - 40) : match.start()]
    if _version().search(before):
        return None
    # 1.2.3.4 is a version or a section number unless the words are about machines.
    is_ambiguous = all(len(part) == 1 for part in parts)
    return None if is_ambiguous and not _network().search(before) else "[ip]"


def _v6(match: re.Match[str]) -> str | None:
    written = match[0].rstrip(":") if not match[0].endswith("::") else match[0]
    if written.count(":") < 2 or not any(character.isdigit() for character in written):
        return None
    try:
        address = ipaddress.IPv6Address(written)
    except ValueError:
        return None
    if address.is_loopback or address.is_unspecified:
        return None
    is_usual = re.match(r"(?:fe80|f[cd][0-9a-f]{2}|[23][0-9a-f]{3}):", written, re.IGNORECASE)
    return "[ip]" + match[0][len(written) :] if is_usual or written.count(":") >= 3 else None


@functools.cache
def _version() -> re.Pattern[str]:
    words = lexicon(__package__).either("version_words")
    return re.compile(rf"(?:{words})[ .:=]*$", re.IGNORECASE)


@functools.cache
def _network() -> re.Pattern[str]:
    words = lexicon(__package__).either("network_words")
    return re.compile(rf"\b(?:{words})\b|://", re.IGNORECASE)
