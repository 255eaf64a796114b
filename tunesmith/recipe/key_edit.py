"""A recipe's text and one key's new value -> the text with that key's line changed, no other.

Comments, order and spelling of everything else stay, as only the value's own characters are
replaced. What was made is read again: where it does not say what was meant, nothing is changed.
"""

import copy
from collections.abc import Sequence
from typing import Any

import yaml

from tunesmith.errors import RecipeError
from tunesmith.recipe.commented import flow
from tunesmith.recipe.mistakes import Key, dotted
from tunesmith.recipe.yaml_text import describe_yaml_error, read_yaml

_CURE = "Change it in the YAML itself."
_STEP = "  "


def with_key(text: str, key: Key, written: str) -> str:
    """Give a key a value.

    Args:
        text: A recipe's YAML.
        key: `("training", "epochs")`, `("sources", 0, "path")`; groups that are not there yet are
            made, and the place behind a list's last adds to it.
        written: The value, as YAML on one line.

    Raises:
        RecipeError: The value or the text is not YAML, or the key stands over several lines.
    """
    written = written.strip()
    if len(written.splitlines()) > 1:
        raise RecipeError("the value stands on more than one line", where=dotted(key), cure=_CURE)
    value = _read(written, dotted(key))
    before = _read(text, "recipe")
    made = _placed(text, _composed(text), key, written)
    return _checked(made, _changed(before, key, value), key)


def without_key(text: str, key: Key) -> str:
    """Leave a key out, so that its default holds; the text itself where it is not there.

    Raises:
        RecipeError: As `with_key` does.
    """
    before = _read(text, "recipe")
    group, rest = _found(_composed(text), key[:-1])
    pair = _pair(group, key[-1]) if not rest else None
    if group is None or pair is None:
        return text
    made = _cut_flow(text, group, key[-1]) if group.flow_style else _cut_line(text, pair, key)
    return _checked(made, _left_out(before, key), key)


def _read(text: str, where: str) -> Any:
    try:
        return read_yaml(text).value
    except yaml.YAMLError as error:
        problem = describe_yaml_error(error)[1]
        raise RecipeError(f"not valid YAML: {problem}", where=where) from None


def _composed(text: str) -> yaml.Node | None:
    return yaml.compose(text, Loader=yaml.BaseLoader)


def _found(node: yaml.Node | None, key: Key) -> tuple[Any, Key]:
    """The node that a key leads to, or the deepest before it, and the steps that are left."""
    for depth, step in enumerate(key):
        pair = _pair(node, step)
        if pair is None:
            return node, key[depth:]
        node = pair[1]
    return node, ()


def _pair(node: yaml.Node | None, step: str | int) -> tuple[yaml.Node | None, yaml.Node] | None:
    """A member of a group or list, with the node of its name."""
    if isinstance(node, yaml.MappingNode) and isinstance(step, str):
        return next((pair for pair in node.value if pair[0].value == step), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return None, node.value[step]
    return None


def _placed(text: str, root: yaml.Node | None, key: Key, written: str) -> str:
    node, rest = _found(root, key)
    if node is None:
        return _line_added(text, len(text.splitlines()), "", _block(key, written))
    if isinstance(node, yaml.ScalarNode) and _is_empty(node) and rest:
        column = _column_of(root, key[: len(key) - len(rest)]) + len(_STEP)
        return _line_added(text, node.end_mark.line + 1, " " * column, _block(rest, written))
    if not rest or isinstance(node, yaml.ScalarNode):
        return _replaced(text, node, _flowing(rest, written), key)
    if node.flow_style:
        end = node.end_mark.index - 1
        comma = ", " if node.value else ""
        member = _flowing(rest, written)[1:-1]
        return f"{text[:end].rstrip()}{comma}{member}{text[end:]}"
    indent = " " * node.start_mark.column
    return _line_added(text, _last_line(node) + 1, indent, _block(rest, written))


def _replaced(text: str, node: Any, written: str, key: Key) -> str:
    is_block = not isinstance(node, yaml.ScalarNode) and not node.flow_style
    if is_block or getattr(node, "style", None) in ("|", ">"):
        raise RecipeError("its value stands on several lines", where=dotted(key), cure=_CURE)
    start, end = node.start_mark.index, node.end_mark.index
    gap = " " if start and text[start - 1] == ":" else ""
    return f"{text[:start]}{gap}{written}{text[end:]}"


def _is_empty(node: yaml.ScalarNode) -> bool:
    return node.value == "" and node.style is None


def _column_of(root: yaml.Node | None, key: Key) -> int:
    """Where the name of the last group stands that has one."""
    group, _ = _found(root, key[:-1])
    pair = _pair(group, key[-1])
    named = pair[0] if pair and pair[0] is not None else group
    return int(named.start_mark.column)


def _last_line(node: Any) -> int:
    """The line, from 0 on, that a value ends in."""
    if not isinstance(node, yaml.ScalarNode) and node.value and not node.flow_style:
        last = node.value[-1]
        return _last_line(last[1] if isinstance(last, tuple) else last)
    mark = node.end_mark
    return int(mark.line - (mark.column == 0 and mark.line > node.start_mark.line))


def _block(steps: Key, written: str) -> list[str]:
    """Nested groups as lines: `training:`, then `  epochs: 3`."""
    first, *rest = steps
    inner = _block(tuple(rest), written) if rest else []
    if isinstance(first, int):
        lead = inner or [written]
        return [f"- {lead[0]}", *(f"  {line}" for line in lead[1:])]
    if inner and not isinstance(rest[0], int):
        return [f"{first}:", *(f"{_STEP}{line}" for line in inner)]
    return [f"{first}:", *inner] if inner else [f"{first}: {written}"]


def _flowing(steps: Key, written: str) -> str:
    """Nested groups on one line: `{lora: {rank: 8}}`."""
    for step in reversed(steps):
        written = f"[{written}]" if isinstance(step, int) else f"{{{step}: {written}}}"
    return written


def _line_added(text: str, place: int, indent: str, lines: Sequence[str]) -> str:
    """Lines set in before a place, counted from 0 on."""
    found = text.splitlines(keepends=True)
    if found and not found[-1].endswith("\n"):
        found[-1] += "\n"
    found[place:place] = [f"{indent}{line}\n" for line in lines]
    return "".join(found)


def _cut_line(text: str, pair: tuple[Any, Any], key: Key) -> str:
    name, value = pair
    found = text.splitlines(keepends=True)
    if found[name.start_mark.line][: name.start_mark.column].strip():
        raise RecipeError("it begins an item of a list", where=dotted(key), cure=_CURE)
    del found[name.start_mark.line : _last_line(value) + 1]
    return "".join(found)


def _cut_flow(text: str, group: yaml.Node, name: str | int) -> str:
    start, end = group.start_mark.index, group.end_mark.index
    values = _read(text[start:end], str(name))
    return text[:start] + flow({one: values[one] for one in values if one != name}) + text[end:]


def _changed(before: Any, key: Key, value: object) -> Any:
    """What a text is to say once a key has a value."""
    if not key:
        return value
    first, *rest = key
    if isinstance(first, int):
        items = list(before) if isinstance(before, list) else []
        inner = items[first] if first < len(items) else None
        items[first : first + 1] = [_changed(inner, tuple(rest), value)]
        return items
    group = dict(before) if isinstance(before, dict) else {}
    group[first] = _changed(group.get(first), tuple(rest), value)
    return group


def _left_out(before: Any, key: Key) -> Any:
    """What it is to say once a key is gone; a group that has none left is empty."""
    after = copy.deepcopy(before)
    group = after
    for step in key[:-1]:
        group = group[step]
    del group[key[-1]]
    return after


def _checked(made: str, wanted: object, key: Key) -> str:
    if _bare(_read(made, dotted(key))) != _bare(wanted):
        raise RecipeError(
            "its place in the text is not plain enough", where=dotted(key), cure=_CURE
        )
    return made


def _bare(value: Any) -> Any:
    """A value in which an empty group and nothing are the same, and 1 is not 1.0 nor true."""
    if isinstance(value, dict):
        return {name: _bare(one) for name, one in value.items()} or None
    if isinstance(value, list):
        return [_bare(one) for one in value]
    return None if value is None else (type(value).__name__, value)
