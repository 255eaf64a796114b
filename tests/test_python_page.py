"""docs/python.md runs as it stands, and a type checker finds no Any in what a user writes."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "python.md"
SCRIPT = '''\
"""A user's script."""

from pathlib import Path

import tunesmith

run = tunesmith.open_run("recipe.yaml", folder="runs/mine", overrides=["training.epochs=1"])
prepared = tunesmith.prepare(run)
print(prepared.kept, prepared.dropped, prepared.splits["test"].rows, prepared.read_as[0].kind)
print(tunesmith.forecast(run).seconds.total, tunesmith.forecast(run).memory.peak_bytes)
trained = tunesmith.train(run, force="a new machine")
print(trained.steps, trained.loss["train"], trained.examples_per_second, trained.to_dict())
print(tunesmith.answer(run).models["tuned"].cut_off)
scores = tunesmith.evaluate(run)
for metric in scores:
    print(metric, scores[metric]["tuned"].value, scores.verdict, scores.judge)
print([one.difference for one in scores.comparisons], scores.to_dict())
done = tunesmith.run({"sources": [{"path": "a.jsonl"}]}, folder=Path("runs/a"))
print(done.report.page, done.report.summary, done.recipe.training.epochs, done.folder.path)
for row in done.rows("test"):
    print(row.id, row.reference, row.prompt[-1].content, row.tags)
for completion in done.answers("base"):
    print(completion.text, completion.num_tokens)
print(done.ask("Why?", temperature=0.5, seed=1).text, done.trained.seconds)
model = tunesmith.load("starter")
print([answer.finish_reason for answer in model.answer(["Why?", "When?"])])
print(model.chat([{"role": "user", "content": "Why?"}, tunesmith.Message(role="user", content="")]))
print("".join(model.stream("Why?", max_new_tokens=8)))
for piece in tunesmith.preview(done, limit=3):
    print(piece.text, piece.ids, piece.is_trained, piece.pieces[0].is_content)
imported = tunesmith.import_sources([{"path": "a.md"}], None, examples={"redact": []})
print(imported.kept, imported.findings, imported.to_dict())
compared = tunesmith.compare([Path("runs/a")], [Path("runs/b")])
print(compared.verdict["sentence"], compared.comparisons[0].verdict, compared.summary)
try:
    print(tunesmith.load_recipe(Path("recipe.yaml")).sources, tunesmith.__version__)
except tunesmith.TunesmithError as error:
    print(error.exit_code, error.where, error.cure)
'''
NOT_TYPED = 'import json\n\nprint(json.loads("1"))\n'


def blocks() -> list[str]:
    return re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.M | re.S)


def test_every_example_of_the_page_runs_in_one_script_without_a_word_on_stderr(
    tmp_path: Path,
) -> None:
    script = tmp_path / "page.py"
    script.write_text("\n".join(blocks()), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "error", str(script)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) > 30


def test_the_page_uses_what_is_public() -> None:
    import tunesmith

    used = set(re.findall(r"\btunesmith\.(\w+)\b", "\n".join(blocks())))
    assert used <= set(tunesmith.__all__)
    assert {"run", "open_run", "prepare", "train", "evaluate", "load"} <= used


def type_check(folder: Path, script: str) -> str:
    """What mypy says where no expression may be of type Any; it knows the package by its cache."""
    strict = "# mypy: disallow-any-expr, disallow-any-decorated\n"
    (folder / "script.py").write_text(strict + script, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", str(folder / "script.py")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return done.stdout + done.stderr


def test_a_type_checker_finds_no_any_in_a_users_script(tmp_path: Path) -> None:
    pytest.importorskip("mypy", reason="mypy is a tool of developers")
    assert "Success: no issues found" in type_check(tmp_path, SCRIPT)


def test_an_any_would_be_found(tmp_path: Path) -> None:
    pytest.importorskip("mypy", reason="mypy is a tool of developers")
    assert "Any" in type_check(tmp_path, NOT_TYPED)
