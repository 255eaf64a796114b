"""The lines that the author of a mail wrote -> which of them are signature.

Below `-- `, below a closing with nothing but names and numbers under it, and what telephones,
lists and lawyers add at the end.
"""

import functools
import itertools
import re
from collections.abc import Sequence

from tunesmith.sources.lexicon import lexicon
from tunesmith.sources.mail.reply_lines import Role, plain_line

_MAX_CLOSING_LINES = 14
_MAX_BELOW_DASHES = 12
_MAX_FOOTER_LINES = 8
_MAX_LINE = 200  # characters
_MIN_LEGAL_CHARACTERS = 60
_RULE = re.compile(r"_{10,}|-{20,}|={20,}")
_POSTSCRIPT = re.compile(r"p\.?\s?s\b", re.IGNORECASE)


def mark_signatures(lines: Sequence[str], roles: list[Role]) -> None:
    """Give the lines of signatures among the author's own their role."""
    for number, line in enumerate(lines):
        if roles[number] is Role.OWN and len(line) < _MAX_LINE and _added().fullmatch(line.strip()):
            roles[number] = Role.SIGNATURE
    _mark_below_dashes(lines, roles)
    for find in (_ends, _closing, _ends):
        own = [number for number, role in enumerate(roles) if role is Role.OWN]
        for number in find(lines, own):
            roles[number] = Role.SIGNATURE


def without_name(text: str, name: str) -> tuple[str, str]:
    """A text without its author's name as the last line, and that line."""
    above, _, last = text.rpartition("\n")
    signed = re.findall(r"\w+", last.casefold())
    known = re.findall(r"\w+", name.casefold())
    is_name = above and last.strip() and 0 < len(signed) <= 3 and set(signed) <= set(known)
    return (above.rstrip(), last.strip()) if is_name else (text, "")


def _mark_below_dashes(lines: Sequence[str], roles: list[Role]) -> None:
    for number, line in enumerate(lines):
        if roles[number] is not Role.OWN or line.strip() not in ("--", "—"):
            continue
        below = itertools.takewhile(lambda n: roles[n] is Role.OWN, range(number, len(lines)))
        marked = list(below)
        texts = sum(bool(lines[n].strip()) for n in marked[:100])
        if line.startswith("-- ") or texts <= _MAX_BELOW_DASHES:
            roles[number : number + len(marked)] = [Role.SIGNATURE] * len(marked)


def _ends(lines: Sequence[str], own: list[int]) -> list[int]:
    """What telephones, lists and lawyers added below."""
    end = len(own)
    while end:
        text = plain_line(lines[own[end - 1]])
        if not text or _is_footer(text) or _RULE.fullmatch(text):
            end -= 1
        elif begin := _legal_begin(lines, own, end):
            end = begin
        else:
            break
    return own[_list_begin(lines, own, end) :]


def _legal_begin(lines: Sequence[str], own: list[int], end: int) -> int:
    """Where the last paragraph begins if it is the lawyers'; 0 if not, or if it is all."""
    begin = end
    while begin and lines[own[begin - 1]].strip():
        begin -= 1
    text = plain_line(" ".join(lines[number] for number in own[begin:end]))
    is_legal = len(text) >= _MIN_LEGAL_CHARACTERS and bool(_legal().search(text))
    return begin if is_legal and _mail_word().search(text) and "?" not in text else 0


def _list_begin(lines: Sequence[str], own: list[int], end: int) -> int:
    """Where a footer begins: a rule, and below it a line that names a list, or addresses."""
    for begin in range(max(1, end - _MAX_FOOTER_LINES), end):
        if _RULE.fullmatch(plain_line(lines[own[begin]])):
            below = [plain_line(lines[number]) for number in own[begin + 1 : end]]
            is_address = all(map(_is_contact, below)) and any(map(_contact().match, below))
            if is_address or any(map(_is_footer, below)):
                return begin
    return end


def _closing(lines: Sequence[str], own: list[int]) -> list[int]:
    """A closing near the end, with nothing below it but names, numbers and addresses."""
    texts = [(number, plain_line(lines[number])) for number in own if lines[number].strip()]
    for begin in range(max(1, len(texts) - _MAX_CLOSING_LINES), len(texts)):
        below = [text for _, text in texts[begin + 1 :]]
        if _is_closing(texts[begin][1][:_MAX_LINE]) and all(_is_contact(text) for text in below):
            return own[own.index(texts[begin][0]) :]
    return []


def _is_closing(line: str) -> bool:
    """`Best regards`, also with the name behind a comma."""
    closing, _, name = line.partition(",")
    words = name.split()
    is_name = len(words) <= 3 and all(word[0].isupper() for word in words)
    return _closing_line().match(closing if is_name else line) is not None


def _is_footer(text: str) -> bool:
    return len(text) < _MAX_LINE and _footer().fullmatch(text) is not None


def _is_contact(text: str) -> bool:
    if _POSTSCRIPT.match(text) or len(text) > 80:
        return False
    if _contact().match(text) or "@" in text:
        return True
    is_sentence = text.endswith((".", "。")) and len(text.split()) > 3
    return not (is_sentence or re.search(r"[?!:？！：]", text))


@functools.cache
def _footer() -> re.Pattern[str]:
    phones, lists = _either("phone_lines"), _either("list_footers")
    return re.compile(rf"\W*(?:{phones}|{lists})\W*", re.IGNORECASE)


@functools.cache
def _added() -> re.Pattern[str]:
    return re.compile(_either("added_lines"), re.IGNORECASE)


@functools.cache
def _closing_line() -> re.Pattern[str]:
    closings = _either("closings", blank=r"\s+")
    return re.compile(rf"\W*(?:{closings})\W*$", re.IGNORECASE)


@functools.cache
def _contact() -> re.Pattern[str]:
    return re.compile(rf"\W*(?:{_either('contact_lines')})", re.IGNORECASE)


@functools.cache
def _legal() -> re.Pattern[str]:
    return re.compile(_either("legal_words"), re.IGNORECASE)


@functools.cache
def _mail_word() -> re.Pattern[str]:
    return re.compile(_either("words_for_mail"), re.IGNORECASE)


def _either(name: str, *, blank: str = " ") -> str:
    return lexicon(__package__).either(name, blank=blank)
