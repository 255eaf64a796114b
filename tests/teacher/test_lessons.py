"""Whole lessons with a teacher that is played: what it writes, what stays, and in which order."""

import json
from itertools import islice
from pathlib import Path

import pytest

from tests.teacher.lessons import examples, lesson, reasons, recipe_of
from tests.teacher.played import (
    Answer,
    Body,
    PlayedAsker,
    answer,
    fenced,
    last_message,
    rng_of,
)
from tunesmith.errors import DataError, RemoteError
from tunesmith.sources.row import Dropped
from tunesmith.teacher.acceptance import Acceptance
from tunesmith.teacher.avoided import IN_TEST_SET, AvoidedExamples
from tunesmith.teacher.call_forecast import forecast_calls
from tunesmith.teacher.filters import CUT
from tunesmith.teacher.lesson import plan_lesson, teach_lesson
from tunesmith.teacher.novelty import Novelty
from tunesmith.teacher.parse import UNREADABLE
from tunesmith.teacher.seeds import read_seeds
from tunesmith.teacher.teacher import ImprovedPair, KeptPair


def pairs_file(folder: Path) -> Path:
    rows = [
        {"instruction": "Explain what a lighthouse is for.", "response": "Ships."},
        {"instruction": "Name the capital of Chad.", "response": "N'Djamena"},
        {"instruction": "Why are there tides?", "response": "I'm sorry, but I can't answer that."},
    ]
    path = folder / "pairs.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_new_tasks_are_new_complete_and_lead_back_to_their_call() -> None:
    items, _ = lesson(recipe_of(count=40))
    made = examples(items)
    assert len(made) == 40
    novelty = Novelty(max_similarity=0.7)
    for seed in read_seeds(None, "en", folder=Path()):
        novelty.add(seed.instruction)
    for instruction in dict.fromkeys(one.messages[0].content for one in made):
        assert novelty.nearest(instruction) is None
        novelty.add(instruction)
    for one in made:
        assert one.source.startswith("teacher/played:")
        named = dict(tag.split(": ", 1) for tag in one.tags if ": " in tag)
        assert named["teacher"] == "played"
        assert named["prompt"] in ("self-instruct/instance@1", "self-instruct/labels@1")
        assert len(named["call"]) == 16
    assert {bool(one.messages[0].input) for one in made} == {True, False}
    assert reasons(items)["too similar"] > 0


def test_classification_tasks_get_their_label_first_and_share_a_group() -> None:
    made = examples(lesson(recipe_of(count=60))[0])
    labelled = [one for one in made if "classification" in one.tags]
    assert labelled
    assert {one.reference for one in labelled} == {"yes", "no"}
    by_instruction: dict[str, set[str | None]] = {}
    for one in labelled:
        by_instruction.setdefault(one.messages[0].content, set()).add(one.group)
        assert one.messages[0].content.startswith("Decide")
    assert all(len(groups) == 1 and None not in groups for groups in by_instruction.values())


def test_earlier_instructions_are_shown_beside_seeds() -> None:
    _, caller = lesson(recipe_of(count=40))
    asked = [one for one in caller.asked if "instructions" in one.purpose]
    seeds = {seed.instruction for seed in read_seeds(None, "en", folder=Path())}
    last = asked[-1].messages[-1].content
    shown = [line.split(". ", 1)[1] for line in last.splitlines() if line[:1].isdigit()]
    assert len(shown) == 8
    assert sum(one in seeds for one in shown) == 6


def test_the_same_seed_asks_the_same_and_another_one_asks_otherwise() -> None:
    first, one = lesson(recipe_of(count=12))
    second, two = lesson(recipe_of(count=12))
    assert (one.asked, first) == (two.asked, second)
    _, other = lesson(recipe_of(count=12, seed=1))
    assert other.asked[0] != one.asked[0]


def test_no_request_is_made_twice() -> None:
    _, caller = lesson(recipe_of(count=80))
    assert len(set(caller.asked)) == len(caller.asked)


def test_a_chinese_lesson_shows_chinese_seeds_and_keeps_chinese_pairs() -> None:
    things = ("灯塔", "高原铁路", "老面馒头", "围棋开局", "珊瑚礁", "造纸作坊", "夜市", "民间舞蹈")
    turns = ("写一段话介绍{}给孩子听", "列出关于{}的四个常见误会", "比较{}在今天和百年前的样子")

    def chinese(body: Body) -> str:
        text, rng = last_message(body), rng_of(body)
        if '{"tasks"' in text:
            asked = [rng.choice(turns).format("和".join(rng.sample(things, 2))) for _ in range(7)]
            return json.dumps({"tasks": [*asked, "Explain why the sea is salty, please."]})
        if '{"classification"' in text:
            return '{"classification": []}'
        return json.dumps(
            {"input": "无", "response": f"这里值得说的有很多：{fenced(text)[-1]}，如此等等。"}
        )

    items, caller = lesson(recipe_of(count=8, language="zh"), answer=chinese)
    made = examples(items)
    assert len(made) == 8
    assert {one.messages[0].input for one in made} == {""}
    assert all("-zh@1" in tag for one in made for tag in one.tags if tag.startswith("prompt: "))
    assert reasons(items)["wrong language"] > 0
    first = caller.asked[0].messages[-1].content
    assert sum(seed.instruction in first for seed in read_seeds(None, "zh", folder=Path())) == 8


def test_nothing_is_asked_ahead_that_is_not_wanted(manual: Path) -> None:
    for recipe in (
        recipe_of(count=13),
        recipe_of(count=41),
        recipe_of(task="documents", documents=["manual.md"], count=3),
        recipe_of(task="documents", documents=["manual.md"], count=5, rewordings=1),
    ):
        items, caller = lesson(recipe, folder=manual)
        assert len(examples(items)) == recipe.count
        assert caller.num_handed == len(caller.asked)
        instances = ("self-instruct/instance", "self-instruct/labels", "documents/supported")
        assert sum(caller.num_asked(name) for name in instances) <= len(examples(items))


def test_a_teacher_that_repeats_itself_ends_without_a_loop() -> None:
    def parrot(body: Body) -> str:
        if '{"tasks"' in last_message(body):
            return json.dumps({"tasks": ["Explain how a lighthouse keeper spends the night."] * 8})
        return answer(body)

    items, caller = lesson(recipe_of(count=40), answer=parrot)
    assert len(examples(items)) == 1
    assert caller.num_asked("instructions") <= 24


def test_real_seeds_are_read(shared_data: Path) -> None:
    seeds = read_seeds("seed_tasks.jsonl", "en", folder=shared_data / "seeds")
    assert len(seeds) == 175
    assert sum(seed.is_classification for seed in seeds) == 26
    assert sum(bool(seed.input) for seed in seeds) > 60


def test_seeds_of_ones_own_are_read_in_every_shape(tmp_path: Path) -> None:
    tasks = [
        {
            "id": f"mine_{number}",
            "instruction": f"Sort vegetable {number}.",
            "instances": [{"input": "carrot", "output": "root"}],
            "is_classification": number == 0,
        }
        for number in range(3)
    ]
    (tmp_path / "tasks.jsonl").write_text("".join(json.dumps(task) + "\n" for task in tasks))
    seeds = read_seeds("tasks.jsonl", "en", folder=tmp_path)
    assert [(seed.input, seed.response) for seed in seeds] == [("carrot", "root")] * 3
    assert [seed.is_classification for seed in seeds] == [True, False, False]
    rows = [{"question": f"Why is number {n} odd?", "answer": "It is so."} for n in range(5)]
    path = tmp_path / "mine.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert [one.response for one in read_seeds("mine.jsonl", "en", folder=tmp_path)] == [
        "It is so."
    ] * 5
    path.write_text(json.dumps(rows[0]) + "\n")
    with pytest.raises(DataError, match="holds 1 seed tasks; 3 are the fewest"):
        read_seeds("mine.jsonl", "en", folder=tmp_path)


def test_weak_answers_are_improved_in_place_and_both_versions_kept(tmp_path: Path) -> None:
    path = pairs_file(tmp_path)
    items, caller = lesson(recipe_of(task="improve", pairs=path.name), folder=tmp_path)
    assert [type(item) for item in items] == [ImprovedPair, KeptPair, ImprovedPair]
    first = items[0]
    assert isinstance(first, ImprovedPair)
    assert first.before.reference == "Ships."
    assert first.after.reference.startswith("A lighthouse warns")
    assert "words where a text is asked for" in first.reason
    assert f"improves: {first.before.id}" in first.after.tags
    assert first.after.messages[0] == first.before.messages[0]
    assert len(caller.asked) == 2


def test_a_rewriting_that_fails_leaves_the_pair_and_says_so(tmp_path: Path) -> None:
    recipe = recipe_of(task="improve", pairs=pairs_file(tmp_path).name)
    items, _ = lesson(recipe, answer=lambda body: '{"response": "Ships."}', folder=tmp_path)
    assert [type(item).__name__ for item in items] == [
        "KeptPair",
        "Dropped",
        "KeptPair",
        "KeptPair",
        "Dropped",
    ]
    assert isinstance(items[0], KeptPair)
    assert items[0].example.reference == "Ships."
    assert any(tag.startswith("weak: ") for tag in items[0].example.tags)


def test_a_judges_grades_say_which_answers_are_weak(tmp_path: Path) -> None:
    path = pairs_file(tmp_path)
    recipe = recipe_of(task="improve", pairs=path.name)
    ids = [one.id for one, _ in plan_lesson(recipe, subject=None, folder=tmp_path).pairs]
    grades = [
        {"example_id": ids[1], "score": 20},
        {"example_id": ids[1], "score": 60},
        {"example_id": ids[0], "score": 90},
        {"example_id": ids[2], "score": None, "reason": "unreadable"},
    ]
    (tmp_path / "grades.jsonl").write_text("".join(json.dumps(one) + "\n" for one in grades))
    judged = recipe_of(task="improve", pairs=path.name, grades="grades.jsonl", grade_below=50)
    pairs = plan_lesson(judged, subject=None, folder=tmp_path).pairs
    assert [reason for _, reason in pairs] == [None, "a judge gave it 40 of 100", None]


def test_pairs_of_the_test_set_are_refused_and_counted(manual: Path) -> None:
    recipe = recipe_of(task="documents", documents=["manual.md"])
    made = examples(lesson(recipe, folder=manual)[0])
    items, _ = lesson(recipe, folder=manual, avoided=AvoidedExamples(made[:2]))
    kept = {one.id for one in examples(items)}
    assert not kept & {one.id for one in made[:2]}
    assert reasons(items)[IN_TEST_SET] >= 2


@pytest.mark.parametrize(
    ("answer", "finish_reason", "error", "words"),
    [
        (lambda body: "I like trains.", "stop", DataError, "not in the form that was asked for"),
        (lambda body: '{"tasks": ["Explain', "length", DataError, "cut off before they end"),
        (lambda body: "", "stop", RemoteError, "calls brought no reply"),
        (
            lambda body: json.dumps({"tasks": [f"解释第{n}种潮汐的原因。" for n in range(8)]}),
            "stop",
            DataError,
            "writes another language",
        ),
        (
            lambda body: (
                answer(body)
                if '{"input"' not in last_message(body) and '{"instances"' not in last_message(body)
                else json.dumps({"input": "", "response": "I'm sorry, but I can't help with that."})
            ),
            "stop",
            DataError,
            "the model refuses",
        ),
    ],
)
def test_a_wrong_teacher_is_stopped_early_with_a_diagnosis(
    answer: Answer, finish_reason: str, error: type[Exception], words: str
) -> None:
    recipe = recipe_of(count=500)
    caller = PlayedAsker(answer, finish_reason=finish_reason)
    acceptance = Acceptance()
    found = None
    for item in teach_lesson(
        plan_lesson(recipe, subject=None, folder=Path()), caller, AvoidedExamples([])
    ):
        acceptance.add(item)
        found = acceptance.fault(recipe)
        if found is not None:
            break
    found = found or acceptance.fault(recipe, is_end=True)
    assert isinstance(found, error)
    assert words in str(found)
    assert len(caller.asked) < 150


def test_a_good_teacher_is_not_stopped(manual: Path) -> None:
    for recipe in (recipe_of(count=300), recipe_of(task="documents", documents=["manual.md"])):
        acceptance = Acceptance()
        for item in islice(lesson(recipe, folder=manual)[0], 2000):
            acceptance.add(item)
            assert acceptance.fault(recipe) is None, acceptance.words()
        assert acceptance.fault(recipe, is_end=True) is None


def test_reasons_are_told_in_a_sentence() -> None:
    acceptance = Acceptance()
    for reason in (UNREADABLE, UNREADABLE, CUT):
        acceptance.add(Dropped(source="x", reason=reason, detail="", text=""))
    assert acceptance.words() == (
        "0 of 3 accepted (0%); refused: 2 unreadable reply, 1 reply cut off"
    )


def test_the_forecast_is_near_what_a_good_teacher_takes(manual: Path) -> None:
    for recipe in (
        recipe_of(count=100),
        recipe_of(task="documents", documents=["manual.md"]),
        recipe_of(task="improve", pairs=pairs_file(manual).name),
    ):
        planned = plan_lesson(recipe, subject=None, folder=manual)
        caller = PlayedAsker()
        list(teach_lesson(planned, caller, AvoidedExamples([])))
        total = forecast_calls(planned)
        assert 0.5 < total.calls / len(caller.asked) < 2
        read = sum(len(turn.content) for one in caller.asked for turn in one.messages) / 4
        assert 0.4 < total.prompt_tokens / read < 2.5
