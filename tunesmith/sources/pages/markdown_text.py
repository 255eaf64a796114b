"""Markdown as an author wrote it -> Markdown that stands by itself, as an answer must.

Links within a site, images, anchors, comments and the marks of site generators mean
nothing outside the page; lists, code, tables and links to the world stay.
"""

import html
import re
from collections.abc import Iterator, Mapping

from tunesmith.sources.pages.outline import Block, BlockKind

MAX_CLEANED = 200_000  # characters of one block; beyond it is data, not prose

_CONTENTS_LINKS = 5  # to one word beside them
_MARKED = re.compile(r"[\[<&{`:)\xa0]|\s\n|\n{3}")  # else there is nothing to clean
_LINKED = re.compile(r"[\[<]")
_CODE_SPAN = re.compile(r"(?<!`)(`{1,8})(?!`)([^`]{1,2000}?|.{1,2000}?[^`])\1(?!`)", re.DOTALL)
_FENCE = re.compile(r"\s*(?:>\s*)*(?:(?:[-*+]|\d+[.)])\s+)?(`{3,}|~{3,})")
_HELD = re.compile("\ue000(\\d+)\ue001")
_ROLE = re.compile("\\{([a-z][a-z:+-]*)\\}\ue000(\\d+)\ue001")
_LINK_TEXT = r"\[((?:[^\[\]]|\[[^\[\]]*\])*)\]"
_TARGET = r"\(\s*<?([^()\s<>]*(?:\([^()\s]*\)[^()\s<>]*)*)>?(?:\s+[\"'(][^)\n]*[\"')])?\s*\)"
_IMAGE = re.compile(rf"!{_LINK_TEXT}(?:{_TARGET}|\[[^\[\]]*\])|<img\b[^<>]*>", re.IGNORECASE)
_LINK = re.compile(rf"(?<!!){_LINK_TEXT}{_TARGET}")
_REFERENCE = re.compile(r"(?<![!\]\\])\[([^\[\]]+)\](?:\[([^\[\]]*)\])?(?![(\[:])")
_HTML_LINK = re.compile(r"<a\b[^<>]*?href\s*=\s*[\"']([^\"'<>]*)[\"'][^<>]*>(.*?)</a>", re.I | re.S)
_AUTOLINK = re.compile(r"<(https?://[^<>\s]+)>")
_ABSOLUTE = re.compile(r"(?:https?|ftp)://|mailto:|tel:", re.IGNORECASE)
_GENERATOR_MARKS = re.compile(
    r"<!--.*?-->|\{/\*.*?\*/\}"  # comments
    r"|\{\{[<%].*?[>%]\}\}|\{%.*?%\}"  # tags of Hugo and Jekyll
    r"|\{[:#.][a-zA-Z_: ][^{}\n]*\}"  # attributes
    r"|^\([\w.:-]+\)=[ \t]*$"  # targets of MyST
    r"|^[ \t]*:{3,}.*$",  # and its containers
    re.DOTALL | re.MULTILINE,
)
_ALERT = re.compile(r"\[!([A-Za-z]+)\][-+]?")
_TAG = re.compile(r"</?([A-Za-z][A-Za-z0-9]*)(?:\s[^<>]*)?/?>")
_TAG_MARKS = {"b": "**", "strong": "**", "i": "*", "em": "*", "br": " ", "hr": ""}
_PLAIN_TAGS = frozenset(
    [
        "a",
        "abbr",
        "acronym",
        "article",
        "big",
        "center",
        "cite",
        "del",
        "dfn",
        "div",
        "emph",
        "figure",
        "font",
        "ins",
        "kbd",
        "mark",
        "nobr",
        "p",
        "q",
        "s",
        "samp",
        "section",
        "small",
        "span",
        "strike",
        "sub",
        "summary",
        "sup",
        "tt",
        "u",
        "var",
        "wbr",
        "details",
        "ul",
        "ol",
        "li",
    ]
)
_WORD = re.compile(r"\w")
_LIST_MARK = re.compile(r"^\s*(?:[-*+]|\d+[.)])\s", re.MULTILINE)


def prose_block(
    kind: BlockKind, raw: str, line: int, references: Mapping[str, str]
) -> Iterator[Block]:
    """A block of a page, cleaned; or as what it is where it holds no text of its own."""
    special = _special_kind(raw, references)
    text = raw.strip() if special else clean_markdown(raw, references)
    if text:
        yield Block(kind=special or kind, text=text, line=line)


def clean_markdown(raw: str, references: Mapping[str, str]) -> str:
    """Take out what has no meaning outside the page; code is left as it is.

    Args:
        raw: Some blocks of Markdown.
        references: Targets of reference links, by their label in lower case.
    """
    if len(raw) > MAX_CLEANED or not _MARKED.search(raw):
        return raw.strip("\n").rstrip()
    pieces = [text if is_code else _clean_prose(text, references) for text, is_code in _fenced(raw)]
    text = "\n".join(piece for piece in pieces if piece.strip())
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n").rstrip()


def is_links_only(text: str) -> bool:
    """Whether nothing but links (or their bare addresses) is said."""
    rest, num_links = _LINK.subn("", text)
    rest, num_plain = re.subn(r"https?://[^\s<>]+", "", rest)
    return num_links + num_plain > 0 and not _WORD.search(_LIST_MARK.sub("", rest))


def _special_kind(raw: str, references: Mapping[str, str]) -> BlockKind | None:
    if len(raw) > MAX_CLEANED or not _LINKED.search(raw):
        return None
    resolved = _resolved(_GENERATOR_MARKS.sub("", raw), references)
    without, num_images = _IMAGE.subn("", resolved)
    without = _HTML_LINK.sub(r"[\2](\1)", without)
    targets = [match[2] for match in _LINK.finditer(without) if match[1].strip()]
    words = re.findall(r"\w+", _TAG.sub("", _LIST_MARK.sub("", _LINK.sub("", without))))
    inner = [target for target in targets if not _ABSOLUTE.match(target)]
    if words:  # a remark or two in a table of contents makes no text of it
        is_contents = len(inner) == len(targets) and len(targets) > _CONTENTS_LINKS * len(words)
        return "navigation" if is_contents and _LIST_MARK.match(raw) else None
    if num_images and not targets:
        return "badges"
    is_row = len(targets) > 1 and not _LIST_MARK.match(raw)
    return "navigation" if targets and (len(inner) == len(targets) or is_row) else None


def _fenced(raw: str) -> Iterator[tuple[str, bool]]:
    """Runs of lines in turn outside and inside of fences."""
    run: list[str] = []
    fence = ""
    for line in raw.split("\n"):
        mark = _FENCE.match(line)
        closes = bool(fence) and mark is not None and mark[1].startswith(fence)
        if not fence and mark is not None:
            yield "\n".join(run), False
            run, fence = [line], mark[1]
        elif closes:
            yield "\n".join([*run, line]), True
            run, fence = [], ""
        else:
            run.append(line)
    yield "\n".join(run), bool(fence)


def _clean_prose(text: str, references: Mapping[str, str]) -> str:
    held: list[str] = []

    def hold(match: re.Match[str]) -> str:
        held.append(match[0])
        return f"\ue000{len(held) - 1}\ue001"

    text = _CODE_SPAN.sub(hold, text)
    text = _ROLE.sub(lambda match: _role_text(match[1], held[int(match[2])]), text)
    text = _IMAGE.sub("", _resolved(_GENERATOR_MARKS.sub("", text), references))
    text = _HTML_LINK.sub(r"[\2](\1)", text)
    text = _LINK.sub(_outside_link, text)
    text = _ALERT.sub(lambda match: f"{match[1].capitalize()}:", text)
    text = _AUTOLINK.sub(r"\1", text)
    text = _TAG.sub(_tag_text, re.sub(r"</?(?:code|tt)>", "`", text))
    text = html.unescape(text).replace("\xa0", " ")
    text = "\n".join(line.rstrip() for line in text.split("\n"))
    return _HELD.sub(lambda match: held[int(match[1])], text)


def _resolved(text: str, references: Mapping[str, str]) -> str:
    """Reference links as inline ones."""
    if not references:
        return text

    def resolve(match: re.Match[str]) -> str:
        label = " ".join((match[2] or match[1]).lower().split())
        target = references.get(label)
        return match[0] if target is None else f"[{match[1]}]({target})"

    return _REFERENCE.sub(resolve, text)


def _outside_link(match: re.Match[str]) -> str:
    """A link to the world; of one within the site, its words."""
    text, target = match[1], match[2]
    if not text.strip():
        return ""
    return f"[{text}]({target})" if _ABSOLUTE.match(target) else text


def _role_text(role: str, span: str) -> str:
    """The words of a MyST role; those that mark code stay code."""
    words = span.strip("`").partition("<")[0].strip() or span.strip("`<>")
    is_reference = role in ("ref", "doc", "term", "numref", "any", "download", "std:ref")
    return words if is_reference else f"`{words}`"


def _tag_text(match: re.Match[str]) -> str:
    name = match[1].lower()
    if name in _TAG_MARKS:
        return _TAG_MARKS[name]
    return "" if name in _PLAIN_TAGS else match[0]
