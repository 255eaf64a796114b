"""One name, one thing: the glossary defines the words, and the code is compared with it."""

import ast
import os
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "tunesmith"
GLOSSARY = ROOT / "docs" / "glossary.md"
PATHS = sorted(PACKAGE.rglob("*.py"))
CLASSES = ("<!-- classes -->\n", "<!-- /classes -->")

# A command of the command line and the stage that it calls share their verb.
COMMANDS, STAGES = PACKAGE / "cli" / "commands", PACKAGE / "stages"
SPLIT = STAGES.parent / "examples" / "splitting" / "split.py"  # what `tunesmith split` shows
# Modules of these rooms are alike from outside: each has the same functions.
ALIKE = (PACKAGE / "templates", PACKAGE / "models" / "shortcuts")
# Where a word is somebody else's: the folder or module, and whose word it is there.
BORDERS = {
    "config": [
        ("models", "transformers and peft call it so"),
        ("export/gguf_files", "transformers calls it so"),
        ("generation", "transformers calls it so"),
        ("training/dropout.py", "transformers calls it so"),
        ("recipe/source_recipe.py", "the Hub calls a part of a data set so"),
    ],
    "asker": [
        ("sources/chats", "who asks in a thread"),
        ("sources/dialogues", "who asks in a thread"),
        ("examples/conversion", "who asks in a thread"),
    ],
    "iter": [("sandbox/environment.py", "Jinja calls the field of a loop so")],
    "labels": [
        ("examples/tasks", "the values of a label column"),
        ("recipe/source_recipe.py", "the values of a label column"),
        ("report/sections.py", "HTML calls them so"),
        ("sources/dialogues", "what stands before the lines of a chat"),
    ],
    "side": [
        ("cli/commands/compare.py", "runs that are compared"),
        ("evaluation", "runs that are compared"),
        ("report/comparison.py", "runs that are compared"),
        ("stages/compare.py", "runs that are compared"),
        ("stages/comparing", "runs that are compared"),
    ],
    "speaker": [("sources/dialogues", "somebody in a dialogue")],
}
BORDERS["sides"] = BORDERS["side"]


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def place(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def functions() -> dict[str, list[Path]]:
    """The modules in which each public function is defined."""
    found = defaultdict(list)
    for path in PATHS:
        for node in tree(path).body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                found[node.name].append(path)
    return found


def is_verb_with_its_stage(paths: list[Path]) -> bool:
    stages = [path for path in paths if path.parent == STAGES or path == SPLIT]
    commands = [path for path in paths if path.is_relative_to(COMMANDS)]
    return len(stages) == len(commands) == 1 and len(paths) == 2


def are_alike(paths: list[Path]) -> bool:
    return any(all(path.parent == room for path in paths) for room in ALIKE)


def words() -> Iterator[tuple[list[str], list[str], str]]:
    """The rows of the table of words: names, what they are not called, where they live."""
    table = GLOSSARY.read_text(encoding="utf-8").split("## Words")[1].split("## Classes")[0]
    for line in table.strip().splitlines()[2:]:
        names, _, unwanted, where = (cell.strip() for cell in line.strip("|").split("|"))
        yield re.split(r"[;,] ", names), re.findall(r"`([^`]+)`", unwanted), where.strip("`")


def identifiers(path: Path) -> Iterator[str]:
    """The names that a module gives: variables, attributes, arguments, functions, classes."""
    for node in ast.walk(tree(path)):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield name.lstrip("_")
            case ast.arg(arg=name) | ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield name.lstrip("_")


def class_table() -> str:
    """Every public class with the first sentence about it, a table a room."""
    lines: list[str] = []
    rooms = defaultdict(list)
    for path in PATHS:
        if path.name in ("errors.py", "__init__.py") or place(path).startswith("recipe/"):
            continue
        for node in tree(path).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                rooms[place(path).split("/")[0]].append((node, path))
    for room, classes in rooms.items():
        lines += [f"### {room}", "", "| class | what it is | module |", "|---|---|---|"]
        for node, path in sorted(classes, key=lambda found: found[0].name):
            if not node.name.endswith("Error"):
                said = (ast.get_docstring(node) or "").split("\n")[0].replace("|", "\\|")
                lines.append(f"| `{node.name}` | {said} | `{place(path)}` |")
        lines.append("")
    return "\n".join(lines)


def test_no_class_name_stands_for_two_things_private_ones_neither() -> None:
    found = defaultdict(list)
    for path in PATHS:
        for node in tree(path).body:
            if isinstance(node, ast.ClassDef):
                found[node.name].append(place(path))
    assert {name: paths for name, paths in found.items() if len(paths) > 1} == {}


def test_no_public_function_name_stands_for_two_things() -> None:
    twice = {name: paths for name, paths in functions().items() if len(paths) > 1}
    assert [
        name
        for name, paths in twice.items()
        if not is_verb_with_its_stage(paths) and not are_alike(paths)
    ] == []


def test_no_module_name_stands_for_two_things() -> None:
    found = defaultdict(list)
    for path in PATHS:
        if not path.name.startswith("__"):
            found[path.name].append(path)
    assert [
        name
        for name, paths in found.items()
        if len(paths) > 1 and not is_verb_with_its_stage(paths)
    ] == []


def test_every_word_has_one_entry_and_lives_where_it_says() -> None:
    names = [name for row, _, _ in words() for name in row]
    assert sorted(set(names)) == sorted(names)
    for row, _, where in words():
        assert where == "everywhere" or (PACKAGE / where).exists(), row


def test_nothing_is_called_what_the_glossary_says_it_is_not() -> None:
    unwanted = {word.replace(" ", "_") for _, others, _ in words() for word in others}
    assert {"labels", "side", "slots", "val"} <= unwanted
    assert [
        f"{place(path)}: {name}"
        for path in PATHS
        for name in sorted(unwanted.intersection(identifiers(path)))
        if not any(place(path).startswith(border) for border, _ in BORDERS.get(name, []))
    ] == []


def test_every_border_is_still_one() -> None:
    for name, borders in BORDERS.items():
        for border, _ in borders:
            inside = [path for path in PATHS if place(path).startswith(border)]
            assert any(name.removesuffix("s") in n for path in inside for n in identifiers(path))


def test_golden_glossary_holds_every_class() -> None:
    text = GLOSSARY.read_text(encoding="utf-8")
    before, rest = text.split(CLASSES[0])
    expected = f"{before}{CLASSES[0]}{class_table()}{CLASSES[1]}{rest.split(CLASSES[1])[1]}"
    if os.environ.get("TUNESMITH_GOLDEN"):
        GLOSSARY.write_text(expected, encoding="utf-8")
    assert GLOSSARY.read_text(encoding="utf-8") == expected, "it is old; see `make golden`"
