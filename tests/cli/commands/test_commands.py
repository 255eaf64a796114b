"""Each command parses, calls its stage with what was asked, and prints."""

import io
import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.cells import cell_len

from tests.cli.conftest import FakeSession
from tunesmith.errors import DataError

Command = Callable[..., SimpleNamespace]
Calls = list[SimpleNamespace]
STAGES = ("run", "prepare", "forecast", "train", "answer", "evaluate")


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_gets_recipe_folder_and_overrides(
    command: Command, calls: Calls, tmp_path: Path, name: str
) -> None:
    assert command(name, "recipe.yaml", "--set", "training.epochs=1").code == 0
    (opened,) = calls[0].given
    assert calls[0].stage == name
    assert opened.recipe.training.epochs == 1
    assert opened.folder.path == Path("runs/recipe")
    assert opened.folder.recipe_folder == opened.recipe_folder == tmp_path


@pytest.mark.parametrize("name", STAGES)
def test_run_names_the_folder_of_any_stage(command: Command, calls: Calls, name: str) -> None:
    command(name, "recipe.yaml", "--run", "elsewhere")
    assert calls[0].given[0].folder.path == Path("elsewhere")


def test_the_judge_alone_can_be_tried(command: Command, calls: Calls) -> None:
    result = command("evaluate", "recipe.yaml", "--check-judge")
    assert (calls[0].stage, result.out) == ("check_judge", "Judge x: usable.\n")


@pytest.mark.parametrize("name", ["run", "train"])
def test_a_reason_to_force_reaches_the_stage(command: Command, calls: Calls, name: str) -> None:
    command(name, "recipe.yaml", "--force", "I know")
    assert calls[0].force == "I know"


@pytest.mark.parametrize("name", [*STAGES, "report", "demo"])
@pytest.mark.usefixtures("calls")
def test_json_is_exactly_one_object_and_talk_goes_to_stderr(
    command: Command, tmp_path: Path, name: str
) -> None:
    (tmp_path / "runs" / "recipe").mkdir(parents=True)
    result = command(name, *([] if name == "demo" else ["recipe.yaml"]), "--json")
    assert json.loads(result.out)["schema"] == 1
    assert result.out.count("\n") == 1
    assert f"{name} says something" in result.err


@pytest.mark.usefixtures("calls")
def test_quiet_says_nothing_but_the_result(command: Command) -> None:
    result = command("run", "recipe.yaml", "--quiet")
    assert result.err == ""
    assert (
        result.out
        == """\
kept: 1,234
dropped: 3 (empty response 2, too long 1)
train: 90 rows, 1,000 trained tokens
token_f1        base           40.00  [30.00, 50.00]  (100 rows, 2 failed)
token_f1        tuned       no score  (100 rows, 2 failed)
token_f1        tuned against base: +9.50 [+2.00, +17.25], better
loss (nats per token): train 1.5000
peak memory: 3 MiB
report: runs/mine/report.html
"""
    )


def test_what_a_stage_wrote_for_people_is_shown_as_it_is(
    command: Command, monkeypatch: pytest.MonkeyPatch, calls: Calls
) -> None:
    result = {"kept": 3, "summary": ["Better.", "", "a  b"], "report": "r.html"}
    monkeypatch.setattr("tunesmith.stages.run.run_loop", lambda *_, **__: result)
    assert command("run", "recipe.yaml").out == "Better.\n\na  b\n\nReport: r.html\n"
    assert not calls


def test_counts_of_two_models_are_two_lines(
    command: Command, monkeypatch: pytest.MonkeyPatch, calls: Calls
) -> None:
    counts = {"answers": 3, "cut_off": 0}
    result = {"base": counts, "tuned": counts}
    monkeypatch.setattr("tunesmith.stages.answer.answer", lambda *_, **__: result)
    out = command("answer", "recipe.yaml").out
    assert out == "base: answers 3, cut off 0\ntuned: answers 3, cut off 0\n"
    assert not calls


def test_any_file_can_be_answered_by_any_model(command: Command, calls: Calls) -> None:
    words = ("--input", "new.jsonl", "--output", "out.jsonl", "--max-new-tokens", "5")
    result = command("answer", "some/model", *words, "--json")
    assert json.loads(result.out) == {"schema": 1, "rows": 3}
    assert calls[0].given == ("some/model", Path("new.jsonl"), Path("out.jsonl"))
    assert calls[0].generation.max_new_tokens == 5


def test_a_recipe_stands_for_its_run_and_its_generation(command: Command, calls: Calls) -> None:
    Path("recipe.yaml").write_text("sources: [{path: a}]\ngeneration: {max_new_tokens: 7}\n")
    command("answer", "recipe.yaml", "--input", "a", "--output", "b", "--temperature", "0.5")
    assert calls[0].given[0] == "runs/recipe"
    assert calls[0].generation.max_new_tokens == 7
    assert calls[0].generation.temperature == 0.5


def test_a_report_is_made_of_a_run_or_its_recipe(
    command: Command, calls: Calls, tmp_path: Path
) -> None:
    (tmp_path / "runs" / "recipe").mkdir(parents=True)
    for target in ("recipe.yaml", "runs/recipe"):
        assert command("report", target).out == "report: report.html\n"
    assert [call.given[0].path for call in calls] == [Path("runs/recipe")] * 2


def test_a_report_is_made_in_the_language_that_is_asked_for(
    command: Command, calls: Calls, tmp_path: Path
) -> None:
    (tmp_path / "runs" / "recipe").mkdir(parents=True)
    command("report", "recipe.yaml", "--language", "zh")
    command("report", "recipe.yaml")
    assert [call.language for call in calls] == ["zh", None]


def test_the_demo_tells_its_story(command: Command, calls: Calls) -> None:
    assert command("demo", "-q").out == "Before.\nAfter.\n"
    assert calls[0].folder.path == Path("runs/demo")


@pytest.mark.usefixtures("calls")
def test_preview_prints_the_schema_and_exactly_six_keys_a_row(command: Command) -> None:
    rows = [
        json.loads(line)
        for line in command("preview", "recipe.yaml", "--json").out.split("\n")
        if line
    ]
    assert len(rows) == 5
    keys = ["schema", "id", "source", "text", "ids", "is_trained", "prompt_ids"]
    assert all(list(row) == keys for row in rows)
    assert {row["schema"] for row in rows} == {1}


def test_preview_takes_a_data_file_with_template_and_tokenizer(
    command: Command, calls: Calls
) -> None:
    words = ("--template", "chatml", "--tokenizer", "folder", "--limit", "2")
    result = command("preview", "a.jsonl", *words)
    assert result.out.count("a.jsonl:") == 2
    recipe, _ = calls[0].given
    assert [source.path for source in recipe.sources] == ["a.jsonl"]
    assert (recipe.template.name, recipe.model.name) == ("chatml", "folder")


@pytest.mark.usefixtures("calls")
def test_in_plain_text_trained_parts_are_marked_beyond_doubt(command: Command) -> None:
    out = command("preview", "recipe.yaml", "--limit", "1").out
    assert "Q: ⟨hi␛[2J⟩\nA: ⟦yes \\u27e6no\\u27e7⟧⟦·</s>·⟧" in out
    assert "\x1b" not in out
    assert "3 tokens, 2 trained" in out


@pytest.mark.usefixtures("calls")
def test_colour_is_used_where_it_is_wanted(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    coloured = command("preview", "recipe.yaml", "--limit", "1").out
    assert "\x1b[1;32myes ⟦no⟧" in coloured
    assert "hi␛" in coloured
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in command("preview", "recipe.yaml", "--limit", "1").out


def test_ask_shows_every_model(
    command: Command, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = command("ask", "Hello?", "--models", "starter, runs/x").out
    assert (
        out == "--- starter (3 tokens, ended)\nHello?\n\n--- runs/x (3 tokens, ended)\nHello?\n\n"
    )
    assert calls[0].given == ("Hello?", ["starter", "runs/x"])
    monkeypatch.setattr(sys, "stdin", io.StringIO("From a pipe\n"))
    rows = command("ask", "-", "--models", "a,b", "--json").out.splitlines()
    assert [json.loads(row)["text"] for row in rows] == ["From a pipe"] * 2
    assert [json.loads(row)["schema"] for row in rows] == [1, 1]


def test_chat_reads_lines_from_a_pipe(
    command: Command, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("one\n\ntwo\n/reset\nthree\n/quit\nfour\n"))
    result = command("chat", "runs/x", "-q")
    assert result.out == "1: one\n2: two\n1: three\n"
    assert calls[0].given == ("runs/x",)


class _Terminal(io.StringIO):
    """Lines that a person types."""

    def isatty(self) -> bool:
        return True


class _FullSession(FakeSession):
    """A conversation whose second message finds the context full, until it is reset."""

    def reply(self, text: str) -> Iterator[str]:
        if self.heard:
            raise DataError("the conversation is full", cure="Type /reset to begin anew.")
        yield from super().reply(text)


@pytest.mark.usefixtures("calls")
def test_a_full_conversation_goes_on_where_it_is_typed_and_ends_where_it_is_piped(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = "one\ntwo\n/reset\nthree\n"
    error = "error: the conversation is full. Type /reset to begin anew.\n"
    monkeypatch.setattr("tunesmith.stages.chat.chat", lambda *_, **__: _FullSession())
    monkeypatch.setattr(sys, "stdin", _Terminal(lines))
    typed = command("chat", "runs/x", "-q")
    assert (typed.code, typed.err) == (0, error)
    assert typed.out.replace("> ", "").split() == ["1:", "one", "1:", "three"]
    monkeypatch.setattr(sys, "stdin", io.StringIO(lines))
    piped = command("chat", "runs/x", "-q")
    assert (piped.code, piped.out, piped.err) == (3, "1: one\n", error)


@pytest.mark.usefixtures("calls")
def test_ctrl_c_ends_a_reply_that_is_typed_and_the_program_where_it_is_piped(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[str] = []

    class Session(FakeSession):
        def reply(self, text: str) -> Iterator[str]:
            try:
                yield f"{text} be"
                if text == "one":
                    raise KeyboardInterrupt
            finally:
                closed.append(text)

    monkeypatch.setattr("tunesmith.stages.chat.chat", lambda *_, **__: Session())
    monkeypatch.setattr(sys, "stdin", _Terminal("one\ntwo\n"))
    typed = command("chat", "runs/x", "-q")
    assert (typed.code, closed) == (0, ["one", "two"])
    assert typed.out.replace("> ", "") == "one be\ntwo be\n\n"
    monkeypatch.setattr(sys, "stdin", io.StringIO("one\ntwo\n"))
    assert command("chat", "runs/x", "-q").code == 130


@pytest.mark.usefixtures("calls")
def test_a_chat_knows_its_commands_and_says_which_it_does_not(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = "/help\n/retri\n/save\n//etc is what?\n/etc/hosts?\n/RESET\n/quit now\nmore\n"
    monkeypatch.setattr(sys, "stdin", _Terminal(lines))
    typed = command("chat", "runs/x")
    assert typed.out.replace("> ", "").split("\n") == ["1: /etc is what?", "2: /etc/hosts?", ""]
    for words in (
        "/save FILE    write the conversation",
        "there is no command /retri. Type /help for a list, or //retri to say it.",
        "Did you mean /retry?",
        "/save: names no file",
        "The conversation is forgotten.",
    ):
        assert words in typed.err
    monkeypatch.setattr(sys, "stdin", io.StringIO("/foo\n"))
    assert command("chat", "runs/x").code == 2


@pytest.mark.usefixtures("calls")
@pytest.mark.parametrize(("width", "num_columns"), [(80, 3), (60, 3), (59, 0), (200, 3)])
def test_answers_stand_side_by_side_where_the_terminal_is_wide_enough(
    width: int, num_columns: int, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("LINES", "24")
    text = "Tell me how to train my dog to sit, 怎么训练我的狗坐下 " * 12
    models = "base,tuned,http://localhost:11434/v1#llama3"
    out = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", command("ask", text, "--models", models).out)
    last = out.rpartition("┏")[2].splitlines()
    (heads,) = [line for line in last if "llama3" in line]
    assert all(name in heads for name in ("base", "tuned", "llama3")) == (num_columns == 3)
    assert max(map(cell_len, out.splitlines())) <= width or not num_columns
    assert out.replace("\n", "").count("Tell me how") >= (0 if num_columns else 36)
    assert len(last) > 24 or width > 80 or not num_columns, "a long answer is shown whole"


@pytest.mark.usefixtures("calls")
def test_what_a_model_says_cannot_drive_the_terminal(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("\x1b[2J\x9b\n"))
    assert command("chat", "runs/x", "-q").out == "1: ␛[2J\\x9b\n"


def test_init_writes_a_recipe_that_loads(command: Command, calls: Calls) -> None:
    Path("my tickets.csv").write_text("question,answer\nWhy?,So.\n")
    result = command("init", "mine.yaml", "--data", "my tickets.csv", "--json")
    assert json.loads(result.out)["recipe"] == "mine.yaml"
    text = Path("mine.yaml").read_text()
    assert text.startswith("# tunesmith run mine.yaml\n# yaml-language-server: $schema=file:///")
    command("train", "mine.yaml")
    assert calls[0].given[0].recipe.sources[0].path == "my tickets.csv"


def test_init_replaces_no_file_without_a_reason(command: Command) -> None:
    before = Path("recipe.yaml").read_text()
    assert command("init").code == 7
    assert Path("recipe.yaml").read_text() == before
    assert command("init", "--force", "start over").code == 0
    assert Path("recipe.yaml").read_text() != before


def test_only_the_first_of_several_processes_talks(
    command: Command, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RANK", "1")
    result = command("train", "recipe.yaml")
    assert (result.code, result.out, result.err) == (0, "", "")
    assert calls
