"""Law 16: the chat template beside the weights gives the same ids in transformers and here."""

import shutil
from pathlib import Path

import pytest
from transformers import AutoTokenizer

from tests.laws.pairs import OURS, conversation
from tests.stages.rig import Talk, make_recipe, opened, run_folder, write_rows
from tests.tiny import tiny_network
from tunesmith.examples.example import Message
from tunesmith.models.load import find_model
from tunesmith.stages.preparing.prepared_files import open_store
from tunesmith.stages.responders.renderer import model_renderer
from tunesmith.stages.train import train
from tunesmith.tokens.encode import encode_prompt

SYSTEM = "Be 'brief'.\n"
ASKED = ["What is up?", "  indented\n", "Grüße 日本 👍🏽", "<|over|> </s> typed"]
CASES = {
    "alpaca: mistral": ("mistral", "alpaca", SYSTEM),
    "question-answer: gpt2": ("gpt2", "question-answer", None),
    "chatml: llama2": ("llama2", "chatml", SYSTEM),
    "rewrites history: qwen": ("qwen", f"{OURS}/templates/rewrites_history.jinja", SYSTEM),
    "begins each turn: llama3": ("llama3", f"{OURS}/templates/begin_each_turn.jinja", None),
}


@pytest.mark.parametrize(("tokenizer", "template", "system"), CASES.values(), ids=CASES)
def test_a_saved_model_is_asked_alike_by_transformers_and_here(
    tmp_path: Path, tokenizer: str, template: str, system: str | None
) -> None:
    base = tmp_path / "base"
    tiny_network("llama", vocab_size=1000).save_pretrained(base)
    shutil.copytree(OURS / "tokenizers" / tokenizer, base, dirs_exist_ok=True)
    rows = [{"instruction": one, "response": "Not much."} for one in ASKED]
    folder = run_folder(tmp_path / "run")
    recipe = make_recipe(
        base,
        write_rows(tmp_path / "rows.jsonl", rows),
        template={"name": template, "system": system},
        training={"steps": 1, "max_tokens": 400},
    )
    train(opened(recipe, folder, recipe_folder=tmp_path, progress=Talk()))

    theirs = AutoTokenizer.from_pretrained(folder.path / "model")
    ours = model_renderer(find_model(str(folder.path)))
    prompts = [[Message(role="user", content=one)] for one in ASKED]
    if template not in ("alpaca", "question-answer"):
        prompts += [conversation(*ASKED[:3]), conversation("Hi", "Yo", "so?", system="Be kind.")]
    store = open_store(folder, "train")
    trained = [store[number].ids.tolist() for number in range(len(store))]
    for number, prompt in enumerate(prompts):
        turns = [{"role": turn.role, "content": turn.content} for turn in prompt]
        expected = theirs.apply_chat_template(turns, add_generation_prompt=True).input_ids
        found = encode_prompt(ours.template.render_prompt(prompt), ours.tokenizer).tolist()
        if "<|over|>" not in prompt[0].content:  # typed: transformers takes it for control
            assert found == expected, prompt
        if number < len(ASKED):
            assert any(ids[: len(found)] == found for ids in trained), prompt
