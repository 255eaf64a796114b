"""The rooms of the house: who may import whom, what stands where."""

import ast
import importlib
import re
import subprocess
import sys
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import tunesmith

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "tunesmith"
PATHS = sorted(PACKAGE.rglob("*.py"))
FOLDERS = sorted({path.parent for path in [*PATHS, *(ROOT / "tests").rglob("test_*.py")]})
TESTS_OF_MORE = {"laws", "faults", "golden", "material", "plugins", "benching", "pretraining"}
ROOMS = [
    "search_path",
    "errors",
    "files",
    "line_log",
    "language",
    "entry_points",
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
    "rounds",
    "report",
    "diagnosis",
    "export",
    "serving",
    "starter",
    "stages",
    "studio",
    "cli",
    "__main__",
]
HEAVY = {"datasets", "matplotlib", "openai", "peft", "pyarrow", "scipy", "torch", "transformers"}
LIGHT_ROOMS = ROOMS[: ROOMS.index("templates") + 1]
VAGUE = {"base", "common", "core", "helper", "helpers", "manager", "misc", "util", "utils"}


@cache
def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(text(path))


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


def libraries(nodes: Iterator[ast.AST]) -> set[str]:
    return {name.split(".")[0] for name in imports(nodes)}


@cache
def all_libraries(path: Path) -> set[str]:
    return libraries(ast.walk(tree(path)))


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


def offenders(offends: Callable[[Path], object], paths: Iterable[Path] = PATHS) -> list[str]:
    """The files that offend; one test a law instead of one a file keeps the suite short."""
    return [name_of(path) for path in paths if offends(path)]


def test_imports_point_upstream_only() -> None:
    def points_downstream(path: Path) -> list[str]:
        parts = (name.split(".") for name in imports(ast.walk(tree(path))))
        rooms = [part[1] for part in parts if part[0] == "tunesmith" and len(part) > 1]
        own = ROOMS.index(room(path))
        return [name for name in rooms if name in ROOMS and ROOMS.index(name) > own]

    assert offenders(points_downstream, set(PATHS) - {PACKAGE / "__init__.py"}) == []


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


def test_a_folder_is_taken_in_at_a_glance() -> None:
    """Twenty modules at most; more make rooms inside it. The laws have a file each."""
    folders = [folder for folder in FOLDERS if folder.name != "laws"]
    assert offenders(lambda folder: len(list(folder.glob("*.py"))) > 20, folders) == []


def test_a_folder_of_tests_is_about_one_room() -> None:
    """Or is one of those about the whole house, or material for others."""
    tests = ROOT / "tests"
    folders = {path.parent.relative_to(tests) for path in tests.rglob("*.py")} - {Path()}
    strays = [
        name
        for folder in folders
        if (name := folder.as_posix()).split("/")[0] not in TESTS_OF_MORE
        and not list((PACKAGE / name).glob("*.py"))
    ]
    assert not strays, f"{', '.join(sorted(strays))}: no such room in tunesmith/"


def test_heavy_libraries_are_imported_where_their_work_is_done() -> None:
    light = (*LIGHT_ROOMS, "cli", "__main__", "__init__")
    assert (
        offenders(lambda path: room(path) in light and libraries(top_level(tree(path))) & HEAVY)
        == []
    )


def test_templates_and_what_precedes_them_never_touch_a_model() -> None:
    models = {"torch", "transformers", "peft"}
    assert offenders(lambda path: room(path) in LIGHT_ROOMS and all_libraries(path) & models) == []


def test_only_the_sandbox_and_pages_of_ours_know_jinja() -> None:
    known = ("sandbox", "studio")
    assert offenders(lambda path: room(path) not in known and "jinja2" in all_libraries(path)) == []


def test_only_the_command_line_prints() -> None:
    def prints(path: Path) -> bool:
        calls = (node.func for node in ast.walk(tree(path)) if isinstance(node, ast.Call))
        return any(isinstance(called, ast.Name) and called.id == "print" for called in calls)

    assert offenders(lambda path: room(path) not in ("cli", "__main__") and prints(path)) == []


def test_a_module_says_what_it_is_for() -> None:
    assert offenders(lambda path: not ast.get_docstring(tree(path))) == []


def test_a_modules_name_is_a_noun_of_the_field() -> None:
    assert offenders(lambda path: path.stem in VAGUE) == []


def test_a_module_is_read_in_one_sitting() -> None:
    paths = [*PATHS, *(ROOT / "tests").rglob("*.py")]
    assert offenders(lambda path: len(text(path).splitlines()) > 400, paths) == []


def test_a_package_re_exports_nothing() -> None:
    """An __init__ holds a docstring and nothing else."""
    inside = [path for path in PATHS if path.name == "__init__.py" and path.parent != PACKAGE]
    assert offenders(lambda path: len(tree(path).body) != 1, inside) == []


def test_no_unsafe_loading() -> None:
    unsafe = re.compile(r"\bpickle\.|trust_remote_code=True|yaml\.load\(|torch\.load\(")
    assert offenders(lambda path: unsafe.search(text(path))) == []


def test_no_path_of_one_machine_is_written_down() -> None:
    homes = ("/" + "work/", "/" + "root/", "/" + "Users/")
    paths = [*PATHS, *(ROOT / "tests").rglob("*.py")]
    assert offenders(lambda path: any(home in text(path) for home in homes), paths) == []


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
        "import tunesmith, tunesmith.recipe.load_recipe, tunesmith.cli.app\n"
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
