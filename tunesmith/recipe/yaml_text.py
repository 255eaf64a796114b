"""YAML text -> plain values and the line of each key; values -> YAML text.

Plain words mean what YAML 1.2's core schema says: `5e-5` is a number, `on`, `off`, `yes`
and `no` are words. Duplicate keys, tags and oversized documents are refused.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import yaml

from tunesmith.recipe.mistakes import Key, Mistake, dotted

_MAX_VALUES = 10_000
_MAX_DEPTH = 20
_CONSTANTS: dict[str, Any] = dict.fromkeys(("", "~", "null", "Null", "NULL"))
_CONSTANTS |= dict.fromkeys(("true", "True", "TRUE"), True)
_CONSTANTS |= dict.fromkeys(("false", "False", "FALSE"), False)
_LINE_BREAKS = re.compile("[\r\x85\u2028\u2029]")
_NUMBERS: tuple[tuple[re.Pattern[str], Callable[[str], Any]], ...] = (
    (re.compile(r"[-+]?[0-9]{1,18}"), int),
    (re.compile(r"0o[0-7]{1,18}|0x[0-9a-fA-F]{1,16}"), partial(int, base=0)),
    (re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"), float),
    (
        re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"),
        lambda text: float(text.replace(".", "")),
    ),
)


@dataclass(slots=True, kw_only=True)
class YamlDocument:
    """A document's value, the line each key stands in, and what is wrong with it."""

    value: Any = None
    lines: dict[Key, int] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)
    num_values: int = 0
    tags: frozenset[str] = frozenset()


def read_yaml(text: str, *, tags: frozenset[str] = frozenset()) -> YamlDocument:
    """Read one YAML document.

    Args:
        text: The document.
        tags: Tags that groups may bear, such as `!Template`; they mean nothing here.

    Raises:
        yaml.YAMLError: The text is no YAML.
    """
    document = YamlDocument(tags=tags)
    try:
        node = yaml.compose(text, Loader=yaml.BaseLoader)
    except RecursionError:
        raise yaml.MarkedYAMLError(problem="too many or too deeply nested values") from None
    if node is not None:
        document.value = _value(node, (), document)
    return document


def _value(node: yaml.Node, key: Key, document: YamlDocument) -> Any:
    line = node.start_mark.line + 1
    document.lines.setdefault(key, line)
    document.num_values += 1
    if document.num_values > _MAX_VALUES or len(key) > _MAX_DEPTH:
        raise yaml.MarkedYAMLError(problem="too many or too deeply nested values")
    if isinstance(node, yaml.ScalarNode):
        _refuse_tag(node, "str", key, document)
        return plain_value(node.value) if node.style is None else node.value
    if isinstance(node, yaml.SequenceNode):
        _refuse_tag(node, "seq", key, document)
        return [_value(item, (*key, index), document) for index, item in enumerate(node.value)]
    _refuse_tag(node, "map", key, document)
    return _mapping(node, key, document)


def _mapping(node: yaml.Node, key: Key, document: YamlDocument) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for name_node, value_node in node.value:
        line = name_node.start_mark.line + 1
        if not isinstance(name_node, yaml.ScalarNode):
            document.mistakes.append(Mistake(key=key, message="a key must be a plain word"))
            continue
        name = name_node.value
        if name in result:
            first = document.lines[(*key, name)]
            message = f"written twice, in lines {first} and {line}. Keep one"
            document.mistakes.append(Mistake(key=(*key, name), message=message))
            continue
        document.lines[(*key, name)] = line
        result[name] = _value(value_node, (*key, name), document)
    return result


def _refuse_tag(node: yaml.Node, kind: str, key: Key, document: YamlDocument) -> None:
    if node.tag not in {f"tag:yaml.org,2002:{kind}", "!", *document.tags}:
        tag = node.tag.replace("tag:yaml.org,2002:", "!!")
        message = f"the tag {tag} is not allowed; only plain values are read here"
        document.mistakes.append(Mistake(key=key, message=message))


def plain_value(text: str) -> Any:
    """What an unquoted word means in YAML 1.2."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    for pattern, read in _NUMBERS:
        if pattern.fullmatch(text):
            return read(text)
    return text


class _Dumper(yaml.SafeDumper):
    """Quotes every text that would be read back as something else."""


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    is_plain = isinstance(plain_value(text), str) and not _LINE_BREAKS.search(text)
    style = None if is_plain else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def write_yaml(value: object) -> str:
    """Values as YAML that `read_yaml` reads back equal."""
    _Dumper.add_representer(str, _represent_text)
    return yaml.dump(
        value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100, indent=2
    )


def describe_yaml_error(error: yaml.YAMLError) -> tuple[int | None, str]:
    """The line of a syntax error, where YAML gives it, and the problem in words."""
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error).splitlines()[0]
    context = getattr(error, "context", None)
    return (mark.line + 1 if mark else None), f"{problem} {context or ''}".strip()


def key_places(name: str, lines: dict[Key, int]) -> dict[Key, str]:
    """Each key's place as `recipe.yaml:4`."""
    return {key: f"{name}:{line}" for key, line in lines.items() if dotted(key)}
