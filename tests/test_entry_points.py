"""What installed packages add: found by name, imported when used, and answerable for faults."""

import logging
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.packages import install, kind_code, layout_code, metric_code
from tests.templates.texts import TEXTS
from tunesmith.__main__ import run_command
from tunesmith.entry_points import installed
from tunesmith.errors import RecipeError, TunesmithError
from tunesmith.evaluation.grade import Grade
from tunesmith.evaluation.metrics import find_metric, grade_completions
from tunesmith.evaluation.token_metrics import TOKEN_METRICS
from tunesmith.generation.responder import Completion
from tunesmith.recipe.load_recipe import recipe_from_mapping
from tunesmith.recipe.recipe import TemplateRecipe
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.sources.kinds import NAMES as KINDS
from tunesmith.sources.material import Material
from tunesmith.sources.read_source import explain_source, read_source
from tunesmith.sources.row import Dropped, Row
from tunesmith.stages.execution.plugins_used import check_plugins, metric_plugins, source_plugins
from tunesmith.stages.plugins import list_plugins
from tunesmith.templates.names import NAMES as TEMPLATES
from tunesmith.templates.names import find_template


def source(folder: Path, kind: str | None = None, text: str = "a,b\n1,2\n") -> SourceRecipe:
    (folder / "a.csv").write_text(text)
    return SourceRecipe.model_construct(**SourceRecipe(path="a.csv").model_dump() | {"kind": kind})


def read(folder: Path, kind: str | None = None) -> list[Material | Dropped]:
    return list(read_source(source(folder, kind), folder=folder))


def graded(metric: str) -> list[Grade]:
    answers = [
        Completion(example_id=name, model="m", text=name, num_tokens=1, finish_reason="stop")
        for name in ("a", "b")
    ]
    return list(grade_completions(answers, {"a": "a", "b": "x"}, metric=metric, model="m"))


def recipe_of(door: str, name: str) -> dict[str, object]:
    """A recipe that names something at a door."""
    recipe: dict[str, object] = {"sources": [{"path": "a.csv"}]}
    if door == "sources":
        recipe["sources"] = [{"path": "a.csv", "kind": name}]
    elif door == "templates":
        recipe["template"] = {"name": name}
    else:
        recipe["evaluation"] = {"metrics": ["chrf", name]}
    return recipe


DOORS = pytest.mark.parametrize("door", ["sources", "templates", "metrics"])


@DOORS
def test_a_name_is_known_without_an_import(site: Path, door: str) -> None:
    install(site, "seen-only", door, "raise SystemExit('imported')", **{"seen-only": "X"})
    assert [plugin.package for plugin in installed(door) if plugin.name == "seen-only"] == [
        "seen-only 1.0"
    ]
    recipe_from_mapping(recipe_of(door, "seen-only"))
    assert "seen_only" not in sys.modules
    with pytest.raises(RecipeError, match=r"(?s)Allowed|Known.*seen-only.*Did you mean seen-only"):
        recipe_from_mapping(recipe_of(door, "seen-onli"))


@DOORS
def test_a_mistaken_name_stands_beside_all_other_mistakes(site: Path, door: str) -> None:
    install(site, "some-thing", door, "", **{"some-thing": "X"})
    wrong = {**recipe_of(door, "some-thin"), "training": {"epoch": 1}}
    with pytest.raises(RecipeError, match="2 mistakes"):
        recipe_from_mapping(wrong)


@pytest.mark.parametrize(
    ("door", "name"),
    [
        *(("sources", name) for name in KINDS),
        *(("templates", name) for name in TEMPLATES),
        *(("metrics", name) for name in ("exact_match", "chrf", TOKEN_METRICS[0])),
    ],
)
def test_what_is_built_in_is_never_replaced(site: Path, door: str, name: str) -> None:
    install(site, f"rogue-{name}", door, "raise SystemExit('imported')", **{name: "X"})
    with pytest.raises(RecipeError, match=rf"'{name}' is built in.*rogue-{name} 1\.0.*Uninstall"):
        recipe_from_mapping(recipe_of(door, name))
    entries = [entry for entry in list_plugins()[door] if entry["name"] == name]
    assert [entry["loads"] for entry in entries] == [True, False]
    assert f"rogue-{name} 1.0" in entries[1]["problem"]
    recipe_from_mapping({"sources": [{"path": "a.csv"}]})  # names nothing of it


@pytest.mark.parametrize("name", ["loss", "judge", "win_rate"])
def test_a_metric_cannot_be_called_what_is_scored_beside_it(site: Path, name: str) -> None:
    install(site, f"late-{name}", "metrics", metric_code(name), **{name: "M"})
    with pytest.raises(RecipeError, match=f"late-{name} 1.0"):
        check_plugins(recipe_from_mapping(recipe_of("metrics", name)))


@DOORS
def test_one_name_from_two_packages_names_both(site: Path, door: str) -> None:
    for package in ("first-one", "second-one"):
        install(site, package, door, "raise SystemExit('imported')", shared="X")
    with pytest.raises(RecipeError, match=r"first-one 1\.0 and second-one 1\.0"):
        recipe_from_mapping(recipe_of(door, "shared"))
    problems = [entry["problem"] for entry in list_plugins()[door] if entry["name"] == "shared"]
    assert len(problems) == 2
    assert all("first-one 1.0 and second-one 1.0" in problem for problem in problems)


FAULTS = {
    "not-there": ("import no_such_module_at_all", "No module named 'no_such_module_at_all'"),
    "not-python": ("def (", "SyntaxError"),
    "not-calm": ("raise RuntimeError('two\\nlines')", "RuntimeError: two lines"),
    "not-staying": ("import sys; sys.exit(3)", "SystemExit: 3"),
    "not-complete": ("", "AttributeError"),
    "not-record": ("X = 5", "is of type int, not"),
    "not-willing": ("def X(): raise ValueError('no')", "ValueError: no"),
}


@pytest.mark.parametrize("package", FAULTS)
@DOORS
def test_a_package_that_cannot_be_loaded_costs_itself(
    site: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, door: str, package: str
) -> None:
    code, words = FAULTS[package]
    name = f"{package}-{door}"
    install(site, name, door, code, **{name: "X"})
    find: dict[str, Callable[[], object]] = {
        "sources": lambda: read(tmp_path, name),
        "templates": lambda: find_template(TemplateRecipe(name=name), TEXTS),
        "metrics": lambda: find_metric(name),
    }
    with pytest.raises(RecipeError) as caught:
        find[door]()
    assert f"{name} 1.0" in str(caught.value)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    with caplog.at_level(logging.WARNING, "tunesmith"):
        assert read(tmp_path) == [Row(fields={"a": "1", "b": "2"}, source="a.csv:2")]
    assert [f"{name} 1.0" in record.getMessage() for record in caplog.records] == (
        [True] if door == "sources" else []
    )
    assert find_template(TemplateRecipe(name="alpaca"), TEXTS).name == "alpaca"
    assert find_metric("chrf").name == "chrf"


@pytest.mark.parametrize(
    ("certainty", "kind"), [(1, "csv"), (2, "csv"), (3, "told")], ids=["unsure", "as sure", "surer"]
)
def test_the_surest_kind_reads_a_file(
    site: Path, tmp_path: Path, certainty: int, kind: str
) -> None:
    install(site, f"told-{certainty}", "sources", kind_code("told", certainty), told="K")
    found = explain_source(source(tmp_path), folder=tmp_path)
    assert found.kind == kind
    assert (found.reason == "it was told so") == (kind == "told")
    assert len(read(tmp_path)) == 1


def test_nothing_is_surer_than_a_certain_kind(site: Path, tmp_path: Path) -> None:
    install(site, "never-asked", "sources", "raise SystemExit('imported')", never="K")
    (tmp_path / "m.json").write_text('{"participants": [{}], "messages": [{"sender_name": "A"}]}')
    recipe = SourceRecipe(path="m.json")
    assert explain_source(recipe, folder=tmp_path).kind == "messenger"
    assert "never_asked" not in sys.modules


def test_two_packages_that_are_as_sure_are_asked_about(site: Path, tmp_path: Path) -> None:
    for name in ("heads", "tails"):
        install(site, f"of-{name}", "sources", kind_code(name), **{name: "K"})
    with pytest.raises(TunesmithError, match="Set kind: heads or kind: tails"):
        read(tmp_path)
    (row,) = read(tmp_path, "tails")
    assert isinstance(row, Row)


@pytest.mark.parametrize(
    ("name", "then", "words"),
    [
        ("raising", "raise KeyError('gone')", "KeyError: 'gone'"),
        ("giving", "yield 5", "read gave a int"),
    ],
)
def test_a_kind_that_fails_while_reading_names_its_package(
    site: Path, tmp_path: Path, name: str, then: str, words: str
) -> None:
    install(site, f"of-{name}", "sources", kind_code(name, then=then), **{name: "K"})
    with pytest.raises(TunesmithError, match=f"of-{name} 1.0.*{words}") as caught:
        read(tmp_path, name)
    assert caught.value.where == "a.csv"
    assert caught.value.cure


@pytest.mark.parametrize("answer", ["1 / 0", "5"])
def test_a_kind_that_fails_while_looking_is_passed_over(
    site: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, answer: str
) -> None:
    name = f"looks-{ord(answer[0])}"
    code = kind_code(name).replace(
        'return Recognition(certainty=Certainty(3), reason="it was told so")', f"return {answer}"
    )
    install(site, name, "sources", code, **{name: "K"})
    with caplog.at_level(logging.WARNING, "tunesmith"):
        assert len(read(tmp_path)) == 1
    assert f"{name} 1.0" in caplog.text


@pytest.mark.parametrize(
    ("name", "mark", "scores", "reason"),
    [
        ("half", "50.0", [50.0, 50.0], None),
        ("whole", "100", [100.0, 100.0], None),
        ("over", "101", [None, None], "gave 101"),
        ("under", "-1", [None, None], "gave -1"),
        ("nan", "float('nan')", [None, None], "gave nan"),
        ("divides", "100 / (completion == reference)", [100.0, None], "ZeroDivisionError"),
        ("text", "'high'", [None, None], "ValueError"),
    ],
)
def test_a_metric_that_cannot_mark_a_row_fails_that_row(
    site: Path, name: str, mark: str, scores: list[float | None], reason: str | None
) -> None:
    install(site, f"mark-{name}", "metrics", metric_code(name, mark), **{name: "M"})
    grades = graded(name)
    assert [grade.score for grade in grades] == scores
    reasons = [grade.reason or "" for grade in grades if grade.score is None]
    assert all((reason or "") in said and name in said for said in reasons)


def test_another_version_or_other_code_is_another_key(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = install(site, "keyed-kind", "sources", kind_code("keyed"), keyed="K")
    recipe = recipe_from_mapping(recipe_of("sources", "keyed"))
    detected = recipe_from_mapping({"sources": [{"path": "a.csv"}]})
    other = recipe_from_mapping(recipe_of("sources", "csv"))
    before = [plugin.fingerprint for plugin in source_plugins(recipe)]
    assert [plugin.fingerprint for plugin in source_plugins(detected)] == before
    assert source_plugins(other) == []
    from tunesmith import entry_points

    path.write_text(kind_code("keyed", answer="Another."))
    entry_points._code_of.cache_clear()
    after = [plugin.fingerprint for plugin in source_plugins(recipe)]
    assert after != before
    assert after[0][:3] == before[0][:3] == ["keyed", "keyed-kind", "1.0"]


def test_metrics_that_a_recipe_names_are_loaded_before_the_work(site: Path) -> None:
    install(site, "broken-late", "metrics", "import nothing_of_this_name", late="M")
    recipe = recipe_from_mapping(recipe_of("metrics", "late"))
    assert [plugin.name for plugin in metric_plugins(recipe)] == ["late"]
    with pytest.raises(RecipeError, match=r"broken-late 1\.0"):
        check_plugins(recipe)


def test_help_and_other_commands_import_no_plugin(site: Path, tmp_path: Path) -> None:
    for door in ("sources", "templates", "metrics"):
        install(site, f"loud-{door}", door, "print('IMPORTED')", loud="X")
    program = (
        f"import sys; sys.path.insert(0, {str(site)!r})\n"
        "from tunesmith.__main__ import run_command\n"
        "assert run_command(['--help']) == 0\n"
        "assert run_command(['init', 'recipe.yaml']) == 0\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program],
        check=False,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stderr
    assert "IMPORTED" not in ran.stdout + ran.stderr


def test_the_list_for_people_says_what_is_wrong(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    install(site, "shown-one", "metrics", metric_code("shown"), shown="M")
    install(site, "shown-two", "metrics", "import nothing_of_this_name", hidden="M")
    assert run_command(["plugins"]) == 0
    told = capsys.readouterr().out
    assert "shown-one 1.0  a mark" in told
    assert "shown-two 1.0  cannot be used: metric 'hidden' of shown-two 1.0" in told
    assert "built in" in told


@pytest.mark.parametrize("name", ["Told", "to ld", "../told", "told.jinja", "-told", "töld"])
def test_a_name_that_no_recipe_could_use_is_refused(
    site: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    install(site, "ill-named", "sources", kind_code(name), **{name: "K"})
    with caplog.at_level(logging.WARNING, "tunesmith"):
        assert explain_source(source(tmp_path), folder=tmp_path).kind == "csv"
    (entry,) = [one for one in list_plugins()["sources"] if not one["is_built_in"]]
    assert "ill-named 1.0" in entry["problem"]
    assert "small letters" in entry["problem"]


@DOORS
def test_a_record_is_called_what_its_entry_point_says(site: Path, door: str) -> None:
    code = {
        "sources": kind_code("one"),
        "templates": layout_code("one"),
        "metrics": metric_code("one"),
    }
    inner = {"sources": "K", "templates": "L", "metrics": "M"}[door]
    install(site, f"two-names-{door}", door, code[door], other=inner)
    (entry,) = [one for one in list_plugins()[door] if not one["is_built_in"]]
    assert entry["loads"] is False
    assert f"two-names-{door} 1.0 calls itself 'one'" in entry["problem"]


@pytest.mark.parametrize("name", ["folder", "hub"])
def test_a_kind_cannot_be_called_what_sources_are_said_to_be(
    site: Path, tmp_path: Path, name: str
) -> None:
    install(site, f"of-{name}", "sources", kind_code(name), **{name: "K"})
    with pytest.raises(RecipeError, match=rf"of-{name} 1\.0"):
        read(tmp_path, name)
    assert explain_source(source(tmp_path), folder=tmp_path).kind == "csv"
