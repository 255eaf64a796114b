"""The outline of a page of questions -> each question with its own answer.

A question is a heading that asks, a summary, a term, a line marked `Q:` or a bold line
that asks. What stands below it belongs to its answer, headings that do not ask included,
until the next question or a heading as high as its own.
"""

from collections import Counter
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeGuard

from tunesmith.sources.material import AnsweredQuestion, Section
from tunesmith.sources.pages.inline_questions import with_questions
from tunesmith.sources.pages.markdown_text import is_links_only
from tunesmith.sources.pages.outline import (
    LOWEST_LEVEL,
    Block,
    Outline,
    block_place,
    entries_as_lists,
)
from tunesmith.sources.pages.question_text import (
    QUESTION_MARKS,
    asks,
    bare_text,
    tells_problem,
    without_answer_mark,
)
from tunesmith.sources.pages.subject import subject_of
from tunesmith.sources.row import Dropped, RowError

_ENTRIES = ("question", "toggle", "summary")  # kinds of blocks that open an answer


@dataclass(slots=True)
class _Part:
    """A heading or question with what stands below it."""

    block: Block
    level: float
    is_question: bool
    headings: tuple[str, ...]
    texts: list[str] = field(default_factory=list)
    has_links: bool = False
    holds_questions: bool = False
    holds_parts: bool = False

    @property
    def text(self) -> str:
        return "\n\n".join(self.texts)


def read_questions(outline: Outline, name: str) -> Iterator[AnsweredQuestion | Section | Dropped]:
    """The questions of a page, in order.

    A heading that neither asks nor groups questions is a Section: its text is not lost,
    and no question is invented for it here.
    """
    parts = _Page(outline).parts()
    subject = subject_of(outline, name)
    asked = Counter(_key(part.block.text) for part in parts if part.is_question)
    read = [_material(part, name, subject) for part in parts]
    named = {heading for one in read if _is_kept(one) for heading in one.headings}
    for part, one in zip(parts, read, strict=True):
        if isinstance(one, AnsweredQuestion) and asked[_key(part.block.text)] > 1:
            yield replace(one, is_repeated=True)
        elif _is_kept(one):
            yield one
        elif isinstance(one, RowError) and (dropped := _dropped(part, one, name, named)):
            yield dropped


def _is_kept(one: object) -> TypeGuard[AnsweredQuestion | Section]:
    return isinstance(one, AnsweredQuestion | Section)


def _may_ask(text: str) -> bool:
    return asks(text) or tells_problem(text)


def _key(question: str) -> str:
    return " ".join(question.lower().split()).rstrip(f"{QUESTION_MARKS}; ")


def _material(part: _Part, name: str, subject: str) -> AnsweredQuestion | Section | RowError:
    """What a part is, or why it is nothing."""
    source, text = block_place(name, part.block), part.text
    if part.is_question:
        return _question(part, source, text)
    if not text:
        reason = "navigation" if part.has_links else "empty section"
        return RowError(reason, "no text of its own stands below this heading")
    if part.holds_questions or not part.block.text:
        detail = "text that stands before the questions answers none of them"
        return RowError("no question", detail)
    headings = (*part.headings, bare_text(part.block.text))
    return Section(headings=headings, text=text, source=source, subject=subject)


def _question(part: _Part, source: str, text: str) -> AnsweredQuestion | RowError:
    if not text:
        return RowError("no answer", "nothing stands below this question")
    if is_links_only(text):
        return RowError("only links", "the answer consists of links")
    question = bare_text(part.block.text)
    return AnsweredQuestion(question=question, answer=text, headings=part.headings, source=source)


def _dropped(part: _Part, fault: RowError, name: str, named: Container[str]) -> Dropped | None:
    """With its own heading, where nothing is named by it; None where nothing is left."""
    heading = "" if bare_text(part.block.text) in named else part.block.text
    shown = f"{heading}\n{part.text}".strip()
    source = block_place(name, part.block)
    return Dropped.of(fault, source=source, text=shown) if shown else None


def _entries_ask(blocks: Sequence[Block]) -> bool:
    """Whether most of what opens an answer asks, so that the others stand for questions, too."""
    entries = [block for block in blocks if block.kind in _ENTRIES]
    num_asking = sum(block.kind == "question" or asks(block.text) for block in entries)
    return num_asking > 1 and 2 * num_asking > len(entries)


class _Page:
    """One page while its blocks are walked; the stack holds what is open."""

    def __init__(self, outline: Outline) -> None:
        blocks = with_questions(outline.blocks)
        self._blocks = list(entries_as_lists(blocks, keeps=_may_ask))
        root = Block(kind="heading", text="", line=1, level=0)
        title = outline.title
        has_title = any(block.kind == "heading" and block.level == 1 for block in outline.blocks)
        self._root = _Part(root, 0, False, () if has_title or not title else (title,))
        self._stack = [self._root]
        self._parts = [self._root]
        self._open_details: list[_Part | None] = []
        self._entries_ask = _entries_ask(self._blocks)
        asking = [one.line for one in self._blocks if one.kind in _ENTRIES and asks(one.text)]
        self._last_asking = max(asking, default=0)  # what is folded behind it may be a log

    def parts(self) -> list[_Part]:
        """Headings and questions in order, each with its own text."""
        for block in self._blocks:
            self._take(block)
        for part in self._parts:
            if part is self._root and part.texts:
                first = self._blocks[0]
                part.block = replace(part.block, line=first.line)
        return self._parts

    def _take(self, block: Block) -> None:
        if block.kind not in ("definition", "term") and self._stack[-1].block.kind == "term":
            self._stack.pop()
        match block.kind:
            case "heading":
                self._heading(block)
            case "question":
                self._question(block)
            case "toggle":
                self._close(LOWEST_LEVEL)
                is_question = self._entries_ask or tells_problem(block.text)
                self._open(block, LOWEST_LEVEL, is_question=is_question)
            case "summary":
                self._summary(block)
            case "close":
                self._close(LOWEST_LEVEL)
            case "end":
                self._close_details()
            case "term":
                self._definition_term(block)
            case "navigation" | "badges":
                self._stack[-1].has_links = True
            case _:
                self._text(block.text)

    def _heading(self, block: Block) -> None:
        self._close(block.level)
        asked = self._asked()
        is_title = block.level == 1 and len(self._parts) == 1 and self._has_more_questions()
        if not is_title and (asks(block.text) or (asked is None and tells_problem(block.text))):
            self._open(block, block.level, is_question=True)
        elif asked is not None:
            self._text(f"{'#' * block.level} {block.text}")
        else:
            self._open(block, block.level, is_question=False)

    def _has_more_questions(self) -> bool:
        others = [block for block in self._blocks if block.kind in ("heading", "question", "term")]
        return any(asks(block.text) for block in others[1:])

    def _question(self, block: Block) -> None:
        asked = self._asked()
        is_rhetorical = block.level > LOWEST_LEVEL and asked and asked.block.kind == "heading"
        if is_rhetorical:
            self._text(f"**{block.text}**")
            return
        self._close(LOWEST_LEVEL)
        self._open(block, LOWEST_LEVEL, is_question=True)

    def _summary(self, block: Block) -> None:
        is_among = self._entries_ask and block.line <= self._last_asking
        is_entry = self._asked() is None and is_among and bool(block.text)
        if is_entry or asks(block.text) or (self._asked() is None and tells_problem(block.text)):
            if self._stack[-1].block.kind == "question":
                self._close(LOWEST_LEVEL)
            self._open(block, self._stack[-1].level + 0.5, is_question=True)
            self._open_details.append(self._stack[-1])
            return
        self._open_details.append(None)
        if block.text:
            self._text(f"**{block.text}**")

    def _close_details(self) -> None:
        part = self._open_details.pop() if self._open_details else None
        if part is not None and part in self._stack:
            del self._stack[self._stack.index(part) :]

    def _definition_term(self, block: Block) -> None:
        if self._stack[-1].block.kind == "term":
            self._stack.pop()
        self._open(block, LOWEST_LEVEL + 0.5, is_question=True)

    def _asked(self) -> _Part | None:
        """The question that is open, if any."""
        return next((part for part in reversed(self._stack) if part.is_question), None)

    def _close(self, level: float) -> None:
        while len(self._stack) > 1 and self._stack[-1].level >= level:
            self._stack.pop()

    def _open(self, block: Block, level: float, *, is_question: bool) -> None:
        headings = tuple(bare_text(part.block.text) for part in self._stack[1:])
        part = _Part(block, level, is_question, (*self._root.headings, *headings))
        for above in self._stack:
            above.holds_parts = True
            above.holds_questions = above.holds_questions or is_question
        self._stack.append(part)
        self._parts.append(part)

    def _text(self, text: str) -> None:
        part = self._stack[-1]
        if part.is_question and not part.texts:
            answer = without_answer_mark(text)
            text = text if answer is None else answer.strip("\n")
        if text.strip():
            part.texts.append(text)
