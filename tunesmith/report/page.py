"""RunRecord -> report.html: one file that opens from disk and asks nothing of any network."""

import re
from collections.abc import Mapping
from importlib import resources

from tunesmith import __version__
from tunesmith.evaluation.usability.fault_signs import SIGNS
from tunesmith.language.retell import as_shown
from tunesmith.language.translate import language_tag, message, translate, unfilled
from tunesmith.report.advice.curve_section import TITLE as CURVE_TITLE
from tunesmith.report.advice.curve_section import curve_section
from tunesmith.report.advice.finding_text import TITLE, findings_section
from tunesmith.report.data.data_section import data_section
from tunesmith.report.exports.export_section import TITLE as EXPORT_TITLE
from tunesmith.report.exports.export_section import export_section
from tunesmith.report.judge_facts import files_of
from tunesmith.report.judge_section import judge_section
from tunesmith.report.markup import Markup, joined, tag, void_tag
from tunesmith.report.number_text import shown_title
from tunesmith.report.pictures.curves import Axis
from tunesmith.report.probes.probe_section import probe_section
from tunesmith.report.record import TUNED, RunRecord
from tunesmith.report.rounds.round_section import TITLE as ROUNDS_TITLE
from tunesmith.report.rounds.round_section import round_section
from tunesmith.report.sections import (
    curves_section,
    scores_section,
    settings_section,
    verdict_section,
)
from tunesmith.report.side_by_side import SideBySide, script_json, side_by_side
from tunesmith.report.study import study_section
from tunesmith.report.usability_section import usability_section

POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "img-src data:; base-uri 'none'; form-action 'none'"
)
_SHOW = [
    ("all", message("All rows")),
    ("changed", message("Answer changed")),
    ("gained", message("Tuned scores higher")),
    ("lost", message("Tuned scores lower")),
    ("right", message("Tuned exactly right")),
    ("wrong", message("Tuned not exactly right")),
    ("failed", message("Failed or cut off")),
    ("unusable", message("Tuned cannot be used")),
]
_SORT = [
    ("file", message("As in the file")),
    ("gains", message("Largest gain first")),
    ("losses", message("Largest drop first")),
    ("lowest", message("Weakest tuned answer first")),
]

_WORD = re.compile(r'\btold\("([^"]+)"')  # of the page's own script
_SEARCHED = message("words, source, id")
_NO_SCRIPT = message("Showing rows needs JavaScript; they are in {files}.")


def report_html(record: RunRecord, curves: Mapping[Axis, str]) -> str:
    """The whole page."""
    shown = side_by_side(record)
    sections = [
        ("what-next", translate(TITLE), findings_section(record)),
        ("scores", translate("Scores"), scores_section(record)),
        ("usable", translate("Usable?"), usability_section(record)),
        ("rounds", translate(ROUNDS_TITLE), round_section(record.rounds)),
        ("judge", translate("The judge"), judge_section(record)),
        ("exported", translate(EXPORT_TITLE), export_section(record.exports)),
        ("forgot", translate("What it forgot"), probe_section(record)),
        ("training", translate("Training"), curves_section(record, curves)),
        ("rows-curve", translate(CURVE_TITLE), curve_section(record.curve)),
        ("answers", translate("Answers"), _answers_section(record, shown)),
        ("data", translate("Data"), data_section(record)),
        ("study", translate("The base model"), study_section(record)),
        ("settings", translate("Settings"), settings_section(record)),
    ]
    links = [tag("a", name, href=f"#{key}") for key, name, section in sections if section]
    header = tag(
        "header",
        tag("p", translate("Tunesmith report"), class_="eyebrow"),
        tag("h1", record.name),
        verdict_section(record),
        tag("nav", *links, aria_label=translate("Sections")),
    )
    end = translate(
        "Written by Tunesmith {version}. Every number here can be recomputed from {files} beside "
        "this page.",
        version=__version__,
        files=files_of(record),
    )
    return "<!doctype html>\n" + tag(
        "html",
        _head(record),
        tag(
            "body",
            header,
            tag("main", *(section for _, _, section in sections)),
            tag("footer", tag("p", end, class_="note")),
            _script(record, shown) if record.rows else Markup(""),
        ),
        lang=language_tag(),
    )


def _head(record: RunRecord) -> Markup:
    return tag(
        "head",
        void_tag("meta", charset="utf-8"),
        void_tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
        void_tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        void_tag("meta", name="referrer", content="no-referrer"),
        tag("title", translate("{name}: Tunesmith report", name=record.name)),
        tag("style", _asset("page.css")),
    )


def _answers_section(record: RunRecord, shown: SideBySide) -> Markup:
    if not record.rows:
        return Markup("")
    marks = void_tag("input", type="checkbox", id="marks", checked=True)
    search = void_tag("input", type="search", id="search", placeholder=translate(_SEARCHED))
    controls = tag(
        "div",
        tag("label", translate("Search"), search, class_="wide"),
        tag("label", translate("Show"), _select("show", _of_models(record, _SHOW))),
        tag("label", translate("Tag"), _select("tag", [("", message("Any"))])),
        tag("label", translate("Compare by"), _select("metric", [])),
        tag("label", translate("Order"), _select("sort", _of_models(record, _SORT))),
        tag("label", marks, translate("Mark words of the reference"), class_="tick"),
        class_="card controls",
        role="search",
    )
    pages = tag(
        "div",
        tag("button", translate("Back"), type="button", id="back"),
        tag("span", id="where"),
        tag("button", translate("Next"), type="button", id="next"),
        class_="pages",
        id="pages",
    )
    return tag(
        "section",
        tag("h2", translate("Answers, side by side"), id="answers"),
        tag("p", shown.note, class_="note") if shown.note else Markup(""),
        tag("noscript", tag("p", translate(_NO_SCRIPT, files=files_of(record)))),
        controls,
        tag("p", class_="found", id="found", aria_live="polite"),
        tag("div", id="list"),
        pages,
    )


def _of_models(record: RunRecord, options: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """What can be chosen: where nobody was tuned, nothing that speaks of tuned."""
    if TUNED in record.models:
        return options
    return [(key, told) for key, told in options if key in ("all", "failed", "file")]


def _select(name: str, options: list[tuple[str, str]]) -> Markup:
    choices = (tag("option", translate(told), value=key) for key, told in options)
    return tag("select", *choices, id=name)


def _script(record: RunRecord, shown: SideBySide) -> Markup:
    titles = {metric: shown_title(metric) for metric in record.scores}
    titles |= {name: as_shown(sign.one) for name, sign in SIGNS.items()}
    page = _asset("page.js")
    titles |= {word: told for word in _WORD.findall(page) if (told := unfilled(word)) != word}
    return joined(
        tag("script", shown.json, type="application/json", id="rows"),
        tag("script", script_json(titles), type="application/json", id="titles"),
        tag("script", page),
    )


def _asset(name: str) -> Markup:
    return Markup(resources.files("tunesmith.report").joinpath(name).read_text(encoding="utf-8"))
