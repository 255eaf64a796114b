"""Law 20: what cannot be answered or scored is dropped before training; all score the same rows."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.endpoint_server import EndpointServer, last_message
from tests.stages.judged import BiasedJudge
from tests.stages.rig import Talk, colour_rows, make_recipe, opened, run_folder, write_rows
from tests.tiny import save_tiny_model
from tunesmith.__main__ import run_command
from tunesmith.errors import MissingError
from tunesmith.evaluation.grade import read_grades
from tunesmith.examples.example import Example
from tunesmith.files import read_json_lines
from tunesmith.models.load import context_tokens, find_model
from tunesmith.recipe.load_recipe import load_recipe
from tunesmith.recipe.recipe import Recipe
from tunesmith.stages.evaluate import evaluate
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.stages.prepare import prepare
from tunesmith.stages.preparing.prepared_files import open_store
from tunesmith.stages.responders.renderer import recipe_renderer
from tunesmith.stages.run import run_loop
from tunesmith.stages.train import train
from tunesmith.tokens.encode import encode_prompt

CONTEXT = 160
SHORT = (
    "{% for m in messages %}[{{ m['role'] }}]{{ m['content'] }}"
    "{% if m['role'] == 'assistant' %}<|im_end|>{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}[assistant]{% endif %}"
)
SHY = SHORT + (
    "{% if add_generation_prompt and 'secret' in messages[-1]['content'] %}"
    "{{ raise_exception('nobody asks that') }}{% endif %}"
)
# Leaves out the question before the last one, so each answer is a row of its own.
FORGETFUL = (
    "{% for m in messages %}{% if not (m['role'] == 'user' and loop.index0 < "
    "(messages | selectattr('role', 'equalto', 'user') | list | length) * 2 - 2) %}"
    "[{{ m['role'] }}]{{ m['content'] }}{% if m['role'] == 'assistant' %}<|im_end|>{% endif %}"
    "{% endif %}{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}"
)


TRAINED_WHOLE = {"name": "concatenate", "train_on": "all"}
CUT_TO_60 = {"max_tokens": 60, "when_too_long": "cut-context"}


def talk_row(*turns: str) -> dict[str, Any]:
    roles = ("user", "assistant")
    messages = [{"role": roles[i % 2], "content": text} for i, text in enumerate(turns)]
    return {"messages": messages}


TWO_TURNS = [talk_row(f"Lamp {i}?", "Red.", f"And lamp {i} now?", "Blue.") for i in range(3)]
LONG_QUESTION = [talk_row("Why? " * 20 + f"Number {i}?", "So.") for i in range(2)]  # 100 and more
ENDLESS_QUESTION = [talk_row("Why? " * 60 + f"{i}?", "So.") for i in range(2)]  # beyond CONTEXT
NO_ROOM = [talk_row(f"{i}" * 148, "Because of that.") for i in range(2)]
LONG_ANSWER = [talk_row(f"Tell {i}.", "On and on. " * 30) for i in range(2)]
LONG_END = [talk_row(f"Door {i}?", "Shut.", "Tell. " * 30, "Open.") for i in range(2)]
SECRET = [talk_row(f"The secret {i}?", "Hush.") for i in range(2)]


def _run(
    root: Path, odd: Sequence[dict[str, Any]], template: dict[str, Any], **sections: Any
) -> tuple[Recipe, RunFolder, dict[str, Any], Talk]:
    """A run whose test file holds odd rows beside four ordinary ones."""
    save_tiny_model(root / "model", "gpt2", n_positions=CONTEXT)
    if "jinja" in template:
        (root / "turns.jinja").write_text(template.pop("jinja"), encoding="utf-8")
        template["name"] = "turns.jinja"
    write_rows(root / "train.jsonl", [*colour_rows(20), *odd[:1]])
    ordinary = [talk_row(f"Shape {i}?", f"Round {i}.") for i in range(4)]
    write_rows(root / "test.jsonl", [*ordinary[:2], *odd[1:], *ordinary[2:]])
    recipe = make_recipe(
        root / "model",
        root / "train.jsonl",
        **{
            "sources": [
                {"path": str(root / "train.jsonl")},
                {"path": str(root / "test.jsonl"), "use_as": "test"},
            ],
            "examples": {
                "split": {"validation": 0.2, "test": 0.0},
                "drop_near_duplicates": None,
                "group_near_duplicates": None,
            },
            "template": {"when_misfit": "drop", **template},
            "training": {"steps": 1, **sections.pop("training", {})},
            "generation": {"max_new_tokens": 10},
            **sections,
        },
    )
    folder, talk = run_folder(root / "run"), Talk()
    begun = opened(recipe, folder, recipe_folder=root, progress=talk)
    if recipe.evaluation.rivals:
        return recipe, folder, run_loop(begun).to_dict(), talk
    result = prepare(begun).to_dict()  # the loop without its report, which takes longest
    train(begun)
    return recipe, folder, {**result, "scores": evaluate(begun).to_dict()}, talk


def _check_one_set(recipe: Recipe, folder: RunFolder, root: Path) -> list[str]:
    """Every test row renders and has a prompt; store, answers and grades hold just these rows."""
    how = recipe_renderer(recipe, root)
    examples = [Example.from_json(row) for row in read_json_lines(folder.examples("test"))]
    ids = [example.id for example in examples]
    context = context_tokens(find_model(str(root / "model")))
    assert context is not None
    for example in examples:
        assert how.template.render(example.messages)
        if not example.is_text:
            prompt = encode_prompt(how.template.render_prompt(example.prompt), how.tokenizer)
            assert 0 < len(prompt) < context
    for split in ("train", "validation", "test"):
        store = open_store(folder, split)
        stored = list(dict.fromkeys(store.example_id(row) for row in range(len(store))))
        assert stored == [row["id"] for row in read_json_lines(folder.examples(split))], split
    asked = [example.id for example in examples if not example.is_text]
    for path in folder.completions("base").parent.glob("[!.]*.jsonl"):
        assert [row["example_id"] for row in read_json_lines(path)] == asked, path.name
    metrics = [*recipe.evaluation.metrics, "loss"]
    metrics += ["judge", "win_rate"] if recipe.evaluation.judge else []
    for metric in metrics:
        by_model: dict[str, list[str]] = {}
        for grade in read_grades(folder.grades(metric)):
            by_model.setdefault(grade.model, []).append(grade.example_id)
        assert {"base", "tuned"} <= set(by_model) or not ids
        for model, graded in by_model.items():
            assert Counter(graded) == Counter(ids), f"{metric} of {model}"
    return ids


def _check_account(folder: RunFolder, result: dict[str, Any], num_read: int) -> None:
    """What was read is kept or dropped, each row in one place."""
    dropped = list(read_json_lines(folder.dropped))
    kept = [
        row["source"]
        for split in ("train", "validation", "test")
        for row in read_json_lines(folder.examples(split))
    ]
    assert not {row["source"] for row in dropped}.intersection(kept)
    assert all(row["detail"] for row in dropped)
    assert len(kept) == result["kept"] == num_read - len(dropped)
    assert result["dropped"] == dict(Counter(row["reason"] for row in dropped))
    by_source = result["by_source"].values()
    assert sum(one["kept"] for one in by_source) == len(kept)
    assert sum(one["dropped"] for one in by_source) == len(dropped)
    groups = {
        split: {row.get("group", row["id"]) for row in read_json_lines(folder.examples(split))}
        for split in ("train", "validation", "test")
    }
    assert {name: one["groups"] for name, one in result["splits"].items()} == {
        name: len(found) for name, found in groups.items()
    }


@pytest.mark.parametrize(
    ("odd", "template", "training", "reasons"),
    [
        (TWO_TURNS, {"name": "question-answer"}, {}, {"does not fit the template": 3}),
        (TWO_TURNS, TRAINED_WHOLE, {}, {"does not fit the template": 3}),
        (TWO_TURNS, {"name": "chatml"}, {}, {}),
        (LONG_QUESTION, {"name": "concatenate"}, {"max_tokens": 60}, {"too long": 2}),
        (LONG_QUESTION, {"name": "concatenate"}, CUT_TO_60, {}),
        (
            ENDLESS_QUESTION,
            {"name": "concatenate"},
            {"when_too_long": "cut-context"},
            {"too long": 1},
        ),
        (
            NO_ROOM,
            {"name": "concatenate"},
            {"when_too_long": "cut-context"},
            {"too long": 1},
        ),
        (LONG_ANSWER, {"name": "concatenate"}, {"when_too_long": "cut-context"}, {"too long": 2}),
        (SECRET, {"jinja": SHY, "train_on": "all"}, {}, {"does not fit the template": 1}),
        (SECRET, {"jinja": SHY}, {}, {"does not fit the template": 2}),
        (TWO_TURNS, {"jinja": FORGETFUL}, {}, {}),
        (LONG_END, {"jinja": FORGETFUL}, {"max_tokens": 80}, {"too long": 1}),
    ],
    ids=[
        "turns in a template of one",
        "turns, all trained",
        "turns in a template of turns",
        "too long",
        "cut, though the model reads it whole",
        "cut, and longer than the model reads",
        "cut, and no room for the reference",
        "an answer that cannot be cut",
        "a prompt that is refused, all trained",
        "a prompt that is refused",
        "a row a turn",
        "a row a turn, of which one is too long",
    ],
)  # fmt: skip
def test_every_metric_scores_the_rows_that_were_kept(
    tmp_path: Path,
    odd: list[dict[str, Any]],
    template: dict[str, Any],
    training: dict[str, Any],
    reasons: dict[str, int],
) -> None:
    evaluation = {"baselines": ["nearest", "few-shot"], "shots": 2}
    recipe, folder, result, _ = _run(
        tmp_path, odd, dict(template), training=training, evaluation=evaluation
    )
    assert result["dropped"] == reasons
    ids = _check_one_set(recipe, folder, tmp_path)
    num_lost = sum("/test.jsonl:" in row["source"] for row in read_json_lines(folder.dropped))
    assert len(ids) == 4 + len(odd) - 1 - num_lost
    _check_account(folder, result, num_read=24 + len(odd))


def test_turns_that_fit_are_trained_beside_one_that_does_not_and_that_is_said(
    tmp_path: Path,
) -> None:
    """In train a row a turn may stay; in test the conversation is there whole or not."""
    template = {"jinja": FORGETFUL}
    _, folder, result, _ = _run(tmp_path, LONG_END, template, training={"max_tokens": 80})
    sources = [row["source"] for split in ("train", "validation") for row in
               read_json_lines(folder.examples(split))]  # fmt: skip
    assert any(source.endswith("train.jsonl:21") for source in sources)
    assert any(
        notice.startswith("1 conversations keep only the turns that fit")
        for notice in result["notices"]
    )


def test_plain_text_is_scored_by_its_loss_and_that_is_said(tmp_path: Path) -> None:
    save_tiny_model(tmp_path / "model", "gpt2", n_positions=CONTEXT)
    rows = [{"text": f"The lamp number {i} is {'dark ' * (i % 3)}."} for i in range(20)]
    data = write_rows(tmp_path / "rows.jsonl", [*rows, {"text": "long " * 60}])
    recipe = make_recipe(
        tmp_path / "model",
        data,
        examples={
            "split": {"validation": 0.2, "test": 0.3},
            "drop_near_duplicates": None,
            "group_near_duplicates": None,
        },
        template={"name": "plain"},
        training={"steps": 1},
    )
    folder = run_folder(tmp_path / "run")
    result = run_loop(opened(recipe, folder, recipe_folder=tmp_path, progress=Talk())).to_dict()
    ids = _check_one_set(recipe, folder, tmp_path)
    assert result["scores"]["loss"]["tuned"]["count"] == len(ids) > 0
    assert any("plain text, which asks nothing" in notice for notice in result["notices"])


def test_a_judge_and_rivals_score_the_same_rows_too(tmp_path: Path) -> None:
    """A rival whose template has one turn fails rows of several, is told so, and stops nothing."""
    save_tiny_model(tmp_path / "small", "llama")
    judge = BiasedJudge()

    def answer(body: dict[str, Any]) -> str:
        return judge(body) if "<data-" in last_message(body) else "Red."

    with EndpointServer(answer, models=["stub", "big"]) as server:
        evaluation = {
            "judge": {"url": server.url, "model": "stub"},
            "pairwise": "base",
            "rivals": [{"path": "small"}, {"url": server.url, "model": "big"}],
        }
        odd = [*TWO_TURNS, talk_row("Why? " * 60, "So.")]
        recipe, folder, result, talk = _run(
            tmp_path, odd, {"name": "chatml"}, evaluation=evaluation
        )
    assert result["dropped"] == {"too long": 1}
    ids = _check_one_set(recipe, folder, tmp_path)
    answers = list(read_json_lines(folder.completions("small")))
    reasons = Counter(row["finish_reason"] for row in answers)
    assert reasons["the template cannot express it"] == len(TWO_TURNS) - 1
    said = [note for note in talk.notes if note.startswith("small will have no answer to 2 test")]
    assert len(said) == 1
    score = result["scores"]["metrics"]["token_f1"]["small"]
    assert (score["count"], score["failed"]) == (len(ids) - 2, 2)


def test_a_rival_that_is_not_there_is_missed_before_training(tmp_path: Path) -> None:
    rival = {"path": str(tmp_path / "gone")}
    with pytest.raises(MissingError, match="gone"):
        _run(tmp_path, TWO_TURNS, {"name": "chatml"}, evaluation={"rivals": [rival]})
    assert not (tmp_path / "run" / "model").exists()


def test_a_test_set_that_loses_every_row_is_named_and_the_run_ends_well(tmp_path: Path) -> None:
    save_tiny_model(tmp_path / "model", "gpt2", n_positions=CONTEXT)
    write_rows(tmp_path / "train.jsonl", colour_rows(20))
    write_rows(tmp_path / "test.jsonl", TWO_TURNS)
    recipe = make_recipe(
        tmp_path / "model",
        tmp_path / "train.jsonl",
        sources=[
            {"path": str(tmp_path / "train.jsonl")},
            {"path": str(tmp_path / "test.jsonl"), "use_as": "test"},
        ],
        template={"name": "question-answer", "when_misfit": "drop"},
        training={"steps": 1},
        evaluation={"baselines": ["nearest", "few-shot"]},
    )
    folder = run_folder(tmp_path / "run")
    result = run_loop(opened(recipe, folder, recipe_folder=tmp_path, progress=Talk())).to_dict()
    assert _check_one_set(recipe, folder, tmp_path) == []
    assert (
        "all 3 examples of test were dropped (3 does not fit the template), so nothing is "
        "answered or scored"
    ) in result["notices"]


def test_an_answer_with_less_room_than_asked_is_told_before_training(tmp_path: Path) -> None:
    odd = [*TWO_TURNS, talk_row("y" * 120, "So.")]
    generation = {"max_new_tokens": 100}
    recipe, folder, result, talk = _run(
        tmp_path, odd, {"name": "concatenate"}, generation=generation
    )
    room = CONTEXT - 120
    words = f"the model reads {CONTEXT}: its answer may have "
    (said,) = [notice for notice in result["notices"] if words in notice]
    assert room - 2 <= int(said.rpartition(" ")[2]) <= room
    assert said in talk.notes
    more = recipe.model_copy(
        update={"generation": recipe.generation.model_copy(update={"max_new_tokens": 10})}
    )
    key = folder.read_manifest()["train"]["key"]
    again = prepare(opened(more, folder, recipe_folder=tmp_path, progress=Talk())).to_dict()
    train(opened(more, folder, recipe_folder=tmp_path, progress=Talk()))
    assert folder.read_manifest()["train"]["key"] == key, "another length trains nothing anew"
    assert said not in again["notices"]


def test_the_reported_mixture_of_turns_ends_well(
    tmp_path: Path, tiny_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The smallest recipe that died after training, through the command line."""
    rows = [
        talk_row(f"What is item {i} called?", f"It is called thing number {i}.")
        if i % 3
        else talk_row(f"Item {i}?", f"Thing {i}.", "And what does it cost?", f"It costs {i} euros.")
        for i in range(30)
    ]
    write_rows(tmp_path / "mt.jsonl", rows)
    write_rows(tmp_path / "mt_test.jsonl", rows[:4])
    (tmp_path / "mixed-turns.yaml").write_text(
        f"model: {{name: {json.dumps(str(tiny_folder))}}}\n"
        "sources:\n  - path: mt.jsonl\n  - {path: mt_test.jsonl, use_as: test}\n"
        "training: {steps: 1}\nexamples: {split: {test: 0.0}}\ngeneration: {max_new_tokens: 10}\n"
    )
    recipe = str(tmp_path / "mixed-turns.yaml")
    assert run_command(["run", recipe, "--run", str(tmp_path / "run")]) == 0
    said = capsys.readouterr()
    assert said.err.count("template chatml: 10 of 30 rows have several turns") == 1
    lines = list(read_json_lines(tmp_path / "run" / "data" / "dropped.jsonl"))
    assert {row["reason"] for row in lines} == {"exact duplicate"}
    kept = list(read_json_lines(tmp_path / "run" / "data" / "test.jsonl"))
    assert [row["source"] for row in kept] == [f"mt_test.jsonl:{i}" for i in range(1, 5)]
    written = load_recipe(tmp_path / "run" / "recipe.yaml")
    assert written.template.name == "chatml"
