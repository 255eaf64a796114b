"""Preview shows what becomes of each piece, of raw material as of a recipe's sources."""

import json
from pathlib import Path

import pytest

from tests.stages.rig import Talk
from tunesmith import preview
from tunesmith.__main__ import run_command
from tunesmith.recipe.load_recipe import recipe_from_mapping
from tunesmith.sources.row import Dropped
from tunesmith.stages.preview import preview_pieces

ROWS = """\
{"question": "Who answers?", "answer": "Ada does, ada@example.org."}
{"question": "Why?", "answer": "ok"}
{bad
{"question": "Who answers?", "answer": "Ada does, bob@example.org."}
{"question": "When do you open?", "answer": "At nine."}
"""
TABLE = "subject,reply\r\nHow much is it?,Ten euros a month.\r\n"


@pytest.fixture
def material(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "faq.jsonl").write_text(ROWS, encoding="utf-8")
    (tmp_path / "tickets.csv").write_text(TABLE, encoding="utf-8")
    (tmp_path / "recipe.yaml").write_text("sources:\n  - path: faq.jsonl\n", encoding="utf-8")
    return tmp_path


def test_every_piece_is_shown_or_left_out_with_its_reason(material: Path) -> None:
    talk = Talk()
    recipe = recipe_from_mapping({"sources": [{"path": "faq.jsonl"}]})
    told = [
        (one.source, one.reason) if isinstance(one, Dropped) else (one.source, dict(one.redacted))
        for one in preview_pieces(recipe, material, progress=talk)
    ]
    assert told == [
        ("faq.jsonl:1", {"email": 1}),
        ("faq.jsonl:2", "trivial answer"),
        ("faq.jsonl:3", "bad JSON"),
        ("faq.jsonl:4", "exact duplicate"),
        ("faq.jsonl:5", {}),
    ]
    assert talk.notes == [
        "faq.jsonl is read as jsonl: its lines are JSON objects",
        "template alpaca: the tokenizer has no chat template, and every row has one turn",
        "faq.jsonl: 4 rows, 8 cells = 8 in examples; 4 characters beside the rows = 4 dropped",
    ]


@pytest.mark.usefixtures("material")
def test_a_file_reads_as_a_recipe_that_names_it(capsys: pytest.CaptureFixture[str]) -> None:
    outs = []
    for target in ("recipe.yaml", "faq.jsonl"):
        assert run_command(["preview", target, "--json"]) == 0
        said = capsys.readouterr()
        outs.append(said.out)
        assert "faq.jsonl is read as jsonl" in said.err
        assert "3 pieces were left out (1 trivial answer, 1 bad JSON, 1 exact" in said.err
    assert outs[0] == outs[1]
    rows = [json.loads(line) for line in outs[0].splitlines()]
    assert [row["source"] for row in rows] == ["faq.jsonl:1", "faq.jsonl:5"]
    assert "ada@" not in outs[0]


@pytest.mark.usefixtures("material")
def test_people_see_kind_rows_reasons_and_what_was_hidden(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run_command(["preview", "faq.jsonl", "--limit", "2"]) == 0
    out = capsys.readouterr().out
    assert "(hidden: 1 email)" in out
    assert "--- faq.jsonl:2  left out: trivial answer: the answer is 'ok'\nWhy?" in out
    assert out.index("faq.jsonl:4  left out") < out.index("--- faq.jsonl:5")
    assert "Ada does, [email]." in out
    assert "ada@" not in out
    assert run_command(["preview", "faq.jsonl", "--limit", "1"]) == 0
    assert "left out" not in capsys.readouterr().out


@pytest.mark.usefixtures("material")
def test_columns_kind_and_settings_are_those_of_an_import(
    capsys: pytest.CaptureFixture[str],
) -> None:
    fields = ["--field", "instruction=subject", "--field", "response=reply"]
    assert run_command(["preview", "tickets.csv", "--kind", "csv", *fields]) == 0
    said = capsys.readouterr()
    assert "How much is it?" in said.out
    assert "tickets.csv is read as csv: that kind was asked for" in said.err
    assert run_command(["preview", "faq.jsonl", "--redact", "none", "--limit", "1"]) == 0
    assert "ada@example.org" in capsys.readouterr().out
    assert run_command(["preview", "recipe.yaml", "--kind", "csv"]) == 2
    assert run_command(["preview", "tickets.csv"]) == 2
    assert "fields: {instruction: subject}" in capsys.readouterr().err
    assert run_command(["preview", "tickets.csv", "--ignore", "subject"]) == 3
    said = capsys.readouterr()
    assert "left out: missing field" in said.out
    assert "error: tickets.csv:2: no example is left (" in said.err


@pytest.mark.usefixtures("material")
def test_in_python_rows_alone_are_yielded() -> None:
    rows = preview("faq.jsonl", template="alpaca")
    assert [row.source for row in rows] == ["faq.jsonl:1", "faq.jsonl:5"]


def test_what_does_not_fit_is_left_out_and_what_preparing_would_do_is_said(tmp_path: Path) -> None:
    rows = [{"question": f"Lamp {i}?", "answer": f"Red {i}."} for i in range(9)]
    turns = [{"role": role, "content": "Lamp?"} for role in ("user", "assistant") * 2]
    written = [*rows, {"messages": turns}]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in written))
    template = {"name": "alpaca"}
    recipe = recipe_from_mapping({"sources": [{"path": "a.jsonl"}], "template": template})
    talk = Talk()
    pieces = list(preview_pieces(recipe, tmp_path, progress=talk))
    assert isinstance(pieces[-1], Dropped)
    assert pieces[-1].reason == "does not fit the template"
    assert sum(isinstance(one, Dropped) for one in pieces) == 1
    (said,) = [note for note in talk.notes if note.startswith("tunesmith prepare would stop")]
    assert "1 of 10 rows do not fit template 'alpaca' (1 of 10 in a.jsonl)" in said
    assert "Write `template: {name: chatml}`, which keeps all of them" in said
    assert "lists them" not in said


def test_headers_that_are_doubled_are_said_with_their_count(tmp_path: Path) -> None:
    rows = [{"question": f"### Question:\nWhy {i}?\n\n### Answer:", "answer": f"So, {i}."}
            for i in range(7)]  # fmt: skip
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    for name, number in (("question-answer", 1), ("auto", 0)):
        recipe = recipe_from_mapping({"sources": [{"path": "a.jsonl"}], "template": {"name": name}})
        talk = Talk()
        assert len(list(preview_pieces(recipe, tmp_path, progress=talk))) == 7
        said = [note for note in talk.notes if "wrapped twice" in note]
        assert len(said) == number
        assert all(note.startswith("7 rows already carry '### Question:'") for note in said)
