"""reStructuredText -> an Outline, its blocks written as Markdown.

docutils reads it, without including files and without raw pieces. Of what only Sphinx knows
(roles, directives) the words are read, and the body as a page within the page.
"""

import re
import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tunesmith.sources.pages.markdown_text import prose_block
from tunesmith.sources.pages.outline import Block, BlockKind, Outline, PageLines
from tunesmith.sources.pages.page_spans import NOT_FOLLOWED
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
_DIRECTIVE = re.compile(r"\.\.[ \t]+([\w:+.-]+?)[ \t]?::[ \t]*(.*)")
_OPTION = re.compile(r":[\w -]+:(?:\s|$)")
_CODE_DIRECTIVES = re.compile(
    r"code-block|code|sourcecode|prompt|parsed-literal|ipython|jupyter-execute|code-cell|"
    r"doctest|testcode|testoutput|testsetup|console|mermaid|uml|graphviz|digraph|graph|"
    r"math|tikz|productionlist|plantuml|exec"
)
_WITHOUT_ARGUMENT = re.compile(
    r"only|ifconfig|container|rst-class|cssclass|hlist|tab-set|grid|tabularcolumns|role|"
    r"default-role|highlight|figure|image"
)
_LABELS = {
    "versionadded": "Added in version",
    "versionchanged": "Changed in version",
    "versionremoved": "Removed in version",
    "deprecated": "Deprecated since version",
    "seealso": "See also",
    "todo": "To do",
}
_OBJECTS = re.compile(
    r"(?:\w+:)*(?:function|class|method|attribute|data|exception|module|option|envvar|describe|"
    r"cmdoption|program|macro|type|struct|member|property|decorator|get|post|put|delete|object)"
)
_SKIPPED = re.compile(
    r"comment|target|substitution_definition|pending|image|transition|meta|raw|header|"
    r"footer|decoration"
)
_DRAWN = {"mermaid": "mermaid", "graphviz": "dot", "digraph": "dot", "uml": "plantuml"}
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
_SPANS = {
    "strong": "**",
    "emphasis": "*",
    "title_reference": "*",
    "footnote_reference": "[",
    "citation_reference": "[",
}


def read_rst(text: str) -> Outline:
    """Read a page.

    Raises:
        RowError: It is nested too deeply to be a page, or a line is too long for one.
    """
    for number, line in enumerate(text.split("\n"), start=1):
        if len(line) > MAX_LINE:
            detail = f"line {number} is longer than {MAX_LINE:,} characters"
            raise RowError("line too long", detail)
    try:
        blocks = list(_blocks(_tree(text), level=0))
    except RecursionError:
        raise RowError("nested too deeply", "lists or quotes are nested too deeply") from None
    lines = PageLines(text.split("\n"))
    return Outline(blocks=tuple(lines.placed(block) for block in blocks))


def _tree(text: str) -> "nodes.document":
    from docutils.core import publish_doctree  # noqa: PLC0415 - only such pages need it

    return publish_doctree(text, settings_overrides=dict(_SETTINGS))


def _blocks(parent: "nodes.Element", *, level: int) -> Iterator[Block]:
    for node in parent.children:
        name = node.tagname
        if name == "section":
            yield from _section(node, level=level + 1)
        elif name == "title" or _SKIPPED.fullmatch(name) or _is_contents(node):
            continue
        elif name == "definition_list":
            yield from _definitions(node)
        elif name in ("compound", "container", "topic"):
            titles = [_inline(child) for child in node.children if child.tagname == "title"]
            for title in titles:
                yield from _written("text", f"**{title}**", _line(node))
            yield from _blocks(node, level=level)
        else:
            kind: BlockKind = "text"
            if name in ("literal_block", "doctest_block"):
                kind = "code"
            elif name in ("bullet_list", "enumerated_list"):
                kind = "list"
            text = _block_text(node)
            is_code = text.startswith("```") and text.endswith("\n```")
            yield from _written("code" if is_code else kind, text, _line(node))


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
                yield Block(kind="term", text=_term(item), line=_line(item))
            elif child.tagname == "definition":
                yield from _written("definition", _joined(child), _line(child))


def _term(item: "nodes.Element") -> str:
    """A term with its classifiers."""
    names = [_inline(one) for one in item.children if one.tagname in ("term", "classifier")]
    return " : ".join(" ".join(name.split()) for name in names)


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
        if not _SKIPPED.fullmatch(child.tagname) and child.tagname != "title"
    )
    return between.join(text for text in texts if text.strip())


def _block_text(node: "nodes.Node") -> str:  # noqa: PLR0911 - one line a kind of node
    name = node.tagname
    if name in ("literal_block", "doctest_block"):
        return _code(node)
    if name in ("bullet_list", "enumerated_list"):
        return _list(node)
    if name in ("block_quote", "line_block") or name in (*_ADMONITIONS, "sidebar"):
        return _framed(node)
    if name == "table":
        return _table(node)
    if name == "definition_list":
        return "\n".join(
            f"- **{_term(item)}**: {_indented(_joined(item.children[-1]), 2)}"
            for item in node.children
        )
    if name in ("field_list", "option_list"):
        return "\n".join(
            f"- {_inline(item.children[0])}: {_indented(_joined(item.children[-1]), 2)}"
            for item in node.children
        )
    if name == "system_message":
        return _not_understood(node)
    if name in ("footnote", "citation"):
        label = node.children[0].astext() if node.children else ""
        rest = "\n\n".join(_block_text(child) for child in node.children[1:])
        return f"[{label}] {rest}"
    if name in ("figure", "legend", "compound", "container", "topic", "section"):
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
        parts = [
            _block_text(child) for child in item.children if not _SKIPPED.fullmatch(child.tagname)
        ]
        tight = all(child.tagname in ("paragraph", "bullet_list") for child in item.children)
        text = ("\n" if tight else "\n\n").join(part for part in parts if part.strip())
        items.append(mark + _indented(text, len(mark)))
    return "\n".join(items)


def _framed(node: "nodes.Element") -> str:
    if node.tagname == "line_block":
        return "  \n".join(_inline(line) for line in node.children)
    text = _joined(node)
    if node.tagname in _ADMONITIONS or node.tagname == "sidebar":
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
    titles = [f"**{_inline(one)}**\n" for one in node.children if one.tagname == "title"]
    return "\n".join([*titles, head, "|" + " --- |" * len(rows[0]), *body])


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
    if _SKIPPED.fullmatch(name) or name == "system_message":
        return ""
    text = "".join(_inline(child) for child in node.children)
    if name == "reference":
        target = node.get("refuri", "")
        is_outside = re.match(r"https?://|mailto:", target) and target != text
        return f"[{text}]({target})" if is_outside else text
    mark = _SPANS.get(name, "")
    return f"{mark}{text}{mark}" if mark != "[" else f"[{text}]"


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


def _not_understood(node: "nodes.Element") -> str:
    """The words of what docutils has no rule for: a directive of Sphinx, a faulty table."""
    texts = [child.astext() for child in node.children if child.tagname == "literal_block"]
    if not texts or node.astext().startswith("Title ") or texts[0].startswith(".. |"):
        return ""
    match = _DIRECTIVE.match(texts[0])
    if match is None:
        return f"```\n{texts[0]}\n```" if "\n" in texts[0] else texts[0]
    if match[1] in NOT_FOLLOWED or match[1].startswith("auto"):
        return ""
    lines = textwrap.dedent(texts[0].partition("\n")[2]).split("\n")
    options: list[str] = []
    while lines and (_OPTION.match(lines[0]) or (options and lines[0].startswith(" "))):
        options.append(lines.pop(0))
    caption = next((line for line in options if line.startswith((":caption:", ":header:"))), "")
    body = "\n".join(lines).strip("\n")
    return _directive(match[1], match[2].strip(), body, caption.rpartition(":")[2].strip())


def _directive(name: str, argument: str, body: str, caption: str) -> str:
    """A directive as Markdown: a block of code, or what it is called and its body."""
    if _CODE_DIRECTIVES.fullmatch(name):
        language, _, rest = (argument or _DRAWN.get(name, "")).partition(" ")
        code = f"{language}\n{body}" if argument and not body else body
        fence = f"```{language if body else ''}\n{code}\n```"
        heads = [f"**{one}**" for one in (caption, rest) if re.search(r"\w", one)]
        return "\n\n".join([*heads, fence])
    if _OBJECTS.fullmatch(name):
        head = f"`{argument}`" if argument else ""
    else:
        shown = "" if _WITHOUT_ARGUMENT.fullmatch(name) else _ROLE.sub(_role_words, argument)
        words = " ".join(word for word in (_LABELS.get(name, ""), shown) if word)
        head = f"**{words}**" if words else ""
    inner = _joined(_tree(textwrap.dedent(body))) if body else ""
    return "\n\n".join(part for part in (head, inner) if part)


def _is_contents(node: "nodes.Node") -> bool:
    return node.tagname == "topic" and "contents" in node.get("classes", ())
