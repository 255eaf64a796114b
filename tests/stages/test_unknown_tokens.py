"""Tokens beyond a model's input table are refused before anything is trained or answered."""

from pathlib import Path
from typing import Any

import pytest

from tests.stages.rig import Talk, colour_rows, make_recipe, opened, run_folder, write_rows
from tests.tiny import byte_tokenizer, save_tiny_model
from tunesmith.errors import RefusedError
from tunesmith.recipe.recipe import GenerationRecipe
from tunesmith.stages.prepare import prepare
from tunesmith.stages.responders.load_responder import named_responder
from tunesmith.stages.train import train

TEMPLATE = (
    "{% for m in messages %}<|{{ m['role'] }}|>{{ m['content'] }}<|turn|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


def _model(folder: Path, num_tokens: int, *, added: list[str]) -> Path:
    save_tiny_model(folder, "llama", vocab_size=num_tokens)
    tokenizer = byte_tokenizer()
    tokenizer.add_special_tokens({"additional_special_tokens": added})
    tokenizer.chat_template = TEMPLATE
    tokenizer.save_pretrained(folder)
    return folder


def _recipe(tmp_path: Path, model: Path, **sections: Any) -> Any:
    data = write_rows(tmp_path / "rows.jsonl", colour_rows())
    return make_recipe(model, data, training={"steps": 1}, **sections)


@pytest.mark.parametrize("verb", [prepare, train])
def test_a_template_that_writes_an_unknown_token_is_refused(tmp_path: Path, verb: Any) -> None:
    model = _model(tmp_path / "base", 260, added=["<|turn|>", "<|user|>"])
    recipe = _recipe(tmp_path, model, template={"name": "chat"})
    with pytest.raises(RefusedError) as error:
        verb(opened(recipe, run_folder(tmp_path / "run"), recipe_folder=tmp_path, progress=Talk()))
    said = str(error.value)
    assert "rows for 260 tokens, its tokenizer writes 262" in said
    assert "'<|turn|>' (id 260)" in said
    assert "'<|user|>' (id 261)" in said
    assert "resize_token_embeddings(262)" in said
    assert not (tmp_path / "run" / "data" / "train.jsonl").exists()


def test_a_row_with_an_unknown_token_is_refused(tmp_path: Path) -> None:
    """The template alone would do; one row has a system prompt, whose mark the model lacks."""
    marks = ["<|turn|>", "<|user|>", "<|assistant|>", "<|system|>"]
    model = _model(tmp_path / "base", 263, added=marks)
    talk = [{"role": "user", "content": "Colour?"}, {"role": "assistant", "content": "red"}]
    rows = [{"messages": talk}, {"messages": [{"role": "system", "content": "Be kind."}, *talk]}]
    for number in (1, 2):
        data = write_rows(tmp_path / f"{number}.jsonl", rows[:number])
        recipe = make_recipe(model, data, training={"steps": 1}, template={"name": "chat"})
        folder = run_folder(tmp_path / f"run-{number}")
        if number == 1:
            prepare(opened(recipe, folder, recipe_folder=tmp_path, progress=Talk()))
            continue
        with pytest.raises(RefusedError, match=r"263 tokens.*'<\|system\|>' \(id 263\) cannot"):
            prepare(opened(recipe, folder, recipe_folder=tmp_path, progress=Talk()))


def test_tokens_that_nothing_writes_do_no_harm(tmp_path: Path) -> None:
    model = _model(tmp_path / "base", 260, added=["<|unused|>"])
    recipe = _recipe(tmp_path, model)
    prepare(opened(recipe, run_folder(tmp_path / "run"), recipe_folder=tmp_path, progress=Talk()))


def test_a_smaller_model_under_the_same_tokenizer_is_prepared_anew(tmp_path: Path) -> None:
    model = _model(tmp_path / "base", 262, added=["<|turn|>", "<|user|>"])
    recipe = _recipe(tmp_path, model, template={"name": "chat"})
    prepare(opened(recipe, run_folder(tmp_path / "run"), recipe_folder=tmp_path, progress=Talk()))
    _model(model, 260, added=["<|turn|>", "<|user|>"])
    with pytest.raises(RefusedError, match="rows for 260 tokens"):
        train(opened(recipe, run_folder(tmp_path / "run"), recipe_folder=tmp_path, progress=Talk()))


def test_a_question_with_an_unknown_token_is_refused(tmp_path: Path) -> None:
    from tunesmith.examples.example import Message
    from tunesmith.generation.responder import OpenQuestion

    model = _model(tmp_path / "base", 260, added=["<|turn|>", "<|user|>"])
    responder = named_responder(str(model), recipe=GenerationRecipe(max_new_tokens=2))
    question = OpenQuestion(example_id="a", messages=[Message(role="user", content="Colour?")])
    with pytest.raises(RefusedError, match=r"<\|user\|>"):
        responder.prompt_of(question)
