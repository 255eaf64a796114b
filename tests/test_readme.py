"""What README and docs say can be done can be done, and what they print is what is there."""

import os
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer

from tests.doc_tables import library_tables, reference_table
from tests.models.families import FAMILIES
from tunesmith.cli.app import make_app

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
RECIPES = sorted((ROOT / "recipes").glob("*.yaml"))


def block(page: Path, name: str) -> str:
    text = page.read_text(encoding="utf-8")
    return text.partition(f"<!-- {name} -->\n")[2].partition(f"<!-- /{name} -->")[0]


def command_lines(path: Path) -> list[list[str]]:
    """Every line of a page that begins with the program's name, up to a pipe or comment."""
    text = path.read_text(encoding="utf-8")
    inline = re.findall(r"`(tunesmith [^`]*)`", re.sub(r"\n\s*", " ", text))
    lines = re.findall(r"^(?: {4}|# )(tunesmith .*)$", text, re.MULTILINE)
    found = []
    for line in (part for one in [*lines, *inline] for part in re.split(r"&&|\|", one)):
        words = shlex.split(line, comments=True)
        if words[:1] == ["tunesmith"] and not {"COMMAND", "..."} & set(words):
            found.append(words[1:])
    return found


def parse(words: list[str]) -> None:
    """Parse a command as the program does, without running it."""
    command: Any = typer.main.get_command(make_app())
    context = command.make_context("tunesmith", list(words), resilient_parsing=len(words) < 2)
    if len(words) > 1:
        name, chosen, rest = command.resolve_command(context, list(words))
        chosen.make_context(name, rest, parent=context)
    elif words and words[0] not in ("--help", "--version"):
        assert command.get_command(context, words[0]) is not None, words


@pytest.mark.parametrize("path", [*PAGES, *RECIPES], ids=lambda path: path.name)
def test_every_command_parses(path: Path) -> None:
    for words in command_lines(path):
        parse(words)


def test_a_command_that_does_not_exist_would_be_noticed() -> None:
    for words in (["trian", "recipe.yaml"], ["run", "recipe.yaml", "--no-such"], ["trian"]):
        with pytest.raises((typer.TyperException, AssertionError)):
            parse(words)


def test_commands_are_found_on_the_pages() -> None:
    found = {words[0] for page in PAGES for words in command_lines(page) if words}
    assert {"init", "preview", "run", "chat"} <= found


def test_the_printed_tree_is_the_folders() -> None:
    printed: set[str] = set()
    for line in block(ROOT / "README.md", "tree").splitlines():
        name = line.split("  ")[0] if not line.startswith(" ") else line.strip().split("  ")[0]
        if name and not name.startswith("```"):
            printed.add(f"tunesmith/{name}" if line.startswith("  ") else name)
    for name in printed:
        assert (ROOT / name).exists(), f"README names {name}"
    package = ROOT / "tunesmith"
    rooms = {f"tunesmith/{path.parent.name}/" for path in package.glob("*/__init__.py")}
    modules = {f"tunesmith/{path.name}" for path in package.glob("*.py")}
    hidden = {"tunesmith/__init__.py", "tunesmith/__main__.py"}
    inside = {name for name in printed if re.match("tunesmith/.", name)}
    assert inside == rooms | modules - hidden


def test_the_families_are_those_that_are_tested() -> None:
    listed = block(ROOT / "README.md", "families").split()
    assert " ".join(listed).removesuffix(".").split(", ") == list(FAMILIES)


def test_make_targets_that_are_named_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    phony = set(re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)[0].split())
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    named = set(re.findall(r"(?:^ {4}|`)make ([a-z-]+)", text, re.MULTILINE))
    assert named
    assert named <= targets
    assert phony <= targets


def test_links_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def rewritten(page: Path, name: str, content: str) -> None:
    """Compare a marked part of a page with what it is made from, or write it."""
    text = page.read_text(encoding="utf-8")
    start, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
    before, after = text.split(start)[0], text.split(end)[1]
    expected = f"{before}{start}{content}{end}{after}"
    if os.environ.get("TUNESMITH_GOLDEN"):
        page.write_text(expected, encoding="utf-8")
    assert page.read_text(encoding="utf-8") == expected, f"{page.name} is old; see `make golden`"


def test_golden_docs_hold_the_real_help() -> None:
    pages = (ROOT / "tests" / "golden" / "help.txt").read_text(encoding="utf-8")
    rewritten(ROOT / "docs" / "commands.md", "help", f"```text\n{pages}```\n")


def test_golden_docs_hold_every_key() -> None:
    rewritten(ROOT / "docs" / "recipe.md", "keys", reference_table())


def test_golden_docs_hold_every_task_template() -> None:
    rewritten(ROOT / "docs" / "tasks.md", "tasks", library_tables())
