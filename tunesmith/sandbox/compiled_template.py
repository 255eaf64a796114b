"""Untrusted Jinja text -> a compiled template with limits -> rendered text.

On top of Jinja's sandbox every place that can multiply work or text is counted: loops,
calls, operators, filters, literals and joined output.
"""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.exceptions import SecurityError
from jinja2.meta import find_undeclared_variables

from tunesmith.errors import DataError, RecipeError
from tunesmith.sandbox.environment import (
    REMOVED_GLOBALS,
    Dialect,
    Environment,
    RaisedError,
    make_environment,
)
from tunesmith.sandbox.limits import BUDGET, weigh_value

MAX_TEMPLATE_CHARS = 256_000

_FAULT = (jinja2.TemplateError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
_UNSAFE = (SecurityError, OverflowError, RecursionError, MemoryError)


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledTemplate:
    """A template that is ready to render, again and again, from any thread.

    Attributes:
        variables: The names that it reads and does not set itself.
        numbers: Of these, the ones it compares with whole numbers or uses as positions.
        positions: Of these, the ones that are positions in a list, by the list's name.
        functions: What it reads of the environment, such as `strftime_now`.
    """

    where: str
    text: str
    variables: frozenset[str]
    numbers: frozenset[str]
    positions: Mapping[str, frozenset[str]]
    functions: frozenset[str]
    dialect: Dialect
    _template: jinja2.Template

    def render(self, variables: Mapping[str, Any], *, seed: int = 0) -> str:
        """Render with plain values (text, numbers, lists and mappings of them).

        Args:
            variables: By name; they are not changed.
            seed: Decides what `choice` and `random` choose.

        Raises:
            RecipeError: The template is unsafe, or exceeds a limit.
            DataError: The template refuses these values or cannot deal with them.
        """
        BUDGET.refill(weigh_value(variables), seed=seed)
        if self.dialect == "promptsource" and ".update(" in self.text:
            variables = copy.deepcopy(dict(variables))
        try:
            return self._template.render(variables)
        except RaisedError as error:
            raise DataError(f"the template says: {error.message}", where=self.where) from None
        except _UNSAFE as error:
            raise _unsafe(error, self.where) from None
        except _FAULT as error:
            raise DataError(f"the template failed: {error}", where=self.where) from None

    def __reduce__(self) -> tuple[Any, ...]:
        return partial(compile_template, where=self.where, dialect=self.dialect), (self.text,)


def compile_template(text: str, *, where: str, dialect: Dialect = "chat") -> CompiledTemplate:
    """Compile a Jinja template.

    Args:
        text: The template.
        where: What errors name as its place: a file, or whose template it is.
        dialect: Whose templates these are, which decides on trimming and filters.

    Raises:
        RecipeError: It is not valid Jinja, too long, or unsafe.
    """
    if len(text) > MAX_TEMPLATE_CHARS:
        raise RecipeError(f"a template of {len(text):,} characters is too long", where=where)
    environment = make_environment(dialect)
    BUDGET.refill(len(text))
    try:
        tree = _checked_tree(environment, text)
        variables = frozenset(find_undeclared_variables(tree))
        template = environment.from_string(text)
    except jinja2.TemplateSyntaxError as error:
        line = f"{where}:{error.lineno}"
        raise RecipeError(f"not a valid Jinja template: {error.message}", where=line) from None
    except _UNSAFE as error:
        raise _unsafe(error, where) from None
    positions = _positions(tree)
    return CompiledTemplate(
        where=where,
        text=text,
        variables=variables - environment.globals.keys(),
        numbers=_compared(tree).union(*positions.values()) & variables,
        positions={name: found & variables for name, found in positions.items()},
        functions=_read_names(tree) & environment.globals.keys(),
        dialect=dialect,
        _template=template,
    )


def _checked_tree(environment: Environment, text: str) -> nodes.Template:
    tree = environment.parse(text)
    others: Any = (nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)
    if tree.find(others):
        raise SecurityError("it reads other templates")
    if removed := find_undeclared_variables(tree).intersection(REMOVED_GLOBALS):
        raise SecurityError(f"it uses {', '.join(sorted(removed))}")
    return tree


def _read_names(tree: nodes.Template) -> frozenset[str]:
    """Every name that is read, but for the macros that the template defines."""
    names = {item.name for item in tree.find_all(nodes.Name) if item.ctx == "load"}
    return frozenset(names - {macro.name for macro in tree.find_all(nodes.Macro)})


def _positions(tree: nodes.Template) -> dict[str, frozenset[str]]:
    """`{"choices": {"label"}}` of `choices[label]` and of `choices[label - 1]`."""
    found: dict[str, frozenset[str]] = {}
    for item in tree.find_all(nodes.Getitem):
        owner = item.node.name if isinstance(item.node, nodes.Name) else ""
        found[owner] = found.get(owner, frozenset()) | _names_added_up(item.arg)
    return found


def _names_added_up(node: nodes.Node) -> frozenset[str]:
    if isinstance(node, nodes.Name):
        return frozenset([node.name])
    if isinstance(node, nodes.Add | nodes.Sub):
        return _names_added_up(node.left) | _names_added_up(node.right)
    return frozenset()


def _compared(tree: nodes.Template) -> frozenset[str]:
    """The names that stand beside a whole number in a comparison."""
    names = set()
    for item in tree.find_all(nodes.Compare):
        operands = [item.expr, *(operand.expr for operand in item.ops)]
        if any(isinstance(value, nodes.Const) and type(value.value) is int for value in operands):
            names |= {value.name for value in operands if isinstance(value, nodes.Name)}
    return frozenset(names)


def _unsafe(error: BaseException, where: str) -> RecipeError:
    reason = str(error) or type(error).__name__
    return RecipeError(
        f"the template is refused: {reason}",
        where=where,
        cure="Use a template from a source that you trust.",
    )
