"""At the desk: what can be changed, what is refused with a cure, and what every line says."""

import json
from pathlib import Path

import pytest

from tests.stages.editing.edited_runs import EditedRun, rows
from tunesmith.errors import DataError, MissingError, TunesmithError
from tunesmith.examples.edits.edit_log import EditLog
from tunesmith.examples.edits.pair_edit import PairEdit
from tunesmith.stages.editing.edit_pairs import EditWish, carry_out_edit
from tunesmith.stages.editing.redaction_places import without_redaction

MAIL, PHONE = "help@shop.example", "+49 30 901820"
HOSTILE = '<script>alert(1)</script> {{ 7*7 }} \u202e "\\ \x00'


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory, tiny_folder: Path) -> EditedRun:
    more = [
        {"instruction": "How do I reach the shop?", "response": f"Write to {MAIL} or {PHONE}."},
        {"instruction": "Who?", "input": "A text.", "response": "Nobody at all."},
    ]
    root = tmp_path_factory.mktemp("desk")
    run = EditedRun.of(root, tiny_folder, [*rows(), *more], redact=["email", "phone"])
    run.prepare()
    return run


@pytest.fixture
def run(prepared: EditedRun) -> EditedRun:
    (prepared.root / "edits.jsonl").unlink(missing_ok=True)
    return prepared


def test_a_line_says_who_when_what_and_what_it_was(run: EditedRun) -> None:
    pair = run.in_split("train")[0]
    line = run.desk("Ana").write_texts(pair["id"], {"answer": HOSTILE.replace("\x00", "")})
    record = json.loads((run.root / "edits.jsonl").read_text())
    assert line == 1
    assert record["author"] == "Ana"
    assert record["time"].endswith("+00:00")
    assert (record["id"], record["source"]) == (pair["id"], pair["source"])
    assert record["before"] == {"answer": pair["response"]}
    assert record["after"] == {"answer": HOSTILE.replace("\x00", "")}
    assert PairEdit.from_json(record).to_json() == record


def test_changes_build_on_each_other_before_anything_is_prepared(run: EditedRun) -> None:
    pair = run.in_split("train")[0]
    run.desk().write_texts(pair["id"], {"answer": "First."})
    first = run.desk().pair(pair["id"])
    run.desk().write_texts(first.example.id, {"answer": "Second."})
    second = run.desk().pair(first.example.id)
    assert second == run.desk().pair(second.example.id) == run.desk().pair(pair["id"])
    assert (second.texts["answer"], second.is_pending) == ("Second.", True)
    with pytest.raises(DataError, match="line 2 builds on it"):
        run.desk().undo(1)
    run.desk().undo(2)
    run.desk().undo(3)  # the undo is undone
    assert run.desk().pair(pair["id"]).texts["answer"] == "Second."
    run.desk().undo(4)
    run.desk().undo(1)
    assert not run.desk().pair(pair["id"]).is_pending
    with pytest.raises(DataError, match="undone already"):
        run.desk().undo(1)


def test_what_cannot_be_done_is_refused_with_the_cure(run: EditedRun) -> None:
    train, test = run.in_split("train"), run.in_split("test")
    one, two = train[0]["id"], train[1]["id"]
    desk = run.desk()
    refused = {
        "nothing changes": lambda: desk.write_texts(one, {"answer": train[0]["response"]}),
        "the text is empty": lambda: desk.write_texts(one, {"answer": " "}),
        "not Unicode": lambda: desk.write_texts(one, {"answer": "\udc80"}),
        "characters; at most": lambda: desk.write_texts(one, {"answer": "x" * 200_001}),
        "merged with itself": lambda: desk.merge(one, one, {}),
        "they lie in train and test": lambda: desk.merge(one, test[0]["id"], {}),
        "no other answer contradicts": lambda: desk.choose(one, []),
        "is not left out": lambda: desk.restore(one),
        "no such line": lambda: desk.undo(7),
        "no pair of this run": lambda: desk.reject("0" * 16),
        "no pair of this": lambda: desk.reject("../../etc"),
    }
    for words, act in refused.items():
        with pytest.raises(TunesmithError, match=words):
            act()
    assert not (run.root / "edits.jsonl").exists()
    desk.reject(one)
    with pytest.raises(DataError, match="rejected by Ana"):
        run.desk().write_texts(one, {"answer": "x"})
    run.desk().restore(one)
    run.desk().merge(one, two, {"question": "Both?"})
    with pytest.raises(DataError, match="merged by Ana"):
        run.desk().reject(two)


def test_a_row_as_an_undone_change_made_it_is_not_built_on(
    tmp_path: Path, tiny_folder: Path
) -> None:
    run = EditedRun.of(tmp_path, tiny_folder, rows())
    run.prepare()
    pair = run.in_split("train")[0]
    run.desk().write_texts(pair["id"], {"answer": "Edited."})
    run.prepare()
    edited = run.kept()[pair["instruction"]]["id"]
    run.desk().undo(1)
    with pytest.raises(DataError, match=r"line 1 of edits\.jsonl, which made this text, is undone"):
        run.desk().write_texts(edited, {"answer": "More."})


def test_a_redaction_is_undone_in_one_place_by_what_stood_there(run: EditedRun) -> None:
    pair = run.kept()["How do I reach the shop?"]
    assert pair["response"] == "Write to [email] or [phone]."
    recipe, place = run.root / "recipe.yaml", run.run.folder.path
    texts = run.desk().pair(pair["id"]).texts
    assert without_redaction(texts, 2, PHONE, seed=0) == {"answer": f"Write to [email] or {PHONE}."}
    for number, value in ((1, PHONE), (1, "me"), (2, f"{PHONE} {MAIL}"), (3, MAIL), (0, MAIL)):
        with pytest.raises(DataError, match="redaction"):
            without_redaction(texts, number, value, seed=0)
    recipe.write_text(
        f"model: {{name: {run.run.recipe.model.name}}}\nsources: [{{path: rows.jsonl}}]\n"
    )
    wish = EditWish(unredact=f"1={MAIL}")
    done = carry_out_edit(recipe, pair["id"], wish, run=place, author="Ana")
    assert done.line == 1
    done = carry_out_edit(recipe, pair["id"], EditWish(redact=1), run=place, author="Ana")
    assert run.desk().pair(pair["id"]).texts["answer"] == f"Write to {MAIL} or [phone]."
    assert [one["what"] for one in done.edits] == ["redact"]
    listed = carry_out_edit(recipe, None, EditWish(is_list=True), run=place)
    assert listed.standing == 2
    assert "line 1 of edits.jsonl: unredact" in listed.summary[0]
    run.prepare()
    assert run.kept()["How do I reach the shop?"]["response"] == f"Write to {MAIL} or [phone]."


def test_the_words_of_a_wish_must_say_one_thing(run: EditedRun) -> None:
    recipe, place = run.root / "recipe.yaml", run.run.folder.path
    recipe.write_text(
        f"model: {{name: {run.run.recipe.model.name}}}\nsources: [{{path: rows.jsonl}}]\n"
    )
    pair = run.in_split("train")[0]["id"]
    for wish in (EditWish(), EditWish(texts={"answer": "x"}, undo=1),
                 EditWish(actions={"reject": True, "accept": True})):  # fmt: skip
        with pytest.raises(TunesmithError, match=r"no change is named|at once"):
            carry_out_edit(recipe, pair, wish, run=place)
    with pytest.raises(TunesmithError, match="has no effect here"):
        carry_out_edit(recipe, pair, EditWish(is_list=True), run=place)
    with pytest.raises(TunesmithError, match="no pair is named"):
        carry_out_edit(recipe, None, EditWish(actions={"reject": True}), run=place)
    with pytest.raises(MissingError, match="no pairs are prepared"):
        carry_out_edit(recipe, pair, EditWish(actions={"reject": True}), run=run.root / "no")


def test_a_line_of_another_shape_is_no_change() -> None:
    good = PairEdit(what="edit", time="t", author="a", id="0" * 16, after={"answer": "x"}).to_json()
    assert PairEdit.from_json(good)
    for spoiled in (
        {"schema": 2}, {"what": "shred"}, {"author": 3}, {"after": {"answer": 3}}, {"after": {}},
        {"after": {"output": "x"}}, {"others": [1]}, {"others": "x"}, {"line": "1"}, {"more": 1},
        {"what": "undo"}, {"what": "merge"}, {"id": ""}, {"place": True}, {"what": ["edit"]},
    ):  # fmt: skip
        with pytest.raises(DataError):
            PairEdit.from_json({**good, **spoiled})


def test_two_people_write_at_once_and_neither_loses_a_line(run: EditedRun) -> None:
    pairs = run.in_split("train")
    one, two = run.desk("Ana"), run.desk("Bo")
    assert (one.reject(pairs[0]["id"]), two.reject(pairs[1]["id"])) == (1, 2)
    assert one.accept(pairs[2]["id"]) == 3
    assert {edit.author for edit in EditLog.read(run.root / "edits.jsonl").lines.values()} == {
        "Ana", "Bo",
    }  # fmt: skip
