"""Untrusted templates render what transformers renders, and cannot do anything else."""

import re
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest
from jinja2 import TemplateError
from transformers.utils.chat_template_utils import _compile_jinja_template

from tests.material.build_tokenizers import HERE as MATERIAL
from tunesmith.errors import DataError, RecipeError
from tunesmith.sandbox.compiled_template import CompiledTemplate, compile_template

UNSAFE = [
    "{{ lipsum.__globals__ }}",
    "{{ cycler.__init__.__globals__ }}",
    "{{ ''.__class__.__mro__ }}",
    "{{ raise_exception.__self__ }}",
    "{{ ('{0.__class__.__mro__}').format(1).x.y }}{{ messages.append(1) }}",
    "{{ messages.__init__ | string }}{{ messages.clear() }}",
    "{% include 'secret' %}",
    "{% import 'os' as os %}",
    "{% extends 'other' %}",
]
BOMBS = [
    "{{ 'a' * 10**9 }}",
    "{{ 10**9 * 'a' }}",
    "{{ ['a'] * 10**9 }}",
    "{% for i in range(10**9) %}x{% endfor %}",
    "{% for i in range(9999) %}{% for j in range(9999) %}{% for k in range(9999) %}"
    "{% endfor %}{% endfor %}{% endfor %}",
    "{% set n = namespace(x='a') %}{% for i in range(60) %}{% set n.x = n.x ~ n.x %}{% endfor %}",
    "{% set n = namespace(x='a') %}{% for i in range(60) %}{% set n.x = n.x + n.x %}{% endfor %}",
    "{% set n = namespace(x='a') %}{% for i in range(60) %}"
    "{% set n.x %}{{ n.x }}{{ n.x }}{% endset %}{% endfor %}",
    "{% set n = namespace(x=['a']) %}{% for i in range(60) %}{% set n.x = [n.x, n.x] %}{% endfor %}"
    "{{ n.x }}",
    "{% macro m(x, k) %}{% if k %}{{ m(x + x, k - 1) }}{% else %}{{ x }}{% endif %}{% endmacro %}"
    "{{ m('aa', 60) }}",
    "{{ 'a'.center(10**9) }}",
    "{{ 'a' | center(10**9) }}",
    "{{ '%999999999d' % 1 }}",
    "{{ '%*d' % (999999999, 1) }}",
    "{{ '%999999999d' | format(1) }}",
    "{{ '{:>999999999}'.format(1) }}",
    "{{ '{:>{}}'.format(1, 999999999) }}",
    "{{ 9 ** (9 ** 9) }}",
    "{{ ('a' * 1000000).replace('a', 'b' * 1000000) }}",
    "{{ ('a' * 1000000) | replace('a', 'b' * 1000000) }}",
    "{{ (['a' * 1000000] * 3) | join('b' * 3000000) }}",
    "{{ 'x' | indent(10**9) }}",
    "{{ [1] | batch(10**9, 'x') | list }}",
    "{{ (1, 2) | tojson(indent=10**9) }}",
    "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
]


@pytest.mark.parametrize("text", UNSAFE)
def test_unsafe_templates_are_refused(text: str) -> None:
    with pytest.raises(RecipeError, match="the template is refused"):
        compile_template(text, where="t").render({"messages": []})


@pytest.mark.parametrize("text", BOMBS, ids=range(len(BOMBS)))
def test_bombs_are_stopped(text: str) -> None:
    start = time.monotonic()
    with pytest.raises(RecipeError, match="the template is refused"):
        compile_template(text, where="t").render({"messages": []})
    assert time.monotonic() - start < 8


def test_long_rendering_is_stopped_by_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tunesmith.sandbox.limits.MAX_SECONDS", 0.05)
    calls = "{% macro f(n) %}{{ f(n - 1) if n }}{{ f(n - 1) if n }}{% endmacro %}{{ f(60) }}"
    with pytest.raises(RecipeError, match="seconds"):
        compile_template(calls, where="t").render({})


def test_limits_hold_in_threads_and_forked_workers() -> None:
    template = compile_template("{{ messages * 10**9 }}", where="t")
    caught: list[BaseException] = []

    def render() -> None:
        try:
            template.render({"messages": "a"})
        except RecipeError as error:
            caught.append(error)

    thread = threading.Thread(target=render)
    thread.start()
    thread.join()
    assert len(caught) == 1
    with ProcessPoolExecutor(1, mp_context=get_context("fork")) as pool:
        assert isinstance(pool.submit(_error_of, template).exception(), RecipeError)


def _error_of(template: CompiledTemplate) -> str:
    return template.render({"messages": "a"})


def test_a_large_row_is_not_a_bomb() -> None:
    text = "a" * 5_000_000
    template = compile_template("{{ messages[0]['content'] | trim }}!", where="t")
    assert template.render({"messages": [{"role": "user", "content": text}]}) == f"{text}!"


def test_raise_exception_gives_the_words_of_the_template() -> None:
    template = compile_template("{{ raise_exception('roles must alternate') }}", where="x.jinja")
    with pytest.raises(DataError, match=r"x\.jinja: the template says: roles must alternate"):
        template.render({})


def test_failing_template_is_a_data_error() -> None:
    for text in ("{{ missing + 'a' }}", "{{ 1 + 'a' }}", "{{ 1 / 0 }}", "{{ none.x.y }}"):
        with pytest.raises(DataError, match="the template failed"):
            compile_template(text, where="t").render({})


def test_syntax_error_names_the_line() -> None:
    with pytest.raises(RecipeError, match=r"x\.jinja:2: not a valid Jinja template"):
        compile_template("ok\n{% if %}", where="x.jinja")


def test_variables_are_the_names_a_template_reads() -> None:
    template = compile_template("{% set a = 1 %}{{ a }}{{ enable_thinking }}", where="t")
    assert template.variables == {"enable_thinking"}


FEATURES = [
    "{% for m in messages %}{{ loop.index }}/{{ loop.length }}{% if loop.last %}.{% endif %}"
    "{% if m.role == 'user' %}{% continue %}{% endif %}{{ m.content }}{% endfor %}",
    "{%- for k, v in {'a': 1, 'b': 2}.items() %}{{ k ~ v ~ '\n' }}{% endfor %}  x  \n"
    "{% if true %}\n  y\n{% endif %}z\n",
    "{{ {'ü': [1, 2, {'b': none}]} | tojson }}{{ [1, 2] | tojson(indent=2) }}",
    "{% generation %}{{ messages[-1].content }}{% endgeneration %}!",
    "{% set ns = namespace(n=0) %}{% for m in messages %}{% set ns.n = ns.n + 1 %}{% endfor %}"
    "{{ ns.n }}{{ messages[::-1][0].role }}{{ messages[1:] | length }}",
    "{% macro f(a, b='x') %}{{ a }}-{{ b }}{% endmacro %}{{ f(1) }}{{ f('q', b=[1, (2, 3)]) }}",
    "{{ 'a,b'.split(',') | join('+') | upper }}{{ '%s:%d' % ('k', 3) }}{{ 'x' in ['x', 'y'] }}",
    "{{ messages | map(attribute='role') | list }}{{ messages | selectattr('role', 'equalto', "
    "'user') | map(attribute='content') | join(' ') }}",
    "{% set x %}a{{ 1 }}b{% endset %}{{ x | trim }}{{ x is string }}{{ [1] is iterable }}"
    "{{ undefined_name is defined }}{{ none_such }}",
    "{% for a in [1, 2, 3] if a > 1 %}{{ a }}{% else %}none{% endfor %}{{ range(3) | list }}"
    "{{ 2**8 }}{{ 7 % 4 }}{{ 'ab' * 2 }}{{ ([1] * 2) + [3] }}",
    "{% for x in tree recursive %}{{ x.n }}{% if x.c %}({{ loop(x.c) }}){% endif %}{% endfor %}",
]


@pytest.mark.parametrize("text", FEATURES, ids=range(len(FEATURES)))
def test_features_render_as_in_transformers(text: str) -> None:
    values = {
        "messages": [
            {"role": "user", "content": " hi "},
            {"role": "assistant", "content": "yo\n"},
        ],
        "tree": [{"n": 1, "c": [{"n": 2, "c": []}]}, {"n": 3}],
    }
    expected = _compile_jinja_template(text).render(**values)
    assert compile_template(text, where="t").render(values) == expected


def test_our_templates_render_as_in_transformers() -> None:
    assert_rendered_as_in_transformers(MATERIAL / "templates")


def test_real_templates_render_as_in_transformers(shared_data: Path) -> None:
    assert_rendered_as_in_transformers(shared_data / "chat_templates")


def assert_rendered_as_in_transformers(folder: Path) -> None:
    conversations = [
        [("user", " hi\n\n")],
        [("user", "a"), ("assistant", " b")],
        [("system", " s "), ("user", "a"), ("assistant", "<think>x</think> b"), ("user", "c")],
    ]
    paths = sorted(folder.glob("*.jinja"))
    assert len(paths) >= 20
    for path in paths:
        text = path.read_text(encoding="utf-8")
        ours, theirs = compile_template(text, where=path.name), _compile_jinja_template(text)
        for turns in conversations:
            values = {
                "messages": [{"role": role, "content": content} for role, content in turns],
                "add_generation_prompt": turns[-1][0] == "user",
                "bos_token": "<s>",
                "eos_token": "</s>",
                "tools": None,
            }
            try:
                expected = theirs.render(**values)
            except TemplateError as refusal:
                with pytest.raises(DataError, match=re.escape(str(refusal))):
                    ours.render(values)
            else:
                assert ours.render(values) == expected, path.name
