"""A run and what the recipe says of the template -> the one template that its rows settle on.

What `auto` stands for is decided once, when the rows are prepared, and kept with the run; so is
the date that a template may write.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import orjson

from tunesmith.errors import RecipeError
from tunesmith.examples.example import Example
from tunesmith.examples.splitting.split import SPLITS
from tunesmith.language.translate import translate
from tunesmith.recipe.recipe import Recipe, TemplateRecipe
from tunesmith.stages.execution.claim import begun
from tunesmith.stages.execution.opened_run import Run
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.stages.responders.renderer import Renderer, recipe_renderer
from tunesmith.templates.chat_template import ChatTemplate
from tunesmith.templates.choice import RowShapes, TemplateChoice, choose_template
from tunesmith.templates.clock import date_in_words, unset_dates
from tunesmith.templates.names import find_template
from tunesmith.templates.template import Template

_ONE_TURN, _ANSWER, _NO_INPUT = b'"instruction":', b'","response":"', b'","input":"'
_WAITING = (b":", b">", b"]", b"assista", b"model")  # without what JSON writes white space as
_SPACE = rb"\nrt "
_END = 60  # bytes
_GIVEN = frozenset({"messages", "add_generation_prompt", "tools", "documents"})


def asked_renderer(run: Run) -> Renderer:
    """The recipe's template as far as it is known before the rows are."""
    return recipe_renderer(run.recipe, run.recipe_folder, moment=begun(run.folder.path))


def settled_renderer(run: Run, asked: Renderer | None = None) -> Renderer:
    """The template that the run was prepared with.

    Args:
        run: It is prepared.
        asked: Of the run, if it is loaded.
    """
    asked = asked or asked_renderer(run)
    if not asked.is_open:
        return asked
    chosen = run.folder.read_manifest()["prepare"]["result"]["template"]
    return with_choice(asked, run.recipe.template, chosen["name"], moment=begun(run.folder.path))


def with_choice(
    asked: Renderer, recipe: TemplateRecipe, name: str, *, moment: datetime
) -> Renderer:
    """The same with the template that `auto` came to."""
    named = recipe.model_copy(update={"name": name})
    template = find_template(named, asked.tokenizer.texts, moment=moment)
    return replace(asked, template=template, is_open=False)


def settled_recipe(recipe: Recipe, asked: Renderer, settled: Renderer) -> Recipe:
    """The recipe with what its template came to, as a run's folder keeps it."""
    found: dict[str, str] = {"name": settled.template.name} if asked.is_open else {}
    date = settled.template.contract.get("date")
    if date is not None and recipe.template.date == "auto" and settled.place.contract is None:
        found["date"] = date
    template = recipe.template.model_copy(update=found)
    return recipe.model_copy(update={"template": template})


def choose_for(shapes: RowShapes, asked: Renderer, recipe: TemplateRecipe) -> TemplateChoice:
    """What `auto` comes to for rows of these shapes."""
    has_chat = asked.tokenizer.texts.chat_template is not None
    return choose_template(shapes, recipe, has_chat=has_chat)


def prepared_shapes(folder: RunFolder) -> RowShapes:
    """The shapes of all rows of a run that is being prepared."""
    shapes = RowShapes()
    for split in SPLITS:
        with folder.examples(split).open("rb") as lines:
            for line in lines:
                if _asks_plainly(line):
                    shapes.rows += 1
                else:
                    shapes.take(Example.from_json(orjson.loads(line)).messages)
    return shapes


def _asks_plainly(line: bytes) -> bool:
    """Whether a row is one question, which waits for no answer; told without reading it whole."""
    if line.find(_ONE_TURN, 0, _END) < 0:
        return False
    end = line.find(_ANSWER)
    question = line[max(0, end - _END) : end].removesuffix(_NO_INPUT)
    return not question.rstrip(_SPACE).endswith(_WAITING)


def other_templates(settled: Renderer, recipe: TemplateRecipe) -> Iterator[tuple[str, Template]]:
    """The templates that could be offered for rows which the settled one refuses."""
    texts = settled.tokenizer.texts
    own = ["chat"] if texts.chat_template else []
    for name in (*own, "chatml", "plain"):
        if name != settled.template.name:
            try:
                yield name, find_template(TemplateRecipe(name=name, system=recipe.system), texts)
            except (RecipeError, ValueError):
                continue


def date_notices(template: Template) -> list[str]:
    """What a person should know of the date in a template's prompts."""
    if not isinstance(template, ChatTemplate):
        return []
    if template.date is not None:
        return [
            translate(
                "template '{name}' writes the date: it is {date} in every row, in training and in "
                "use (template.date: none leaves it out, template.date: 2026-11-30 names another)",
                name=template.name,
                date=date_in_words(template.date),
            )
        ]
    set_here = {*template.options, *template.named_texts, *dict(template.texts.named_tokens)}
    return [
        translate(
            "template '{name}' reads {key}, which nothing sets: it stays empty in training and in "
            "use, unless template.options: {{{key}: ...}} names a date",
            name=template.name,
            key=name,
        )
        for name in unset_dates(template.compiled, _GIVEN | set_here)
    ]
