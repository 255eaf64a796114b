"""The HTML of a mail -> its text, with quotes marked by `>` as in plain text, and what is no text.

What a mail program marks as signature, and what nobody sees, comes out by name.
"""

import re
from collections.abc import Iterator

from bs4 import BeautifulSoup
from bs4.element import Tag

Piece = tuple[str, str]  # a name and a text
_OPEN, _CLOSE, _SPACE = "\x02", "\x03", "\x04"  # of a quote; a space that counts
_MARKS = dict.fromkeys(map(ord, (_OPEN, _CLOSE, _SPACE)))
_QUOTES = "blockquote, .gmail_quote, .yahoo_quoted, .protonmail_quote, .zmail_extra"
_SIGNATURES = ".gmail_signature, .moz-signature, .protonmail_signature_block, #Signature"
_BLOCKS = ["p", "div", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "pre", "table", "hr"]
_HIDDEN = re.compile(r"display\s*:\s*none", re.IGNORECASE)
_INDENTED = re.compile(r"border(?:-left)?\s*:\s*none", re.IGNORECASE)
_MAX_URL = 200  # characters; longer ones follow the reader about


def html_mail(page: str) -> tuple[str, list[Piece]]:
    """The text of an HTML mail, and by name what was taken out of it."""
    soup = BeautifulSoup(page.translate(_MARKS), "lxml")
    taken = list(_taken_out(soup))
    _mark_quotes(soup)
    _write_out(soup)
    return _text(soup), taken


def _taken_out(soup: BeautifulSoup) -> Iterator[Piece]:
    for name, tags in (
        ("title", soup.find_all("title")),
        ("signature", soup.select(_SIGNATURES)),
        ("hidden text", soup.find_all(style=_HIDDEN)),
        ("markup", soup.find_all(["script", "style", "head"])),
    ):
        for tag in tags:
            if tag.decomposed:
                continue
            words = " ".join(tag.get_text(" ").split())
            tag.decompose()
            if words and name != "markup":
                yield name, words
    for image in soup.find_all("img"):
        words = " ".join(str(image.get("alt") or "").split())
        image.decompose()
        if words:
            yield "picture", words


def _mark_quotes(soup: BeautifulSoup) -> None:
    for tag in soup.select(_QUOTES):
        holds_another = tag.name != "blockquote" and tag.find("blockquote") is not None
        if not holds_another and not _INDENTED.search(str(tag.get("style") or "")):
            tag.insert(0, f"\n{_OPEN}\n")
            tag.append(f"\n{_CLOSE}\n")


def _write_out(soup: BeautifulSoup) -> None:
    """Write what tags say about lines into the text."""
    for node in soup.find_all(string=re.compile(r"[\n\r\t]| {2}")):
        if node.find_parent("pre") is not None:
            node.replace_with(str(node).replace(" ", _SPACE))
        elif _OPEN not in node and _CLOSE not in node:
            node.replace_with(re.sub(r"[ \t\r\n\f]+", " ", str(node)))
    for tag in soup.find_all("br"):
        tag.replace_with("\n")
    for tag in soup.find_all("a"):
        _write_link(tag)
    for tag in soup.find_all(_BLOCKS):
        tag.append("\n\n" if tag.name in ("p", "pre", "table") else "\n")
        if tag.name in ("div", "pre", "ul", "ol") and tag.previous_sibling is not None:
            tag.insert(0, "\n")
    for tag in soup.find_all(["td", "th"]):
        tag.append(" ")
    for tag in soup.find_all("li"):
        tag.insert(0, "\n- ")
        tag.append("\n")


def _write_link(tag: Tag) -> None:
    """A link's page behind its words, where they do not say it."""
    url, words = str(tag.get("href") or "").strip(), tag.get_text().strip()
    bare = re.sub(r"^https?://(?:www\.)?|/$", "", url)
    is_page = url.startswith(("http://", "https://")) and len(url) <= _MAX_URL
    if is_page and words and bare not in words:
        tag.append(f" ({url})")


def _text(soup: BeautifulSoup) -> str:
    depth = 0
    lines: list[str] = []
    for line in soup.get_text().split("\n"):
        if line.strip() in (_OPEN, _CLOSE):
            depth += 1 if line.strip() == _OPEN else -1
            continue
        text = re.sub(r"[ \t\xa0]+", " ", line).strip().replace(_SPACE, " ").rstrip()
        is_blank_again = not text and bool(lines) and not lines[-1].strip("> ")
        if not is_blank_again:
            lines.append(f"{'>' * depth} {text}" if depth > 0 else text)
    return "\n".join(lines).strip("\n")
