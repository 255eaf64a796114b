"""A recipe -> the tokenizer and the template that its rows are rendered with."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from tunesmith.errors import DataError
from tunesmith.examples.example import Message
from tunesmith.files import hash_json
from tunesmith.language.translate import translate
from tunesmith.models.load import ModelPlace, find_model
from tunesmith.recipe.recipe import Recipe, TemplateRecipe
from tunesmith.templates.names import find_template, template_from_contract
from tunesmith.templates.template import Template
from tunesmith.tokens.beyond import refuse_beyond
from tunesmith.tokens.encode import encode_rows
from tunesmith.tokens.tokenizer import Tokenizer, load_tokenizer


@dataclass(frozen=True, slots=True, kw_only=True)
class Renderer:
    """How conversations become ids for one model.

    Attributes:
        place: The model.
        tokenizer: Its tokenizer.
        template: Ready for that tokenizer.
        warning: What the user should know about the choice, if anything.
        is_open: The rows have a say in the template (`auto`), and have not been read.
    """

    place: ModelPlace
    tokenizer: Tokenizer
    template: Template
    warning: str | None = None
    is_open: bool = False

    @property
    def is_wrapping(self) -> bool:
        """Whether it writes anything around a question, as far as is known."""
        return self.is_open or bool(self.template.markers)

    @property
    def fingerprint(self) -> str:
        """A hash of all that decides the ids, the rows apart."""
        open_choice = ["auto"] if self.is_open else []
        return hash_json([self.tokenizer.fingerprint, self.template.contract, *open_choice])

    @property
    def stop_ids(self) -> list[int]:
        """Ids that end an answer."""
        return list(self.tokenizer.stop_ids(self.template.stop_tokens))


def recipe_model(recipe: Recipe, recipe_folder: Path) -> ModelPlace:
    """The base model of a recipe; a relative folder is looked for beside the recipe too."""
    name = recipe.model.name
    beside = recipe_folder / name
    if name != "starter" and not Path(name).exists() and beside.is_dir():
        name = str(beside)
    return find_model(name, revision=recipe.model.revision)


def recipe_renderer(
    recipe: Recipe, recipe_folder: Path, *, moment: datetime | None = None
) -> Renderer:
    """The recipe's template on its model's tokenizer.

    A model that Tunesmith tuned keeps its own template under `auto`; another may be
    asked for, with a warning.

    Args:
        recipe: Its model and template.
        recipe_folder: What relative paths are relative to.
        moment: What a template that asks for the date is told; None is the time of each use.
    """
    place = recipe_model(recipe, recipe_folder)
    tokenizer = load_tokenizer(place.path, revision=place.revision)
    contract = place.contract
    if contract is not None and keeps_own(recipe.template):
        own = template_from_contract(contract["template"], tokenizer.texts)
        return Renderer(place=place, tokenizer=tokenizer, template=own)
    asked = _beside(recipe.template, recipe_folder)
    template = find_template(asked, tokenizer.texts, moment=moment)
    if contract is None:
        is_open = recipe.template.name == "auto"
        return Renderer(place=place, tokenizer=tokenizer, template=template, is_open=is_open)
    own = template_from_contract(contract["template"], tokenizer.texts)
    is_same = template.contract == own.contract
    warning = translate(
        "{model} was tuned with template {first}; this recipe tunes it further with {second}",
        model=place.name,
        first=own.name,
        second=template.name,
    )
    return Renderer(
        place=place,
        tokenizer=tokenizer,
        template=template,
        warning=None if is_same else warning,
    )


def keeps_own(recipe: TemplateRecipe) -> bool:
    """Whether a recipe asks for nothing that a tuned model's own template would not do."""
    return recipe.model_copy(update={"when_misfit": "stop"}) == TemplateRecipe()


def model_renderer(place: ModelPlace, *, moment: datetime | None = None) -> Renderer:
    """How a model wants to be asked: its contract, else its chat template, else alpaca."""
    tokenizer = load_tokenizer(place.path, revision=place.revision)
    contract = place.contract
    if contract is not None:
        template = template_from_contract(contract["template"], tokenizer.texts)
    else:
        template = find_template(TemplateRecipe(), tokenizer.texts, moment=moment)
    return Renderer(place=place, tokenizer=tokenizer, template=template)


def refuse_unknown_tokens(renderer: Renderer, *, num_known: int | None) -> None:
    """Refuse a template that writes what the model has no row for, before a source is read.

    A template that cannot express one question and answer is left to the rows.

    Raises:
        RefusedError: A token around every answer is beyond the model's input table.
    """
    messages = [Message(role="user", content="a"), Message(role="assistant", content="b")]
    try:
        rows = encode_rows(renderer.template.render(messages), renderer.tokenizer)
    except DataError:
        return
    for row in rows:
        refuse_beyond(row.ids, renderer.tokenizer, num_known=num_known)


def _beside(recipe: TemplateRecipe, folder: Path) -> TemplateRecipe:
    """A Jinja file's path is taken from the recipe's folder."""
    path = Path(recipe.name).expanduser()
    if path.suffix in (".jinja", ".j2", ".jinja2") and not path.is_absolute():
        return recipe.model_copy(update={"name": str(folder / path)})
    return recipe


def contract_of(
    renderer: Renderer, base: dict[str, Any], *, stop: Sequence[str] = ()
) -> dict[str, Any]:
    """The content of `tunesmith.json`: what answering, serving and export have to know.

    Args:
        renderer: How the model was trained to be asked.
        base: Which model it was tuned from.
        stop: Strings at which its answers end.
    """
    contract = renderer.template.contract
    stops = {"stop": list(stop)} if stop else {}
    return {
        "schema": 1,
        "base": base,
        "template": contract,
        "template_hash": hash_json(contract),
        "tokenizer": renderer.tokenizer.fingerprint,
        **stops,
    }
