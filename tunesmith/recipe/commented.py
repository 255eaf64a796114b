"""The recipe's models -> a recipe in which every key is written out and explained.

It is what `tunesmith init` writes. Keys that would have no effect stand in it as comments.
"""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tunesmith.recipe.fields import RecipeField, walk
from tunesmith.recipe.recipe import Recipe
from tunesmith.recipe.section import RecipeSection
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.recipe.yaml_text import write_yaml

SCHEMA_PATH = Path(__file__).with_name("recipe.schema.json")  # editors check recipes by it
_COMMENT_COLUMN = 33
_LINE_LENGTH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A value that was chosen for a key, and why."""

    value: object
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceDraft:
    """The keys of one source, `path` or `hub` first, and what else is to be said of it."""

    keys: Mapping[str, Choice]
    notes: Sequence[str] = ()


def commented_recipe(
    data: str = "data.jsonl",
    *,
    name: str = "recipe.yaml",
    schema: str | None = None,
    sources: Sequence[SourceDraft] = (),
    chosen: Mapping[tuple[str, ...], Choice] | None = None,
) -> str:
    """A recipe to start from.

    Args:
        data: Path of the first source.
        name: What the recipe's file will be called.
        schema: Where the JSON Schema lies, for editors that follow such a line.
        sources: What was found out of each; stands in place of `data`.
        chosen: Values that stand in place of defaults, by key.
    """
    lines = [f"# tunesmith run {name}"]
    if schema is not None:
        lines.append(f"# yaml-language-server: $schema={schema}")
    lines += ["#", "# Every key with its default; all but `sources` may be left out."]
    drafted = _drafted(chosen or {})
    for field in walk():
        if chosen and field.path in chosen:
            lines += _chosen_lines(field, chosen[field.path])
            continue
        if field.path == ("sources",):
            lines += [
                "",
                f"# {_sentence_case(field.description)}.",
                "sources:",
                *(_looked_at(sources) if sources else _source_lines(data)),
            ]
        elif field.path[0] != "sources" and not is_of_list(field):
            lines += _field_lines(field, drafted)
    return "\n".join(lines) + "\n"


def _drafted(chosen: Mapping[tuple[str, ...], Choice]) -> Recipe:
    """The defaults beside what was chosen, which may silence some of them."""
    keys: dict[str, Any] = {"sources": [{"path": "data.jsonl"}]}
    for path, choice in chosen.items():
        group = keys
        for name in path[:-1]:
            group = group.setdefault(name, {})
        group[path[-1]] = choice.value
    return Recipe.model_validate(keys)


def _field_lines(field: RecipeField, drafted: Recipe) -> Iterator[str]:
    depth = len(field.path) - 1
    name, is_group = field.path[-1], isinstance(field.default, RecipeSection)
    indent = "  " * depth
    if not _has_effect(field, drafted):
        indent = f"  # {'  ' * (depth - 1)}" if _is_member(field, drafted) else f"{indent}# "
    if depth == 0:
        yield ""
        yield f"# {_sentence_case(field.description)}"
    if is_group:
        yield _line(f"{indent}{name}:", "" if depth == 0 else field.description)
        return
    yield from _noted(indent, f"{name}: {flow(field.default)}", field.description)
    if field.section is not None and not isinstance(field.default, list):
        yield f"{indent}# {name}:"


def _has_effect(field: RecipeField, drafted: Recipe) -> bool:
    """Whether a default may be written out: not so beside other defaults that silence it."""
    if _is_member(field, drafted):
        return False
    return field.path[-1] not in _groups(field, drafted)[-1].without_effect()


def _is_member(field: RecipeField, drafted: Recipe) -> bool:
    """Whether a key belongs to a group that is not there by default."""
    return not isinstance(_groups(field, drafted)[-1], RecipeSection)


def is_of_list(field: RecipeField) -> bool:
    """Whether a key belongs to the items of a list, which is empty by default."""
    return any(isinstance(group, list) for group in _groups(field, _drafted({})))


def _groups(field: RecipeField, drafted: Recipe) -> list[Any]:
    """The groups of a recipe that a key stands in, outermost first."""
    groups: list[Any] = [drafted]
    for name in field.path[:-1]:
        groups.append(getattr(groups[-1], name, None))
    return groups


def _source_lines(data: str) -> Iterator[str]:
    for field in walk(SourceRecipe):
        if field.path == ("path",):
            yield from _noted("  - ", f"path: {flow(data)}", field.description)
        else:
            name, is_group = field.path[-1], field.section is not None
            text = f"{name}:" if is_group else f"{name}: {flow(field.default)}"
            yield from _noted("    # " + "  " * (len(field.path) - 1), text, field.description)


def _looked_at(sources: Sequence[SourceDraft]) -> Iterator[str]:
    """Sources with what was found out of them, and why."""
    for source in sources:
        for place, (name, choice) in enumerate(source.keys.items()):
            indent = "    " if place else "  - "
            yield from _noted(indent, f"{name}: {flow(choice.value)}", choice.why)
        for note in source.notes:
            yield from textwrap.wrap(
                note, _LINE_LENGTH, initial_indent="    # ", subsequent_indent="    #   "
            )


def _chosen_lines(field: RecipeField, choice: Choice) -> Iterator[str]:
    indent = "  " * (len(field.path) - 1)
    yield from _noted(indent, f"{field.path[-1]}: {flow(choice.value)}", choice.why)


def _noted(indent: str, text: str, note: str) -> Iterator[str]:
    """One line, or the note above it where both are too long for one."""
    line = _line(indent + text, note)
    if len(line) <= _LINE_LENGTH:
        yield line
        return
    start = indent.replace("- ", "  ").split("#")[0] + "# "
    yield from textwrap.wrap(
        note, _LINE_LENGTH, initial_indent=start, subsequent_indent=start, break_on_hyphens=False
    )
    yield indent + text


def _line(text: str, note: str) -> str:
    return f"{text:<{_COMMENT_COLUMN}} # {note}" if note else text


def _sentence_case(text: str) -> str:
    return text[:1].upper() + text[1:]


def flow(value: object) -> str:
    """A default on one line of YAML."""
    if isinstance(value, list):
        return f"[{', '.join(flow(item) for item in value)}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {flow(item)}' for key, item in value.items())}}}"
    if isinstance(value, float):
        return repr(value).replace("e-0", "e-").removesuffix(".0")
    return write_yaml([value]).removeprefix("- ").rstrip("\n")
