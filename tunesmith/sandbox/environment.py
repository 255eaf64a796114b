"""What templates may call, in a sandboxed Jinja environment that counts what multiplies.

The environment of chat templates is transformers' (trimmed blocks, loop controls, the
`generation` tag, its `tojson`, `raise_exception`, `strftime_now`), so ordinary templates
render the same text. That of prompts is promptsource's: no trimming, its filters, and
`update` for mappings.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, Literal

import jinja2
from jinja2 import nodes
from jinja2.exceptions import SecurityError
from jinja2.ext import Extension
from jinja2.parser import Parser
from jinja2.runtime import Context, Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

from tunesmith.sandbox.limits import (
    BUDGET,
    WIDE_FORMAT,
    CountedItems,
    LimitError,
    check_arguments,
    check_format,
    check_join,
    check_method,
    check_power,
    check_product,
    check_update,
    join,
    replaced_length,
    weighed,
)

Dialect = Literal["chat", "promptsource"]
REMOVED_GLOBALS = ("lipsum", "cycler", "joiner")
_REMOVED_FILTERS = ("random", "pprint", "urlize", "striptags", "wordwrap", "xmlattr", "urlencode")


class RaisedError(jinja2.TemplateError):
    """The template itself called `raise_exception`."""

    @classmethod
    def throw(cls, message: object) -> None:
        """What `raise_exception` does."""
        raise cls(str(message))


class Environment(ImmutableSandboxedEnvironment):
    """Transformers' environment, with every multiplying operation counted."""

    intercepted_binops = frozenset(["+", "*", "**", "%"])
    may_update = False

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Promptsource's templates fill mappings of their own with `update`."""
        is_update = self.may_update and isinstance(obj, dict) and attr == "update"
        return is_update or super().is_safe_attribute(obj, attr, value)

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        counted: nodes.Template = _Counting().visit(tree)
        return counted

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Apply an operator whose result can be larger than its operands."""
        if operator == "+":
            if isinstance(left, str) and isinstance(right, str):
                BUDGET.allow(len(left) + len(right))
                return left + right
        elif operator == "*":
            check_product(left, right)
        elif operator == "**":
            check_power(left, right)
        elif isinstance(left, str):
            check_format(left, right)
        return weighed(super().call_binop(context, operator, left, right))

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805
        """Call a function or method; arguments and result are of a size that templates need."""
        BUDGET.step()
        check_arguments((*args, *kwargs.values()))
        owner = getattr(__obj, "__self__", None)
        if isinstance(owner, str):
            check_method(owner, __obj.__name__, args)
        elif isinstance(owner, dict) and __obj.__name__ == "update":
            check_update(owner, args)
        return weighed(super().call(__context, __obj, *args, **kwargs))

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        """`str.format` without very wide fields."""
        wrapped = super().wrap_str_format(value)
        if wrapped is not None and WIDE_FORMAT.search(value.__self__):
            raise LimitError("it formats a very wide field")
        return wrapped

    def unsafe_undefined(self, obj: Any, attribute: str) -> jinja2.Undefined:
        """Refuse, where Jinja would go on without a value."""
        raise SecurityError(f"it reads {attribute!r} of a {type(obj).__name__}")

    @staticmethod
    def concat(pieces: Iterable[str]) -> str:
        """Join the pieces of a rendering."""
        return join(pieces)


class _Counting(NodeTransformer):
    """Wraps loops, literals and `~` in filters of ours, which count."""

    def visit_For(self, node: nodes.For) -> nodes.For:  # noqa: N802
        self.generic_visit(node)
        node.iter = _filter(node.iter, "_watched")
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Expr:  # noqa: N802
        self.generic_visit(node)
        return _filter(nodes.List(node.nodes, lineno=node.lineno), "_joined")

    def visit_literal(self, node: Any) -> nodes.Expr:
        self.generic_visit(node)
        is_target = isinstance(node, nodes.Tuple) and node.ctx == "store"
        return node if is_target else _filter(node, "_weighed")

    visit_List = visit_Dict = visit_Tuple = visit_literal  # noqa: N815


def _filter(node: nodes.Node, name: str) -> nodes.Filter:
    return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno)


class _Generation(Extension):
    """`{% generation %}...{% endgeneration %}` gives its body and nothing else."""

    tags = {"generation"}  # noqa: RUF012

    def parse(self, parser: Parser) -> nodes.Node:
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return nodes.CallBlock(self.call_method("_body"), [], [], body).set_lineno(line)

    def _body(self, caller: Macro) -> str:
        return caller()


def make_environment(dialect: Dialect) -> Environment:
    """An environment with what templates of this kind are used to."""
    is_chat = dialect == "chat"
    environment = Environment(
        trim_blocks=is_chat,
        lstrip_blocks=is_chat,
        extensions=[_Generation, "jinja2.ext.loopcontrols"],
        finalize=weighed,
    )
    for name in REMOVED_GLOBALS:
        environment.globals.pop(name)
    for name in _REMOVED_FILTERS:
        environment.filters.pop(name)
    environment.filters["tojson"] = _to_json
    if not is_chat:
        environment.may_update = True
        environment.filters.update(
            choice=_choice, random=_choice, most_frequent=_most_frequent, highlight=_unmarked
        )
        environment.globals["zip"] = zip
    for name, function in environment.filters.items():
        environment.filters[name] = _guarded(function, name)
    environment.filters.update(_watched=CountedItems, _weighed=weighed, _joined=join)
    environment.globals.update(
        raise_exception=RaisedError.throw,
        strftime_now=datetime.now().strftime,  # one date for all renderings
    )
    return environment


@jinja2.pass_context  # else a list of constants is drawn from once, when it is compiled
def _choice(context: Context, values: Sequence[Any]) -> Any:
    """One of the values, drawn by the rendering's seed."""
    if not values:
        raise IndexError("nothing to choose from")
    return values[BUDGET.draw(len(values))]


def _most_frequent(values: Iterable[Any]) -> list[Any]:
    """The values that occur most often, in the order they first occur."""
    counts = Counter(values)
    most = max(counts.values(), default=0)
    return [value for value, count in counts.items() if count == most]


def _unmarked(value: Any) -> Any:
    """Promptsource's `highlight` colours a variable on its own pages; text has no colours."""
    return value


def _to_json(value: Any, ensure_ascii: bool = False, indent: Any = None, **rest: Any) -> str:
    allowed = {key: rest[key] for key in ("separators", "sort_keys") if key in rest}
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, **allowed)


def _guarded(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    """A filter that checks what goes in and what comes out, and counts as a step."""

    def guarded(*args: Any, **kwargs: Any) -> Any:
        BUDGET.step()
        check_arguments((*args, *kwargs.values()))
        texts = [value for value in args if isinstance(value, str)]
        if name == "replace" and len(texts) >= 3:
            BUDGET.allow(replaced_length(*texts[:3]))
        elif name == "format" and texts:
            check_format(texts[0], ())
        elif name == "join":
            check_join(args)
        return weighed(function(*args, **kwargs))

    for mark in ("jinja_pass_arg", "jinja_async_variant"):
        if hasattr(function, mark):
            setattr(guarded, mark, getattr(function, mark))
    return guarded
