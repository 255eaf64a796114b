"""Law 14: an unknown key is an error that names the nearest; one that nothing reads is ours."""

import ast
import functools
from pathlib import Path
from typing import Any

import pytest

from tunesmith.errors import RecipeError
from tunesmith.recipe.fields import section_of, walk
from tunesmith.recipe.load_recipe import recipe_from_mapping
from tunesmith.recipe.recipe import Recipe
from tunesmith.report.record import read_run_record
from tunesmith.sources.material import Section

PACKAGE = Path(__file__).resolve().parents[2] / "tunesmith"


@functools.cache
def nodes() -> tuple[ast.AST, ...]:
    """Everything written outside the recipe's own package."""
    paths = [path for path in sorted(PACKAGE.rglob("*.py")) if path.parent.name != "recipe"]
    modules = [ast.parse(path.read_text(encoding="utf-8")) for path in paths]
    return tuple(node for module in modules for node in ast.walk(module))


def last_name(node: ast.AST) -> str | None:
    """`training` of `recipe.training` and of `training`."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else None


@functools.cache
def annotated() -> tuple[tuple[str, str], ...]:
    """Every argument of a function, and what it is annotated with."""
    return tuple(
        (argument.arg, ast.unparse(argument.annotation))
        for argument in nodes()
        if isinstance(argument, ast.arg) and argument.annotation is not None
    )


@functools.cache
def arguments_of(section: type[Section]) -> frozenset[str]:
    """What functions call a value of this section: by annotation."""
    return frozenset(name for name, written in annotated() if section.__name__ in written)


def with_key(path: tuple[str, ...], name: str) -> dict[str, Any]:
    """A recipe with one more key, in the group that `path` stands in."""
    settings: Any = {name: None}
    for group in reversed(path[:-1]):
        settings = {group: [settings] if group in ("sources", "rivals") else settings}
    return {"sources": [{"path": "rows.jsonl"}], **settings}


def test_every_misspelt_key_is_refused_with_the_nearest() -> None:
    fields = [field.path for field in walk()]
    assert len(fields) > 100
    for path in fields:
        right = path[-1]
        wrong = f"{right[:-1]}{right[-1] * 2}"
        with pytest.raises(RecipeError) as caught:
            recipe_from_mapping(with_key(path, wrong))
        assert f"{wrong}: unknown key. Did you mean {right}?" in str(caught.value)


def test_a_key_like_no_other_is_refused_in_every_group() -> None:
    for path in {field.path[:-1] for field in walk()}:
        with pytest.raises(RecipeError, match="zzzzz: unknown key"):
            recipe_from_mapping(with_key((*path, ""), "zzzzz"))


def test_every_key_is_read_outside_this_package() -> None:
    reads = {
        (last_name(node.value), node.attr)
        for node in nodes()
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)
    }
    unread = []
    for field in walk():
        owner, parent = owner_of(field.path)
        holders = {parent, parent.removesuffix("s"), *arguments_of(owner)}
        if not any((holder, field.path[-1]) in reads for holder in holders):
            unread.append(".".join(field.path))
    # What `training.method` means is read through the property `training.lora`.
    # A report is told in the language of the run's own recipe.yaml, which is read as a mapping.
    otherwise = {"training.method", "training.method.lora", "report", "report.language"}
    unread = [name for name in unread if name not in otherwise]
    assert not unread, f"nothing reads {', '.join(unread)}"


def owner_of(path: tuple[str, ...]) -> tuple[type[Section], str]:
    """The section a key belongs to, and the name it has in its own section."""
    owner: type[Section] = Recipe
    parent = "recipe"
    for name in path[:-1]:
        section = section_of(owner.model_fields[name].annotation)
        assert section is not None
        owner, parent = section, name
    return owner, parent


def test_the_language_is_read_from_the_runs_recipe(tmp_path: Path) -> None:
    (tmp_path / "recipe.yaml").write_text("report: {language: zh}\n")
    assert read_run_record(tmp_path).language == "zh"


def test_the_adapter_is_read_through_its_property() -> None:
    assert any(isinstance(node, ast.Attribute) and node.attr == "lora" for node in nodes())
