"""Text whose lines flow (RFC 3676) -> text with whole paragraphs as lines, quotes as they were."""

from collections.abc import Iterator


def unflowed(text: str, *, is_space_deleted: bool = False) -> str:
    """Join the lines that end in a space with those below them.

    Args:
        text: With the spaces that stuff its lines.
        is_space_deleted: Whether the space at an end is not part of the text (`delsp=yes`).
    """
    return "\n".join(_paragraphs(text.split("\n"), is_space_deleted))


def _paragraphs(lines: list[str], is_space_deleted: bool) -> Iterator[str]:
    open_text, open_depth, is_open = "", 0, False
    for line in lines:
        rest = line.lstrip(">")
        depth = len(line) - len(rest)
        rest = rest.removeprefix(" ")
        is_border = rest in ("-- ", "--")
        if is_open and (depth != open_depth or is_border):
            yield _marked(open_text, open_depth)
            open_text, is_open = "", False
        flows = rest.endswith(" ") and not is_border
        open_text += rest[:-1] if flows and is_space_deleted else rest
        open_depth, is_open = depth, flows
        if not flows:
            yield _marked(open_text, depth)
            open_text = ""
    if is_open:
        yield _marked(open_text, open_depth)


def _marked(text: str, depth: int) -> str:
    return f"{'>' * depth} {text}" if depth else text
