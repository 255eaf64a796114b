"""The HTML of a mail -> its text, with quotes marked by `>` as in plain text, and what is no text.

What a mail program marks as signature, and what nobody sees, comes out by name.
"""

import re
from collections.abc import Iterator

from bs4 import BeautifulSoup
from bs4.element import Tag

Piece = tuple[str, str]  # a name and a text
_OPEN, _CLOSE, _SPACE = "\x02", "\x03", "\x04"  # of a quote; a space that counts
_BLOCK, _PARAGRAPH = "\x05", "\x06"  # where they end and begin
_MARKS = dict.fromkeys(range(2, 7))
_BREAKS = re.compile(f"([{_OPEN}{_CLOSE}{_BLOCK}{_PARAGRAPH}\n])")
_QUOTES = "blockquote, .gmail_quote, .yahoo_quoted, .protonmail_quote, .zmail_extra"
_SIGNATURES = ".gmail_signature, .moz-signature, .protonmail_signature_block, #Signature"
_BLOCKS = ["div", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "li", "hr", "dt", "dd"]
_PARAGRAPHS = ["p", "ul", "ol", "pre", "table", "dl"]
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
            tag.insert(0, _OPEN)
            tag.append(_CLOSE)


def _write_out(soup: BeautifulSoup) -> None:
    """Write what tags say about lines into the text."""
    for node in soup.find_all(string=re.compile(r"[\n\r\t]| {2}")):
        if node.find_parent("pre") is not None:
            node.replace_with(str(node).replace(" ", _SPACE))
        else:
            node.replace_with(re.sub(r"[ \t\r\n\f]+", " ", str(node)))
    for tag in soup.find_all("br"):
        tag.replace_with("\n")
    for tag in soup.find_all("a"):
        _write_link(tag)
    for tag in soup.find_all(["td", "th"]):
        tag.append(" ")
    for tag in soup.find_all("li"):
        tag.insert(0, "- ")
    for names, mark in ((_BLOCKS, _BLOCK), (_PARAGRAPHS, _PARAGRAPH)):
        for tag in soup.find_all(names):
            tag.insert(0, mark)
            tag.append(mark)


def _write_link(tag: Tag) -> None:
    """A link's page behind its words, where they do not say it."""
    url, words = str(tag.get("href") or "").strip(), tag.get_text().strip()
    bare = re.sub(r"^https?://(?:www\.)?|/$", "", url)
    is_page = url.startswith(("http://", "https://")) and len(url) <= _MAX_URL
    if is_page and words and bare not in words:
        tag.append(f" ({url})")


def _text(soup: BeautifulSoup) -> str:
    """The lines as they are seen: one break where blocks meet, however many of them."""
    lines: list[str] = []
    depth, marks = 0, ""
    for piece in _BREAKS.split(soup.get_text()):
        text = re.sub(r"[ \t\xa0]+", " ", piece).strip(" ").replace(_SPACE, " ")
        if _BREAKS.fullmatch(piece):
            marks += piece
            continue
        if not text:
            continue
        before = depth
        depth += marks.count(_OPEN) - marks.count(_CLOSE)
        lines += [_quoted("", min(before, depth))] * (_num_breaks(marks) - 1 if lines else 0)
        if lines and not marks:
            lines[-1] += text
        else:
            lines.append(_quoted(text, depth))
        marks = ""
    return "\n".join(lines)


def _quoted(text: str, depth: int) -> str:
    return f"{'>' * depth} {text}".rstrip() if depth > 0 else text.rstrip()


def _num_breaks(marks: str) -> int:
    """How many lines end between two texts; a break before a block's end shows nothing."""
    if _PARAGRAPH in marks or _OPEN in marks or _CLOSE in marks:
        return 2
    num_breaks = marks.count("\n")
    is_block = _BLOCK in marks
    return min(2, num_breaks - (is_block and marks.startswith("\n")) + is_block)
