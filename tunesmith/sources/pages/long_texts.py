"""A long plain text (a novel, wikitext) -> rows of text for next-token training, each a passage.

A passage is some paragraphs of one chapter or section, cut between paragraphs, else behind a
sentence. Nothing is taken off: passages one after the other are the text, headings too.
"""

import functools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tunesmith.sources.chat_signs import chat_reason
from tunesmith.sources.chunks import text_chunks
from tunesmith.sources.lexicon import lexicon
from tunesmith.sources.lines import Line, split_lines
from tunesmith.sources.pages.inline_questions import with_questions
from tunesmith.sources.pages.plain_pages import read_plain
from tunesmith.sources.pages.question_text import asks
from tunesmith.sources.row import Dropped, Row, RowError

PASSAGE = 1_500  # characters; a longer one ends with its paragraph, or twice as long, its sentence
MIN_BYTES = 20_000  # of a text that is taken for one without being told
_MAX_HEADINGS = 0.02  # of its paragraphs: a page with more is a document
_PROSE = 0.9  # of its characters stand in paragraphs of sentences
_WIKI = re.compile(
    r"\s*(?P<marks>=(?: ?=)*)\s\S.*\s(?P=marks)\s*$|\s*(?P<tight>={2,})[^=]+(?P=tight)\s*$"
)
_STOPS = "[.!?…:;。！？।؟۔]"
_ENDS = re.compile(rf"{_STOPS}[\"'”’»」』)\]_*]*\s*$")
_SENTENCE = re.compile(rf"(?<={_STOPS})(?=\s)|(?<=[。！？])")
_SPOKEN = re.compile(r"\s*[\"'“”„«»‘’「『—–-]")  # somebody in a novel, whose question is no heading


def looks_long(text: str) -> str | None:
    """Why a plain text is read in passages; None where it is short, or has the form of a page.

    Args:
        text: Its beginning, 64 KiB at most.
    """
    if len(text.encode("utf-8", "replace")) < MIN_BYTES:
        return None
    lines = text.split("\n")
    headed = [line for line in lines if is_heading(line)]
    told = "\n".join("" if is_heading(line) else line for line in lines)
    blocks = [block for block in re.split(r"\n\s*\n", told) if block.strip()]
    firsts = [block.strip().split("\n")[0] for block in blocks]
    if len(firsts) > 1 and chat_reason(firsts, is_plain=True):
        return None
    if sum(map(len, filter(_is_prose, blocks))) < _PROSE * sum(map(len, blocks)):
        return None
    others = _other_headings(text)
    if len(others) > max(2, _MAX_HEADINGS * len(blocks)):
        return None
    found = f"{len(headed):,} headings of chapters or sections" if headed else "no headings"
    return f"it is long, its first {len(text):,} characters are prose, with {found}"


def _is_prose(block: str) -> bool:
    return bool(_ENDS.search(block)) or len(block) > 2 * PASSAGE


def _other_headings(text: str) -> list[str]:
    """What a page would have as headings: numbered, underlined, questions; no chapter's."""
    lines = text.split("\n")
    blocks = with_questions(read_plain(text).blocks)
    found = [lines[one.line - 1] for one in blocks if one.kind in ("heading", "question")]
    return [one for one in found if not is_heading(one) and not (_SPOKEN.match(one) and asks(one))]


def is_heading(line: str) -> bool:
    """Whether a line begins a section of wikitext (`= Name =`) or a chapter."""
    return bool(_WIKI.match(line) or (len(line) < 80 and _chapter().match(line)))


@functools.cache
def _chapter() -> re.Pattern[str]:
    """`CHAPTER IV.`, `Kapitel 3`, `第三回`."""
    words = lexicon(__package__).either("chapters")
    number = r"(?:\d+|[ivxlcdm]+|the \w+|[^\W\d_]+)"
    return re.compile(
        rf"\s*(?:(?:{words})\s+{number}\b(?!.*[,;]\s*$)|第.{{1,6}}[章回節节卷])", re.IGNORECASE
    )


def read_long_text(path: Path, name: str) -> Iterator[Row | Dropped]:
    """The passages of a text, in order; a line that is no text is dropped.

    Raises:
        DataError: The file is damaged.
    """
    passage = _Passage(name)
    for line in split_lines(text_chunks(path, name)):
        text = _text_of(line)
        if text is None:
            fault = RowError("not UTF-8", "the line holds bytes of no character set, or is endless")
            yield Dropped.of(fault, source=f"{name}:{line.number}", text=line.data)
            continue
        yield from passage.take(text, line.number)
    yield from passage.end()


def _text_of(line: Line) -> str | None:
    if line.is_too_long:
        return None
    try:
        return line.data.decode("utf-8")
    except UnicodeDecodeError:
        return None


@dataclass(slots=True)
class _Passage:
    """The passage that is being read."""

    name: str
    parts: list[str] = field(default_factory=list)
    size: int = 0
    start: int = 1
    section: int | None = None  # the line of the heading that stands above
    has_words: bool = False  # besides headings

    def take(self, line: str, number: int) -> Iterator[Row]:
        """One line more; a row where it ends a passage or begins another."""
        if is_heading(line):
            if self.has_words:
                yield from self.end()
            self.section = number if self.section is None or not self.parts else self.section
        for part in _parts(line):
            if self.size >= 2 * PASSAGE or (self.parts and self.size + len(part) > 3 * PASSAGE):
                yield from self.end()
            if not self.size:
                self.start = number
            self.parts.append(part)
            self.size += len(part.strip())
            self.has_words = self.has_words or (bool(part.strip()) and not is_heading(line))
            is_break = not part.strip() or len(line) > PASSAGE // 3
            if self.size >= PASSAGE and (is_break or (self.size >= 2 * PASSAGE and _ends(part))):
                yield from self.end()

    def end(self) -> Iterator[Row]:
        """The passage as a row, if it holds anything."""
        text = "".join(self.parts).strip()
        self.parts, self.size, self.has_words = [], 0, False
        if text:
            fields: dict[str, object] = {"text": text}
            if self.section is not None:
                fields["group"] = f"{self.name}:{self.section}"
            yield Row(fields=fields, source=f"{self.name}:{self.start}")


def _ends(line: str) -> bool:
    return bool(_ENDS.search(line))


def _parts(line: str) -> Sequence[str]:
    """A line as it stands; one that is longer than a passage, in sentences; at worst, in words."""
    if len(line) <= PASSAGE:
        return [line]
    return [piece for part in _SENTENCE.split(line) for piece in _short(part)]


def _short(part: str) -> Iterator[str]:
    """A part without a stop in it, cut at blanks, or anywhere where there are none."""
    while len(part) > PASSAGE:
        cut = part.rfind(" ", 1, PASSAGE)
        cut = cut if cut > 0 else PASSAGE
        yield part[:cut]
        part = part[cut:]
    yield part
