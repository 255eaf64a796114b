"""The beginning of a file -> what it seems to be, where that is no page: a chat, a table, a log.

A page is what anything may be read as, so that each of these signs speaks against it: a file that
bears one is read as a page only if its user says so.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice

from tunesmith.sources.chat_signs import chat_reason, dated_name_reason

NUM_LINES = 200
_LEAST_LINES = 3
_FENCED = re.compile(r"^(```|~~~).*?^\1[ \t]*$", re.MULTILINE | re.DOTALL)
_BEHIND_BLANKS = re.compile(r"\S {2,}(\S)")
_DELIMITERS = {"\t": "tabs", ";": "semicolons", ",": "commas", " | ": "bars"}
_UNPACK = "Leave it out, or export its text."
_CHAT_AS_JSON = "Export the chat as JSON, and name that file."


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """What a file seems to be.

    Attributes:
        words: As in "seems to be a log of a program".
        reason: What was seen.
        cure: What to do with such a file, as sentences.
        kinds: That may be meant, each with when.
    """

    words: str
    reason: str
    cure: str
    kinds: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape:
    """A pattern, and the share of lines that it must fit; none is needed of a beginning."""

    words: str
    pattern: str
    cure: str
    share: float = 0.0
    flags: int = re.MULTILINE


_CONVERT = "Convert it into Markdown, with pandoc for instance."
_CALENDAR = "Export its texts as a table (CSV), or leave it out."
_CODE = "Leave it out, or put it into pages that explain it."
_LEVEL = r"(?:TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERR(?:OR)?|CRIT(?:ICAL)?|FATAL|SEVERE|ALERT)"
_CLOCK = r"\d\d:\d\d:\d\d"
_LOG = "It holds no questions and answers of people: leave it out."

_BEGINNINGS = (
    _Shape(words="a vCard file of contacts", pattern=r"\s*BEGIN:VCARD", cure=_CALENDAR),
    _Shape(words="a calendar (iCalendar)", pattern=r"\s*BEGIN:VCALENDAR", cure=_CALENDAR),
    _Shape(words="a key or certificate (PEM)", pattern=r"\s*-----BEGIN [A-Z ]+-----", cure=_UNPACK),
    _Shape(words="a document in RTF", pattern=r"\s*\{\\rtf", cure=_CONVERT),
    _Shape(
        words="a document in AsciiDoc",
        pattern=r"\s*(?:(?::[\w-]+:|//).*\n\s*)*={1,5} (?!.*=\s*$)\S.*$",
        cure="Convert it into HTML, with Asciidoctor for instance.",
    ),
    _Shape(words="a PostScript file", pattern=r"%!PS", cure=_CONVERT),
    _Shape(words="a template in Jinja", pattern=r"\s*\{(?:[%#]|\{)", cure="Leave it out."),
    _Shape(
        words="a pointer of Git LFS, not the file itself",
        pattern=r"version https://git-lfs",
        cure="Fetch the file: git lfs pull.",
    ),
    _Shape(words="a script", pattern=r"#!\s?/\S*\b(?:sh|bash|env|python|perl|node)\b", cure=_CODE),
    _Shape(
        words="LaTeX",
        pattern=r"(?:.*\n){0,60}?\s*\\(?:documentclass|begin\{document\})",
        cure=_CONVERT,
        flags=0,
    ),
    _Shape(
        words="a patch (diff)",
        pattern=r"(?:.*\n){0,20}?(?:diff --git |@@ -\d+(?:,\d+)? \+\d+)",
        cure=_CODE,
        flags=0,
    ),
    _Shape(
        words="a dump of a database (SQL)",
        pattern=r"(?:.*\n){0,60}?\s*(?:--.*\bdump\b|CREATE TABLE |INSERT INTO |PRAGMA \w+)",
        cure="Export the table with the texts as CSV.",
        flags=re.IGNORECASE,
    ),
    _Shape(
        words="subtitles (SubStation Alpha)",
        pattern=r"\s*\[Script Info\]",
        cure="Take the times out, and name the text.",
    ),
    _Shape(
        words="XML",
        pattern=r"\s*<(?:\?xml\b|!DOCTYPE (?!html)|(?:svg|rss|feed|opml|urlset|en-export|plist"
        r"|mediawiki|ac:[\w-]+|w:\w+)\b)",
        cure="Export it as HTML, JSON or a table.",
        flags=re.IGNORECASE,
    ),
)
_SETTINGS = "Leave it out, or put it into pages that explain it."
_SUBTITLES = "Take the numbers and times out, and name the text."
_UNSPOKEN = (  # what looks as if a name followed a time
    _Shape(
        words="subtitles or words of a song with times (LRC)",
        pattern=r"\[\d\d:\d\d[.:]\d\d\d?\](?!.{1,40}[:：])",
        share=0.5,
        cure=_SUBTITLES,
    ),
    _Shape(
        words="a log of a program",
        pattern=rf"(?=.{{0,40}}{_CLOCK}).{{0,120}}?(?:\b{_LEVEL}\b|\[(?i:{_LEVEL})\]|level=)"
        rf"|[\[<(]?{_LEVEL}\b[\]>)]?[: \t]|[IWEF]\d{{4}} {_CLOCK}|\[\s*\d+\.\d{{6}}\] ",
        share=0.4,
        cure=_LOG,
    ),
    _Shape(
        words="a log of a system (syslog)",
        pattern=rf"(?:<\d+>)?[A-Z][a-z]{{2}} [ \d]\d {_CLOCK} \S+ [^\s:]{{1,40}}:",
        share=0.5,
        cure=_LOG,
    ),
    _Shape(
        words="a log of a web server",
        pattern=rf"\S+ \S+ \S+ \[\d\d/\w{{3}}/\d{{4}}:{_CLOCK} [^\]]*\] \"|#Fields: ",
        share=0.4,
        cure=_LOG,
    ),
)
_NESTED = _Shape(  # keys below keys, which look like names
    words="a configuration (YAML)",
    pattern=r" {2,}(?:- )?[a-z][\w-]*:(?:\s|$)",
    share=0.25,
    cure=_SETTINGS,
)
_QUOTED = (
    *_UNSPOKEN,  # also in pages of Markdown
    _Shape(
        words="subtitles",
        pattern=r"\s*(?:\d\d:)?\d\d:\d\d[,.]\d{3}\s+-->\s",
        share=0.15,
        cure=_SUBTITLES,
    ),
)
_LINES = (
    *_QUOTED,
    _Shape(
        words="base64",
        pattern=r"[A-Za-z0-9+/]{56,}={0,2}$",
        share=0.8,
        cure="Decode it first.",
    ),
    _Shape(
        words="a configuration (INI, TOML)",
        pattern=r"\[[\w. \"-]+\]$|[\w.-]+[ \t]*=",
        share=0.8,
        cure=_SETTINGS,
    ),
    _Shape(
        words="a configuration (YAML)",
        pattern=r"---$|\s*(?:- )*[a-z][\w.-]*:(?:\s|$)|\s+- \S|\s*#(?:\s|$)",
        share=0.9,
        cure=_SETTINGS,
    ),
    _Shape(
        words="source code",
        pattern=r"(?!.*[\u0370-\u03ff\u1f00-\u1fff];\s*$).*[;{}],?\s*$|\s*\],?$|\s*\"[^\"]*\"\s*:\s"
        r"|\s*(?:def \w+\(|class \w+[:({]|import \w"
        r"|from [\w.]+ import |#include\b|function \w*\(|(?:const|let|var) \w+ ?="
        r"|return\b|elif |else:$|@\w+$)",
        share=0.5,
        cure=_CODE,
    ),
)
_HTML = (
    ("a chat that Telegram exported as HTML", r'class="message (?:default|service)\b'),
    ("a chat that was exported from Discord as HTML", r'class="?chatlog__message'),
    ("messages that Facebook or Instagram exported as HTML", r'class="(?:pam )?_3-95 _?'),
    ("activities that Google exported as HTML", r'class="outer-cell mdl-cell'),
    ("a chat of Slack as HTML", r'class="message-container'),
    ("bookmarks of a browser", r"<!DOCTYPE NETSCAPE-Bookmark-file-1>"),
)
_JSON = (
    (
        "a recording of a browser (HAR)",
        r'\{\s*"log"\s*:\s*\{\s*"(?:version|creator|entries|pages)"',
    ),
    ("a notebook of Jupyter", r'\{\s*"cells"\s*:\s*\[\s*(?:\]|\{[^{}]{0,200}"cell_type")'),
    ("a map (GeoJSON)", r'\{[^{}\[\]]{0,200}"type"\s*:\s*"FeatureCollection"'),
    ("a description of an interface (OpenAPI)", r'\{\s*"(?:openapi|swagger)"\s*:\s*"\d'),
)


def sign_of_page(text: str, written: str | None) -> Sign | None:
    """What a page is that is none, by the way it is written: html, plain, another or None."""
    if written == "html":
        return _first(_HTML, text, _CHAT_AS_JSON, search=True)
    return sign_of_text(text, is_plain=written in (None, "plain"))


def sign_of_json(text: str) -> Sign | None:
    """What JSON is that holds no rows of text."""
    return _first(_JSON, text, "Leave it out, or name a file of rows.", search=False)


def sign_of_text(text: str, *, is_plain: bool = True) -> Sign | None:
    """What a text is that is no page; blocks of code in a page of Markdown say nothing of it.

    Args:
        text: The beginning of the file.
        is_plain: Whether it is plain text, in which tables and code would have no markup.
    """
    for shape in _BEGINNINGS:
        if is_plain and re.compile(shape.pattern, shape.flags).match(text):
            return Sign(words=shape.words, reason="its beginning says so", cure=shape.cure)
    lines = _lines(text if is_plain else _FENCED.sub("", text))
    if len(lines) < 2:
        return None
    found = _sign_of_lines(lines, _LINES if is_plain else _QUOTED)
    if found is None:
        reason = chat_reason(lines, is_plain=is_plain)
        found = _chat(reason) if reason else None
    return found or (_table(lines) if is_plain else None)


def sign_of_unspoken(text: str) -> Sign | None:
    """What a text is whose lines begin with a time, but not with a time and a name."""
    lines = _lines(text)
    reason = dated_name_reason(lines)
    return _chat(reason) if reason else _sign_of_lines(lines, (*_UNSPOKEN, _NESTED))


def _chat(reason: str) -> Sign:
    return Sign(
        words="a chat in an unknown style",
        reason=reason,
        cure="Export it as a table with columns for author, message and time.",
        kinds=(
            ("whatsapp", "if its lines are like `14.10.24, 15:50 - Ann: text`"),
            ("irc", "if they are like `[15:50] <ann> text`"),
            ("transcript", "if they are like `Ann: text`"),
        ),
    )


def _first(table: Sequence[tuple[str, str]], text: str, cure: str, *, search: bool) -> Sign | None:
    for words, pattern in table:
        find = re.search if search else re.match
        if find(pattern, text, re.IGNORECASE):
            return Sign(words=words, reason="its beginning says so", cure=cure)
    return None


def _lines(text: str) -> list[str]:
    """The first lines that are not blank; one that the end of what was read cuts is left out."""
    whole = text.splitlines()
    kept = whole[:-1] if len(text) > 1 << 15 and not text.endswith("\n") else whole
    return list(islice((line for line in kept if line.strip()), NUM_LINES))


@cache
def _compiled(shape: _Shape) -> re.Pattern[str]:
    return re.compile(shape.pattern)


def _sign_of_lines(lines: Sequence[str], shapes: Sequence[_Shape]) -> Sign | None:
    for shape in shapes:
        num_fitting = sum(_compiled(shape).match(line) is not None for line in lines)
        if num_fitting >= 2 and num_fitting >= shape.share * len(lines):
            reason = f"{num_fitting} of its first {len(lines)} lines are like those of one"
            return Sign(words=shape.words, reason=reason, cure=shape.cure)
    return None


def _table(lines: Sequence[str]) -> Sign | None:
    """A table, whose lines all hold the same number of one separator."""
    for mark, name in _delimiters(lines):
        kind = "tsv" if mark == "\t" else "csv"
        return Sign(
            words="a table",
            reason=f"each of its first {len(lines)} lines holds {lines[0].count(mark)} {name}",
            cure="Its first line must name the columns.",
            kinds=((kind, "if it is one"),),
        )
    starts = [{match.start(1) for match in _BEHIND_BLANKS.finditer(line)} for line in lines]
    if len(lines) >= _LEAST_LINES and set.intersection(*starts):
        reason = f"blanks keep columns apart in each of its first {len(lines)} lines"
        cure = "Save it with tabs or commas between its columns."
        return Sign(words="a table", reason=reason, cure=cure)
    return None


def _delimiters(lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    if len(lines) < _LEAST_LINES:
        return
    for mark, name in _DELIMITERS.items():
        counts = {line.count(mark) for line in lines}
        is_prose = mark == "," and any(f"{mark} " in line for line in lines)
        if len(counts) == 1 and counts != {0} and not is_prose:
            yield mark, name
