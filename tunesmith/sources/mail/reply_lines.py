"""The lines of a mail -> which of them are another mail: quoted, introduced or sent on below.

Quotes are marked by `>`, or begin below a line that introduces them ("On Monday Ann wrote:") or
below another mail's headers. Any line with an address, a date and a colon at its end introduces
one, in whatever language; where the address or the date is missing, the verb is looked for.
"""

import functools
import re
from collections.abc import Iterator, Sequence
from enum import Enum

from tunesmith.sources.lexicon import lexicon

ADDRESS = re.compile(r"[^\s<>()\[\]\",;:]{1,64}@[^\s<>()\[\]\",;:]{1,255}")
_BIDI = dict.fromkeys([0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF])
_DATE = re.compile(r"(?<!\d)\d{4}(?!\d)|\d{1,2}[./-]\s?\d{1,2}[./-]\s?\d{2,4}")
_TIME = re.compile(r"\d{1,2}[:.h]\d{2}(?!\d)")
_SENTENCE_ENDS = (".", "!", "?", "。", "！", "？", "؟")
_ENDS = (":", "：")  # of the line above a quote
_RULE = re.compile(r"^\s*(?:_{20,}|-{20,})\s*$")
_MAX_LINE = 300  # characters of a line that introduces a quote
_MAX_LINES = 4  # into which mail programs break it
_MAX_HEADERS = 14
_NUM_HEADERS = 3  # that make another mail
_NUM_ALIKE = 4  # where nobody knows their names
_LABELLED = re.compile(r"[*_]*[^\W\d][^:：<@]{0,24}[:：][*_]*\s*\S")
_IN_ANGLES = re.compile(rf"[:：].*<{ADDRESS.pattern}>")
_LONG_QUOTE = 66  # from here on a mail program may have broken the line, and lost the mark
_SHORT_REST = 30


class Role(Enum):
    """Whose a line is."""

    OWN = "own"
    INTRODUCTION = "introduction"
    QUOTED = "quoted text"
    SIGNATURE = "signature"


def line_roles(lines: Sequence[str]) -> list[Role]:
    """Which lines are quoted and which introduce quotes; the others are the author's own."""
    roles = [Role.OWN] * len(lines)
    index = 0
    while index < len(lines):
        if is_quoted(lines[index]):
            roles[index] = Role.QUOTED
            index += 1
            continue
        length, is_last = _introduction(lines, index)
        roles[index : index + length] = [Role.INTRODUCTION] * length
        index += length or 1
        if is_last:
            roles[index:] = [Role.QUOTED] * (len(lines) - index)
            break
    for number in _lost_marks(lines):
        roles[number] = Role.QUOTED
    return roles


def is_quoted(line: str) -> bool:
    """Whether a line is marked as quoted."""
    return line.lstrip().startswith(">")


def without_mark(line: str) -> str:
    """A quoted line without the outermost mark."""
    stripped = line.lstrip()
    return stripped[1:].removeprefix(" ") if stripped.startswith(">") else line


def introduced_author(lines: Sequence[str]) -> str | None:
    """The address or name of whoever wrote a quote, as the lines above it say."""
    for line in lines:
        if match := _header("from_headers").match(plain_line(line)):
            value = plain_line(line)[match.end() :]
            found = ADDRESS.search(value)
            return found.group() if found else value.strip("* \t") or None
    is_block = any(
        _header("date_headers", "other_headers").match(plain_line(line)) for line in lines
    )
    if is_block and not _num_alike(lines, 0):
        return None
    found = ADDRESS.search(plain_line(" ".join(lines)))
    return found.group() if found else None


@functools.lru_cache(maxsize=64)
def plain_line(line: str) -> str:
    """A line without the marks that turn the direction of writing, and without odd blanks."""
    return " ".join(line.translate(_BIDI).split())


def _introduction(lines: Sequence[str], index: int) -> tuple[int, bool]:
    """How many lines introduce a quote here, and whether all that follows is quoted."""
    if not lines[index].strip() or len(lines[index]) > _MAX_LINE:
        return 0, False
    if length := _headers_of_another(lines, index):
        return length, True
    length = _attribution(lines, index)
    return length, bool(length) and not _quote_follows(lines, index + length)


def _attribution(lines: Sequence[str], index: int) -> int:
    """How many lines say who wrote the quote below; mail programs break long ones."""
    first = plain_line(lines[index])
    begins = _quote_begins().match(first) is not None
    for length in range(_MAX_LINES, 0, -1):
        parts = [plain_line(line) for line in lines[index : index + length]]
        ends = parts[-1].endswith(_ENDS) or (begins and length == 1)
        if len(parts) < length or not ends or not _are_of_one(parts):
            continue
        follows = _quote_follows(lines, index + length)
        if not _says_who_wrote(" ".join(parts), follows=follows):
            continue
        if length == 1 or _is_beginning(first, " ".join(parts[1:])):
            return length
    return 0


def _are_of_one(parts: Sequence[str]) -> bool:
    is_short = sum(map(len, parts)) <= _MAX_LINE
    return is_short and all(parts) and not any(part.startswith(">") for part in parts)


def _is_beginning(first: str, rest: str) -> bool:
    """Whether a broken introduction begins with this line, and not only below it."""
    if first.endswith(_SENTENCE_ENDS) and not _TIME.search(first):
        return False
    is_address = ADDRESS.search(first) is not None and len(first) < 100
    if is_address or _quote_begins().match(first):
        return True
    return _DATE.search(first) is not None and not _says_who_wrote(rest, follows=False)


def _says_who_wrote(line: str, *, follows: bool) -> bool:
    has_address = ADDRESS.search(line) is not None
    has_date = _DATE.search(line) is not None
    has_moment = has_date or _TIME.search(line) is not None
    has_verb = _verb().search(line) is not None
    if not line.endswith(_ENDS):
        is_whole = has_moment and has_verb and _quote_begins().match(line) is not None
        return is_whole and (follows or line.endswith(("wrote", "schrieb")))
    begins = _quote_begins().match(line) is not None and re.search(r"\d", line) is not None
    if (has_address and has_date) or ((has_moment or begins) and has_verb):
        return True
    return follows and (has_address or has_verb or has_moment)


def _quote_follows(lines: Sequence[str], index: int) -> bool:
    below = next((line for line in lines[index : index + 3] if line.strip()), "")
    return is_quoted(below)


def _headers_of_another(lines: Sequence[str], index: int) -> int:
    """How many lines stand above another mail: a line that says so, and its headers."""
    if _forwarding().match(plain_line(lines[index])):
        return 1 + _num_headers(lines, index + 1, needed=0)
    if _RULE.match(lines[index]):
        headers = _num_headers(lines, index + 1, needed=2)
        return 1 + headers if headers else 0
    return _num_headers(lines, index, needed=_NUM_HEADERS) or _num_alike(lines, index)


def _num_alike(lines: Sequence[str], index: int) -> int:
    """The length of a block of headers whose names nobody knows: an address, then a moment."""
    block = [plain_line(line) for line in lines[index : index + _NUM_ALIKE]]
    if len(block) < _NUM_ALIKE or not all(map(_LABELLED.match, block)):
        return 0
    is_moment = _DATE.search(block[1]) is not None and _TIME.search(block[1]) is not None
    return _NUM_ALIKE if _IN_ANGLES.search(block[0]) and is_moment else 0


def _num_headers(lines: Sequence[str], index: int, *, needed: int) -> int:
    """The length of a block of headers; none where it holds fewer than are needed."""
    found: list[str] = []
    end = index
    for number, line in enumerate(_block(lines, index), start=index):
        text = plain_line(line)
        if _is_header(line):
            found.append(text)
            end = number + 1
        elif text and not found:
            return 0
        elif not text and len(found) >= max(needed, 1):
            break
    if needed == 0:
        return end - index
    return end - index if len(found) >= needed and _are_of_a_mail(found) else 0


def _block(lines: Sequence[str], index: int) -> Iterator[str]:
    """Lines that may be headers: not more than one in a row that is none."""
    num_others = 0
    for line in lines[index : index + _MAX_HEADERS]:
        num_others = 0 if _is_header(line) else num_others + 1
        if num_others > 2:
            return
        yield line


def _are_of_a_mail(headers: Sequence[str]) -> bool:
    """Whether somebody sent it at some time; a journey has `From:` and `To:` too."""
    is_sent = any(_header("from_headers").match(line) for line in headers)
    text = " ".join(headers)
    has_time = _DATE.search(text) is not None and _TIME.search(text) is not None
    return is_sent and (has_time or ADDRESS.search(text) is not None)


def _lost_marks(lines: Sequence[str]) -> Iterator[int]:
    """Ends of quoted lines that a mail program broke without marking the rest."""
    for number in range(1, len(lines) - 1):
        before, line, after = lines[number - 1 : number + 2]
        is_rest = 0 < len(line.strip()) <= _SHORT_REST and not is_quoted(line)
        if is_rest and is_quoted(before) and is_quoted(after) and len(before) >= _LONG_QUOTE:
            yield number


@functools.cache
def _verb() -> re.Pattern[str]:
    return re.compile(
        rf"(?<!\w)(?:{_either('quote_verbs', is_spaced=True)})(?!\w)"
        rf"|(?:{_either('quote_verbs', is_spaced=False)})",
        re.IGNORECASE,
    )


@functools.cache
def _quote_begins() -> re.Pattern[str]:
    return re.compile(rf"(?:{_either('quote_beginnings')})(?!\w)", re.IGNORECASE)


@functools.cache
def _forwarding() -> re.Pattern[str]:
    """The line above a whole mail."""
    return re.compile(
        rf"[-_=*]{{2,}}\s?(?:{_either('forwarded_lines')})(?!\w).{{0,60}}$"
        rf"|(?:{_either('forwarded_starts')})\s?[:：]?$",
        re.IGNORECASE,
    )


@functools.cache
def _header(*names: str) -> re.Pattern[str]:
    words = "|".join(_either(name) for name in names)
    return re.compile(rf"[*_\s]*(?:{words})[*_\s]*[:：][*_\s]*", re.IGNORECASE)


@functools.lru_cache(maxsize=64)
def _is_header(line: str) -> bool:
    names = ("from_headers", "date_headers", "other_headers")
    return _header(*names).match(plain_line(line[:_MAX_LINE])) is not None


def _either(name: str, *, is_spaced: bool | None = None) -> str:
    return lexicon(__package__).either(name, is_spaced=is_spaced)
