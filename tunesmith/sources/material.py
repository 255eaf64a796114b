"""What sources yield besides rows: pieces of raw material, each with the place it came from.

A `source` is a place a person can go to, the file's name first: `faq.md:17` (a line),
`page.html:88#install` (a line and its anchor), `general/2026-01-05.json:1767600000.000100`
(a message). `tunesmith.examples` decides what is asked and answered in them.
"""

from dataclasses import dataclass

from tunesmith.sources.row import Dropped, NotRead, Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A heading of a document and the text below it, up to the next heading.

    Attributes:
        headings: From the document's title down to the section's own heading.
        text: Markdown, without navigation, badges and tables of contents.
        source: Where the heading stands.
        subject: The name of what the document describes, a product say; empty where the
            document shows none.
    """

    headings: tuple[str, ...]
    text: str
    source: str
    subject: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredQuestion:
    """A question that a page asks and answers itself.

    Attributes:
        question: As it stands there, without marks such as `Q:` or a number.
        answer: Markdown; lists and code are kept.
        headings: Under which it stands, from the page's title down.
        source: Where the question stands.
        is_repeated: Whether the page asks the same in another place too.
    """

    question: str
    answer: str
    headings: tuple[str, ...]
    source: str
    is_repeated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A message somebody wrote.

    Attributes:
        author: The account's stable id or name; the same person has one author.
        text: Plain text or Markdown.
        source: Where the message stands.
        seconds: Unix time, where it is known.
        is_staff: Whether the raw material itself says that the author answers (True) or
            asks (False), as a role column does; None where it does not say.
    """

    author: str
    text: str
    source: str
    seconds: float | None = None
    is_staff: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """Messages that belong together, in the order they were written.

    Attributes:
        turns: At least one.
        source: Where the first message stands.
        names: What authors are called, by author, for texts that mention them.
    """

    turns: tuple[Turn, ...]
    source: str
    names: tuple[tuple[str, str], ...] = ()


Material = Row | Section | AnsweredQuestion | Thread
Piece = Material | Dropped | NotRead  # whatever a reader yields
