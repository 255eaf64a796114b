"""Markdown or MDX -> an Outline, each block with its line.

markdown-it finds the blocks; their text stays the author's. Front matter, comments, imports
and components are no text; what a component holds is.
"""

import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from tunesmith.sources.pages.html.html_pages import html_blocks
from tunesmith.sources.pages.markdown_containers import plain_markdown
from tunesmith.sources.pages.markdown_text import prose_block
from tunesmith.sources.pages.outline import LOWEST_LEVEL, Block, BlockKind, Outline, PageLines
from tunesmith.sources.pages.page_spans import NOT_FOLLOWED
from tunesmith.sources.pages.question_text import MAX_QUESTION
from tunesmith.sources.pages.rst_pages import read_rst

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_FRONT_MATTER = re.compile(r"\A(---|\+\+\+)[ \t]*\n(.*?)^\1[ \t]*$", re.DOTALL | re.MULTILINE)
_TITLE = re.compile(r"^title\s*[:=]\s*(.+)$", re.MULTILINE)
_CODE_DIRECTIVES = {"code-block", "code", "code-cell", "sourcecode", "prompt"}
_DETAILS = re.compile(
    r"(<summary\b[^>]*>.*?</summary\s*>)|(</details\s*>)|(<details\b[^>]*>)", re.DOTALL | re.I
)
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_DEFINITION = re.compile(r"\s*[:~]\s+")


def read_markdown(text: str, *, is_mdx: bool = False) -> Outline:
    """Read a page; the lines of its blocks are those of the text."""
    numbered = plain_markdown(text, is_mdx=is_mdx)
    reader = _Reader([line for _, line in numbered], is_mdx=is_mdx)
    blocks = (
        replace(block, line=numbered[min(block.line, len(numbered)) - 1][0])
        for block in reader.blocks()
    )
    return Outline(blocks=tuple(_with_anchors(blocks)), title=_title(text))


def _title(text: str) -> str | None:
    """The title that the front matter names."""
    match = _FRONT_MATTER.match(text)
    found = _TITLE.search(match[2]) if match else None
    return (found[1].strip().strip("\"'").strip() or None) if found else None


def _with_anchors(blocks: Iterator[Block]) -> Iterator[Block]:
    """Headings without an anchor of their own get the one that Git hosts make."""
    seen: dict[str, int] = {}
    for block in blocks:
        if block.kind != "heading" or block.anchor:
            yield block
            continue
        slug = re.sub(r"[^\w\- ]", "", block.text.lower()).strip().replace(" ", "-")
        count = seen[slug] = seen.get(slug, -1) + 1
        anchor = f"{slug}-{count}" if count else slug
        yield Block(
            kind="heading", text=block.text, line=block.line, level=block.level, anchor=anchor
        )


def _parser(*, is_mdx: bool) -> "MarkdownIt":
    from markdown_it import MarkdownIt  # noqa: PLC0415 - only pages need it
    from mdit_py_plugins.deflist import deflist_plugin  # noqa: PLC0415

    parser = MarkdownIt("commonmark").enable("table").use(deflist_plugin)
    parser.core.ruler.enableOnly(["normalize", "block"])
    return parser.disable("code") if is_mdx else parser


class _Reader:
    """One page while its tokens are walked."""

    def __init__(self, lines: Sequence[str], *, is_mdx: bool) -> None:
        self._lines = lines
        self._page = PageLines(lines)
        self._parser = _parser(is_mdx=is_mdx)
        self._references: dict[str, str] = {}

    def blocks(self) -> Iterator[Block]:
        """The blocks in order."""
        env: dict[str, dict[str, dict[str, str]]] = {}
        tokens = self._parser.parse("\n".join(self._lines), env)
        for label, link in env.get("references", {}).items():
            self._references[label.lower()] = link["href"]
        position = 0
        while position < len(tokens):
            end = _end_of(tokens, position)
            yield from self._block(tokens[position : end + 1])
            position = end + 1

    def _block(self, tokens: Sequence["Token"]) -> Iterator[Block]:
        first = tokens[0]
        start, stop = first.map or (0, 0)
        match first.type:
            case "heading_open":
                yield from self._heading(tokens[1].content, start + 1, int(first.tag[1]))
            case "fence":
                yield from self._fence(first)
            case "code_block":
                code = textwrap.dedent(first.content).strip("\n")
                yield Block(kind="code", text=f"```\n{code}\n```", line=start + 1)
            case "html_block":
                yield from self._html(first.content, start + 1)
            case "dl_open":
                yield from self._definitions(tokens)
            case "hr":
                return
            case _:
                kind: BlockKind = "list" if first.tag in ("ul", "ol") else "text"
                raw = textwrap.dedent("\n".join(self._lines[start:stop]))
                yield from prose_block(kind, raw, start + 1, self._references)

    def _heading(self, content: str, line: int, level: int) -> Iterator[Block]:
        text, anchor = self._heading_text(content)
        if not text:
            return
        if len(text) > MAX_QUESTION:
            yield from prose_block("text", content, line, self._references)
            return
        yield Block(kind="heading", text=text, line=line, level=level, anchor=anchor)

    def _heading_text(self, content: str) -> tuple[str, str | None]:
        """A heading's words: code keeps its marks, links and emphasis leave only theirs."""
        content, anchor = _without_anchor(content)
        if len(content) > 4 * MAX_QUESTION:
            return content, anchor
        tokens: list[Token] = []
        env = {"references": self._env_references()}
        self._parser.inline.parse(content, self._parser, env, tokens)
        parts: list[str] = []
        for token in tokens:
            if token.type == "code_inline":
                tick = "``" if "`" in token.content else "`"
                parts.append(f"{tick}{token.content}{tick}")
            elif token.type in ("text", "text_special"):
                parts.append(token.content)
            elif token.type in ("softbreak", "hardbreak"):
                parts.append(" ")
            elif token.type == "html_inline":
                parts.append(_inline_tag(token.content))
                anchor = anchor or _named_anchor(token.content)
        return " ".join("".join(parts).split()), anchor

    def _env_references(self) -> dict[str, dict[str, str]]:
        return {
            label.upper(): {"title": "", "href": href} for label, href in self._references.items()
        }

    def _fence(self, token: "Token") -> Iterator[Block]:
        start, stop = token.map or (0, 0)
        directive = re.match(r"\{([\w-]+)\}\s*(.*)", token.info.strip())
        code = token.content.rstrip("\n")
        if directive is None:
            raw = "\n".join(self._lines[start:stop])
            yield Block(kind="code", text=textwrap.dedent(raw).rstrip(), line=start + 1)
        elif directive[1] in _CODE_DIRECTIVES:
            yield Block(kind="code", text=f"```{directive[2]}\n{code}\n```", line=start + 1)
        elif directive[1] == "eval-rst":
            for block in read_rst(code).blocks:
                yield replace(block, line=block.line + start + 1)
        elif directive[1] not in NOT_FOLLOWED:
            words = re.sub(r"\A(?::\w[\w-]*:.*\n?)+", "", code)
            title = "" if directive[1] in ("figure", "image") else directive[2]
            raw = f"{title}\n\n{words}".strip()
            yield from prose_block("text", raw, start + 2, self._references)

    def _html(self, content: str, line: int) -> Iterator[Block]:
        """HTML within the page; what stands between `<details>` and its end is walked too."""
        position = 0
        for match in _DETAILS.finditer(content):
            between = content[position : match.start()]
            yield from self._fragment(between, line)
            line += between.count("\n")
            if match[1]:
                words = " ".join(block.text for block in html_blocks(match[1], line))
                text, anchor = self._heading_text(words)
                at = self._page.line_of(line, text)
                yield Block(kind="summary", text=text, line=at, anchor=anchor)
            elif match[2]:
                yield Block(kind="end", text="", line=line)
            line += match[0].count("\n")
            position = match.end()
        yield from self._fragment(content[position:], line)

    def _fragment(self, piece: str, first_line: int) -> Iterator[Block]:
        if not piece.strip() or piece.lstrip().startswith("<!--"):
            return
        if not _TAG.search(piece):
            blank = len(piece) - len(piece.lstrip())
            first_line += piece.count("\n", 0, blank)
            raw = textwrap.dedent(piece.strip("\n"))
            yield from prose_block("text", raw, first_line, self._references)
            return
        for block in html_blocks(piece, first_line, references=self._references):
            yield self._page.placed(block)

    def _definitions(self, tokens: Sequence["Token"]) -> Iterator[Block]:
        for index, token in enumerate(tokens):
            if token.level != 1:
                continue
            start, stop = token.map or (0, 0)
            if token.type == "dt_open":
                text, anchor = self._heading_text(tokens[index + 1].content)
                yield Block(
                    kind="term", text=text, line=start + 1, level=LOWEST_LEVEL, anchor=anchor
                )
            elif token.type == "dd_open":
                while start + 1 < stop and not _DEFINITION.match(self._lines[start]):
                    start += 1  # the plugin counts a later entry's term in
                raw = _dedented(self._lines[start:stop])
                for block in prose_block("definition", raw, start + 1, self._references):
                    yield Block(kind="definition", text=block.text, line=block.line)


def _end_of(tokens: Sequence["Token"], position: int) -> int:
    """Where the block that begins here ends."""
    depth = 0
    for index in range(position, len(tokens)):
        depth += tokens[index].nesting
        if depth <= 0:
            return index
    return len(tokens) - 1


def _dedented(lines: Sequence[str]) -> str:
    """A definition's text without its colon and the indentation that the colon causes."""
    first = _DEFINITION.match(lines[0])
    rest = textwrap.dedent("\n".join(lines[1:]))
    return f"{lines[0][first.end() if first else 0 :]}\n{rest}".rstrip()


def _without_anchor(content: str) -> tuple[str, str | None]:
    match = re.search(r"\s*\{:?\s*#([\w:.-]+)[^{}]*\}\s*$", content)
    return (content[: match.start()], match[1]) if match else (content, None)


def _inline_tag(tag: str) -> str:
    if re.match(r"</?(?:code|tt|kbd)\b", tag):
        return "`"
    known = re.match(r"</?(?:a|b|i|em|strong|span|small|sub|sup|u|br|img|font|div|p|s|mark)\b", tag)
    return "" if known or tag.startswith("<!--") else tag


def _named_anchor(tag: str) -> str | None:
    match = re.search(r"""\b(?:name|id)\s*=\s*["']?([\w:.-]+)""", tag)
    return match[1] if match and tag.startswith("<a") else None
