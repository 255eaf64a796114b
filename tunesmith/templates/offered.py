"""A template that an installed package offers -> its record, tried before it is used.

A layout is code: it is tried with a few questions, must say the same in Python and in Jinja, and
what it writes is hashed into the contract of the models that are tuned with it. A chat template is
text, which the contract holds whole, so that such a model needs the package no more.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from tunesmith.entry_points import Plugin, answerable, find_plugin, load_plugin
from tunesmith.errors import DataError, MissingError, RecipeError, RefusedError
from tunesmith.files import hash_json
from tunesmith.sandbox.compiled_template import compile_template
from tunesmith.templates.chat_text import ChatText
from tunesmith.templates.text_template import TextLayout

_TRIED = (
    (None, "Name a river.", ""),
    (None, "Sort the words.", "pear apple"),
    ("Be brief.", "Name a river.", ""),
    ("Be brief.", "Sort the words.", "pear apple"),
)
_PACKAGE = re.compile(r"[A-Za-z0-9._-]{1,100}")
_VERSION = re.compile(r"[A-Za-z0-9.!+_-]{1,100}")


def offered_template(
    name: str, *, built_in: Collection[str]
) -> tuple[TextLayout | ChatText, dict[str, str]] | None:
    """The record of a template that a package offers, and what contracts say of it.

    Args:
        name: As a recipe says it.
        built_in: Names that no package can have.

    Raises:
        RecipeError: The package cannot be used.
    """
    plugin = find_plugin("templates", name, built_in=built_in)
    if plugin is None:
        return None
    record: TextLayout | ChatText = load_plugin(plugin, (TextLayout, ChatText))
    package = {"distribution": plugin.distribution, "version": plugin.version}
    if isinstance(record, ChatText):
        return record, package
    layout = _answerable_layout(record, plugin)
    return layout, {**package, "layout": _tried(layout, plugin)}


def needed_layout(name: str, needed: Mapping[str, Any], *, built_in: Collection[str]) -> TextLayout:
    """The layout that a model was tuned with.

    Args:
        name: Of the template.
        needed: What the model's contract says of the package.
        built_in: Names that no package can have.

    Raises:
        DataError: The contract is not one of Tunesmith's.
        MissingError: The package is not installed.
        RefusedError: The layout writes other text than when the model was tuned.
    """
    distribution, version = str(needed.get("distribution")), str(needed.get("version"))
    if not _PACKAGE.fullmatch(distribution) or not _VERSION.fullmatch(version):
        raise DataError("not a rendering contract of Tunesmith (plugin)")
    package = f"{distribution} {version}"
    found = offered_template(name, built_in=built_in)
    if found is None:
        raise MissingError(
            f"the model was tuned with template '{name}' of the package {package}, which is not "
            "installed",
            cure=f"If you trust it: pip install {distribution}=={version}",
        )
    record, offered = found
    if not isinstance(record, TextLayout) or offered["layout"] != needed.get("layout"):
        raise RefusedError(
            f"template '{name}' of {offered['distribution']} {offered['version']} writes other "
            f"text than that of {package}, which the model was tuned with",
            cure=f"Install the version of then: pip install {distribution}=={version}",
        )
    return record


def _answerable_layout(layout: TextLayout, plugin: Plugin) -> TextLayout:
    def lay_out(system: str | None, instruction: str, given: str) -> Sequence[tuple[str, bool]]:
        with answerable(plugin):
            return [
                (str(text), bool(is_content))
                for text, is_content in layout.lay_out(system, instruction, given)
            ]

    return replace(layout, lay_out=lay_out)


def _tried(layout: TextLayout, plugin: Plugin) -> str:
    """Try a layout, and hash what it writes.

    Raises:
        RecipeError: It leaves out a text, or says something else in Jinja.
    """
    written = []
    jinja = compile_template(f"{{{{- {layout.jinja} -}}}}", where=plugin.package)
    for system, instruction, given in _TRIED:
        if system is not None and not layout.has_system:
            continue
        pieces = layout.lay_out(system, instruction, given)
        contents = sorted(text for text, is_content in pieces if is_content and text)
        if contents != sorted(filter(None, (system, instruction, given))):
            words = f"marks {contents} as content, of {system!r}, {instruction!r} and {given!r}"
            raise _wrong(plugin, words)
        text = "".join(text for text, _ in pieces)
        in_jinja = jinja.render({"system": system, "instruction": instruction})
        if not given and in_jinja != text:
            raise _wrong(plugin, f"writes {text!r} in Python, but {in_jinja!r} in Jinja")
        written.append([piece for piece in pieces if piece[0]])
    return hash_json([written, list(layout.markers), layout.has_system])


def _wrong(plugin: Plugin, words: str) -> RecipeError:
    return RecipeError(
        f"{plugin.title} of {plugin.package} {words}",
        cure=f"That is a fault of {plugin.distribution}; tell its authors.",
    )
