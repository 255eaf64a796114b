"""The body of a mail -> what its author wrote in it.

Quoted mail, the line that introduces it, forwarded headers, signatures and what phones and
lists add are taken off; an answer between quotes or below them stays.
"""

import re

_LINE_WITH_DATE = (
    r"on\ .{4,200}\ wrote:? | am\ .{4,200}\ schrieb\ .{0,100}: | .{2,80}\ schrieb\ am\ .{4,80}:"
    r"| le\ .{4,200}\ a\ écrit\ ?: | el\ .{4,200}\ escribió: | il\ .{4,200}\ ha\ scritto:"
    r"| op\ .{4,200}\ schreef\ .{0,100}: | em\ .{4,200}\ escreveu:"
    r"| \d{4}[-年].{4,80}(?:写道|寫道)[：:]"
)
_ATTRIBUTION = re.compile(rf"^[>\s]*(?:{_LINE_WITH_DATE})\s*$", re.VERBOSE | re.IGNORECASE)
_ATTRIBUTION_START = re.compile(r"^(?:on|am|le|el|il|op|em)\s.{4,}", re.IGNORECASE)
_ORIGINAL = re.compile(
    r"^\s*[-_]{2,}\s*(?:original message|forwarded message|ursprüngliche nachricht|weitergeleitete"
    r" nachricht|message d'origine|mensaje original|原始邮件|begin forwarded message)\s*[-_]*:?\s*$"
    r"|^\s*begin forwarded message:\s*$|^\s*_{20,}\s*$",
    re.IGNORECASE,
)
_HEADER = re.compile(
    r"^\W*(?:from|sent|to|cc|subject|date|von|gesendet|an|betreff|datum|de|envoyé|à|objet)\W*:\s?\S",
    re.IGNORECASE,
)
_PHONE = re.compile(
    r"^\W*(?:sent|gesendet|envoyé|enviado|get|download)\s+(?:from|von|depuis|de|desde|outlook)\b.{0,60}$"
    r"|^_{10,}$|^.{0,60}mailing list(?: --)?\s*\S*$|^to unsubscribe\b.*$",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"^\W*(?:(?:with\s+)?(?:best|kind|warm|kindest|warmest|many)?\s*(?:regards|wishes|thanks)"
    r"|best|cheers|sincerely|(?:yours|your)\s+(?:sincerely|faithfully|truly)|all\s+the\s+best"
    r"|thanks(?:\s+(?:again|in\s+advance|a\s+lot|so\s+much))?|thank\s+you(?:\s+(?:very\s+much|in\s+advance))?"
    r"|take\s+care|respectfully|cordially|mit\s+freundlichen\s+grüßen|(?:viele|liebe|beste|freundliche)"
    r"\s+grüße|mfg|vg|lg|cordialement|bien\s+à\s+vous|saludos|un\s+saludo|atentamente)\W*$",
    re.IGNORECASE,
)
_NAME_LINE = re.compile(
    r"^[^.?!:]{1,60}$|^\W*(?:tel|phone|mobile|fax|web|e-?mail|www)\b.*$", re.IGNORECASE
)
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
        if _ORIGINAL.match(line):
            return lines[:index]
        heads = [bool(_HEADER.match(other)) for other in lines[index : index + 3]]
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
    if _ATTRIBUTION.match(lines[index]):
        return 1
    if not _ATTRIBUTION_START.match(lines[index]):
        return 0
    for length in (2, 3):
        joined = " ".join(line.strip() for line in lines[index : index + length])
        if _ATTRIBUTION.match(joined):
            return length
    return 0


def _without_signature(lines: list[str]) -> list[str]:
    for index, line in enumerate(lines):
        if line.rstrip("\n") in ("-- ", "--", "—"):
            lines = lines[:index]
            break
    while lines and (not lines[-1].strip() or _PHONE.match(lines[-1].strip())):
        lines = lines[:-1]
    for index in range(max(0, len(lines) - _MAX_SIGNATURE_LINES), len(lines)):
        below = [line.strip() for line in lines[index + 1 :] if line.strip()]
        if _CLOSING.match(lines[index]) and all(_NAME_LINE.match(line) for line in below):
            return lines[:index] if index else lines
    return lines
