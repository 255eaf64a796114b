"""Law 3 on another day: what a run was trained with it is asked with, date and clock included."""

import json
from datetime import datetime
from pathlib import Path

import pytest
from transformers import AutoTokenizer

from tests.stages.rig import Talk, colour_rows, make_recipe, opened, run_folder, write_rows
from tests.tiny import byte_tokenizer, save_tiny_model
from tunesmith.examples.example import Message
from tunesmith.files import read_json
from tunesmith.models.load import find_model
from tunesmith.recipe.load_recipe import load_recipe
from tunesmith.stages.evaluate import evaluate
from tunesmith.stages.execution import claim
from tunesmith.stages.execution.opened_run import Run
from tunesmith.stages.loaded_model import load
from tunesmith.stages.prepare import prepare
from tunesmith.stages.preparing.prepared_files import open_store
from tunesmith.stages.preparing.settled_template import settled_renderer
from tunesmith.stages.preparing.split_rows import read_split
from tunesmith.stages.responders.renderer import model_renderer
from tunesmith.stages.train import train
from tunesmith.tokens.encode import encode_prompt

MONDAY, TUESDAY = datetime(2026, 11, 30, 23, 59, 58, 7), datetime(2026, 12, 1, 0, 0, 3)
TURNS = (
    "{% for m in messages %}[{{ m.role }}]{{ m.content }}{% if m.role == 'assistant' %}"
    "{{ eos_token }}{% endif %}{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}"
)
DATE = "{{ strftime_now('%d %b %Y') }}" + TURNS
CLOCK = "{{ strftime_now('%H:%M:%S.%f') }}" + TURNS
GUARDED = (
    "{% if date_string is not defined %}{% if strftime_now is defined %}"
    "{% set date_string = strftime_now('%d %b %Y') %}{% else %}"
    "{% set date_string = '26 Jul 2024' %}{% endif %}{% endif %}{{ date_string }}" + TURNS
)
WRITTEN = [(DATE, "30 Nov 2026"), (CLOCK, "23:59:58.000007"), (GUARDED, "30 Nov 2026")]


def _run(root: Path, text: str, *, is_own: bool, **template: str) -> Run:
    """A run whose template is a file's, or the tokenizer's own."""
    save_tiny_model(root / "model", "llama")
    if is_own:
        tokenizer = byte_tokenizer()
        tokenizer.chat_template = text
        tokenizer.save_pretrained(root / "model")
    else:
        (root / "dated.jinja").write_text(text, encoding="utf-8")
    recipe = make_recipe(
        root / "model",
        write_rows(root / "rows.jsonl", colour_rows(20)),
        examples={"split": {"validation": 0.0, "test": 0.2}},
        template={"name": "auto" if is_own else "dated.jinja", **template},
        training={"steps": 1},
        generation={"max_new_tokens": 4},
        evaluation={"metrics": ["exact_match"], "rivals": [{"path": str(root / "model")}]},
    )
    return opened(recipe, run_folder(root / "run"), root, Talk())


@pytest.mark.parametrize(("text", "written"), WRITTEN, ids=["date", "clock", "date, guarded"])
@pytest.mark.parametrize("is_own", [False, True], ids=["a file", "the tokenizer's"])
def test_a_run_that_ends_on_another_day_asks_as_it_was_trained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, written: str, is_own: bool
) -> None:
    run = _run(tmp_path, text, is_own=is_own)
    monkeypatch.setattr(claim, "right_now", lambda: MONDAY)
    prepare(run)
    monkeypatch.setattr(claim, "right_now", lambda: TUESDAY)
    train(run)
    store = open_store(run.folder, "test")
    rows = {store.example_id(i): store[i] for i in range(len(store))}
    tuned = load(run.folder.path).responder
    for how in (settled_renderer(run), model_renderer(find_model(str(run.folder.path))), tuned):
        for example in read_split(run.folder, "test"):
            prompt = how.template.render_prompt(example.prompt)
            assert "".join(one.text for one in prompt).startswith(written)
            row = rows[example.id]
            ids = encode_prompt(prompt, how.tokenizer)
            assert ids.tolist() == row.ids[: len(ids)].tolist()
            assert not row.is_trained[: len(ids)].any()
            assert row.is_trained[len(ids)]
    evaluate(run)
    contract = read_json(run.folder.model / "tunesmith.json")["template"]
    assert contract["date"] == MONDAY.isoformat()
    theirs = AutoTokenizer.from_pretrained(run.folder.model)
    asked = [{"role": "user", "content": "Colour?"}]
    prompt = theirs.apply_chat_template(asked, tokenize=False, add_generation_prompt=True)
    assert prompt == f"{written}[user]Colour?[assistant]"


def test_the_date_is_said_once_and_stands_in_the_runs_recipe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = _run(tmp_path, DATE, is_own=False)
    monkeypatch.setattr(claim, "right_now", lambda: MONDAY)
    prepare(run)
    monkeypatch.setattr(claim, "right_now", lambda: TUESDAY)
    prepare(run)
    assert isinstance(run.progress, Talk)
    said = [note for note in run.progress.notes if "writes the date" in note]
    assert len(said) == 1
    assert "it is 2026-11-30 23:59:58 in every row" in said[0]
    assert "template.date: none leaves it out" in said[0]
    assert load_recipe(run.folder.recipe).template.date == MONDAY.isoformat()


def test_a_run_without_a_date_in_its_prompts_keeps_none(tmp_path: Path) -> None:
    run = _run(tmp_path, DATE, is_own=False, date="none")
    prepare(run)
    prompt = settled_renderer(run).template.render_prompt([Message(role="user", content="Hi")])
    assert "".join(one.text for one in prompt) == "[user]Hi[assistant]"
    assert load_recipe(run.folder.recipe).template.date == "none"


def test_a_date_that_nothing_sets_is_said(tmp_path: Path) -> None:
    run = _run(tmp_path, "{{ date_string }}" + TURNS, is_own=True)
    prepared = prepare(run)
    assert any("reads date_string, which nothing sets" in one for one in prepared.notices)


def test_a_run_of_an_older_version_is_dated_by_its_marker(tmp_path: Path) -> None:
    run = _run(tmp_path, DATE, is_own=False)
    prepare(run)
    marker = run.folder.path / "tunesmith-run.json"
    written = read_json(marker)
    del written["begun"]
    marker.write_text(json.dumps(written))
    before = claim.begun(run.folder.path)
    assert before == datetime.fromtimestamp(marker.stat().st_mtime)
