"""The body of a mail -> what its author wrote in it, what is quoted in it, and the signature.

Every line is in one of the three. An answer between quotes or below them stays; the indentation
of its lines too.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tunesmith.sources.mail.reply_lines import (
    Role,
    introduced_author,
    is_quoted,
    line_roles,
    without_mark,
)
from tunesmith.sources.mail.signatures import mark_signatures


@dataclass(frozen=True, slots=True, kw_only=True)
class MailQuote:
    """Another mail inside of one.

    Attributes:
        introduction: The line that says who wrote it, or its headers; empty if there are none.
        text: What is quoted, without the outermost marks.
        author: The address or name of who wrote it, where the introduction says.
    """

    introduction: str
    text: str
    author: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnText:
    """A body by whose words they are."""

    text: str
    quotes: tuple[MailQuote, ...] = ()
    signature: str = ""


def own_text(body: str) -> OwnText:
    """Part a mail's body into its author's words, quotes and the signature."""
    lines = body.replace("\r\n", "\n").replace("\r", "\n").replace("\xa0", " ").split("\n")
    roles = line_roles(lines)
    mark_signatures(lines, roles)
    return OwnText(
        text=_joined(lines, roles, Role.OWN),
        quotes=tuple(
            _quote(lines[begin:end], roles[begin:end]) for begin, end in _spans(lines, roles)
        ),
        signature=_joined(lines, roles, Role.SIGNATURE),
    )


def _joined(lines: Sequence[str], roles: Sequence[Role], wanted: Role) -> str:
    kept = [line.rstrip() for line, role in zip(lines, roles, strict=True) if role is wanted]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip("\n").rstrip()


def _spans(lines: Sequence[str], roles: Sequence[Role]) -> Iterator[tuple[int, int]]:
    """Where quotes begin and end: at own words, and where another introduction begins."""
    begin, end = 0, 0
    for number, (line, role) in enumerate(zip(lines, roles, strict=True)):
        is_other = role in (Role.INTRODUCTION, Role.QUOTED)
        is_new = role is Role.INTRODUCTION and end > begin and roles[end - 1] is Role.QUOTED
        if end > begin and (is_new or (not is_other and line.strip())):
            yield begin, end
            end = begin
        if is_other:
            begin, end = (begin if end > begin else number), number + 1
    if end > begin:
        yield begin, end


def _quote(lines: Sequence[str], roles: Sequence[Role]) -> MailQuote:
    above = [line for line, role in zip(lines, roles, strict=True) if role is Role.INTRODUCTION]
    below = [line for line, role in zip(lines, roles, strict=True) if role is Role.QUOTED]
    is_marked = sum(map(is_quoted, below)) * 2 > sum(bool(line.strip()) for line in below)
    text = "\n".join(map(without_mark, below) if is_marked else below)
    author = introduced_author(above)
    return MailQuote(introduction="\n".join(above), text=text, author=author)
