"""Law 1: after overfitting 8 rows, greedy answers end by themselves, also when pad == eos."""

from pathlib import Path

import pytest

from tests.stages.rig import Talk, colour_rows, make_recipe, opened, run_folder, write_rows
from tests.tiny import byte_tokenizer, save_tiny_model
from tunesmith.generation.responder import OpenQuestion, answer_all
from tunesmith.recipe.recipe import GenerationRecipe
from tunesmith.stages.preparing.split_rows import read_split
from tunesmith.stages.responders.load_responder import named_responder
from tunesmith.stages.train import train

LEARN = {"steps": 120, "learning_rate": 1e-2, "schedule": "constant", "keep": "last"}


@pytest.mark.parametrize("is_pad_end", [False, True], ids=["own pad", "pad == eos"])
@pytest.mark.parametrize("template", ["question-answer", "chatml"])
def test_every_overfitted_answer_ends_by_itself(
    tmp_path: Path, *, is_pad_end: bool, template: str
) -> None:
    save_tiny_model(tmp_path / "base", "llama")
    if is_pad_end:
        tokenizer = byte_tokenizer()
        tokenizer.pad_token = tokenizer.eos_token
        tokenizer.save_pretrained(tmp_path / "base")
    data = write_rows(tmp_path / "rows.jsonl", colour_rows())
    recipe = make_recipe(tmp_path / "base", data, training=LEARN, template={"name": template})
    folder = run_folder(tmp_path / "run")
    train(opened(recipe, folder, recipe_folder=tmp_path, progress=Talk()))
    responder = named_responder(str(folder.path), recipe=GenerationRecipe(max_new_tokens=40))
    examples = list(read_split(folder, "train"))
    questions = [OpenQuestion(example_id=e.id, messages=e.prompt) for e in examples]
    answers = {c.example_id: c for c in answer_all(responder, questions)}
    for example in examples:
        assert answers[example.id].finish_reason == "stop"
        assert answers[example.id].text == example.reference
