"""`tunesmith init` looks at data of any kind, and the recipe that it writes can be run."""

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.stages.rig import write_rows
from tunesmith.__main__ import run_command
from tunesmith.cli.terminal.numbered import ask_numbered
from tunesmith.recipe.load_recipe import load_recipe
from tunesmith.stages.execution.progress import SilentProgress
from tunesmith.stages.import_sources import import_sources
from tunesmith.stages.proposing.asked import Unsettled
from tunesmith.stages.proposing.recipe_proposal import propose_recipe

Command = Callable[..., SimpleNamespace]
TICKETS = "id,Customer question,Agent reply\n" + "".join(
    f"{number},Where is parcel {number} of mine?,Parcel {number} has left our house.\n"
    for number in range(12)
)


@pytest.fixture
def command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> SimpleNamespace:
        code = run_command(words)
        out, err = capsys.readouterr()
        return SimpleNamespace(code=code, out=out, err=err)

    return run


def test_what_each_source_was_taken_for_is_said_and_three_pairs_are_shown(command: Command) -> None:
    Path("tickets.csv").write_text(TICKETS)
    result = command("init", "--data", "tickets.csv")
    assert result.code == 0
    assert "tickets.csv is read as csv: it is a table of text with a header" in result.err
    assert "tickets.csv: 12 examples" in result.err
    assert result.out.count("⟦Parcel") == 3
    assert result.out.endswith("recipe: recipe.yaml\nnext: tunesmith run recipe.yaml\n")
    text = Path("recipe.yaml").read_text()
    assert "fields: {instruction: Customer question, response: Agent reply}, as the names" in text
    assert "not read: id" in text


def test_the_recipe_reads_what_init_saw(command: Command) -> None:
    Path("tickets.csv").write_text(TICKETS)
    Path("faq.md").write_text("# FAQ\n\n## Is it free?\n\nYes.\n\n## Is it fast?\n\nIt is.\n")
    assert command("init", "both.yaml", "faq.md", "--data", "tickets.csv").code == 0
    recipe = load_recipe(Path("both.yaml"))
    assert [source.path for source in recipe.sources] == ["tickets.csv", "faq.md"]
    sources = [source.model_dump(exclude_unset=True) for source in recipe.sources]
    assert import_sources(sources, None).kept == 14


def test_paths_are_seen_from_the_recipe(command: Command) -> None:
    Path("tickets.csv").write_text(TICKETS)
    Path("recipes").mkdir()
    assert command("init", "recipes/mine.yaml", "--data", "tickets.csv").code == 0
    (source,) = load_recipe(Path("recipes/mine.yaml")).sources
    assert source.path == "../tickets.csv"


def test_labels_become_a_task_and_what_nobody_answered_is_marked(command: Command) -> None:
    rows = [f"What about card {n} of mine?,{('lost', 'stolen')[n % 2]}" for n in range(20)]
    Path("labelled.csv").write_text("\n".join(["text,category", *rows]) + "\n")
    result = command("init", "--data", "labelled.csv", "--json")
    (source,) = json.loads(result.out)["sources"]
    assert source["keys"]["task"] == "classification"
    assert "category holds labels" in source["open"][0]
    text = Path("recipe.yaml").read_text()
    assert "# ? category holds labels" in text
    assert load_recipe(Path("recipe.yaml")).sources[0].columns == {
        "text": "text",
        "label": "category",
    }


def test_a_person_chooses_by_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    rows = [f"What about card {n} of mine?,{('lost', 'stolen')[n % 2]}" for n in range(20)]
    Path("labelled.csv").write_text("\n".join(["text,category", *rows]) + "\n")
    asked: list[Unsettled] = []

    def pair(question: Unsettled) -> int:
        asked.append(question)
        return next(n for n, line in enumerate(question.answers) if "fields:" in line)

    place = {"path": "labelled.csv"}
    proposal = propose_recipe([place], ask=pair, progress=SilentProgress())
    (source,) = proposal.sources
    assert source.values == {"fields": {"instruction": "text", "response": "category"}}
    assert not source.marked
    assert len(asked) == 1


def test_a_number_is_asked_for_until_it_is_one_of_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed = iter(["5", "two", "2"])
    monkeypatch.setattr("builtins.input", lambda _: next(typed))
    question = Unsettled(where="a.csv", text="what?", samples=("x",), answers=("one", "two"))
    assert ask_numbered(question) == 1
    assert "  2  two" in capsys.readouterr().err
    monkeypatch.setattr("builtins.input", lambda _: "")
    assert ask_numbered(question) == 0


def test_few_examples_are_split_so_that_there_is_something_to_judge(command: Command) -> None:
    write_rows(
        Path("a.jsonl"), [{"question": f"Why {n}?", "answer": f"So {n}."} for n in range(40)]
    )
    command("init", "--data", "a.jsonl", "--quiet")
    split = load_recipe(Path("recipe.yaml")).examples.split
    assert (split.validation, split.test) == (0.1, 0.3)


def test_files_called_train_and_test_are_used_as_such(command: Command) -> None:
    for name in ("train", "test"):
        rows = [{"question": f"Why {n}, {name}?", "answer": f"So {n}."} for n in range(5)]
        write_rows(Path(f"{name}.jsonl"), rows)
    command("init", "--data", "train.jsonl", "--data", "test.jsonl", "--quiet")
    recipe = load_recipe(Path("recipe.yaml"))
    assert [source.use_as for source in recipe.sources] == ["train", "test"]
    assert recipe.examples.split.test == 0.0


def test_a_source_without_examples_is_refused_with_the_reasons(command: Command) -> None:
    write_rows(Path("a.jsonl"), [{"question": "Why?", "answer": ""}])
    result = command("init", "--data", "a.jsonl")
    assert result.code == 3
    assert "1 empty response" in result.err
    assert not Path("recipe.yaml").exists()


def test_two_recipes_are_one_too_many(command: Command) -> None:
    assert command("init", "a.yaml", "b.yaml").code == 2


def test_init_on_stdout_holds_the_recipe_alone(command: Command) -> None:
    Path("tickets.csv").write_text(TICKETS)
    out = command("init", "-", "--data", "tickets.csv").out
    assert out.startswith("# tunesmith run recipe.yaml")
    assert "⟦" not in out


def test_rows_that_the_starter_cannot_read_need_another_model(command: Command) -> None:
    answer = " ".join(f"word{n}" for n in range(1500))
    write_rows(Path("a.jsonl"), [{"question": f"Why {n}?", "answer": answer} for n in range(3)])
    result = command("init", "--data", "a.jsonl", "--quiet")
    assert "next: name a model that reads longer texts in recipe.yaml" in result.out
    assert "# ? no row fits" in Path("recipe.yaml").read_text()


def test_what_init_writes_can_be_prepared(command: Command) -> None:
    """Long rows, few groups and broken rows are found while a sample is tried."""
    long = " ".join(f"word{n}" for n in range(150))
    rows = [{"question": f"{long} {n}?", "answer": f"So {n}.", "group": "a"} for n in range(4)]
    write_rows(Path("a.jsonl"), rows)
    with Path("a.jsonl").open("a") as file:
        file.write('{"question": "broken\n')
    assert command("init", "--data", "a.jsonl", "--quiet").code == 0
    text = Path("recipe.yaml").read_text()
    assert "max_bad: 0.2" in text
    assert load_recipe(Path("recipe.yaml")).examples.split.test == 0.0
    assert command("prepare", "recipe.yaml", "--quiet").code == 0
