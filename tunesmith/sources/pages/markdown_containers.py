"""Markdown as a site generator reads it -> plain Markdown, each line with its number on the page.

`:::` containers, `!!!` admonitions, `===` tabs, `{% %}` and `{{< >}}` tags and components lose
their marks; titles and bodies stay. Comments, front matter, scripts and imports become blank.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from tunesmith.sources.pages.page_spans import markdown_ranges

Numbered = tuple[int, str]

_FENCE = re.compile(r"^\s*(`{3,}|~{3,})")
_COLONS = re.compile(r"^(\s*):{3,}[ \t]*(.*?)[ \t]*:*$")
_INDENTED = re.compile(
    r"""^(\s*)(?:[!?]{3}\+?[ \t]+([\w -]*?)|={3}[+!]?)[ \t]*(?:["'](.*)["'])?[ \t]*$"""
)
_TAG = re.compile(
    r"^(\s*)(?:\{%-?\s*(/?[\w-]+)(.*?)-?%\}|\{\{[<%]\s*(/?\s*[\w/-]+)(.*?)/?\s*[>%]\}\})\s*$"
)
_COMPONENT = re.compile(r"^(\s*)<(/?)([A-Z][\w.]*)((?:\s[^<>]*)?)(/?)>\s*$|^\s*</?>\s*$")
_COMPONENT_LINE = re.compile(r"^(\s*)<([A-Z][\w.]*)((?:\s[^<>]*)?)>(.*\S.*)</\2>\s*$")
_COMPONENT_INLINE = re.compile(r"</?[A-Z][\w.]*(?:\s[^<>]*)?/?>")
_CONTENTS = re.compile(r"^\s*(?:\[\[?_?toc_?\]?\]|\$\{toc\}|\{:toc\})\s*$", re.IGNORECASE)
_BARE_FOOTNOTE = re.compile(r"^(\s{0,3})(\[\^[^\[\]]+\]):[ \t]*(\S+)[ \t]*$")
_OPTION = re.compile(r"^\s*:[\w-]+:(?:\s|$)")
_PROPERTY = re.compile(r"""([\w-]+)\s*=\s*\{?(?:"([^"]*)"|'([^']*)'|`([^`]*)`)""")
_POSITIONAL = re.compile(r"""^\s*["']([^"']+)["']""")
_TITLES = ("title", "question", "label", "header", "heading", "summary", "caption", "name", "tab")
_TEXTS = ("description", "text", "content", "body", "answer")
_CALLOUTS = re.compile(
    r"note|tip|info|warning|danger|caution|important|hint|attention|success|error|question|"
    r"example|abstract|quote|bug|failure|seealso"
)
_OPENING = re.compile(
    r"details|expand(?:able)?|accordion(?:item|-item|panel)?|collapse|faq(?:item)?|dropdown|spoiler",
    re.IGNORECASE,
)
_PATHS = frozenset(["figure", "image", "include", "raw", "video", "literalinclude"])


@dataclass(slots=True)
class _OpenMarks:
    """What is open while the lines are walked."""

    fence: str = ""
    indents: list[int] = field(default_factory=list)
    containers: list[bool] = field(default_factory=list)  # whether each is one that opens
    tags: list[str] = field(default_factory=list)  # that open
    may_have_options: bool = False


def plain_markdown(text: str, *, is_mdx: bool) -> list[Numbered]:
    """The lines of a page without the marks of its generator, in order."""
    page = _OpenMarks()
    lines = _blanked(text).split("\n")
    return [one for numbered in _joined(lines) for one in _line(page, numbered, is_mdx)]


def _blanked(text: str) -> str:
    """A page whose comments and the like are blank, its lines as many as before."""
    parts, position = [], 0
    for one in markdown_ranges(text):
        if one.name not in ("components", "table of contents"):
            parts += [text[position : one.start], "\n" * text.count("\n", one.start, one.stop)]
            position = one.stop
    return "".join([*parts, text[position:]])


def _joined(lines: list[str]) -> Iterator[Numbered]:
    """Each line; a component's tag of several lines in one."""
    index, fence = 0, ""
    while index < len(lines):
        line = lines[index]
        fence = _fence_behind(line, fence)
        start = index
        if not fence and re.match(r"^\s*<[A-Z][\w.]*(?:\s[^<>]*)?$", line):
            stop = next(
                (i for i in range(index + 1, min(index + 40, len(lines))) if ">" in lines[i]), index
            )
            line = " ".join([line, *(one.strip() for one in lines[index + 1 : stop + 1])])
            index = stop
        yield start + 1, line
        index += 1


def _fence_behind(line: str, fence: str) -> str:
    """The fence that is open behind a line."""
    mark = _FENCE.match(line)
    if fence:
        closes = mark is not None and mark[1].startswith(fence) and line.strip() == mark[1]
        return "" if closes else fence
    return mark[1] if mark else ""


def _line(page: _OpenMarks, numbered: Numbered, is_mdx: bool) -> Iterator[Numbered]:
    number, line = numbered
    width = len(line) - len(line.lstrip())
    while page.indents and line.strip() and width < page.indents[-1] and not page.fence:
        page.indents.pop()
    line = line[min(width, 4 * len(page.indents)) :]
    was_open, page.fence = page.fence, _fence_behind(line, page.fence)
    if was_open or page.fence:
        yield number, line
        return
    if page.may_have_options and _OPTION.match(line):
        yield number, ""
        return
    page.may_have_options = False
    shown = _opened(page, line, width) if line.strip() else None
    if shown is not None:
        yield from ((number, one) for one in ("", *shown, ""))
    elif _CONTENTS.match(line):
        yield number, ""
    elif note := _BARE_FOOTNOTE.match(line):
        yield number, f"{note[1]}**{note[2]}:** {note[3]}"
    else:
        yield number, _COMPONENT_INLINE.sub("", line) if is_mdx else line


def _opened(page: _OpenMarks, line: str, width: int) -> list[str] | None:
    """What stands for a line that is a generator's mark; None where it is none."""
    if match := _COLONS.match(line):
        return _container(page, match[1], match[2])
    if match := _INDENTED.match(line):
        page.indents.append(width + 4)
        return _titled(match[1], match[3] if match[3] is not None else _callout(match[2] or ""))
    if match := _TAG.match(line):
        name = (match[2] or match[4] or "").replace(" ", "")
        return _tag(page, match[1], name, match[3] or match[5] or "")
    if match := _COMPONENT_LINE.match(line):
        opens = _tag(page, match[1], match[2], match[3])
        closes = ["", *_tag(page, match[1], f"/{match[2]}", "")]
        return [*opens, "", f"{match[1]}{match[4].strip()}", *closes]
    if match := _COMPONENT.match(line):
        name = f"{match[2] or ''}{match[3] or ''}"
        opens = _tag(page, match[1] or "", name, match[4] or "")
        return [*opens, "</details>"] if match[5] and page.tags and page.tags.pop() else opens
    return None


def _container(page: _OpenMarks, indent: str, rest: str) -> list[str]:
    """`::: name Title`, `:::name[Title]`, `:::{name} Title`, `::: {.name title="Title"}`, `:::`."""
    if not rest:
        opens = page.containers.pop() if page.containers else False
        return [f"{indent}</details>"] if opens else []
    match = re.match(r"\{?\.?([\w:-]*)\}?(.*)", rest)
    name, title = (match[1], match[2].strip()) if match else ("", rest)
    page.may_have_options = rest.startswith("{")
    if bracketed := re.match(r"\[(.*?)\]", title):
        title = bracketed[1]
    elif "=" in title or title.endswith("}"):
        title = _property(title, _TITLES) or ""
    opens = _OPENING.fullmatch(name) is not None and bool(title)
    page.containers.append(opens)
    if opens:
        return [f"{indent}<details><summary>{title}</summary>"]
    kind = name.removeprefix("callout-")
    return _titled(indent, "" if name in _PATHS else title or _callout(kind))


def _tag(page: _OpenMarks, indent: str, name: str, rest: str) -> list[str]:
    """A tag of a template or a component: its title, and what it says itself."""
    bare = name.removeprefix("end").strip("/")
    if name.startswith(("/", "end")):
        if page.tags and page.tags[-1] == bare.lower():
            page.tags.pop()
            return [f"{indent}</details>"]
        return []
    title = _property(rest, _TITLES) or ((_POSITIONAL.match(rest) or ("", ""))[1])
    text = _property(rest, _TEXTS)
    if _OPENING.fullmatch(bare) and title:
        page.tags.append(bare.lower())
        return [f"{indent}<details><summary>{title}</summary>", *([text] if text else [])]
    is_path = re.fullmatch(r"\S*[/.]\S*", title) is not None
    shown = _titled(indent, "" if is_path else title)
    return [*shown, *(["", f"{indent}{text}"] if text else [])]


def _property(text: str, names: tuple[str, ...]) -> str:
    found = {
        match[1].lower(): match[2] or match[3] or match[4] for match in _PROPERTY.finditer(text)
    }
    return next((found[name] or "" for name in names if name in found), "")


def _callout(name: str) -> str:
    first = name.partition(" ")[0].lower()
    return first.capitalize() if _CALLOUTS.fullmatch(first) else ""


def _titled(indent: str, title: str) -> list[str]:
    return [f"{indent}**{title}**"] if re.search(r"\w", title) else []
