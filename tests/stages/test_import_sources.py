"""Raw material becomes a file of examples; what is left out is listed beside it."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.stages.rig import Talk
from tunesmith import import_sources
from tunesmith.__main__ import run_command
from tunesmith.errors import DataError, MissingError, RecipeError
from tunesmith.stages.import_sources import NUM_FINDINGS, dropped_path
from tunesmith.stages.results.prepared import SourceCount

ROWS = """\
{"question": "Who answers?", "answer": "Ada does, ada@example.org."}
{"question": "Why?", "answer": "ok"}
{bad
{"question": "Who answers?", "answer": "Ada does, bob@example.org."}
"""
TABLE = "subject,reply\r\nHow much is it?,Ten euros a month.\r\n"


@pytest.fixture
def material(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "faq.jsonl").write_text(ROWS, encoding="utf-8")
    (tmp_path / "tickets.csv").write_text(TABLE, encoding="utf-8")
    return tmp_path


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_every_piece_is_in_one_of_the_two_files(material: Path) -> None:
    talk = Talk()
    out = material / "out" / "examples.jsonl"
    result = import_sources(["faq.jsonl"], out, progress=talk)
    assert [row["response"] for row in lines(out)] == ["Ada does, [email]."]
    assert [row["source"] for row in lines(out)] == ["faq.jsonl:1"]
    dropped = lines(dropped_path(out))
    assert [(row["source"], row["reason"]) for row in dropped] == [
        ("faq.jsonl:2", "trivial answer"),
        ("faq.jsonl:3", "bad JSON"),
        ("faq.jsonl:4", "exact duplicate"),  # equal only when the addresses are hidden
    ]
    assert (result.kept, sum(result.dropped.values())) == (1, 3)
    assert result.by_source == {"faq.jsonl": SourceCount(kept=1, dropped=3)}
    assert result.redacted == {"email": 1}
    assert talk.notes == ["faq.jsonl is read as jsonl: its lines are JSON objects"]


def test_near_duplicates_are_left_out_unless_they_are_asked_for(material: Path) -> None:
    words = " ".join(f"word{number}" for number in range(60))
    rows = [{"question": "Tell me all.", "answer": f"{words}{end}"} for end in ("", " more")]
    (material / "near.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    out = material / "x.jsonl"
    for settings, count in (({}, 1), ({"drop_near_duplicates": None}, 2)):
        assert import_sources(["near.jsonl"], out, examples=settings).kept == count
    import_sources(["near.jsonl"], out)
    assert [(row["source"], row["reason"], row["detail"]) for row in lines(dropped_path(out))] == [
        ("near.jsonl:2", "near duplicate", "98% of the word triples are those of near.jsonl:1")
    ]
    kept = ["--set", "examples.drop_near_duplicates=null", "-q"]
    assert run_command(["import", "near.jsonl", "-o", "x.jsonl", *kept]) == 0
    assert len(lines(out)) == 2


def test_a_group_that_a_source_names_is_imported(material: Path) -> None:
    """It keeps the pieces of one thread on one side when the file is prepared."""
    row = {"question": "Why is it so?", "answer": "It was decided.", "group": "thread 7"}
    (material / "grouped.jsonl").write_text(json.dumps(row))
    import_sources(["grouped.jsonl"], material / "x.jsonl")
    assert [row["group"] for row in lines(material / "x.jsonl")] == ["thread 7"]


def test_what_was_imported_is_read_again_as_it_is(material: Path) -> None:
    first, second = material / "a.jsonl", material / "b.jsonl"
    import_sources(["faq.jsonl"], first)
    import_sources([first], second)
    assert [row["id"] for row in lines(first)] == [row["id"] for row in lines(second)]


def test_columns_and_settings_are_those_of_a_recipe(material: Path) -> None:
    source = {"path": "tickets.csv", "fields": {"instruction": "subject", "response": "reply"}}
    out = material / "x.jsonl"
    import_sources([source], out, examples={"redact": []})
    assert lines(out)[0]["instruction"] == "How much is it?"
    with pytest.raises(RecipeError, match="emial"):
        import_sources([source], out, examples={"redact": ["emial"]})


def test_nothing_is_replaced_by_nothing(material: Path) -> None:
    out = material / "old.jsonl"
    import_sources(["faq.jsonl"], out)
    old = out.read_text()
    (material / "codes.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(DataError, match="no example is left") as caught:
        import_sources(["codes.csv"], out)
    assert out.read_text() == old
    assert str(dropped_path(out)) in str(caught.value)
    assert lines(dropped_path(out))[0]["reason"] == "missing field"
    with pytest.raises(MissingError):
        import_sources(["nowhere.md"], out)
    with pytest.raises(RecipeError, match="one of the sources"):
        import_sources(["tickets.csv"], material / "tickets.csv")
    assert (material / "tickets.csv").read_text(encoding="utf-8").startswith("subject")
    assert not list(material.glob(".tmp-*"))


def test_check_lists_what_is_wrong_and_writes_nothing(material: Path) -> None:
    before = sorted(material.iterdir())
    (material / "bad.jsonl").write_text(ROWS + "{bad\n" * 200, encoding="utf-8")
    result = import_sources(["bad.jsonl"], None)
    assert len(result.findings) == NUM_FINDINGS
    assert result.dropped["bad JSON"] == 201
    assert sorted(material.iterdir()) == sorted([*before, material / "bad.jsonl"])


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["faq.jsonl", "-o", "x.jsonl"], 0),
        (["faq.jsonl", "--check"], 3),
        (
            [
                "tickets.csv",
                "--check",
                "--field",
                "instruction=subject",
                "--field",
                "response=reply",
            ],
            0,
        ),
        (["tickets.csv", "-o", "x.jsonl"], 2),
        (["tickets.csv", "-o", "x.jsonl", "--ignore", "subject"], 3),
        (["nowhere.md", "-o", "x.jsonl"], 4),
        (["faq.jsonl"], 2),
        (["faq.jsonl", "-o", "x.jsonl", "--check"], 2),
        (["faq.jsonl", "-o", "x.jsonl", "--kind", "spreadsheet"], 2),
        (["faq.jsonl", "-o", "x.jsonl", "--set", "training.epochs=1"], 2),
        (["faq.jsonl", "-o", "x.jsonl", "--field", "response"], 2),
    ],
)
@pytest.mark.usefixtures("material")
def test_the_command_ends_with_the_code_of_what_it_found(
    words: list[str], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["import", *words, "--json"]) == code
    said = capsys.readouterr()
    record = json.loads(said.out)
    assert record["schema"] == 1
    assert ("error" in record) == (code not in (0, 3) or "no example is left" in said.err)


@pytest.mark.usefixtures("material")
def test_a_check_for_people_names_line_and_reason(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["import", "faq.jsonl", "--check", "-q"]) == 3
    told = capsys.readouterr().out.splitlines()
    assert told[0] == "faq.jsonl:2: trivial answer: the answer is 'ok'"
    assert "kept: 1" in told


@pytest.mark.parametrize("given", ["a.md", Path("a.md"), {"path": "a.md"}, None, 5, [None], [5]])
def test_what_is_no_list_of_sources_is_refused(given: Any) -> None:
    with pytest.raises(RecipeError, match=r"^sources: takes a "):
        import_sources(given, None)


def test_the_file_to_write_may_be_named_by_a_text(tmp_path: Path) -> None:
    source = tmp_path / "a.jsonl"
    source.write_text('{"instruction": "Why?", "response": "So."}', encoding="utf-8")
    made = import_sources([str(source)], str(tmp_path / "b.jsonl"))
    assert (made.kept, made.file) == (1, str(tmp_path / "b.jsonl"))
    wrong: Any = 5
    for out in (wrong, ""):
        with pytest.raises(RecipeError, match=r"^out: "):
            import_sources([str(source)], out)
