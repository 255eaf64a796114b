"""A mailbox file (mbox), or a single mail -> the bytes of each mail and the line it begins in.

`From ` begins a mail only where an address or a name and a date follow, and headers below: text
begins lines so too. Where a mail says how long it is (Content-Length) and ends there, nothing
inside of it begins another. Format: RFC 4155, and what programs make of it.
"""

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tunesmith.sources.lines import Line, split_lines

MAX_MAIL_BYTES = 32 << 20  # what follows is an attachment
_MONTH = rb"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*"
_ZONE = rb"(?:\s+\(?(?:[A-Z]{1,5}|[+-]\d{4})\)?)"
_ENVELOPE = re.compile(
    rb"From (?:\s*(?:\S+|\S+ at \S+|\"[^\"]*\"\S*)\s+)?"
    rb"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,?\s+)?"
    rb"(?:" + _MONTH + rb"\s+\d{1,2}|\d{1,2}[ -]" + _MONTH + rb"|\d{4}-\d\d-\d\d)"
    rb"(?:,?[ -]\d{4})?(?:\s+|T)\d{1,2}:\d\d(?::\d\d(?:\.\d+)?)?"
    rb"(?:" + _ZONE + rb"{0,2}(?:\s+\d{4})?" + _ZONE + rb"{0,2})(?:\s+remote from \S+)?\s*"
)
_SHORT_ENVELOPE = re.compile(rb"From \S+\s*")
_HEADER = re.compile(rb"[\x21-\x39\x3b-\x7e]{1,80}:|>From ")
_MAIL_HEADER = re.compile(
    rb"(?:From|To|Date|Subject|Received|Return-Path|Delivered-To|Message-ID|MIME-Version"
    rb"|Content-[\w-]+|X-[\w-]+): ?",
    re.IGNORECASE,
)
_LENGTH = re.compile(rb"Content-Length:\s*(\d{1,12})\s*", re.IGNORECASE)
_ESCAPED = re.compile(rb">+From ")


@dataclass(slots=True)
class RawMail:
    """A mail as it stands in the file.

    Attributes:
        line: Where it begins.
        data: What it holds, without the line `From `.
        num_unread: Bytes that are left out of it, since it is longer than is read.
    """

    line: int
    data: bytes
    num_unread: int = 0


@dataclass(slots=True)
class _Held:
    """The mail that is being read."""

    line: int
    is_in_box: bool  # rather than a single mail, which escapes nothing
    parts: list[bytes] = field(default_factory=list)
    doubtful: list[tuple[int, int]] = field(default_factory=list)  # part and line of `From `
    num_bytes: int = 0
    num_unread: int = 0
    length: int | None = None  # of the body, as the header says
    body_bytes: int | None = None  # None: headers are being read

    def add(self, line: Line) -> None:
        is_escaped = self.is_in_box and _ESCAPED.match(line.data)
        data = line.data[1:] if is_escaped else line.data
        if self.body_bytes is not None:
            self.body_bytes += line.num_bytes
        elif found := _LENGTH.fullmatch(line.data):
            self.length = int(found[1])
        elif not line.data.strip():
            self.body_bytes = 0
        self.num_bytes += line.num_bytes
        is_read = self.num_bytes - line.num_bytes + len(data) <= MAX_MAIL_BYTES
        if is_read:
            self.parts.append(data)
        self.num_unread += line.num_bytes - (len(line.data) if is_read else 0)

    def is_inside(self) -> bool:
        """Whether the mail says that it goes on here."""
        length, read = self.length, self.body_bytes
        return length is not None and read is not None and read < length <= MAX_MAIL_BYTES

    def mails(self) -> Iterator[RawMail]:
        """The mail, or where it did not end as it said, those that seemed to be inside of it."""
        ended = self.length is not None and self.body_bytes is not None
        is_right = ended and -3 < (self.length or 0) - (self.body_bytes or 0) <= 0
        cuts = [] if is_right else self.doubtful
        starts = [(0, self.line), *cuts]
        ends = [part for part, _ in cuts] + [len(self.parts)]
        for (begin, line), end in zip(starts, ends, strict=True):
            data = self.parts[begin + (begin > 0) : end]
            num_unread = self.num_unread if end == len(self.parts) else 0
            if b"".join(data[:100]).strip() or num_unread:
                yield RawMail(line, b"".join(data), num_unread)


def raw_mails(chunks: Iterable[bytes]) -> Iterator[RawMail]:
    """The mails of a file in order; no more than one of them in memory."""
    held: _Held | None = None
    is_after_blank = True
    for line, below in itertools.pairwise(itertools.chain(split_lines(chunks), [None])):
        assert line is not None
        begins = _begins_mail(line, below, is_after_blank=is_after_blank)
        if held is None:
            held = _Held(line.number, is_in_box=line.data.startswith(b"From "))
            begins = begins or line.data.startswith(b"From ")
        elif begins and held.is_inside():
            held.doubtful.append((len(held.parts), line.number))
            begins = False
        elif begins:
            yield from held.mails()
            held = _Held(line.number, is_in_box=True)
        if not begins:
            held.add(line)
        is_after_blank = not line.data.strip() and not begins
    if held is not None:
        yield from held.mails()


def is_mail(head: bytes) -> bool:
    """Whether a file begins as a mail or mailbox does."""
    first = head.lstrip(b"\xef\xbb\xbf \t\r\n").split(b"\n", 1)[0]
    return bool(_ENVELOPE.match(first) or _MAIL_HEADER.match(first)) or (
        _HEADER.match(first) is not None
        and re.search(rb"(?mi)^(?:From|Subject):", head) is not None
    )


def _begins_mail(line: Line, below: Line | None, *, is_after_blank: bool) -> bool:
    if not line.data.startswith(b"From ") or line.num_bytes > 1_000:
        return False
    following = below.data if below else b""
    if _ENVELOPE.fullmatch(line.data):
        return bool(_HEADER.match(following)) or (is_after_blank and not following.strip())
    is_short = _SHORT_ENVELOPE.fullmatch(line.data) is not None
    return is_short and is_after_blank and _MAIL_HEADER.match(following) is not None
