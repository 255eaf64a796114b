"""RunRecord -> report.html: one file that opens from disk and asks nothing of any network."""

from collections.abc import Mapping
from importlib import resources

from tunesmith import __version__
from tunesmith.evaluation.usability.fault_signs import SIGNS
from tunesmith.evaluation.verdict import metric_title
from tunesmith.report.advice.curve_section import TITLE as CURVE_TITLE
from tunesmith.report.advice.curve_section import curve_section
from tunesmith.report.advice.finding_text import TITLE, findings_section
from tunesmith.report.data.data_section import data_section
from tunesmith.report.exports.export_section import TITLE as EXPORT_TITLE
from tunesmith.report.exports.export_section import export_section
from tunesmith.report.judge_facts import files_of
from tunesmith.report.judge_section import judge_section
from tunesmith.report.markup import Markup, joined, tag, void_tag
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
    ("all", "All rows"),
    ("changed", "Answer changed"),
    ("gained", "Tuned scores higher"),
    ("lost", "Tuned scores lower"),
    ("right", "Tuned exactly right"),
    ("wrong", "Tuned not exactly right"),
    ("failed", "Failed or cut off"),
    ("unusable", "Tuned cannot be used"),
]
_SORT = [
    ("file", "As in the file"),
    ("gains", "Largest gain first"),
    ("losses", "Largest drop first"),
    ("lowest", "Weakest tuned answer first"),
]


def report_html(record: RunRecord, curves: Mapping[Axis, str]) -> str:
    """The whole page."""
    shown = side_by_side(record)
    sections = [
        ("what-next", TITLE, findings_section(record)),
        ("scores", "Scores", scores_section(record)),
        ("usable", "Usable?", usability_section(record)),
        ("rounds", ROUNDS_TITLE, round_section(record.rounds)),
        ("judge", "The judge", judge_section(record)),
        ("exported", EXPORT_TITLE, export_section(record.exports)),
        ("forgot", "What it forgot", probe_section(record)),
        ("training", "Training", curves_section(record, curves)),
        ("rows-curve", CURVE_TITLE, curve_section(record.curve)),
        ("answers", "Answers", _answers_section(record, shown)),
        ("data", "Data", data_section(record)),
        ("study", "The base model", study_section(record)),
        ("settings", "Settings", settings_section(record)),
    ]
    links = [tag("a", name, href=f"#{key}") for key, name, section in sections if section]
    header = tag(
        "header",
        tag("p", "Tunesmith report", class_="eyebrow"),
        tag("h1", record.name),
        verdict_section(record),
        tag("nav", *links, aria_label="Sections"),
    )
    end = (
        f"Written by Tunesmith {__version__}. Every number here can be recomputed from "
        f"{files_of(record)} beside this page."
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
        lang="en",
    )


def _head(record: RunRecord) -> Markup:
    return tag(
        "head",
        void_tag("meta", charset="utf-8"),
        void_tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
        void_tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        void_tag("meta", name="referrer", content="no-referrer"),
        tag("title", f"{record.name}: Tunesmith report"),
        tag("style", _asset("page.css")),
    )


def _answers_section(record: RunRecord, shown: SideBySide) -> Markup:
    if not record.rows:
        return Markup("")
    marks = void_tag("input", type="checkbox", id="marks", checked=True)
    search = void_tag("input", type="search", id="search", placeholder="words, source, id")
    controls = tag(
        "div",
        tag("label", "Search", search, class_="wide"),
        tag("label", "Show", _select("show", _of_models(record, _SHOW))),
        tag("label", "Tag", _select("tag", [("", "Any")])),
        tag("label", "Compare by", _select("metric", [])),
        tag("label", "Order", _select("sort", _of_models(record, _SORT))),
        tag("label", marks, "Mark words of the reference", class_="tick"),
        class_="card controls",
        role="search",
    )
    pages = tag(
        "div",
        tag("button", "Back", type="button", id="back"),
        tag("span", id="where"),
        tag("button", "Next", type="button", id="next"),
        class_="pages",
        id="pages",
    )
    return tag(
        "section",
        tag("h2", "Answers, side by side", id="answers"),
        tag("p", shown.note, class_="note") if shown.note else Markup(""),
        tag(
            "noscript", tag("p", f"Showing rows needs JavaScript; they are in {files_of(record)}.")
        ),
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
    return tag("select", *(tag("option", told, value=key) for key, told in options), id=name)


def _script(record: RunRecord, shown: SideBySide) -> Markup:
    titles = {metric: metric_title(metric) for metric in record.scores}
    titles |= {name: sign.one for name, sign in SIGNS.items()}
    return joined(
        tag("script", shown.json, type="application/json", id="rows"),
        tag("script", script_json(titles), type="application/json", id="titles"),
        tag("script", _asset("page.js")),
    )


def _asset(name: str) -> Markup:
    return Markup(resources.files("tunesmith.report").joinpath(name).read_text(encoding="utf-8"))
