"""Three packages of twenty lines, installed by pip into a scratch folder: each opens its door."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.stages.rig import Talk, colour_rows, make_recipe, opened, run_folder
from tunesmith.__main__ import run_command
from tunesmith.errors import MissingError, RecipeError
from tunesmith.files import read_json, read_json_lines
from tunesmith.models.load import find_model
from tunesmith.recipe.load_recipe import load_recipe
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.stages.responders.renderer import model_renderer
from tunesmith.stages.run import run_loop

PACKAGES = Path(__file__).resolve().parent / "plugins"
PAGE = Path(__file__).resolve().parents[1] / "docs" / "plugins.md"
Command = Callable[..., tuple[int, str, str]]
DOORS = {"sources": "anki", "templates": "vicuna", "metrics": "brevity"}
CARDS = (
    "#separator:tab\n#html:false\nWhich river runs through Rome?\tThe Tiber, from the north.\n"
    "Nobody turned this one\nHow many legs has a spider?\tA spider has eight legs.\n"
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which pip installed the three packages, without the internet."""
    root = tmp_path_factory.mktemp("packages")
    copies = [shutil.copytree(PACKAGES / name, root / name) for name in DOORS.values()]
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    offline = ["--no-index", "--no-deps", "--no-build-isolation", "--target", str(root / "site")]
    subprocess.run([*pip, *offline, *map(str, copies)], check=True, timeout=120)
    return root / "site"


@pytest.fixture
def active(site: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The packages are importable here."""
    monkeypatch.syspath_prepend(str(site))
    return site


@pytest.fixture
def command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """Run a command in an empty folder; returns code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)

    def ran(*words: str) -> tuple[int, str, str]:
        return (run_command(words), *capsys.readouterr())

    return ran


@pytest.fixture(scope="module")
def done(
    site: Path, tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[RunFolder, dict[str, Any]]]:
    """A run over cards, with the template and the metric of packages."""
    root = tmp_path_factory.mktemp("run")
    cards = "".join(f"{row['instruction']}\t{row['response']}\n" for row in colour_rows(40))
    (root / "cards.txt").write_text(f"#separator:tab\n{cards}", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(site))
        recipe = make_recipe(
            tiny_folder,
            root / "cards.txt",
            examples={"split": {"validation": 0.2, "test": 0.2}},
            training={"steps": 2},
            generation={"max_new_tokens": 4},
            template={"name": "vicuna"},
            evaluation={"metrics": ["exact_match", "brevity"]},
        )
        folder = run_folder(root / "run")
        yield folder, run_loop(opened(recipe, folder, recipe_folder=root, progress=Talk()))


def test_a_fresh_process_lists_them(site: Path) -> None:
    command = [sys.executable, "-m", "tunesmith", "plugins", "--json"]
    paths = os.pathsep.join([str(site), *filter(None, sys.path)])
    ran = subprocess.run(
        command,
        check=False,
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stderr
    listed = json.loads(ran.stdout)
    assert listed["schema"] == 1
    for door, name in DOORS.items():
        (entry,) = [one for one in listed[door] if not one["is_built_in"]]
        assert entry["name"] == name
        assert entry["distribution"] == f"tunesmith-{name}"
        assert entry["version"] == "1.0"
        assert entry["loads"] is True
        assert entry["problem"] is None
        assert entry["description"]


@pytest.mark.parametrize("words", [[], ["--kind", "anki"]], ids=["found", "named"])
@pytest.mark.usefixtures("active")
def test_cards_are_imported(words: list[str], command: Command, tmp_path: Path) -> None:
    (tmp_path / "cards.txt").write_text(CARDS)
    code, out, err = command("import", "cards.txt", "-o", "cards.jsonl", *words, "--json")
    assert code == 0, err
    result = json.loads(out)
    assert (result["kept"], result["dropped"]) == (2, {"no back": 1})
    assert [found["kind"] for found in result["read_as"]] == ["anki"]
    rows = list(read_json_lines(tmp_path / "cards.jsonl"))
    assert rows[0]["instruction"] == "Which river runs through Rome?"
    assert [row["source"] for row in rows] == ["cards.txt:3", "cards.txt:5"]


@pytest.mark.usefixtures("active")
def test_the_template_is_previewed(command: Command, tmp_path: Path) -> None:
    (tmp_path / "cards.txt").write_text(CARDS)
    code, out, err = command("preview", "cards.txt", "--template", "vicuna", "--json")
    assert code == 0, err
    row = json.loads(out.splitlines()[0])
    assert " USER: Which river runs through Rome? ASSISTANT: The Tiber" in row["text"]
    assert "cards.txt is read as anki: it begins as Anki exports cards" in err


def test_without_the_packages_their_names_are_unknown(
    command: Command,
) -> None:
    assert command("import", "a.txt", "--kind", "anki", "-o", "b.jsonl")[0] == 2
    assert command("preview", "a.txt", "--template", "vicuna")[0] == 2


def test_a_run_says_what_it_used_of_packages(done: Any) -> None:
    folder, result = done
    assert set(result.scores) == {"exact_match", "brevity"}
    score = result.scores["brevity"]["tuned"].to_json()
    assert score["count"] > 2
    assert 0 <= score["value"] <= 100
    assert read_json(folder.environment)["plugins"] == {
        "sources.anki": "tunesmith-anki 1.0",
        "templates.vicuna": "tunesmith-vicuna 1.0",
        "metrics.brevity": "tunesmith-brevity 1.0",
    }
    template = read_json(folder.model / "tunesmith.json")["template"]
    assert template["plugin"]["distribution"] == "tunesmith-vicuna"
    assert "brevity" in Path(result.written.report).read_text()
    inputs = folder.read_manifest()
    assert inputs["prepare"]["inputs"]["plugins"][0][:3] == ["anki", "tunesmith-anki", "1.0"]
    assert inputs["evaluate"]["inputs"]["plugins"][0][:3] == ["brevity", "tunesmith-brevity", "1.0"]


def test_a_model_is_asked_with_its_packages_template_or_not_at_all(
    done: Any, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, _ = done
    place = find_model(str(folder.model))
    monkeypatch.setattr(sys, "path", [str(site), *sys.path])
    assert model_renderer(place).template.name == "vicuna"
    monkeypatch.setattr(sys, "path", [part for part in sys.path if part != str(site)])
    with pytest.raises(MissingError, match=r"tunesmith-vicuna 1\.0, which is not installed"):
        model_renderer(place)
    with pytest.raises(RecipeError, match="template 'vicuna' is unknown"):
        load_recipe(folder.recipe)


@pytest.mark.parametrize("name", DOORS.values())
def test_the_page_shows_the_packages_whole(name: str) -> None:
    code = (PACKAGES / name / f"tunesmith_{name}.py").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert code in blocks
    assert len([line for line in code.splitlines() if line.strip()]) <= 22
    project = (PACKAGES / name / "pyproject.toml").read_text(encoding="utf-8")
    if name == "anki":
        assert f"```toml\n{project}```" in PAGE.read_text(encoding="utf-8")
    assert f'"tunesmith.{next(door for door in DOORS if DOORS[door] == name)}"' in project
