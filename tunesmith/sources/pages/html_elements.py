"""An element of an HTML page -> what it is (heading, question, frame) and its words or Markdown."""

import re
from typing import TYPE_CHECKING

from tunesmith.sources.pages.question_text import asks

if TYPE_CHECKING:
    from lxml.html import HtmlElement

HEADINGS = {f"h{level}": level for level in range(1, 7)}
_SKIPPED = frozenset(
    [
        "script",
        "style",
        "template",
        "noscript",
        "svg",
        "nav",
        "footer",
        "iframe",
        "select",
        "option",
        "input",
        "textarea",
        "head",
        "title",
        "canvas",
        "object",
        "audio",
        "video",
        "map",
        "meta",
        "link",
        "button",
        "dialog",
    ]
)
_CHROME = frozenset(
    [
        "toc",
        "table-of-contents",
        "contents",
        "toctree-wrapper",
        "sidebar",
        "sphinxsidebar",
        "navbar",
        "breadcrumb",
        "breadcrumbs",
        "nav",
        "navigation",
        "footer",
        "site-footer",
        "page-footer",
        "copyright",
        "pagination",
        "pager",
        "headerlink",
        "skip-link",
        "skip-to-content",
        "edit-this-page",
        "cookie-banner",
        "related",
        "prev-next",
    ]
)
_CHROME_ROLES = frozenset({"navigation", "banner", "contentinfo", "search", "complementary"})
_CALLOUT = re.compile(r"note|tip|warning|callout|admonition|alert|important|info", re.I)
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
    ]
) | set(HEADINGS)
LISTS = frozenset({"ul", "ol"})
STRUCTURE = [*HEADINGS, "details", "dl"]
_QUESTION_CLASS = re.compile(
    r"question|accordion[\w-]*(?:header|title|button|head)|faq[\w-]*title", re.I
)
ANCHOR_PARENTS = frozenset({"section", "div", "article"})
FRAMES = frozenset(
    ["html", "body", "main", "header", "form", "fieldset", "center", "aside", "figure"]
)


def is_chrome(element: "HtmlElement") -> bool:
    """Whether an element is navigation, decoration or machinery, and no text of the page."""
    if element.tag in _SKIPPED:
        return not (element.tag == "button" and is_question_element(element))
    if element.get("role") in _CHROME_ROLES:
        return True
    names = f"{element.get('class', '')} {element.get('id', '')}".lower()
    if element.tag == "aside":
        return not _CALLOUT.search(names)
    return element.tag not in HEADINGS and not _CHROME.isdisjoint(names.split())


def is_question_element(element: "HtmlElement") -> bool:
    """A clickable line of an accordion, or one that its class calls a question."""
    if element.tag in HEADINGS or element.tag in ("dt", "dd", "details", "summary", "a", "body"):
        return False
    is_button = element.tag == "button" and element.get("aria-expanded") is not None
    marks = f"{element.get('class', '')} {element.get('itemprop', '')}"
    if not is_button and not _QUESTION_CLASS.search(marks) and element.get("itemprop") != "name":
        return False
    if next((child for child in element.iter(*BLOCKS) if child is not element), None) is not None:
        return False
    return asks(heading_text(element))


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
        is_permalink = name == "a" and (
            "headerlink" in child.get("class", "")
            or (child.text or "").strip() in ("#", "¶", "§", "🔗")
        )
        if name is not None and not is_permalink and name not in ("img", "svg", "script", "style"):
            words = heading_text(child)
            if name in ("code", "tt", "kbd", "samp") and words.strip():
                words = f"`{words.strip()}`"
            parts.append(f"{words} " if name in BLOCKS or name == "br" else words)
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
    is_first = parent is not None and parent.index(element) == 0
    if is_first and parent is not None and parent.tag in ANCHOR_PARENTS and parent.get("id"):
        return str(parent.get("id"))
    return None


def html_escaped(text: str | None) -> str:
    """Text as HTML."""
    return (text or "").replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def serialised(element: "HtmlElement", *, tail: bool = True) -> str:
    """An element as HTML, without what is no text in it."""
    import lxml.html  # noqa: PLC0415

    for inner in element.xpath(
        ".//script | .//style | .//nav | .//svg | .//*[@class='headerlink']"
    ):
        inner.drop_tree()
    text: str = lxml.html.tostring(element, encoding="unicode", with_tail=tail)
    return text


def inner_html(element: "HtmlElement") -> str:
    """What an element holds, as HTML."""
    return html_escaped(element.text) + "".join(
        serialised(child) for child in element if isinstance(child.tag, str)
    )


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
    match = re.search(
        r"""class="[^"]*\b(?:language|lang|highlight)-([\w+#-]+)""", str(element)[:500]
    )
    return match[1] if match and match[1] not in ("default", "none", "text") else ""
