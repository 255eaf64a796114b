"""The body of a mail -> what its author wrote in it.

Quoted mail, the line that introduces it, forwarded headers, signatures and what phones and
lists add are taken off; an answer between quotes or below them stays. The words by which they
are known stand in `words.yaml`.
"""

import functools
import re

from tunesmith.sources.lexicon import lexicon

_MAX_SIGNATURE_LINES = 7


def own_text(body: str) -> str:
    """What the author of a mail added, without quotes and signature."""
    lines = body.replace("\r\n", "\n").replace("\r", "\n").replace("\xa0", " ").split("\n")
    lines = _without_forwarded(lines)
    lines = _without_quotes(lines)
    lines = _without_signature(lines)
    text = "\n".join(line.rstrip() for line in lines).strip()
    return re.sub(r"\n{3,}", "\n\n", text)


def _without_forwarded(lines: list[str]) -> list[str]:
    """Cut where another mail begins below this one, told by its headers."""
    for index, line in enumerate(lines):
        if _forwarding().match(line):
            return lines[:index]
        heads = [bool(_header().match(other)) for other in lines[index : index + 3]]
        if len(heads) == 3 and all(heads):
            return lines[:index]
    return lines


def _without_quotes(lines: list[str]) -> list[str]:
    kept: list[str] = []
    index = 0
    while index < len(lines):
        line = lines[index]
        if line.lstrip().startswith(">"):
            index += 1
            continue
        if (length := _attribution_lines(lines, index)) > 0:
            if not any(other.lstrip().startswith(">") for other in lines[index + length :]):
                return kept  # what follows is quoted without marks
            index += length
            continue
        kept.append(line)
        index += 1
    return kept


def _attribution_lines(lines: list[str], index: int) -> int:
    """How many lines introduce a quote here; mail programs break long ones."""
    if _introduction().match(lines[index]):
        return 1
    if not _introduction_start().match(lines[index]):
        return 0
    for length in (2, 3):
        joined = " ".join(line.strip() for line in lines[index : index + length])
        if _introduction().match(joined):
            return length
    return 0


def _without_signature(lines: list[str]) -> list[str]:
    for index, line in enumerate(lines):
        if line.rstrip("\n") in ("-- ", "--", "—"):
            lines = lines[:index]
            break
    while lines and (not lines[-1].strip() or _footer().match(lines[-1].strip())):
        lines = lines[:-1]
    for index in range(max(0, len(lines) - _MAX_SIGNATURE_LINES), len(lines)):
        below = [line.strip() for line in lines[index + 1 :] if line.strip()]
        if _closing().match(lines[index]) and all(_name_line().match(line) for line in below):
            return lines[:index] if index else lines
    return lines


@functools.cache
def _introduction() -> re.Pattern[str]:
    """The line above a quote."""
    return re.compile(rf"^[>\s]*(?:{_either('quote_introductions')})\s*$", re.IGNORECASE)


@functools.cache
def _introduction_start() -> re.Pattern[str]:
    return re.compile(rf"^(?:{_either('quote_beginnings')})\s.{{4,}}", re.IGNORECASE)


@functools.cache
def _forwarding() -> re.Pattern[str]:
    """The line above a whole mail."""
    return re.compile(
        rf"^\s*[-_]{{2,}}\s*(?:{_either('forwarded_lines')})\s*[-_]*:?\s*$"
        r"|^\s*begin forwarded message:\s*$|^\s*_{20,}\s*$",
        re.IGNORECASE,
    )


@functools.cache
def _header() -> re.Pattern[str]:
    return re.compile(rf"^\W*(?:{_either('mail_headers')})\W*:\s?\S", re.IGNORECASE)


@functools.cache
def _footer() -> re.Pattern[str]:
    """What telephones and lists add."""
    return re.compile(
        rf"^\W*(?:{_either('sent')})\s+(?:{_either('sent_from')})\b.{{0,60}}$"
        rf"|^_{{10,}}$|^(?:{_either('list_footers')})$",
        re.IGNORECASE,
    )


@functools.cache
def _closing() -> re.Pattern[str]:
    closings = _either("closings", blank=r"\s+")
    return re.compile(rf"^\W*(?:{closings})\W*$", re.IGNORECASE)


@functools.cache
def _name_line() -> re.Pattern[str]:
    contact = _either("contact_lines")
    return re.compile(rf"^[^.?!:]{{1,60}}$|^\W*(?:{contact})\b.*$", re.IGNORECASE)


def _either(name: str, *, blank: str = " ") -> str:
    return lexicon(__package__).either(name, blank=blank)
