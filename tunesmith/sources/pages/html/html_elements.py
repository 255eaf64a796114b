"""An element of an HTML page -> what it is (heading, question, frame) and its words or Markdown."""

import itertools
import re
from typing import TYPE_CHECKING

from tunesmith.sources.pages.html.html_chrome import chrome_name

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_PERMALINKS = frozenset(["#", "¶", "§", "🔗", "\u200b"])
_LANGUAGE = re.compile(r"\b(?:language|lang|highlight|brush)(?:-|:\s?)([\w+#-]+)")
_NO_LANGUAGE = ("default", "none", "text", "plaintext", "notranslate")
HEADINGS = {f"h{level}": level for level in range(1, 7)}
CONTAINERS = frozenset(
    [
        "html",
        "body",
        "div",
        "section",
        "article",
        "main",
        "header",
        "form",
        "fieldset",
        "center",
        "aside",
        "figure",
        "dd",
        "li",
        "ul",
        "ol",
        "blockquote",
        "table",
        "tbody",
        "tr",
        "td",
        "font",
        "span",
    ]
)
BLOCKS = frozenset(
    [
        "p",
        "pre",
        "ul",
        "ol",
        "table",
        "blockquote",
        "div",
        "section",
        "article",
        "main",
        "header",
        "form",
        "fieldset",
        "center",
        "aside",
        "figure",
        "dl",
        "details",
        "hr",
        "address",
        "figcaption",
    ]
) | set(HEADINGS)
LISTS = frozenset({"ul", "ol"})
STRUCTURE = [*HEADINGS, "details", "dl"]
ANCHOR_PARENTS = frozenset({"section", "div", "article"})
FRAMES = frozenset(
    ["html", "body", "main", "header", "form", "fieldset", "center", "aside", "figure"]
)


def cut_out_blocks(heading: "HtmlElement") -> list["HtmlElement"]:
    """Take out of a heading the first block in it and all that follows."""
    children = list(heading)
    is_block = [child.tag in BLOCKS - {"div"} for child in children]
    cut = children[is_block.index(True) :] if True in is_block else []
    for child in cut:
        heading.remove(child)
    return cut


def heading_text(element: "HtmlElement") -> str:
    """The words of a heading as Markdown: code keeps its marks, all else leaves its words."""
    parts: list[str] = [element.text or ""]
    for child in element:
        name = child.tag if isinstance(child.tag, str) else None
        is_permalink = name == "a" and (child.text or "").strip() in _PERMALINKS
        is_chrome = name is not None and chrome_name(child) not in (None, "buttons")
        if name is not None and not is_permalink and not is_chrome:
            words = heading_text(child)
            if name in ("code", "tt", "kbd", "samp") and words.strip():
                words = f"`{words.strip()}`"
            parts.append(f" {words} " if name in BLOCKS or name in ("br", "button") else words)
        parts.append(child.tail or "")
    return " ".join("".join(parts).split())


def anchor_of(element: "HtmlElement") -> str | None:
    """The id of a heading, of an anchor in it, or of the section it opens."""
    for name in ("id", "name"):
        if value := element.get(name):
            return str(value)
    for inner in element.iter("a", "span"):
        if value := inner.get("id") or inner.get("name"):
            return str(value)
    parent = element.getparent()
    is_first = parent is not None and element.getprevious() is None
    if is_first and parent is not None and parent.tag in ANCHOR_PARENTS and parent.get("id"):
        return str(parent.get("id"))
    return None


def heading_level(element: "HtmlElement") -> int | None:
    """From 1, of a heading by its tag or role; None where it is none."""
    if element.get("role") == "heading" and element.tag in ("div", "span", "p"):
        level = element.get("aria-level", "2")
        return int(level) if level in ("1", "2", "3", "4", "5", "6") else 2
    return HEADINGS.get(element.tag)


def html_escaped(text: str | None) -> str:
    """Text as HTML."""
    return (text or "").replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def serialised(element: "HtmlElement", *, tail: bool = True) -> str:
    """An element as HTML, without what is no text in it."""
    import lxml.html  # noqa: PLC0415

    within = [one for one in element.iterdescendants() if isinstance(one.tag, str)]
    for inner in [one for one in within if chrome_name(one)]:
        if inner.getparent() is not None:
            inner.drop_tree()
    text: str = lxml.html.tostring(element, encoding="unicode", with_tail=tail)
    return text


def inner_html(element: "HtmlElement") -> str:
    """What an element holds, as HTML."""
    return html_escaped(element.text) + "".join(
        serialised(child) if isinstance(child.tag, str) else html_escaped(child.tail)
        for child in element
    )


def mark_languages(page: "HtmlElement") -> None:
    """Write the language of each block of code into it, where only a frame around names it."""
    for block in page.iter("pre"):
        holders = [block, *block.iter("code"), *itertools.islice(block.iterancestors(), 3)]
        found = (_LANGUAGE.search(one.get("class", "")) for one in holders)
        language = next((one[1] for one in found if one and one[1] not in _NO_LANGUAGE), None)
        if language:
            block.set("class", f"language-{language}")


def as_markdown(html: str) -> str:
    """A piece of HTML as Markdown; images are left out."""
    from markdownify import markdownify  # noqa: PLC0415

    text: str = markdownify(
        re.sub(r"(</?)(?:tt|kbd|samp)\b", r"\1code", html),
        heading_style="ATX",
        bullets="-",
        strip=["img"],
        escape_asterisks=False,
        escape_underscores=False,
        escape_misc=False,
        code_language_callback=_code_language,
    )
    return text


def _code_language(element: object) -> str:
    """`language-python` of a block of code or of what it holds, as highlighters write it."""
    match = re.search(rf"""class="[^"]*{_LANGUAGE.pattern}""", str(element)[:500])
    return match[1] if match and match[1] not in _NO_LANGUAGE else ""
