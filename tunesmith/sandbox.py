"""Untrusted Jinja text -> a compiled template with limits -> rendered text.

The only module that imports jinja2. The environment is transformers' (trimmed blocks, loop
controls, the `generation` tag, its `tojson`, `raise_exception`, `strftime_now`), so ordinary
templates render the same text. On top of the sandbox every place that can multiply work or
text is counted: loops, calls, operators, filters, literals and joined output.
"""

import json
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.exceptions import SecurityError
from jinja2.ext import Extension
from jinja2.meta import find_undeclared_variables
from jinja2.parser import Parser
from jinja2.runtime import Context, Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

from tunesmith.errors import DataError, RecipeError

MAX_TEMPLATE_CHARS = 256_000
MAX_OUTPUT_CHARS = 4_000_000  # and 16 times the characters that go in
MAX_STEPS = 1_000_000  # loop passes and calls
MAX_SECONDS = 5.0
MAX_ITEMS = 200_000  # values within one list or mapping, nested ones included
MAX_NUMBER = 100_000  # an integer that a filter or method takes, such as a width

_REMOVED_GLOBALS = ("lipsum", "cycler", "joiner")
_REMOVED_FILTERS = ("random", "pprint", "urlize", "striptags", "wordwrap", "xmlattr", "urlencode")
_WIDE_FORMAT = re.compile(r"\d{5}")
_FAULT = (jinja2.TemplateError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
_UNSAFE = (SecurityError, OverflowError, RecursionError, MemoryError)


class _LimitError(SecurityError):
    """A template does more than a template has to."""


class _RaisedError(jinja2.TemplateError):
    """The template itself called `raise_exception`."""

    @classmethod
    def throw(cls, message: object) -> None:
        raise cls(str(message))


class _Budget(threading.local):
    """What the rendering of this thread may still use."""

    steps = MAX_STEPS
    chars = MAX_OUTPUT_CHARS
    deadline = float("inf")

    def refill(self, num_chars: int) -> None:
        self.steps = MAX_STEPS
        self.chars = MAX_OUTPUT_CHARS + 16 * num_chars
        self.deadline = time.monotonic() + MAX_SECONDS

    def step(self) -> None:
        self.steps -= 1
        if self.steps < 0:
            raise _LimitError(f"it takes more than {MAX_STEPS:,} steps")
        if time.monotonic() > self.deadline:
            raise _LimitError(f"it takes more than {MAX_SECONDS:g} seconds")

    def allow(self, num_chars: int) -> None:
        if num_chars > self.chars:
            raise _LimitError(f"it makes a text of more than {self.chars:,} characters")


_BUDGET = _Budget()


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledTemplate:
    """A template that is ready to render, again and again, from any thread.

    `variables` are the names that it reads and does not set itself.
    """

    where: str
    text: str
    variables: frozenset[str]
    _template: jinja2.Template

    def render(self, variables: Mapping[str, Any]) -> str:
        """Render with plain values (text, numbers, lists and mappings of them).

        Raises:
            RecipeError: The template is unsafe, or exceeds a limit.
            DataError: The template refuses these values or cannot deal with them.
        """
        _BUDGET.refill(_weigh(variables))
        try:
            return self._template.render(variables)
        except _RaisedError as error:
            raise DataError(f"the template says: {error.message}", where=self.where) from None
        except _UNSAFE as error:
            raise _unsafe(error, self.where) from None
        except _FAULT as error:
            raise DataError(f"the template failed: {error}", where=self.where) from None

    def __reduce__(self) -> tuple[Any, ...]:
        return partial(compile_template, where=self.where), (self.text,)


def compile_template(text: str, *, where: str) -> CompiledTemplate:
    """Compile a Jinja template.

    Args:
        text: The template.
        where: What errors name as its place: a file, or whose template it is.

    Raises:
        RecipeError: It is not valid Jinja, too long, or unsafe.
    """
    if len(text) > MAX_TEMPLATE_CHARS:
        raise RecipeError(f"a template of {len(text):,} characters is too long", where=where)
    environment = _environment()
    _BUDGET.refill(len(text))
    try:
        variables = _read_variables(environment, text)
        template = environment.from_string(text)
    except jinja2.TemplateSyntaxError as error:
        line = f"{where}:{error.lineno}"
        raise RecipeError(f"not a valid Jinja template: {error.message}", where=line) from None
    except _UNSAFE as error:
        raise _unsafe(error, where) from None
    names = variables - environment.globals.keys()
    return CompiledTemplate(where=where, text=text, variables=names, _template=template)


def _read_variables(environment: "_Environment", text: str) -> frozenset[str]:
    tree = environment.parse(text)
    others: Any = (nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)
    if tree.find(others):
        raise SecurityError("it reads other templates")
    variables = find_undeclared_variables(tree)
    if removed := variables.intersection(_REMOVED_GLOBALS):
        raise SecurityError(f"it uses {', '.join(sorted(removed))}")
    return frozenset(variables)


def _unsafe(error: BaseException, where: str) -> RecipeError:
    reason = str(error) or type(error).__name__
    return RecipeError(
        f"the template is refused: {reason}",
        where=where,
        cure="Use a template from a source that you trust.",
    )


class _Environment(ImmutableSandboxedEnvironment):
    """Transformers' environment, with every multiplying operation counted."""

    intercepted_binops = frozenset(["+", "*", "**", "%"])

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        counted: nodes.Template = _Counting().visit(tree)
        return counted

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Apply an operator whose result can be larger than its operands."""
        if operator == "+":
            if isinstance(left, str) and isinstance(right, str):
                _BUDGET.allow(len(left) + len(right))
                return left + right
        elif operator == "*":
            _check_product(left, right)
        elif operator == "**":
            _check_power(left, right)
        elif isinstance(left, str):
            _check_format(left, right)
        return _weighed(super().call_binop(context, operator, left, right))

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805
        _BUDGET.step()
        _check_arguments((*args, *kwargs.values()))
        owner = getattr(__obj, "__self__", None)
        if isinstance(owner, str):
            _check_method(owner, __obj.__name__, args)
        return _weighed(super().call(__context, __obj, *args, **kwargs))

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        wrapped = super().wrap_str_format(value)
        if wrapped is not None and _WIDE_FORMAT.search(value.__self__):
            raise _LimitError("it formats a very wide field")
        return wrapped

    def unsafe_undefined(self, obj: Any, attribute: str) -> jinja2.Undefined:
        raise SecurityError(f"it reads {attribute!r} of a {type(obj).__name__}")

    @staticmethod
    def concat(pieces: Iterable[str]) -> str:
        return _join(pieces)


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


def _environment() -> _Environment:
    environment = _Environment(
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=[_Generation, "jinja2.ext.loopcontrols"],
        finalize=_weighed,
    )
    for name in _REMOVED_GLOBALS:
        environment.globals.pop(name)
    for name in _REMOVED_FILTERS:
        environment.filters.pop(name)
    environment.filters["tojson"] = _to_json
    for name, function in environment.filters.items():
        environment.filters[name] = _guarded(function, name)
    environment.filters.update(_watched=_Watched, _weighed=_weighed, _joined=_join)
    environment.globals.update(
        raise_exception=_RaisedError.throw,
        strftime_now=datetime.now().strftime,  # one date for all renderings
    )
    return environment


def _to_json(value: Any, ensure_ascii: bool = False, indent: Any = None, **rest: Any) -> str:
    allowed = {key: rest[key] for key in ("separators", "sort_keys") if key in rest}
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, **allowed)


def _guarded(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    """A filter that checks what goes in and what comes out, and counts as a step."""

    def guarded(*args: Any, **kwargs: Any) -> Any:
        _BUDGET.step()
        _check_arguments((*args, *kwargs.values()))
        texts = [value for value in args if isinstance(value, str)]
        if name == "replace" and len(texts) >= 3:
            _BUDGET.allow(_replaced_length(*texts[:3]))
        elif name == "format" and texts:
            _check_format(texts[0], ())
        elif name == "join":
            _check_join(args)
        return _weighed(function(*args, **kwargs))

    for mark in ("jinja_pass_arg", "jinja_async_variant"):
        if hasattr(function, mark):
            setattr(guarded, mark, getattr(function, mark))
    return guarded


@dataclass(frozen=True, slots=True)
class _Watched:
    """A loop's items; each pass is a step."""

    items: Any

    def __iter__(self) -> Iterator[Any]:
        for item in self.items:
            _BUDGET.step()
            yield item

    def __len__(self) -> int:
        return len(self.items)


def _weighed(value: Any) -> Any:
    """The value, if it is of a size that templates need."""
    if isinstance(value, str):
        _BUDGET.allow(len(value))
    elif isinstance(value, list | tuple | dict):
        _BUDGET.allow(_weigh(value))
    return value


def _weigh(value: Any) -> int:
    """Characters of all texts within a value; the number of values is limited."""
    waiting = [value]
    num_chars = 0
    num_items = 0
    while waiting:
        item = waiting.pop()
        num_items += 1
        if isinstance(item, str):
            num_chars += len(item)
        elif isinstance(item, list | tuple):
            waiting.extend(item)
        elif isinstance(item, Mapping):
            waiting += [*item.keys(), *item.values()]
        if num_items + len(waiting) > MAX_ITEMS:
            raise _LimitError(f"it makes a list of more than {MAX_ITEMS:,} values")
    return num_chars


def _join(pieces: Iterable[Any]) -> str:
    texts = []
    num_chars = 0
    for piece in pieces:
        text = piece if isinstance(piece, str) else str(_weighed(piece))
        num_chars += len(text)
        _BUDGET.allow(num_chars)
        texts.append(text)
    return "".join(texts)


def _check_arguments(values: Iterable[Any]) -> None:
    for value in values:
        if isinstance(value, int) and abs(value) > MAX_NUMBER:
            raise _LimitError(f"it calls a function with the number {value:.3g}")


def _check_method(owner: str, name: str, args: tuple[Any, ...]) -> None:
    if name == "replace" and len(args) >= 2:
        _BUDGET.allow(_replaced_length(owner, str(args[0]), str(args[1])))
    elif name == "join" and args:
        _check_join((args[0], owner))
    elif name == "translate":
        raise SecurityError("it calls str.translate")


def _replaced_length(text: str, old: str, new: str) -> int:
    return len(text) + text.count(old) * len(new)


def _check_join(args: tuple[Any, ...]) -> None:
    separator = max((len(value) for value in args if isinstance(value, str)), default=0)
    for value in args:
        if isinstance(value, list | tuple):
            _BUDGET.allow(_weigh(value) + separator * len(value))


def _check_product(left: Any, right: Any) -> None:
    for value, count in ((left, right), (right, left)):
        if isinstance(value, str | list | tuple) and isinstance(count, int):
            size = len(value) if isinstance(value, str) else _weigh(value) + len(value)
            _BUDGET.allow(size * max(count, 0))
            if not isinstance(value, str) and len(value) * count > MAX_ITEMS:
                raise _LimitError(f"it makes a list of more than {MAX_ITEMS:,} values")
    if isinstance(left, int) and isinstance(right, int):
        _check_bits(left.bit_length() + right.bit_length())


def _check_power(left: Any, right: Any) -> None:
    if isinstance(left, int) and isinstance(right, int):
        _check_bits(left.bit_length() * abs(right))


def _check_bits(num_bits: int) -> None:
    if num_bits > 4096:
        raise _LimitError("it computes a very large number")


def _check_format(pattern: str, values: Any) -> None:
    if _WIDE_FORMAT.search(pattern):
        raise _LimitError("it formats a very wide field")
    _check_arguments(values if isinstance(values, tuple) else (values,))
