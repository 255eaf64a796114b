"""What a recipe says so far -> the fields of a form: meaning, what is allowed, value, mistake.

All texts are those of the recipe's own models, which `tunesmith init` writes as comments.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tunesmith.recipe.commented import flow, is_of_list
from tunesmith.recipe.draft import RecipeDraft
from tunesmith.recipe.fields import RecipeField, choices, walk
from tunesmith.recipe.mistakes import Key, dotted
from tunesmith.recipe.recipe import Recipe
from tunesmith.recipe.section import RecipeSection
from tunesmith.recipe.source_recipe import SourceRecipe

_MOST_SOURCES = 30  # that have a form of their own
_USUAL = ("path", "hub", "kind", "use_as", "weight", "limit")  # of a source
_FLOW_SIGNS = set(",[]{}")


@dataclass(frozen=True, slots=True, kw_only=True)
class FormField:
    """One key as a control of the form.

    Attributes:
        key: As `training.epochs`.
        name: What its label says.
        meaning: The recipe's own text.
        allowed: What it takes, in words.
        default: What holds where it is left out.
        written: As it stands; empty where it is left out.
        words: All that it takes, where these are a few words.
        line: Where it stands, if it does.
        mistakes: What is wrong with it.
    """

    key: str
    name: str
    meaning: str
    allowed: str
    default: str
    written: str
    words: Sequence[str] = ()
    line: int | None = None
    mistakes: str = ""

    def to_json(self) -> dict[str, Any]:
        """What changes of it while one types."""
        return {"written": self.written, "line": self.line, "mistakes": self.mistakes}


@dataclass(frozen=True, slots=True, kw_only=True)
class FormGroup:
    """A group of keys; `is_open` where some of it is written, or is what one writes first."""

    key: str
    meaning: str
    fields: Sequence[FormField]
    groups: Sequence["FormGroup"] = ()
    is_open: bool = False

    def all_fields(self) -> Iterator[FormField]:
        """Its own and those of the groups in it."""
        yield from self.fields
        for group in self.groups:
            yield from group.all_fields()


def recipe_form(draft: RecipeDraft) -> list[FormGroup]:
    """The groups of a recipe's form, each source a group of its own."""
    fields = [one for one in walk() if one.path[0] != "sources" and not is_of_list(one)]
    made: list[FormGroup] = []
    for name in Recipe.model_fields:
        own = [one for one in fields if one.path[0] == name]
        made += _sources(draft) if name == "sources" else [_group(draft, (name,), own)]
    return made


def written_value(key: Key, text: str) -> str:
    """What somebody put into a field, as YAML: a text is quoted where it would mean another thing.

    Args:
        key: Of the recipe.
        text: As it was typed; more than a text (a number, a list) is YAML already.
    """
    field = _field(key)
    if field is None or not field.allowed.startswith("text"):
        return text
    plain = flow(text)
    return json.dumps(text, ensure_ascii=False) if _needs_quotes(plain) else plain


def parsed_key(text: str) -> Key:
    """`sources.0.path` as `("sources", 0, "path")`."""
    return tuple(int(part) if part.isdigit() else part for part in text.split("."))


def _needs_quotes(plain: str) -> bool:
    return "\n" in plain or (plain[:1] != '"' and bool(_FLOW_SIGNS & set(plain)))


def _field(key: Key) -> RecipeField | None:
    path = tuple(part for part in key if isinstance(part, str))
    return next((one for one in walk() if one.path == path), None)


def _sources(draft: RecipeDraft) -> Iterator[FormGroup]:
    found = (draft.values or {}).get("sources")
    items = found if isinstance(found, list) else []
    described = list(walk(SourceRecipe))
    for place in range(min(len(items), _MOST_SOURCES)):
        held = items[place] if isinstance(items[place], dict) else {}
        usual = [one for one in described if one.path[0] in _USUAL]
        usual.sort(key=lambda one: _USUAL.index(one.path[0]))
        others = [one for one in described if one.path[0] not in (*_USUAL, "teacher")]
        teacher = [one for one in described if one.path[0] == "teacher"]
        root: Key = ("sources", place)
        inner = [_group(draft, (*root, "more"), others, root=root)]
        if "teacher" in held:
            inner.append(_group(draft, (*root, "teacher"), teacher, root=root))
        yield FormGroup(
            key=dotted(root),
            meaning="",
            fields=[_control(draft, one, root) for one in usual],
            groups=inner,
            is_open=len(items) < 4,
        )


def _group(
    draft: RecipeDraft, key: Key, fields: Sequence[RecipeField], *, root: Key = ()
) -> FormGroup:
    """The keys below a key; what is there only if somebody asks for it is a group inside."""
    depth = len(key) - len(root)
    own = [one for one in fields if _is_control(one)]
    optional = {one.path for one in fields if one.section and not _is_group(one)}
    optional -= {key[len(root) :]}
    inner: dict[tuple[str, ...], list[RecipeField]] = {path: [] for path in sorted(optional)}
    outer: list[RecipeField] = []
    for one in own:
        near = [
            path for path in inner if len(path) < len(one.path) and one.path[: len(path)] == path
        ]
        (inner[max(near, key=len)] if near else outer).append(one)
    head = next((one for one in fields if (*root, *one.path) == key), None)
    return FormGroup(
        key=dotted(key),
        meaning=head.description if head else "",
        fields=[_control(draft, one, root, depth) for one in outer],
        groups=[
            FormGroup(
                key=dotted((*root, *path)),
                meaning="",
                fields=[_control(draft, one, root, len(path)) for one in members],
                is_open=(*root, *path) in draft.lines and path[-1] != "method",
            )
            for path, members in inner.items()
            if members
        ],
        is_open=_is_written(draft, key),
    )


def _is_group(field: RecipeField) -> bool:
    """Whether a key is nothing but the group below it, which is always there."""
    return isinstance(field.default, RecipeSection)


def _is_control(field: RecipeField) -> bool:
    """Whether a key has a value of its own that one can write."""
    return field.section is None or not field.allowed.startswith("a group")


def _is_written(draft: RecipeDraft, key: Key) -> bool:
    return any(len(one) > len(key) and one[: len(key)] == key for one in draft.lines)


def _control(draft: RecipeDraft, field: RecipeField, root: Key = (), depth: int = 1) -> FormField:
    key: Key = (*root, *field.path)
    told = [one.message for one in draft.mistakes if one.key == dotted(key)]
    return FormField(
        key=dotted(key),
        name=".".join(field.path[depth:]) or field.path[-1],
        meaning=field.description,
        allowed=field.allowed,
        default="" if field.is_required else flow(field.default),
        written=_written(draft.values, key, is_text=field.allowed.startswith("text")),
        words=_words(field),
        line=draft.lines.get(key),
        mistakes="; ".join(told),
    )


def _words(field: RecipeField) -> Sequence[str]:
    """All values of a key that takes one of a few words."""
    if field.allowed == "true or false":
        return ("true", "false")
    named = choices(
        SourceRecipe if field.path[0] in SourceRecipe.model_fields else Recipe, field.path
    )
    allowed = field.allowed.removesuffix(", or null")
    return named if named and ", ".join(named) == allowed else ()


def _written(values: Mapping[str, Any] | None, key: Key, *, is_text: bool) -> str:
    place: Any = values
    for step in key:
        is_there = step in place if isinstance(place, dict) else isinstance(place, list)
        if not is_there:
            return ""
        place = place[step]
    return place if is_text and isinstance(place, str) else flow(place)
