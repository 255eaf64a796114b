"""Names, Jinja files, options and contracts lead to the right template or a clear error."""

from pathlib import Path
from typing import get_args

import pytest

from tests.templates.texts import CHAT_TEXTS, TEXTS, joined
from tunesmith.errors import DataError, MissingError, RecipeError, RefusedError
from tunesmith.examples.example import Message
from tunesmith.recipe.recipe import TemplateRecipe
from tunesmith.recipe.values import TemplateName
from tunesmith.templates.names import NAMES, find_template, template_from_contract
from tunesmith.templates.template import TokenizerTexts

SIMPLE = (
    "{{ bos_token }}{% for m in messages %}[{{ m.role }}]{{ m.content }}{% if m.role == "
    "'assistant' %}{{ eos_token }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}[assistant]{% endif %}{% if shout is defined %}!{% endif %}"
)


def with_chat_template(text: str | None) -> TokenizerTexts:
    return TokenizerTexts(
        begin="<s>",
        begin_token="<s>",
        end_token="</s>",
        control_tokens=frozenset({"<s>", "</s>"}),
        chat_template=text,
    )


def test_names_are_those_of_the_recipe() -> None:
    assert set(NAMES) == set(get_args(TemplateName))


def test_auto_is_the_tokenizers_chat_template_else_alpaca() -> None:
    assert find_template(TemplateRecipe(), with_chat_template(SIMPLE)).name == "chat"
    assert find_template(TemplateRecipe(), with_chat_template(None)).name == "alpaca"


def test_unknown_name_lists_the_known_and_the_nearest() -> None:
    with pytest.raises(RecipeError, match=r"Known: alpaca, .* Did you mean alpaca\?"):
        find_template(TemplateRecipe.model_construct(name="alpacca"), TEXTS)


def test_chat_without_a_chat_template_is_refused() -> None:
    with pytest.raises(RecipeError, match="the tokenizer has no chat template"):
        find_template(TemplateRecipe(name="chat"), TEXTS)


def test_jinja_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "my.jinja"
    with pytest.raises(MissingError, match="no such template file"):
        find_template(TemplateRecipe(name=str(path)), TEXTS)
    path.write_text(SIMPLE)
    template = find_template(TemplateRecipe(name=str(path)), TEXTS)
    assert joined(template.render_prompt([Message(role="user", content="x")])) == (
        "<s>[user]x[assistant]"
    )
    path.write_bytes(b"\xff")
    with pytest.raises(RecipeError, match="not UTF-8"):
        find_template(TemplateRecipe(name=str(path)), TEXTS)


def test_settings_without_effect_are_refused() -> None:
    chat = with_chat_template(SIMPLE)
    with pytest.raises(RecipeError, match=r"reads no variable 'shouts'.*Did you mean shout\?"):
        find_template(TemplateRecipe(name="chat", options={"shouts": True}), chat)
    with pytest.raises(RecipeError, match="'alpaca' has no options; found x"):
        find_template(TemplateRecipe.model_construct(name="alpaca", options={"x": 1}), TEXTS)
    for name in ("plain", "concatenate"):
        with pytest.raises(RecipeError, match=f"'{name}' has no place for a system prompt"):
            find_template(TemplateRecipe.model_construct(name=name, system="x"), TEXTS)


@pytest.mark.parametrize("name", ["alpaca", "question-answer", "chatml", "phi3", "plain", "chat"])
def test_contract_gives_the_template_back(name: str) -> None:
    chat = with_chat_template(SIMPLE)
    recipe = TemplateRecipe(name=name, system=None if name == "plain" else "Be 'brief'.")
    template = find_template(recipe, chat)
    again = template_from_contract(template.contract, with_chat_template("other"))
    asked = [Message(role="user", content="x")]
    assert again.contract == template.contract
    assert again.render_prompt(asked) == template.render_prompt(asked)
    assert again.stop_tokens == template.stop_tokens


def test_contract_of_another_tokenizer_is_refused() -> None:
    contract = find_template(TemplateRecipe(name="chatml"), CHAT_TEXTS).contract
    with pytest.raises(RefusedError, match="does not fit the model's rendering contract"):
        template_from_contract(contract, TEXTS)
    with pytest.raises(DataError, match="not a rendering contract"):
        template_from_contract({"name": "alpaca"}, TEXTS)
