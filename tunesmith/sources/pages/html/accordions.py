"""A clickable line of an accordion -> whether it is one, and whether it asks.

Buttons, titles and tabs above a panel, with `aria` or without it; what structured data call a
question; and the questions of an FAQPage (schema.org) that stand in its JSON alone.
"""

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from tunesmith.sources.pages.html.html_elements import BLOCKS, heading_level, heading_text
from tunesmith.sources.pages.question_text import MAX_QUESTION, asks

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_MAX_TITLE = 200  # characters of a title that does not ask
_NEVER = frozenset(["dt", "dd", "details", "summary", "body", "li", "ul", "ol", "table", "section"])
_TOGGLE_CLASS = re.compile(
    r"question|^q$|expand-control(?![\w-])|(?:accordion|collapsible|collapse|toggle|faq|tab|expand)[\w-]*"
    r"[-_]{0,2}(?:header|title|button|head|trigger|summary|toggle|label)\b",
    re.IGNORECASE,
)
_PANEL = re.compile(r"panel|content|collaps|body|answer|region", re.IGNORECASE)
_OPENS = ("aria-expanded", "data-toggle", "data-bs-toggle", "data-accordion", "aria-controls")
_NAMES_PANEL = ("aria-controls", "data-bs-target", "data-target", "href")
_THIN = frozenset({"p", "div"})  # blocks that may frame the one line of a title


def is_toggle(element: "HtmlElement") -> bool:
    """Whether an element is the line above a panel, or what its page calls a question."""
    if heading_level(element) or element.tag in _NEVER:
        return False
    is_button = element.tag == "button" or element.get("role") == "button"
    opens = any(element.get(name) is not None for name in _OPENS)
    is_called = _TOGGLE_CLASS.search(element.get("class", "")) is not None
    is_name = element.get("itemprop") == "name" and _is_in_question(element)
    if element.tag == "a":
        is_called = is_called and opens
        opens = opens and element.get("role") != "tab"
    if not (is_button or is_called or is_name or (opens and element.tag in ("a", "div", "span"))):
        return False
    if not _is_one_line(element):
        return False
    text = heading_text(element)
    if asks(text):
        return not is_button or opens or is_called or is_name or _has_panel(element)
    return (
        (opens or is_name or is_called) and _is_title(text) and _has_panel(element, is_called=True)
    )


def _alike(toggle: "HtmlElement") -> Iterator["HtmlElement"]:
    """The buttons behind one that asks which stand as it does above a panel like its own."""
    panel = toggle.getnext()
    if toggle.tag != "button" or panel is None or not asks(heading_text(toggle)):
        return
    for other in toggle.itersiblings("button"):
        behind = other.getnext()
        if behind is None or behind.tag != panel.tag or not _is_one_line(other):
            return
        if asks(text := heading_text(other)):
            return  # which looks for those behind itself
        if _is_title(text):
            yield other


class Accordions(NamedTuple):
    """The toggles of a page, the elements that they stand in, and those that hold several."""

    toggles: set["HtmlElement"]
    holders: set["HtmlElement"]
    frames: set["HtmlElement"]


def accordions_of(page: "HtmlElement") -> Accordions:
    """What a page has of them, by one walk up from each."""
    toggles = {one for one in page.iter() if isinstance(one.tag, str) and is_toggle(one)}
    toggles |= {like for one in toggles for like in _alike(one)}
    found = Accordions(toggles, set(), set())
    for toggle in toggles:
        for holder in toggle.iterancestors():
            if holder in found.holders:
                found.frames.add(holder)
                break
            found.holders.add(holder)
    return found


def place_panels(page: "HtmlElement") -> None:
    """Set each panel that stands elsewhere behind its question.

    The question names it by its id, or all panels stand below all questions, in their order.
    """
    ids = {one.get("id"): one for one in page.iter() if one.get("id")}
    buttons = [one for one in page.iter() if _is_asking_button(one)]
    controls: dict[HtmlElement, HtmlElement] = {}  # by panel
    for one in buttons:
        if (panel := _panel_of(one, ids)) is not None:
            controls.setdefault(panel, one)
    if not controls:
        controls = _panels_in_order(buttons)
    holders = {holder for one in controls.values() for holder in one.iterancestors()}
    asking = set(controls.values())
    above: HtmlElement | None = None
    for element in list(page.iter()):
        if element in asking:
            above = element
        elif element in controls and element not in holders:
            if controls[element] is not above:
                _set_behind(controls[element], element)
            above = None


def _is_asking_button(element: "HtmlElement") -> bool:
    is_button = element.tag == "button" or element.get("role") in ("button", "tab")
    return is_button and _is_one_line(element) and asks(heading_text(element))


def _panel_of(button: "HtmlElement", ids: dict[str | None, "HtmlElement"]) -> "HtmlElement | None":
    named = (button.get(name, "").removeprefix("#") for name in _NAMES_PANEL)
    return next((ids[one] for one in named if one in ids), None)


def _panels_in_order(buttons: list["HtmlElement"]) -> dict["HtmlElement", "HtmlElement"]:
    """The questions of a page by their panels, where as many follow as there are questions."""
    frame = buttons[0].getparent() if len(buttons) > 1 else None
    if frame is None or list(frame)[: len(buttons)] != buttons or len(frame) != len(buttons):
        return {}
    panels = list(frame.itersiblings())
    is_even = len(panels) == len(buttons) and len({one.tag for one in panels}) == 1
    return dict(zip(panels, buttons, strict=True)) if is_even else {}


def _set_behind(control: "HtmlElement", panel: "HtmlElement") -> None:
    """Move a panel, without the text behind it."""
    from lxml import etree  # noqa: PLC0415 - only pages need it

    headings = [one for one in control.iterancestors() if heading_level(one)]
    mark = etree.Element("span")
    mark.tail, panel.tail = panel.tail, None
    panel.addprevious(mark)
    (headings[-1] if headings else control).addnext(panel)


def faq_data(page: "HtmlElement") -> Iterator[tuple[int, str, str]]:
    """Line, question and answer (as HTML) of each question in the JSON of an FAQPage."""
    for script in page.xpath("//script[@type='application/ld+json']"):
        try:
            data = json.loads(script.text or "")
        except ValueError:
            continue
        for question, answer in _asked(data, 0):
            yield script.sourceline or 1, question, answer


def _asked(data: Any, depth: int) -> Iterator[tuple[str, str]]:
    if isinstance(data, list) and depth < 9:
        for one in data:
            yield from _asked(one, depth + 1)
    elif isinstance(data, dict) and depth < 9:
        answer = data.get("acceptedAnswer") or data.get("suggestedAnswer")
        answer = answer[0] if isinstance(answer, list) and answer else answer
        name, text = data.get("name"), answer.get("text") if isinstance(answer, dict) else None
        if isinstance(name, str) and isinstance(text, str):
            yield name, text
            return
        for key in ("@graph", "mainEntity"):
            yield from _asked(data.get(key), depth + 1)


def _is_in_question(element: "HtmlElement") -> bool:
    holder = next((one for one in element.iterancestors() if one.get("itemtype")), None)
    return holder is not None and holder.get("itemtype", "").endswith("/Question")


def _is_one_line(element: "HtmlElement") -> bool:
    blocks = [one for one in element.iter(*BLOCKS) if one is not element]
    return len(blocks) <= 1 and all(one.tag in _THIN for one in blocks)


def _is_title(text: str) -> bool:
    return 0 < len(text) <= min(_MAX_TITLE, MAX_QUESTION) and re.search(r"\w", text) is not None


def _has_panel(element: "HtmlElement", *, is_called: bool = False) -> bool:
    """Whether something follows it, or the frame in which it stands alone.

    Args:
        element: The line above.
        is_called: Whether that must be called a panel, hidden, or an answer.
    """
    parent = element.getparent()
    if not is_called and (element.tail or "").strip():
        return True
    behind = next(element.itersiblings(), None)
    if behind is None and parent is not None and element.getprevious() is None:
        behind = next(parent.itersiblings(), None)
    if behind is None or not is_called:
        return behind is not None
    marks = " ".join(behind.get(name, "") for name in ("class", "id", "role", "itemprop"))
    return behind.get("hidden") is not None or _PANEL.search(marks) is not None
