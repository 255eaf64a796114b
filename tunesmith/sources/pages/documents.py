"""The outline of a document -> its sections, each heading with the text below it."""

from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from tunesmith.sources.material import Section
from tunesmith.sources.pages.markdown_text import is_links_only
from tunesmith.sources.pages.outline import Block, Outline, block_place, entries_as_lists
from tunesmith.sources.pages.question_text import bare_text
from tunesmith.sources.pages.subject import subject_of
from tunesmith.sources.row import Dropped, RowError

_UNTITLED = frozenset({"readme", "index", "home", "document", "untitled", "page"})


@dataclass(slots=True)
class _Open:
    """A section while it is read."""

    block: Block
    headings: tuple[str, ...]
    texts: list[str] = field(default_factory=list)
    left_out: list[Block] = field(default_factory=list)
    has_parts: bool = False

    @property
    def text(self) -> str:
        return "\n\n".join(self.texts)


def read_sections(outline: Outline, name: str) -> Iterator[Section | Dropped]:
    """The sections of a document, in order.

    What holds nothing but links or badges, or nothing at all, is dropped; a heading that
    only groups others is their heading.
    """
    subject = subject_of(outline, name)
    sections = _sections(outline, name)
    read = [_section(section, name, subject) for section in sections]
    named = {heading for one in read if isinstance(one, Section) for heading in one.headings}
    for section, one in zip(sections, read, strict=True):
        if isinstance(one, Section):
            yield one
        elif dropped := _dropped(section, one, name, named):
            yield dropped


def _section(section: _Open, name: str, subject: str) -> Section | RowError:
    """A section, or why it is none."""
    text = section.text
    if not text and section.left_out:
        kinds = {block.kind for block in section.left_out}
        reason = "navigation" if "navigation" in kinds else "only badges"
        return RowError(reason, "nothing else stands here")
    if not text:
        return RowError("empty section", "nothing stands below this heading")
    if is_links_only(text):
        return RowError("navigation", "only links stand here")
    if not section.headings:
        return RowError("no heading", "no heading and no title says what this text is about")
    source = block_place(name, section.block)
    return Section(headings=section.headings, text=text, source=source, subject=subject)


def _dropped(section: _Open, fault: RowError, name: str, named: Container[str]) -> Dropped | None:
    """With its own heading, where no section is named by it; None where nothing is left."""
    heading = bare_text(section.block.text)
    shown = section.text if heading in named else f"{section.block.text}\n{section.text}".strip()
    source = block_place(name, section.block)
    return Dropped.of(fault, source=source, text=shown) if shown else None


def _sections(outline: Outline, name: str) -> list[_Open]:
    """Headings open sections; all else goes to the one that is open."""
    roots = _root_headings(outline, name)
    first_line = outline.blocks[0].line if outline.blocks else 1
    start = Block(kind="heading", text="", line=first_line, level=0)
    found = [_Open(start, roots)]
    stack = [found[0]]
    for block in entries_as_lists(outline.blocks):
        top = stack[-1]
        if block.kind == "heading":
            section = _opened(block, stack)
            if block.level == 1 and roots == section.headings[-1:]:
                section.headings = roots
            found.append(section)
        elif block.kind in ("navigation", "badges"):
            top.left_out.append(block)
        elif block.kind in ("summary", "question", "toggle") and block.text:
            top.texts.append(f"**{block.text}**")
        elif block.text:
            top.texts.append(block.text)
    return found


def _opened(block: Block, stack: list[_Open]) -> _Open:
    """Close what the heading ends, and put its section on the stack."""
    while len(stack) > 1 and stack[-1].block.level >= block.level:
        stack.pop()
    for above in stack:
        above.has_parts = True
    section = _Open(block, (*stack[-1].headings, bare_text(block.text)))
    stack.append(section)
    return section


def _root_headings(outline: Outline, name: str) -> tuple[str, ...]:
    """What stands above every heading: the title, where no single heading on top is it."""
    highest = [b for b in outline.blocks if b.kind == "heading" and b.level == 1]
    first_heading = next((b for b in outline.blocks if b.kind == "heading"), None)
    if len(highest) == 1 and highest[0] is first_heading:
        return ()
    if len(highest) > 1 and highest[0] is first_heading and _is_followed_by_heading(outline):
        return (bare_text(highest[0].text),)
    if outline.title:
        return (outline.title,)
    stem = PurePosixPath(name).name.partition(".")[0]
    words = " ".join(stem.replace("_", " ").replace("-", " ").split())
    return () if words.lower() in _UNTITLED or first_heading else (words[:1].upper() + words[1:],)


def _is_followed_by_heading(outline: Outline) -> bool:
    index = next(i for i, block in enumerate(outline.blocks) if block.kind == "heading")
    behind = outline.blocks[index + 1 : index + 2]
    return bool(behind) and behind[0].kind == "heading"
