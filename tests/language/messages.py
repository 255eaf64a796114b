"""The code, the page's script and the templates of ours -> every message that is translated."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import tunesmith
from tunesmith.recipe.fields import walk

PACKAGE = Path(tunesmith.__file__).parent
_MARKS = {"translate", "message", "unfilled"}
_SCRIPT_WORD = re.compile(r"\btold\(\"([^\"]+)\"")


@dataclass(frozen=True)
class FoundMessage:
    """A message, both its forms if it counts, and where it stands."""

    forms: tuple[str, ...]
    where: str


@cache
def found_messages() -> tuple[FoundMessage, ...]:
    """All of them, file by file; one that stands twice comes twice."""
    return tuple(_found())


def _found() -> Iterator[FoundMessage]:
    for path in sorted(PACKAGE.rglob("*.py")):
        yield from messages_of_code(path.read_text("utf-8"), path.name)
    for key in walk():  # what the form of a recipe says of each
        if key.description:
            yield FoundMessage((key.description,), "recipe")
    for path in sorted(PACKAGE.rglob("page.js")):
        for word in _SCRIPT_WORD.findall(path.read_text("utf-8")):
            yield FoundMessage((word,), path.name)
    for path in sorted((PACKAGE / "studio" / "templates").glob("*.html")):
        yield from messages_of_template(path)


def messages_of_code(code: str, name: str) -> Iterator[FoundMessage]:
    """Texts inside `translate(...)`, `message(...)` and `Plural(..., ...)`.

    What `translate` is given by name or out of a table carries `message` where it stands.
    """
    for node in ast.walk(ast.parse(code)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        texts = [one.value for one in node.args if isinstance(one, ast.Constant)]
        where = f"{name}:{node.lineno}"
        if node.func.id == "Plural" and not all(isinstance(one, ast.Name) for one in node.args):
            assert len(texts) == 2, f"{where}: both forms have to be written out"
            yield FoundMessage(tuple(map(str, texts)), where)
        elif node.func.id in _MARKS and texts:
            yield FoundMessage((str(texts[0]),), where)
        elif node.func.id in _MARKS:
            glued = isinstance(node.args[0], ast.JoinedStr | ast.BinOp)
            assert not glued, f"{where}: a message has to be written out"


def messages_of_template(path: Path) -> Iterator[FoundMessage]:
    """What a Jinja template asks for: `{{ _("...") }}`, and `ngettext` of two forms."""
    from jinja2.ext import babel_extract

    with path.open("rb") as stream:
        for line, _, found, _ in babel_extract(stream, ("_", "ngettext"), (), {}):
            texts = (found,) if isinstance(found, str) else found or ()
            forms = tuple(text for text in texts if text)
            if forms:  # else the text is a variable's, and marked where it was made
                yield FoundMessage(forms, f"{path.name}:{line}")
