"""Text and attributes -> HTML that is escaped by construction.

Only `Markup` is taken as HTML; every other string is text and loses its special
characters. Nothing in this package joins strings into HTML by hand.
"""

from html import escape


class Markup(str):
    """A string that is HTML already."""

    __slots__ = ()


def tag(element: str, /, *children: str, **attributes: str | bool | None) -> Markup:
    """An element. `class_` is written class, `data_x` data-x; False and None are left out."""
    inner = "".join(text(child) for child in children)
    return Markup(f"<{element}{_attributes(attributes)}>{inner}</{element}>")


def void_tag(element: str, /, **attributes: str | bool | None) -> Markup:
    """An element without content, such as input or meta."""
    return Markup(f"<{element}{_attributes(attributes)}>")


def text(value: str) -> Markup:
    """A string as HTML: markup as it is, everything else escaped."""
    return value if isinstance(value, Markup) else Markup(_escaped(value))


def joined(*parts: str) -> Markup:
    """Several pieces one after the other."""
    return Markup("".join(text(part) for part in parts))


def _attributes(attributes: dict[str, str | bool | None]) -> str:
    written = ""
    for name, value in attributes.items():
        if value is None or value is False:
            continue
        key = name.rstrip("_").replace("_", "-")
        written += f" {key}" if value is True else f' {key}="{_attribute(value)}"'
    return written


def _attribute(value: str) -> str:
    return _escaped(value).replace("&#x27;", "'")  # harmless between double quotes


def _escaped(value: str) -> str:
    """HTML cannot hold NUL; it becomes the sign for an unreadable character."""
    return escape(value.replace("\0", "\ufffd"), quote=True)
