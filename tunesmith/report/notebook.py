"""Scores, a log and plain figures -> pieces of HTML that a notebook shows, escaped throughout."""

from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

from tunesmith.evaluation.grade import Comparison, Score
from tunesmith.evaluation.usability.usability import Usability
from tunesmith.report.data.data_record import DataRecord
from tunesmith.report.facts import headline
from tunesmith.report.markup import Markup, joined, tag
from tunesmith.report.pictures.curves import curves_svg
from tunesmith.report.record import RunRecord
from tunesmith.report.score_lines import loss_line, rival_lines, score_lines
from tunesmith.report.score_table import rival_table, score_table
from tunesmith.rounds.look_levels import LookStanding


def framed(*parts: str) -> str:
    """Pieces with the style that they need, in a frame of their own."""
    style = resources.files("tunesmith.report").joinpath("notebook.css").read_text("utf-8")
    return tag("div", tag("style", Markup(style)), *parts, class_="tunesmith")


def figures(title: str, values: Mapping[str, str]) -> Markup:
    """A table of names and values."""
    rows = (tag("tr", tag("th", name, scope="row"), tag("td", v)) for name, v in values.items())
    return joined(tag("p", tag("strong", title)), tag("table", tag("tbody", *rows)))


def listed(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Markup:
    """A table with a line of heads."""
    head = tag("thead", tag("tr", *(tag("th", name, scope="col") for name in heads)))
    body = (tag("tr", *(tag("td", cell) for cell in row)) for row in rows)
    return tag("table", head, tag("tbody", *body))


def score_tables(record: RunRecord) -> Markup:
    """The tables of the report: scores, loss, rivals."""
    lines, loss, rivals = score_lines(record), loss_line(record), rival_lines(record)
    parts: list[str] = []
    if lines:
        parts.append(score_table(record, lines, label="Scores"))
    if loss is not None:
        parts.append(score_table(record, [loss], label="Loss on the test rows"))
    if rivals:
        parts.append(rival_table(record.models, rivals))
    return joined(*parts)


def verdict(record: RunRecord) -> Markup:
    """What came out, in words."""
    title, sentence = headline(record)
    return tag("p", tag("strong", title), f": {sentence}")


def loss_curve(record: RunRecord) -> Markup:
    """Loss and learning rate over steps; nothing where nothing was trained."""
    svg = curves_svg(record, "step")
    alt = "Loss and learning rate over steps"
    return Markup("") if svg is None else tag("div", Markup(svg), class_="curve", aria_label=alt)


def scores_alone(
    scores: Mapping[str, Mapping[str, Score]],
    comparisons: Sequence[Comparison],
    judge: Mapping[str, Any],
    usability: Usability | None = None,
    looks: LookStanding | None = None,
) -> RunRecord:
    """Scores as a record that knows nothing else of its run."""
    return RunRecord(
        name="",
        recipe={},
        environment={},
        summary={},
        data=DataRecord(),
        log=(),
        rows=(),
        num_test_rows=0,
        answers={},
        scores=scores,
        comparisons=tuple(comparisons),
        failures={},
        judge=judge,
        usability=usability,
        looks=looks,
    )
