"""The rooms of the house: who may import whom, what stands where."""

import ast
import importlib
import re
import subprocess
import sys
from collections.abc import Container, Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import tunesmith

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "tunesmith"
PATHS = sorted(PACKAGE.rglob("*.py"))
FOLDERS = sorted({path.parent for path in [*PATHS, *(ROOT / "tests").rglob("test_*.py")]})
ROOMS = [
    "search_path",
    "errors",
    "files",
    "workers",
    "sandbox",
    "recipe",
    "endpoints",
    "sources",
    "examples",
    "teacher",
    "templates",
    "tokens",
    "models",
    "training",
    "generation",
    "evaluation",
    "report",
    "export",
    "starter",
    "stages",
    "cli",
    "__main__",
]
HEAVY = {"datasets", "matplotlib", "openai", "peft", "pyarrow", "scipy", "torch", "transformers"}
LIGHT_ROOMS = ROOMS[: ROOMS.index("templates") + 1]
VAGUE = {"base", "common", "core", "helper", "helpers", "manager", "misc", "util", "utils"}


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def home(name: str, modules: Container[str]) -> str | None:
    """The module that an imported name is, or stands in."""
    return next((one for one in (name, name.rpartition(".")[0]) if one in modules), None)


def circle(graph: Mapping[str, Iterable[str | None]]) -> list[str]:
    """The modules of one circle of imports, sorted; none if there is none."""
    try:
        list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        return sorted(set(error.args[1]))
    return []


def imports(nodes: Iterator[ast.AST]) -> Iterator[str]:
    """Dotted names that are imported; `from a import b` gives `a.b`."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, "relative imports hide where a name comes from"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def top_level(module: ast.Module) -> Iterator[ast.AST]:
    """What runs on import: everything outside functions and TYPE_CHECKING blocks."""
    waiting: list[ast.AST] = list(module.body)
    while waiting:
        node = waiting.pop()
        yield node
        is_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        is_for_types = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        if not is_function and not is_for_types:
            waiting += ast.iter_child_nodes(node)


@pytest.mark.parametrize("path", PATHS, ids=name_of)
def test_imports_point_upstream_only(path: Path) -> None:
    if path == PACKAGE / "__init__.py":
        return
    assert room(path) in ROOMS, f"{name_of(path)} stands in no room"
    for name in imports(ast.walk(tree(path))):
        parts = name.split(".")
        if parts[0] == "tunesmith" and len(parts) > 1 and parts[1] in ROOMS:
            is_own = parts[1] == room(path)
            is_upstream = ROOMS.index(parts[1]) < ROOMS.index(room(path))
            assert is_own or is_upstream, f"{name_of(path)} imports {name}"


def test_every_room_exists() -> None:
    there = {room(path) for path in PATHS} - {"__init__"}
    assert there == set(ROOMS)


def test_no_modules_import_each_other_in_a_circle() -> None:
    """Imports inside functions count: they would only hide the circle."""
    modules = {dotted(path): path for path in PATHS if path.name != "__init__.py"}
    graph = {
        name: {home(found, modules) for found in imports(ast.walk(tree(path)))} - {None, name}
        for name, path in modules.items()
    }
    assert circle(graph) == []


def test_a_circle_would_be_found() -> None:
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"a"}}) == ["b", "c"]


@pytest.mark.parametrize("folder", FOLDERS, ids=name_of)
def test_a_folder_is_taken_in_at_a_glance(folder: Path) -> None:
    assert len(list(folder.glob("*.py"))) <= 20, "make rooms inside it"


@pytest.mark.parametrize("path", PATHS, ids=name_of)
def test_heavy_libraries_are_imported_where_their_work_is_done(path: Path) -> None:
    used = {name.split(".")[0] for name in imports(top_level(tree(path)))} & HEAVY
    assert not used or room(path) not in (*LIGHT_ROOMS, "cli", "__main__", "__init__")


@pytest.mark.parametrize("path", PATHS, ids=name_of)
def test_templates_and_what_precedes_them_never_touch_a_model(path: Path) -> None:
    used = {name.split(".")[0] for name in imports(ast.walk(tree(path)))}
    assert room(path) not in LIGHT_ROOMS or not used & {"torch", "transformers", "peft"}


@pytest.mark.parametrize("path", PATHS, ids=name_of)
def test_only_the_sandbox_knows_jinja(path: Path) -> None:
    used = {name.split(".")[0] for name in imports(ast.walk(tree(path)))}
    assert "jinja2" not in used or room(path) == "sandbox"


@pytest.mark.parametrize("path", PATHS, ids=name_of)
def test_only_the_command_line_prints(path: Path) -> None:
    calls = (node for node in ast.walk(tree(path)) if isinstance(node, ast.Call))
    prints = any(isinstance(call.func, ast.Name) and call.func.id == "print" for call in calls)
    assert not prints or room(path) in ("cli", "__main__")


@pytest.mark.parametrize("path", PATHS, ids=name_of)
def test_a_module_says_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(tree(path)), "no docstring"
    assert path.stem not in VAGUE, "a module's name is a noun of the field"
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


@pytest.mark.parametrize("path", PATHS, ids=name_of)
def test_a_package_re_exports_nothing(path: Path) -> None:
    if path.name == "__init__.py" and path.parent != PACKAGE:
        body = tree(path).body
        assert len(body) == 1, "an __init__ holds a docstring and nothing else"


@pytest.mark.parametrize("path", PATHS, ids=name_of)
def test_no_unsafe_loading(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\bpickle\.|trust_remote_code=True|yaml\.load\(|torch\.load\(", text)


@pytest.mark.parametrize("path", [*PATHS, *(ROOT / "tests").rglob("*.py")], ids=name_of)
def test_no_path_of_one_machine_is_written_down(path: Path) -> None:
    homes = ("/" + "work/", "/" + "root/", "/" + "Users/")
    assert not any(home in path.read_text(encoding="utf-8") for home in homes)


def test_public_names_are_sorted_complete_and_resolve() -> None:
    assert tunesmith.__all__ == sorted(tunesmith.__all__)
    assert len(tunesmith.__all__) <= 25
    assert set(tunesmith.__all__) == set(tunesmith._HOMES) | {"__version__"}
    assert dir(tunesmith) == sorted(tunesmith.__all__)
    for name in tunesmith.__all__:
        assert getattr(tunesmith, name) is not None
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        _ = tunesmith.nonsense


def test_type_checkers_see_the_same_public_names() -> None:
    block = next(node for node in tree(PACKAGE / "__init__.py").body if isinstance(node, ast.If))
    seen = {
        alias.asname or alias.name: f"{node.module}.{alias.name}"
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    homes = {
        name: f"tunesmith.{home.replace(':', '.') if ':' in home else f'{home}.{name}'}"
        for name, home in tunesmith._HOMES.items()
    }
    assert seen == homes


def test_importing_tunesmith_changes_nothing() -> None:
    program = (
        "import os, sys, logging, random\n"
        "before = dict(os.environ), random.getstate(), list(logging.getLogger().handlers)\n"
        "import tunesmith, tunesmith.recipe.load, tunesmith.cli.app\n"
        "assert before == (dict(os.environ), random.getstate(), logging.getLogger().handlers)\n"
        f"assert not {HEAVY!r} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_every_room_that_exists_has_its_three_words() -> None:
    for folder in PACKAGE.iterdir():
        if (folder / "__init__.py").exists():
            module = importlib.import_module(f"tunesmith.{folder.name}")
            lines = [line for line in (module.__doc__ or "").splitlines() if line.strip()]
            assert 1 <= len(lines) <= 3, folder.name
