"""An element of an HTML page -> what it is called where it is no text of the page.

By tag, by role, and by the classes and ids that generators of pages write: Docusaurus, VitePress,
MkDocs, Sphinx and its themes, GitBook, Hugo, Confluence, Zendesk, Notion, WordPress.
"""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_TAGS = {
    "scripts": "script style",
    "navigation": "nav",
    "footer": "footer",
    "hidden parts": "template noscript",
    "drawings": "svg canvas map",
    "frames and media": "iframe object embed audio video",
    "form fields": "select option input textarea dialog datalist",
    "buttons": "button",
    "metadata": "head title meta link",
}
_ROLES = {
    "navigation": "navigation menu menubar",
    "page header": "banner",
    "footer": "contentinfo",
    "form fields": "search dialog",
    "side notes": "complementary",
}
# Each class or id in small letters; one that ends in * is the beginning of many.
_CLASSES = {
    "navigation": """
        sidebar sphinxsidebar navbar nav navigation toctree-wrapper related menu site-navigation
        theme-doc-sidebar-container vpnav vplocalnav vpsidebar vpnavbar md-header md-tabs md-nav
        md-sidebar wy-nav-side wy-nav-top rst-versions sidebar-drawer mobile-header bd-header
        bd-sidebar bd-sidebar-primary bd-sidebar-secondary td-navbar td-sidebar td-sidebar-nav
        td-sidebar__inner sub-nav article-sidebar widget-area main-navigation sidebar-container
        book-menu book-summary page-children childpages""",
    "table of contents": """
        toc table-of-contents contents table_of_contents tableofcontents theme-doc-toc-desktop
        theme-doc-toc-mobile vpdocaside vpdocoutlinedropdown md-sidebar--secondary toc-drawer
        toc-sticky bd-toc page-toc td-toc td-sidebar-toc ez-toc-container lwptoc rank-math-toc
        toc-macro on-this-page local-toc localtoc""",
    "breadcrumbs": """
        breadcrumb breadcrumbs theme-doc-breadcrumbs wy-breadcrumbs breadcrumb-section md-path
        bd-breadcrumbs bd-header-article td-breadcrumbs yoast-breadcrumb""",
    "footer": """
        footer site-footer page-footer copyright theme-doc-footer vpfooter md-footer bd-footer
        td-footer bottom-of-page footer-body""",
    "links to the pages around": """
        pagination pager prev-next pagination-nav vpdocfooter rst-footer-buttons related-pages
        prev-next-area nav-links post-navigation posts-navigation related-articles recent-articles
        article-relatives jp-relatedposts page-nav""",
    "links of the page": """
        headerlink skip-link skip-to-content skip-navigation edit-this-page theme-edit-this-page
        edit-info edit-link edit-page hash-link header-anchor vpskiplink md-skip viewcode-link
        md-content__button md-source-file anchorjs-link heading-anchor td-heading-self-link
        content-icon-container back-to-top article-return-to-top page-actions view-on-github
        bd-skip-link skip anchor copybtn copy-button clipboard buttongroup* md-clipboard
        vpcopy print:hidden noprint sharedaddy share article-subscribe social-share
        share-buttons print-link""",
    "dates and authors of the page": """
        theme-last-updated last-updated vplastupdated page-metadata td-page-meta entry-meta
        entry-footer posted-on article-author article-meta git-revision-date-localized-plugin
        reading-time page-header-icon post-meta byline""",
    "comments and votes": """
        article-votes feedback--prompt feedback comments-area comment-respond article-comments
        md-feedback giscus""",
    "banners": """
        cookie-banner announcement announcementbar* cookie-consent md-banner md-announce
        announcement-bar screen-reader-text visually-hidden sr-only""",
    "lists of attachments": "attachments greybox attachment-list pagesection",
    "drawn formulas": "katex-html mathjax_preview mathjax mjx-chtml",
}
_CALLOUT = re.compile(
    r"note|tip|warning|callout|admonition|alert|important|info|hint|caution", re.I
)
_NEVER = frozenset(["html", "body", "h1", "h2", "h3", "h4", "h5", "h6", "main", "article"])


def _by_word(table: dict[str, str]) -> dict[str, str]:
    return {word: name for name, words in table.items() for word in words.split()}


_BY_TAG, _BY_ROLE, _BY_CLASS = _by_word(_TAGS), _by_word(_ROLES), _by_word(_CLASSES)
_BEGINNINGS = tuple(word[:-1] for word in _BY_CLASS if word.endswith("*"))


def chrome_name(element: "HtmlElement") -> str | None:
    """What navigation, decoration or machinery an element is; None where it may be text."""
    if name := _BY_TAG.get(element.tag):
        return name
    if name := _BY_ROLE.get(element.get("role", "")):
        return None if element.tag in _NEVER else name
    marks = f"{element.get('class', '')} {element.get('id', '')}".lower().split()
    if element.tag == "aside":
        return None if _CALLOUT.search(" ".join(marks)) else "side notes"
    if element.tag in _NEVER:
        return None
    parent = element.getparent()
    if marks == ["lang"] and parent is not None and "language-" in parent.get("class", ""):
        return "labels of code"
    return next((name for mark in marks if (name := _class_name(mark))), None)


def _class_name(mark: str) -> str | None:
    if name := _BY_CLASS.get(mark):
        return name
    # Bundlers add a hash to a class: tableOfContents_bqdL, breadcrumbsContainer_Z_bl.
    stem = mark.split("_", 1)[0]
    if name := _BY_CLASS.get(stem) if stem != mark and len(stem) > 8 else None:
        return name
    return next((_BY_CLASS[f"{one}*"] for one in _BEGINNINGS if mark.startswith(one)), None)
