"""Changes of a person are what `prepare` makes of the material, and nothing is lost or leaks."""

from collections import Counter
from pathlib import Path

import pytest

from tests.stages.editing.edited_runs import EditedRun, rows
from tests.stages.rig import write_rows
from tunesmith.examples.edits.apply_edits import NO_LONGER_FITS, UNREADABLE_EDIT
from tunesmith.files import hash_file

EDITED = "No, only on Mondays."


@pytest.fixture
def run(tmp_path: Path, tiny_folder: Path) -> EditedRun:
    made = EditedRun.of(tmp_path, tiny_folder, rows())
    made.prepare()
    return made


def test_an_edited_pair_keeps_its_source_and_its_split(run: EditedRun) -> None:
    """Of each split one answer and one question is changed; all at once, and prepared twice."""
    source = hash_file(run.root / "rows.jsonl")
    before = {split: run.in_split(split)[:4] for split in ("train", "validation", "test")}
    for split, pairs in before.items():
        run.desk().write_texts(pairs[0]["id"], {"answer": f"{EDITED} {split}"})
        run.desk().write_texts(pairs[1]["id"], {"question": f"Is it open on a day of {split}?"})
        run.desk().write_texts(pairs[2]["id"], {"answer": f"twice {split}"})
        run.desk().write_texts(pairs[2]["id"], {"answer": f"twice, and again {split}"})
    for _ in range(2):
        prepared = run.prepare()
        kept = {row["response"]: row for row in run.kept().values()}
        for split, pairs in before.items():
            row = kept[f"{EDITED} {split}"]
            assert (row["split"], row["source"], row["edited"]) == (split, pairs[0]["source"], True)
            asked = run.kept()[f"Is it open on a day of {split}?"]
            assert (asked["split"], asked["response"]) == (split, pairs[1]["response"])
            assert kept[f"twice, and again {split}"]["split"] == split
            assert not {"edited"} & run.kept()[pairs[3]["instruction"]].keys()
        assert prepared.kept == 40
        assert prepared.dropped == {}
        run.desk().accept(before["train"][3]["id"])
    assert hash_file(run.root / "rows.jsonl") == source


def test_splits_hold_where_the_memory_is_new_or_the_change_is_undone(run: EditedRun) -> None:
    """The draw goes by what the source asks; what an edited row was is remembered beside it."""
    pairs = run.in_split("test")
    for number, pair in enumerate(pairs):
        run.desk().write_texts(pair["id"], {"question": f"Another matter, number {number}, then?"})
    (run.root / "splits.jsonl").unlink()
    run.prepare()
    assert {row["split"] for row in run.kept().values() if row.get("edited")} == {"test"}
    for line in range(1, len(pairs) + 1):
        run.desk().undo(line)
    run.prepare()
    assert {row["id"] for row in run.in_split("test")} == {pair["id"] for pair in pairs}


def test_what_lay_in_the_test_split_as_edited_lies_there_when_the_change_is_undone(
    run: EditedRun,
) -> None:
    train, test = run.in_split("train")[0], run.in_split("test")[0]
    run.desk().write_texts(train["id"], {"question": test["instruction"]})
    (run.root / "splits.jsonl").unlink()
    run.prepare()
    edited = [row for row in run.in_split("test") if row.get("edited")]
    assert [row["response"] for row in edited] == [train["response"]]
    run.desk().undo(1)
    run.prepare()
    assert run.kept()[train["instruction"]]["split"] == "test"


def test_a_test_row_edited_into_a_training_row_stays_a_test_row(run: EditedRun) -> None:
    test, train = run.in_split("test")[0], run.in_split("train")[0]
    texts = {"question": train["instruction"], "answer": train["response"]}
    run.desk().write_texts(test["id"], texts)
    run.prepare()
    assert run.kept()[train["instruction"]]["split"] == "test"
    assert [one["reason"] for one in run.dropped()] == ["exact duplicate"]
    other, another = run.in_split("train")[0], run.in_split("test")[-1]
    texts = {"question": another["instruction"], "answer": another["response"]}
    run.desk().write_texts(other["id"], texts)
    run.prepare()
    assert run.kept()[another["instruction"]]["split"] == "test"


def test_what_is_left_out_by_hand_is_accounted_for(run: EditedRun) -> None:
    first, second, third, fourth = run.in_split("train")[:4]
    run.desk("Bo").reject(first["id"])
    run.desk().merge(second["id"], third["id"], {})
    prepared = run.prepare()
    assert prepared.dropped == {"rejected by Bo": 1, "merged by Ana": 1}
    told = {one["reason"]: one for one in run.dropped()}
    assert told["rejected by Bo"]["source"] == first["source"]
    assert told["rejected by Bo"]["example_id"] == first["id"]
    merged = run.kept()[second["instruction"]]
    assert merged["response"] == f"{second['response']}\n\n{third['response']}"
    assert third["instruction"] not in run.kept()
    run.desk().restore(first["id"])
    run.desk().reject(fourth["id"])
    assert run.prepare().dropped == {"rejected by Ana": 1, "merged by Ana": 1}
    assert run.kept()[first["instruction"]] == first


def test_the_chosen_of_contradicting_answers_stays_alone(tmp_path: Path, tiny_folder: Path) -> None:
    more = [{**row, "response": f"Never, as of {n}."} for n, row in enumerate(rows(3))]
    run = EditedRun.of(tmp_path, tiny_folder, [*rows(), *more])
    run.prepare()
    listed = run.desk().indexes.of(run.run.folder.contradictions)
    pairs = [(one["first"]["id"], one["second"]["id"]) for one in listed.rows(range(3))]
    for first, second in pairs:
        assert run.desk().contradicting(first) == [second]
        run.desk().choose(second, [first])
    assert run.prepare().contradictions == 0
    assert run.prepare().dropped == {"rejected by Ana": 3}
    assert run.question(0)["response"] == "Never, as of 0."


def test_a_filter_gives_way_to_who_restores(tmp_path: Path, tiny_folder: Path) -> None:
    material = [*rows(), {"instruction": "May I bring a dog to the shop?", "response": "-"}]
    run = EditedRun.of(tmp_path, tiny_folder, [*material, material[0]])
    run.prepare()
    reasons = {one["reason"]: one for one in run.dropped()}
    run.desk().restore(reasons.pop("trivial answer")["example_id"])
    assert "May I bring a dog to the shop?" not in run.kept()
    assert run.prepare().dropped == {"exact duplicate": 1}
    assert run.kept()["May I bring a dog to the shop?"]["response"] == "-"


def test_a_change_whose_pair_is_gone_or_reads_otherwise_is_told(run: EditedRun) -> None:
    gone, otherwise, merged, other = run.in_split("train")[:4]
    run.desk().reject(gone["id"])
    run.desk().write_texts(otherwise["id"], {"answer": EDITED})
    run.desk().merge(merged["id"], other["id"], {})
    changed = {gone["instruction"]: None, otherwise["instruction"]: "new", other["instruction"]: ""}
    material = [
        {**row, "response": changed.get(row["instruction"], "") or row["response"]}
        for row in rows()
        if changed.get(row["instruction"], "") is not None
    ]
    material = [row for row in material if row["instruction"] != other["instruction"]]
    write_rows(run.root / "rows.jsonl", material)
    prepared = run.prepare()
    assert prepared.dropped == {NO_LONGER_FITS: 3}
    assert [one["source"] for one in run.dropped()] == [f"edits.jsonl:{n}" for n in (1, 2, 3)]
    assert "by Ana" in run.dropped()[0]["detail"]
    assert gone["response"] in run.dropped()[0]["text"]
    assert run.kept()[otherwise["instruction"]]["response"] == "new"
    assert "edited" not in run.kept()[merged["instruction"]]
    assert any(NO_LONGER_FITS in notice for notice in prepared.notices)


def test_lines_that_are_no_changes_are_told_and_the_rest_is_done(run: EditedRun) -> None:
    pair = run.in_split("train")[0]
    run.desk().reject(pair["id"])
    with (run.root / "edits.jsonl").open("a") as stream:
        stream.write('{"schema": 1, "what": "shred", "id": "x"}\n{"schema": 1, "wh')
    run.desk().write_texts(run.in_split("train")[1]["id"], {"answer": EDITED})
    assert run.prepare().dropped == {"rejected by Ana": 1, UNREADABLE_EDIT: 2}
    assert EDITED in {row["response"] for row in run.kept().values()}


def test_a_file_of_somebody_elses_is_left_alone(run: EditedRun) -> None:
    (run.root / "edits.jsonl").write_text('{"mine": 1}\n')
    assert "edits.jsonl holds no changes that tunesmith wrote" in run.prepare().notices
    with pytest.raises(Exception, match="no file of changes that tunesmith wrote"):
        run.desk().reject(run.in_split("train")[0]["id"])
    assert (run.root / "edits.jsonl").read_text() == '{"mine": 1}\n'


def test_only_what_changes_pairs_makes_a_preparation_stale(run: EditedRun) -> None:
    key = run.run.folder.read_manifest()["prepare"]["key"]
    pair = run.in_split("train")[0]["id"]
    run.desk().accept(pair)
    run.prepare()
    assert run.run.folder.read_manifest()["prepare"]["key"] == key
    line = run.desk().reject(pair)
    run.prepare()
    assert run.run.folder.read_manifest()["prepare"]["key"] != key
    run.desk().undo(line)
    run.prepare()
    assert run.run.folder.read_manifest()["prepare"]["key"] == key


def test_changes_for_another_recipes_sources_are_counted_apart(run: EditedRun) -> None:
    pair = run.in_split("train")[0]
    run.desk().reject(pair["id"])
    path = run.root / "edits.jsonl"
    text = path.read_text().replace('"recipe.yaml"', '"other.yaml"').replace("rows.jsonl", "b.md")
    path.write_text(text.replace(pair["id"], "f" * 16))
    prepared = run.prepare()
    assert prepared.dropped == {}
    assert prepared.not_read["edits.jsonl"]["changes to pairs of other sources"]["number"] == 1


@pytest.mark.slow
def test_many_changes_to_much_material_are_made_by_many_processes(
    tmp_path: Path, tiny_folder: Path
) -> None:
    run = EditedRun.of(tmp_path, tiny_folder, rows(30_000))
    run.prepare()
    before = {row["id"]: row["split"] for row in run.kept().values()}
    pairs = [*run.kept().values()][::100]
    for number, pair in enumerate(pairs):
        run.desk().write_texts(pair["id"], {"question": f"Edited question {number}?"})
    run.prepare()
    edited = [row for row in run.kept().values() if row.get("edited")]
    assert Counter(row["split"] for row in edited) == Counter(row["split"] for row in pairs)
    assert len(before) == len(run.kept())
    assert pairs[0]["instruction"] not in run.kept()
