"""What was left out has one shape, made in one place."""

import ast
from pathlib import Path

import pytest

import tunesmith
from tunesmith.sources.row import Dropped, RowError


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("short\r\n", "short"),
        (b"caf\xe9", "caf\\xe9"),
        ("\ud83d", "\\ud83d"),
        ("x" * 500, "x" * 200),
        (b"x" * 5000, "x" * 200),
        ("", ""),
    ],
)
def test_of_what_was_dropped_the_beginning_is_shown_as_text(text: str | bytes, shown: str) -> None:
    fault = RowError("bad JSON", "not valid JSON")
    made = Dropped.of(fault, source="a.jsonl:3", text=text)
    assert made == Dropped(
        source="a.jsonl:3", reason="bad JSON", detail="not valid JSON", text=shown
    )


def test_nobody_else_makes_one() -> None:
    """So that whatever holds for one (its beginning can be written) holds for all."""
    root = Path(tunesmith.__file__).parent
    calls = [
        f"{path.relative_to(root)}:{node.lineno}"
        for path in sorted(root.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "Dropped"
    ]
    assert calls == []
