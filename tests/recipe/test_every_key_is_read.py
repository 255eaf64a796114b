"""Law 14: a key of a recipe that nothing reads is a mistake of ours."""

import ast
import functools
from pathlib import Path

from tunesmith.recipe.fields import section_of, walk
from tunesmith.recipe.recipe import Recipe
from tunesmith.recipe.section import RecipeSection

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


def arguments_of(section: type[RecipeSection]) -> set[str]:
    """What functions call a value of this section: by annotation."""
    return {
        argument.arg
        for argument in nodes()
        if isinstance(argument, ast.arg)
        and argument.annotation is not None
        and section.__name__ in ast.unparse(argument.annotation)
    }


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
    unread = [name for name in unread if name not in ("training.method", "training.method.lora")]
    assert not unread, f"nothing reads {', '.join(unread)}"


def owner_of(path: tuple[str, ...]) -> tuple[type[RecipeSection], str]:
    """The section a key belongs to, and the name it has in its own section."""
    owner: type[RecipeSection] = Recipe
    parent = "recipe"
    for name in path[:-1]:
        section = section_of(owner.model_fields[name].annotation)
        assert section is not None
        owner, parent = section, name
    return owner, parent


def test_the_adapter_is_read_through_its_property() -> None:
    assert any(isinstance(node, ast.Attribute) and node.attr == "lora" for node in nodes())
