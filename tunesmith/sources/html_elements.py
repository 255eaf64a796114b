"""What each element of HTML is for: headings, frames around a page, containers, blocks of text."""

import re

HEADINGS = {f"h{level}": level for level in range(1, 7)}
SKIPPED = frozenset(
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
CHROME = frozenset(
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
CHROME_ROLES = frozenset({"navigation", "banner", "contentinfo", "search", "complementary"})
CALLOUT = re.compile(r"note|tip|warning|callout|admonition|alert|important|info", re.I)
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
QUESTION_CLASS = re.compile(
    r"question|accordion[\w-]*(?:header|title|button|head)|faq[\w-]*title", re.I
)
ANCHOR_PARENTS = frozenset({"section", "div", "article"})
FRAMES = frozenset(
    ["html", "body", "main", "header", "form", "fieldset", "center", "aside", "figure"]
)
