"""A page of text as it was written -> all its words, each piece with its line and its name.

Text of the page has no name. Comments, front matter, tags of templates, the words of pictures and
the options of directives have one; what is markup and no word (targets of links, names of tags and
directives) is left out.
"""

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from tunesmith.sources.pages.left_over import TEXT, PageSpan
from tunesmith.sources.pages.question_text import without_marks

PageFormat = Literal["markdown", "mdx", "rst", "html", "plain"]

_FRONT_MATTER = re.compile(r"\A(---|\+\+\+)[ \t]*\n.*?^\1[ \t]*$\n?", re.DOTALL | re.MULTILINE)
_CODE = re.compile(r"`+")
_RANGES = {  # how a part begins -> how it ends, and what it is called
    "<!--": ("-->", "comments"),
    "{/*": ("*/}", "comments"),
    "{{/*": ("*/}}", "comments"),
    "{{</*": ("*/>}}", "comments"),
    "{% comment %}": ("{% endcomment %}", "comments"),
    "<script": ("</script>", "scripts"),
    "<style": ("</style>", "scripts"),
    "<noscript": ("</noscript>", "hidden parts"),
    "<template": ("</template>", "hidden parts"),
    "<svg": ("</svg>", "drawings"),
    "<iframe": ("</iframe>", "frames and media"),
}
_DIRECTIVE_FENCE = re.compile(r"\{([\w-]+)\}")
_LOADED = (
    r"^(?:import\s[^\n]*?[\"'][^\"'\n]+[\"'];?[ \t]*$"
    r"|export\s+(?:default|const|let|function|async)\b)"
)
_OPENING = re.compile(
    "|".join(["`+", *map(re.escape, _RANGES), rf"(?P<loads>{_LOADED})"])
    + r"|(?P<component>^[ \t]*<(?-i:[A-Z])[\w.]*(?:\s[^<>\n]*)?$)",
    re.IGNORECASE | re.MULTILINE,
)
_TAG_WORDS = re.compile(r"""\b([\w-]+)\s*=\s*\{?(?:"([^"]*)"|'([^']*)')""")
_SPOKEN = re.compile(
    r"alt|title|label|description|caption|summary|question|header|heading|text|content|"
    r"placeholder|aria-label|answer|body|tab"
)
# The first alternative that fits counts. Groups are named by what they hold; else it is markup.
_MARKDOWN = re.compile(
    r"\{[\w:+-]+\}`(?P<role>[^`<\n]*)(?:<[^`\n]*)?`"
    r"|^\([\w.:-]+\)=[ \t]*$"
    r"|(?P<code>(?P<ticks>`{1,8})(?!`)[^`\n]{1,2000}(?P=ticks)(?!`))"
    r"|!\[(?P<pictures>[^\[\]\n]{0,500})\]"
    r"|(?P<target>\]\((?:[^()\n]|\([^()\n]*\))*\))"
    r"|(?P<label>\]\[[^\[\]\n]*\])"
    r"|^\s{0,3}\[(?!\^)[^\[\]\n]{1,200}\]:(?P<definition>[^\n]*)$"
    r"|(?P<template>\{\{[<%][^\n]{0,500}?[>%]\}\}|\{%[^\n]{0,500}?%\})"
    r"|(?P<attributes>\{[:#.][a-zA-Z_: ][^{}\n]*\})"
    r"|<(?P<link>https?://[^<>\s]+)>"
    r"|(?P<tag></?[a-zA-Z][^<>\n]{0,2000}>)"
    r"|(?P<opens>^\s*(?::{3,}\s*\{?[.#]?[\w-]*\}?(?:\s+title=)?|[!?]{3}\+?\s+[\w-]+|(?:`{3,}|~{3,})\s*\{[\w-]+\}))"
    r"|(?P<options>^\s*:[\w-]+:[^\n]*$)"
)
_RST = re.compile(
    r"(?P<options>^\s+:[\w -]+:(?:\s[^\n]*)?$)"
    r"|(?P<plain>^\s*\.\.\s+(?:figure|only|ifconfig|container|rst-class|cssclass|class|hlist|"
    r"tab-set|grid|code-block|code|sourcecode|parsed-literal)\s?::[^\n]*$)"
    r"|^\s*\.\.\s+\|[^|\n]*\|\s*(?:replace|unicode|date)::(?P<substitutions>[^\n]*)$"
    r"|^\s*\.\.\s+(?:\|[^|\n]*\|\s*)?(?P<opens>[\w:+.-]+::)"
    r"|(?P<definition>^\s*(?:\.\.\s+_[^\n]*:[^\n]*|__\s[^\n]*)$)"
    r"|(?P<named>(?<![\w`]):[\w:+.-]+:(?=`))"
    r"|(?P<label>\s<[^<>\n`]*>`_{0,2})"
    r"|(?P<mark>\|[\w -]+\|_{0,2})"
)
_RST_MARK = re.compile(r"\.\.\s+(?:_|\[|\||[\w:+.-]+\s?::)")
_RST_DIRECTIVE = re.compile(r"\.\.\s+([\w:+.-]+?)\s?::")
NOT_FOLLOWED = {  # directives whose words are no text of the page, and what those are called
    "toctree": "table of contents",
    "contents": "table of contents",
    "sectnum": "table of contents",
    "include": "files to include",
    "literalinclude": "files to include",
    "raw": "raw parts",
    "meta": "metadata",
    "index": "directives of Sphinx",
    "currentmodule": "directives of Sphinx",
    "module": "directives of Sphinx",
    "highlight": "directives of Sphinx",
    "default-role": "directives of Sphinx",
    "role": "directives of Sphinx",
    "tabularcolumns": "directives of Sphinx",
    "sectionauthor": "directives of Sphinx",
    "codeauthor": "directives of Sphinx",
    "header": "page header",
    "footer": "footer",
    "image": "pictures",
}
_TITLE = re.compile(r"""\s["'(]([^"'()]+)["')]\s*\)?\s*$""")
_NOTHING = re.compile(r"(?!)")
_MARKUP = {  # of each, what is no word: names of options, tags and their properties
    "pictures": _NOTHING,
    "template": re.compile(r"^\{[{%][<%-]?\s*/?\s*[\w/-]+|\b[\w-]+\s*="),
    "options": re.compile(r"^\s*:[\w -]+:"),
    "substitutions": _NOTHING,
    "mark": _NOTHING,
}
_INLINE_TAG = re.compile(
    r"</?(?:a|b|i|u|s|em|strong|code|tt|kbd|span|font|small|su[bp]|mark|del|ins)\b", re.IGNORECASE
)
_NAMES = {
    "pictures": "pictures",
    "template": "template tags",
    "options": "options of directives",
    "substitutions": "substitutions",
    "mark": "substitutions",
}
_KEPT = ("code", "link", "role")


class PageRange(NamedTuple):
    """A part of a page that is no text of it: from, up to, and what it is called."""

    start: int
    stop: int
    name: str


def page_spans(text: str, written: PageFormat) -> Iterator[PageSpan]:
    """The words of a page, in order; of HTML the page itself is asked (`html_spans`)."""
    if written == "plain":
        for number, line in enumerate(text.split("\n"), start=1):
            yield PageSpan(number, without_marks(line))
        return
    ranges = _rst_ranges(text) if written == "rst" else markdown_ranges(text)
    pattern = _RST if written == "rst" else _MARKDOWN
    position, number = 0, 1
    for one in [*ranges, PageRange(len(text), len(text), TEXT)]:
        between = text[position : one.start]
        for offset, line in enumerate(between.split("\n")):
            yield from _line_spans(line, number + offset, pattern)
        number += between.count("\n")
        held = text[one.start : one.stop]
        for offset, line in enumerate(held.split("\n")):
            yield PageSpan(number + offset, line, one.name)
        number += held.count("\n")
        position = one.stop


def markdown_ranges(text: str) -> Iterator[PageRange]:
    """Front matter, comments and scripts; what looks like one within code is none."""
    front = _FRONT_MATTER.match(text)
    position = front.end() if front else 0
    if front:
        yield PageRange(0, position, "front matter")
    never: set[str] = set()  # what does not end any more: it is not looked for again
    while match := _OPENING.search(text, position):
        opening = match[0].lower()
        end, name = _RANGES.get(opening, (opening, TEXT))
        if match["loads"] or match["component"]:
            end, name = ("\n\n", "imports") if match["loads"] else (">", "components")
            opening = end
        elif opening.startswith("```") and (directive := _DIRECTIVE_FENCE.match(text, match.end())):
            name = NOT_FOLLOWED.get(directive[1], TEXT)
        stop = -1 if opening in never else _end_of_part(text, match.end(), end)
        if stop < 0:
            never.add(opening)
            position = match.end()
            continue
        if name != TEXT:
            yield PageRange(match.start(), stop, name)
        position = stop


def _end_of_part(text: str, start: int, end: str) -> int:
    """Behind the next such end, or -1. A run of ticks ends at one as long."""
    if not end.startswith("`"):
        found = text.find(end, start)
        return found + len(end) if found >= 0 else -1
    found = text.find(end, start)
    while found >= 0:
        run = _CODE.match(text, found)
        if run and run.end() - found == len(end):
            return run.end()
        found = text.find(end, run.end() if run else found + 1)
    return -1


def _rst_ranges(text: str) -> Iterator[PageRange]:
    """Blocks below `..` that are a comment, or a directive that is not followed."""
    position = 0
    found: PageRange | None = None  # that is open
    indent = 0
    for line in text.split("\n"):
        bare = line.lstrip()
        width = len(line) - len(bare)
        if found and bare and width <= indent:
            yield found._replace(stop=position)
            found = None
        name = None if found else _block_name(bare)
        if name:
            found, indent = PageRange(position, position, name), width
        position += len(line) + 1
    if found:
        yield found._replace(stop=len(text))


def _block_name(line: str) -> str | None:
    """What a block is called that begins so and is no text of the page."""
    directive = _RST_DIRECTIVE.match(line)
    if directive:
        is_automatic = directive[1].startswith("auto")
        return NOT_FOLLOWED.get(directive[1], "directives of Sphinx" if is_automatic else None)
    is_comment = line == ".." or (line.startswith(".. ") and not _RST_MARK.match(line))
    return "comments" if is_comment else None


def _line_spans(line: str, number: int, pattern: re.Pattern[str]) -> Iterator[PageSpan]:
    position = 0
    kept: list[str] = []
    for match in pattern.finditer(line):
        kept.append(line[position : match.start()])
        position = match.end()
        group = match.lastgroup or ""
        group = "code" if group == "ticks" else group
        if group in _KEPT:
            kept.append(match[group])
        elif group in _NAMES:
            yield PageSpan(number, _MARKUP[group].sub(" ", match[group]), _NAMES[group])
        elif group == "tag":
            kept.append("" if _INLINE_TAG.match(match["tag"]) else " ")
            yield from _tag_spans(match["tag"], number)
        elif group == "definition" and not re.search(r"[/.#:]", match[group]):
            kept.append(match[group])  # no address: the words of a footnote, say
        elif group in ("target", "definition") and (title := _TITLE.search(match[group])):
            yield PageSpan(number, title[1], "tool tips")
    kept.append(line[position:])
    yield PageSpan(number, without_marks("".join(kept)))


def _tag_spans(tag: str, number: int) -> Iterator[PageSpan]:
    for match in _TAG_WORDS.finditer(tag):
        if _SPOKEN.fullmatch(match[1].lower()):
            yield PageSpan(number, match[2] or match[3] or "", _tag_name(match[1]))


def _tag_name(attribute: str) -> str:
    return "pictures" if attribute == "alt" else "tool tips and properties"
