"""reStructuredText -> an Outline, its blocks written as Markdown.

docutils reads it, without including files and without raw pieces. What only Sphinx knows
(roles, directives) is read for its words.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tunesmith.sources.pages.markdown_text import prose_block
from tunesmith.sources.pages.outline import Block, BlockKind, Outline, PageLines
from tunesmith.sources.row import RowError

if TYPE_CHECKING:
    from docutils import nodes

MAX_LINE = 20_000  # characters; docutils takes a page of longer ones for an attack

_SETTINGS: dict[str, Any] = {
    "_disable_config": True,
    "file_insertion_enabled": False,
    "raw_enabled": False,
    "doctitle_xform": False,
    "docinfo_xform": False,
    "report_level": 5,
    "halt_level": 5,
    "warning_stream": False,
    "syntax_highlight": "none",
    "smart_quotes": False,
    "line_length_limit": MAX_LINE,
}
_ROLE = re.compile(r":([\w:+.-]+):`([^`]*)`|`([^`<>]*)(?:\s*<[^`<>]*>)?`_{0,2}", re.DOTALL)
_SHOWN_DIRECTIVES = re.compile(
    r"\.\.\s+(?:versionadded|versionchanged|deprecated|seealso|tabs?|tab-item|dropdown|glossary)"
    r"::[ \t]*(.*)"
)
_SKIPPED = frozenset(
    [
        "comment",
        "target",
        "substitution_definition",
        "pending",
        "image",
        "figure",
        "transition",
        "meta",
        "docinfo",
        "raw",
        "footnote",
        "citation",
        "sidebar",
        "header",
        "footer",
        "decoration",
    ]
)
_ADMONITIONS = frozenset(
    [
        "note",
        "tip",
        "hint",
        "important",
        "warning",
        "caution",
        "attention",
        "danger",
        "error",
        "admonition",
    ]
)
_SPANS = {"strong": "**", "emphasis": "*", "title_reference": "*"}


def read_rst(text: str) -> Outline:
    """Read a page.

    Raises:
        RowError: It is nested too deeply to be a page, or a line is too long for one.
    """
    for number, line in enumerate(text.split("\n"), start=1):
        if len(line) > MAX_LINE:
            detail = f"line {number} is longer than {MAX_LINE:,} characters"
            raise RowError("line too long", detail)
    from docutils.core import publish_doctree  # noqa: PLC0415 - only such pages need it

    try:
        tree = publish_doctree(text, settings_overrides=dict(_SETTINGS))
        blocks = list(_blocks(tree, level=0))
    except RecursionError:
        raise RowError("nested too deeply", "lists or quotes are nested too deeply") from None
    lines = PageLines(text.split("\n"))
    return Outline(blocks=tuple(lines.placed(block) for block in blocks))


def _blocks(parent: "nodes.Element", *, level: int) -> Iterator[Block]:
    for node in parent.children:
        name = node.tagname
        if name == "section":
            yield from _section(node, level=level + 1)
        elif name == "title" or name in _SKIPPED or _is_contents(node):
            continue
        elif name == "definition_list":
            yield from _definitions(node)
        elif name in ("compound", "container", "topic"):
            yield from _blocks(node, level=level)
        else:
            kind: BlockKind = "text"
            if name in ("literal_block", "doctest_block"):
                kind = "code"
            elif name in ("bullet_list", "enumerated_list"):
                kind = "list"
            yield from _written(kind, _block_text(node), _line(node))


def _section(node: "nodes.Element", *, level: int) -> Iterator[Block]:
    title = next((child for child in node.children if child.tagname == "title"), None)
    if title is not None:
        anchor = next(iter(node.get("ids", ())), None)
        text = " ".join(_inline(title).split())
        yield Block(kind="heading", text=text, line=_line(title), level=level, anchor=anchor)
    yield from _blocks(node, level=level)


def _definitions(node: "nodes.Element") -> Iterator[Block]:
    for item in node.children:
        for child in item.children:
            if child.tagname == "term":
                text = " ".join(_inline(child).split())
                yield Block(kind="term", text=text, line=_line(item))
            elif child.tagname == "definition":
                yield from _written("definition", _joined(child), _line(child))


def _written(kind: BlockKind, text: str, line: int) -> Iterator[Block]:
    if kind == "code":
        yield Block(kind="code", text=text, line=line)
        return
    for block in prose_block("text" if kind == "definition" else kind, text, line, {}):
        is_plain = block.kind == "text"
        yield Block(kind=kind if is_plain else block.kind, text=block.text, line=line)


def _line(node: "nodes.Node") -> int:
    """The line of a node or of what it stands in; titles report that of their underline."""
    while node is not None:
        if node.line:
            return int(node.line)
        node = node.parent
    return 1


def _joined(node: "nodes.Element", between: str = "\n\n") -> str:
    texts = (
        _block_text(child)
        for child in node.children
        if child.tagname not in _SKIPPED and child.tagname != "title"
    )
    return between.join(text for text in texts if text.strip())


def _block_text(node: "nodes.Node") -> str:  # noqa: PLR0911 - one line a kind of node
    name = node.tagname
    if name in ("literal_block", "doctest_block"):
        return _code(node)
    if name in ("bullet_list", "enumerated_list"):
        return _list(node)
    if name in ("block_quote", "line_block") or name in _ADMONITIONS:
        return _framed(node)
    if name == "table":
        return _table(node)
    if name == "definition_list":
        return "\n".join(
            f"- **{_inline(item.children[0])}**: {_indented(_joined(item.children[-1]), 2)}"
            for item in node.children
        )
    if name in ("field_list", "option_list"):
        return "\n".join(
            f"- {_inline(item.children[0])}: {_indented(_joined(item.children[-1]), 2)}"
            for item in node.children
        )
    if name == "system_message":
        return _unknown_directive(node)
    if name in ("compound", "container", "topic", "section"):
        return _joined(node)
    return _inline(node)


def _code(node: "nodes.Element") -> str:
    classes = [name for name in node.get("classes", ()) if name != "code"]
    language = "pycon" if node.tagname == "doctest_block" else next(iter(classes), "")
    return f"```{language}\n{node.astext()}\n```"


def _list(node: "nodes.Element") -> str:
    items = []
    for number, item in enumerate(node.children, start=int(node.get("start", 1))):
        mark = "- " if node.tagname == "bullet_list" else f"{number}. "
        parts = [_block_text(child) for child in item.children if child.tagname not in _SKIPPED]
        tight = all(child.tagname in ("paragraph", "bullet_list") for child in item.children)
        text = ("\n" if tight else "\n\n").join(part for part in parts if part.strip())
        items.append(mark + _indented(text, len(mark)))
    return "\n".join(items)


def _framed(node: "nodes.Element") -> str:
    if node.tagname == "line_block":
        return "  \n".join(_inline(line) for line in node.children)
    text = _joined(node)
    if node.tagname in _ADMONITIONS:
        titles = [_inline(child) for child in node.children if child.tagname == "title"]
        label = titles[0] if titles else node.tagname.capitalize()
        text = f"**{label}:** {text}"
    return "\n".join(f"> {line}" if line else ">" for line in text.split("\n"))


def _table(node: "nodes.Element") -> str:
    rows = [
        [" ".join(_joined(cell, " ").split()).replace("|", "\\|") for cell in row.children]
        for row in node.findall(lambda part: part.tagname == "row")
    ]
    if not rows:
        return ""
    head, *body = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([head, "|" + " --- |" * len(rows[0]), *body])


def _indented(text: str, width: int) -> str:
    return text.replace("\n", "\n" + " " * width).replace("\n" + " " * width + "\n", "\n\n")


def _inline(node: "nodes.Node") -> str:
    name = node.tagname
    if name == "#text":
        return str(node.astext())
    if name == "literal":
        return f"`{node.astext()}`"
    if name == "problematic":
        return _ROLE.sub(_role_words, node.astext())
    if name in _SKIPPED or name in ("footnote_reference", "citation_reference", "system_message"):
        return ""
    text = "".join(_inline(child) for child in node.children)
    if name == "reference":
        target = node.get("refuri", "")
        is_outside = re.match(r"https?://|mailto:", target) and target != text
        return f"[{text}]({target})" if is_outside else text
    mark = _SPANS.get(name, "")
    return f"{mark}{text}{mark}"


def _role_words(match: re.Match[str]) -> str:
    """The words of a role that docutils does not know; names of code stay code."""
    if match[1] is None:
        return match[3].strip()
    words = match[2].partition("<")[0].strip() or match[2].strip("<>")
    is_reference = match[1].rpartition(":")[2] in (
        "ref",
        "doc",
        "term",
        "any",
        "numref",
        "pep",
        "rfc",
    )
    return words if is_reference else f"`{words.lstrip('~!')}`"


def _unknown_directive(node: "nodes.Element") -> str:
    """What a directive of Sphinx says, where it says something."""
    texts = [child.astext() for child in node.children if child.tagname == "literal_block"]
    match = _SHOWN_DIRECTIVES.match(texts[0]) if texts else None
    if match is None:
        return ""
    body = [line.strip() for line in texts[0].split("\n")[1:] if not line.strip().startswith(":")]
    return _ROLE.sub(_role_words, "\n".join([match[1], *body]).strip())


def _is_contents(node: "nodes.Node") -> bool:
    return node.tagname == "topic" and "contents" in node.get("classes", ())
