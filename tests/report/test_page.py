"""report.html: nothing leaves it, nothing in the data acts in it, every state of a run has one."""

import json
import re
import shutil
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tunesmith.files import write_json, write_text
from tunesmith.report.record import read_run_record
from tunesmith.stages.report import write_report

MakeRun = Callable[..., Path]
HOSTILE = (
    "<script>alert(1)</script></script><!--<script>--></style></title></textarea>"
    "\"' onload=alert(1) <img src=x onerror=alert(1)>&lt;b&gt;\u2028${1}]]>\x00\x0b"
)


class Elements(HTMLParser):
    """The elements and attributes that a browser would see."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.scripts: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        if self.lasttag == "script" and data.strip():
            self.scripts.append(data)
        self.text.append(data)

    @property
    def words(self) -> str:
        return " ".join("".join(self.text).split())


def parsed(html: str) -> Elements:
    elements = Elements()
    elements.feed(html)
    return elements


def test_what_users_write_never_becomes_an_element(make_run: MakeRun) -> None:
    folder = make_run(HOSTILE)
    write_report(folder)
    html = (folder / "report.html").read_text(encoding="utf-8")
    calm = make_run()
    write_report(calm)
    plain = parsed((calm / "report.html").read_text(encoding="utf-8"))
    elements = parsed(html)
    assert elements.names.count("script") == plain.names.count("script") == 3
    assert set(elements.names) == set(plain.names)
    assert "img" not in elements.names
    assert {name for name, _ in elements.attributes} == {name for name, _ in plain.attributes}
    for raw in ("<script>alert", "<img", "<!--", "onerror=alert(1)>&lt;b", "\x00"):
        assert raw not in html
    assert html.count("</script>") == 3


def test_rows_are_carried_whole(make_run: MakeRun) -> None:
    folder = make_run(HOSTILE)
    write_report(folder)
    scripts = parsed((folder / "report.html").read_text(encoding="utf-8")).scripts
    assert "\u2028" not in scripts[0]
    rows = json.loads(scripts[0])["rows"]
    assert len(rows) == 10
    assert rows[0]["prompt"][0]["content"] == "Capital of France?" + HOSTILE
    assert rows[0]["answers"]["tuned"]["text"] == "The capital is Paris." + HOSTILE
    assert rows[0]["grades"]["exact_match"]["base"] == {
        "score": 0.0,
        "reason": "cut off at max_new_tokens",
    }
    assert rows[9]["grades"]["chrf"]["tuned"] == {"score": None, "reason": "no completion"}


def test_the_page_asks_nothing_of_any_network(make_run: MakeRun) -> None:
    folder = make_run(rivals=("gpt-4o",))
    write_report(folder)
    html = (folder / "report.html").read_text(encoding="utf-8")
    assert re.findall(r"(?i)https?:|//[a-z]|@import|url\((?!#)", html.replace("// ", "")) == []
    assert "default-src 'none'" in html
    attributes = parsed(html).attributes
    assert not [value for name, value in attributes if name in ("src", "srcset", "action")]
    links = [value for name, value in attributes if name == "href"]
    assert all(value is not None and value.startswith("#") for value in links)


def test_the_page_script_never_writes_html() -> None:
    script = Path(__file__).parents[2] / "tunesmith" / "report" / "page.js"
    text = script.read_text(encoding="utf-8")
    for name in ("innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval", "fetch("):
        assert name not in text


@pytest.mark.usefixtures("drawn_anew")
def test_the_same_run_gives_the_same_bytes(make_run: MakeRun) -> None:
    folder = make_run()
    names = ("report.html", "report.md", "curves.svg")
    write_report(folder)
    first = [(folder / name).read_bytes() for name in names]
    write_report(folder)
    assert first == [(folder / name).read_bytes() for name in names]


def test_every_control_has_a_label_and_every_table_has_heads(make_run: MakeRun) -> None:
    folder = make_run()
    write_report(folder)
    html = (folder / "report.html").read_text(encoding="utf-8")
    assert all("scope=" in head for head in re.findall(r"<th[ >][^>]*", html))
    for control in re.findall(r"<(?:select|input)[^>]*>", html):
        key = re.search(r'id="([^"]+)"', control)
        assert key is not None
        before = html[: html.index(control)]
        inside = before.rfind("<label") > before.rfind("</label>")
        assert inside or f'for="{key.group(1)}"' in html


def test_rivals_are_shown_and_compared(make_run: MakeRun) -> None:
    folder = make_run(rivals=("gpt-4o",))
    record = write_report(folder)
    assert record.models == ("base", "tuned", "gpt-4o")
    words = parsed((folder / "report.html").read_text(encoding="utf-8")).words
    assert "Tuned against rivals" in words


def test_an_empty_folder_still_gives_a_page(tmp_path: Path) -> None:
    write_report(tmp_path)
    words = parsed((tmp_path / "report.html").read_text(encoding="utf-8")).words
    assert "Nothing yet" in words
    assert "Nothing has been trained yet." in words
    assert not (tmp_path / "curves.svg").exists()


@pytest.mark.parametrize(
    ("missing", "told"),
    [
        (("scores.json", "grades", "completions"), "Not answered yet"),
        (("scores.json", "grades"), "Not compared"),
        (("scores.json", "grades", "completions", "data/test.jsonl"), "Nothing to compare"),
        (("log.jsonl",), "Nothing has been trained yet."),
        (("data/summary.json", "data/dropped.jsonl", "environment.json", "recipe.yaml"), "Better"),
        (("data/dropped.jsonl",), "exact duplicate"),
    ],
)
def test_whatever_is_missing_the_page_says_what_is_known(
    make_run: MakeRun, missing: tuple[str, ...], told: str
) -> None:
    folder = make_run()
    for name in missing:
        path = folder / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    write_report(folder)
    assert told in parsed((folder / "report.html").read_text(encoding="utf-8")).words
    assert (folder / "report.md").read_text(encoding="utf-8").startswith("# capitals\n")


def test_a_run_without_validation_has_curves(make_run: MakeRun) -> None:
    folder = make_run()
    log = (folder / "log.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    write_text(folder / "log.jsonl", "".join(line for line in log if "validation" not in line))
    write_report(folder)
    assert ">validation<" not in (folder / "curves.svg").read_text(encoding="utf-8")


def test_a_tie_is_not_called_better(make_run: MakeRun) -> None:
    folder = make_run()
    scores = json.loads((folder / "scores.json").read_bytes())
    for comparison in scores["comparisons"]:
        comparison.update(p_value=0.4, verdict="no difference shown")
    write_json(folder / "scores.json", scores)
    assert read_run_record(folder).verdict.outcome == "no difference shown"
    write_report(folder)
    words = parsed((folder / "report.html").read_text(encoding="utf-8")).words
    assert "No difference shown" in words
    assert 'class="card verdict "' in (folder / "report.html").read_text(encoding="utf-8")
