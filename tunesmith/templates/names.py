"""A name from the recipe, or a contract from a saved model -> the template.

`auto` is the tokenizer's own chat template, or alpaca where it has none, until the rows are known
(`choice`). Installed packages add names of their own (`offered`).
"""

import difflib
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from tunesmith.errors import DataError, MissingError, RecipeError, RefusedError
from tunesmith.recipe.recipe import TemplateRecipe
from tunesmith.sandbox.compiled_template import CompiledTemplate, compile_template
from tunesmith.templates import alpaca, chatml, concatenate, phi3, question_answer
from tunesmith.templates.chat_probe import chat_template
from tunesmith.templates.chat_template import ChatTemplate
from tunesmith.templates.clock import CLOCK, fixed_date, reads_clock, with_date
from tunesmith.templates.offered import needed_layout, offered_template
from tunesmith.templates.plain import PlainTemplate
from tunesmith.templates.template import Template, TokenizerTexts
from tunesmith.templates.text_template import TextLayout, TextTemplate, jinja_literal

LAYOUTS = {
    layout.name: layout for layout in (alpaca.LAYOUT, question_answer.LAYOUT, concatenate.LAYOUT)
}
CHATS = {chat.name: chat for chat in (chatml.CHAT, phi3.CHAT)}
OTHERS = {
    "auto": "the tokenizer's own chat template, or where it has none what the rows need",
    "chat": "the tokenizer's own chat template",
    "plain": "text alone, every token trained",
}
NAMES = tuple(sorted([*OTHERS, *LAYOUTS, *CHATS]))
_GIVEN = {"messages", "add_generation_prompt", "tools", "documents"}
_WHERE = "template"


def find_template(
    recipe: TemplateRecipe, texts: TokenizerTexts, *, moment: datetime | None = None
) -> Template:
    """The template that a recipe names, ready for one tokenizer.

    Args:
        recipe: Its name and settings; `auto` takes what needs no look at the rows.
        texts: Of the tokenizer.
        moment: What a template that asks for the date is told; None is the time of each use.

    Raises:
        RecipeError: The name is unknown, a setting has no effect, or the template cannot be
            handled exactly.
        MissingError: The `.jinja` file does not exist.
    """
    name = recipe.name
    if name == "auto":
        name = "chat" if texts.chat_template else "alpaca"
    if name == "plain":
        _check_settings(name, recipe, has_system=False)
        return PlainTemplate(texts=texts)
    if name in LAYOUTS:
        return _text_template(LAYOUTS[name], recipe, texts)
    if offered := None if name in NAMES else offered_template(name, built_in=NAMES):
        record, package = offered
        if isinstance(record, TextLayout):
            return _text_template(record, recipe, texts, package)
        template = _chat_template(name, _with_begin(record.text, texts), recipe, texts, moment)
        return replace(template, plugin=package)
    return _chat_template(name, _jinja_text(name, texts), recipe, texts, moment)


def template_from_contract(contract: Mapping[str, Any], texts: TokenizerTexts) -> Template:
    """The template a model was tuned with.

    Args:
        contract: What `Template.contract` gave when the model was saved.
        texts: Of the tokenizer that was saved with it.

    Raises:
        DataError: The contract is not one of Tunesmith's.
        MissingError: A package that the template came from is not installed.
        RefusedError: The tokenizer is not the one that the contract was made for, or the
            package writes other text now.
    """
    try:
        name, text, package = contract["name"], contract["text"], contract.get("plugin")
        if not isinstance(name, str) or not isinstance(package, dict | None):
            raise TypeError("name or plugin")
        recipe = TemplateRecipe(
            name=name if text is None and package is None else "chat",
            system=contract["system"],
            options=contract["options"],
            train_on=contract["train_on"],
        )
    except (KeyError, ValueError, TypeError) as error:
        raise DataError(f"not a rendering contract of Tunesmith ({error})") from None
    if text is not None:
        chat = _chat_template(name, text, recipe, texts)
        template: Template = replace(chat, plugin=package, date=contract.get("date"))
    elif package is not None:
        layout = needed_layout(name, package, built_in=NAMES)
        template = _text_template(layout, recipe, texts, package)
    else:
        template = find_template(recipe, texts)
    if template.contract != dict(contract):
        raise RefusedError(
            "the tokenizer does not fit the model's rendering contract "
            f"(stop tokens {', '.join(contract.get('stop_tokens', []))}; with this tokenizer "
            f"{', '.join(template.stop_tokens)})",
            cure="Use the tokenizer that lies beside the model's weights.",
        )
    return template


def _text_template(
    layout: TextLayout,
    recipe: TemplateRecipe,
    texts: TokenizerTexts,
    package: Mapping[str, Any] | None = None,
) -> TextTemplate:
    _check_settings(layout.name, recipe, has_system=layout.has_system)
    return TextTemplate(
        layout=layout,
        texts=texts,
        system=recipe.system,
        train_on=recipe.train_on,
        plugin=package,
    )


def _check_settings(name: str, recipe: TemplateRecipe, *, has_system: bool) -> None:
    if recipe.options:
        raise RecipeError(
            f"template '{name}' has no options; found {', '.join(recipe.options)}",
            where="template.options",
            cure="Leave them out, or use a Jinja template.",
        )
    if recipe.date != "auto":
        raise RecipeError(
            f"template '{name}' writes no date",
            where="template.date",
            cure="Leave it out, or use a Jinja template that asks for the date.",
        )
    if recipe.system is not None and not has_system:
        raise RecipeError(
            f"template '{name}' has no place for a system prompt",
            where="template.system",
            cure="Leave it out, or use template chatml or alpaca.",
        )


def _chat_template(
    name: str,
    text: str,
    recipe: TemplateRecipe,
    texts: TokenizerTexts,
    moment: datetime | None = None,
) -> ChatTemplate:
    where = f"template '{name}'"
    compiled = compile_template(text, where=where)
    _check_options(name, compiled, recipe)
    date = _date_of(name, compiled, recipe, moment)
    if date is not None:
        compiled = compile_template(with_date(text, date), where=where)
    template = chat_template(
        name,
        compiled,
        texts=texts,
        system=recipe.system,
        train_on=recipe.train_on,
        options=dict(recipe.options),
    )
    return replace(template, date=date)


def _date_of(
    name: str, compiled: CompiledTemplate, recipe: TemplateRecipe, moment: datetime | None
) -> str | None:
    """What the template's clock is set to; None where it has none, or is to go on."""
    if reads_clock(compiled):
        return fixed_date(recipe.date, moment)
    if recipe.date != "auto":
        raise RecipeError(
            f"template '{name}' does not ask for the date ({CLOCK})",
            where="template.date",
            cure="Leave it out; a variable that is a date belongs under template.options.",
        )
    return None


def _check_options(name: str, compiled: CompiledTemplate, recipe: TemplateRecipe) -> None:
    known = sorted(compiled.variables - _GIVEN)
    for option in recipe.options:
        if option not in known:
            raise RecipeError(
                f"template '{name}' reads no variable '{option}'",
                where="template.options",
                cure=f"It reads {', '.join(known) or 'none'}.{_nearest(option, known)}",
            )


def _jinja_text(name: str, texts: TokenizerTexts) -> str:
    if name in CHATS:
        return _with_begin(CHATS[name].text, texts)
    if name == "chat":
        if texts.chat_template is None:
            raise RecipeError(
                "the tokenizer has no chat template",
                where="template.name",
                cure="Use template chatml or alpaca, or name a .jinja file.",
            )
        return texts.chat_template
    if name.endswith((".jinja", ".j2", ".jinja2")):
        return _read(Path(name))
    raise RecipeError(
        f"template '{name}' is unknown",
        where="template.name",
        cure=f"Known: {', '.join(NAMES)}, or a .jinja file.{_nearest(name, NAMES)}",
    )


def _with_begin(text: str, texts: TokenizerTexts) -> str:
    """A built-in chat template with the begin text that the tokenizer itself puts in front."""
    begin = texts.begin or ""
    if any(token in text for token in texts.control_tokens):
        begin = begin.removesuffix(" ")  # no space is put before a control token
    return f"{{{{ {jinja_literal(begin)} }}}}{text}" if begin else text


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        raise MissingError(
            "no such template file",
            where=str(path),
            cure="The path is taken from the folder you are in.",
        ) from None
    except UnicodeDecodeError as error:
        raise RecipeError(f"not UTF-8 text ({error.reason})", where=str(path)) from None


def _nearest(name: str, known: "tuple[str, ...] | list[str]") -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f" Did you mean {near[0]}?" if near else ""
