"""Lines of scores -> the table of the page, with ranges drawn on one axis."""

from collections.abc import Sequence

from tunesmith.evaluation.grade import Score
from tunesmith.language.retell import as_shown
from tunesmith.language.translate import listing, translate
from tunesmith.report.markup import Markup, tag
from tunesmith.report.number_text import counted, rows_text
from tunesmith.report.record import RunRecord
from tunesmith.report.score_lines import ScoreLine


def score_table(record: RunRecord, lines: Sequence[ScoreLine], *, label: str) -> Markup:
    """One line a metric, a column for each model shown; ranges for scores from 0 to 100.

    The others stand in `rival_table`, a line each: beside one another they would push the
    verdict out of sight.
    """
    scored = [
        (i, model)
        for i, model in enumerate(record.models)
        if model in record.shown and any(model in x.scores for x in lines)
    ]
    is_compared = any(line.comparison for line in lines)
    has_ranges = all(line.metric != "loss" for line in lines)
    heads = [translate("Metric"), *(_model_name(model, index) for index, model in scored)]
    heads += [translate("Tuned − base"), translate("Verdict")] if is_compared else []
    heads += [translate("0 to 100")] if has_ranges else []
    body = []
    for line in lines:
        cells = [_score_cell(line, model) for _, model in scored]
        cells += _comparison_cells(line) if is_compared else []
        cells += [tag("td", _ranges(line, scored))] if has_ranges else []
        body.append(tag("tr", _metric_name(line), *cells))
    return _table(heads, body, label=label)


def rival_table(models: Sequence[str], lines: Sequence[tuple[str, ScoreLine]]) -> Markup:
    """Every other model's score and tuned against it, a line a metric."""
    body = [
        tag(
            "tr",
            _metric_name(line),
            tag("td", _model_name(rival, models.index(rival))),
            _score_cell(line, rival),
            *_comparison_cells(line),
        )
        for rival, line in lines
    ]
    heads = [
        translate("Metric"),
        translate("Rival"),
        translate("Its score"),
        translate("Tuned − rival"),
        translate("Verdict"),
    ]
    return _table(heads, body, label=translate("Tuned against rivals"))


def _table(heads: Sequence[str], body: Sequence[Markup], *, label: str) -> Markup:
    head = tag("thead", tag("tr", *(tag("th", name, scope="col") for name in heads)))
    table = tag("table", head, tag("tbody", *body), class_="scores")
    return tag("div", table, class_="card scroll", tabindex="0", role="region", aria_label=label)


def _metric_name(line: ScoreLine) -> Markup:
    """The metric; below it whether its judge can be trusted."""
    trust = tag("span", as_shown(line.trust), class_="small") if line.trust else Markup("")
    return tag("th", line.name, trust, scope="row")


def _model_name(model: str, index: int) -> Markup:
    return tag("span", model, class_=f"key model-{min(index, 4)}")


def _score_cell(line: ScoreLine, model: str) -> Markup:
    if model not in line.scores:
        return tag("td", "–")
    return tag(
        "td",
        tag("span", line.value(model), class_="value"),
        tag("span", line.interval(model), class_="small"),
        tag("span", rows_text(line.scores[model]), class_="small"),
    )


def _comparison_cells(line: ScoreLine) -> list[Markup]:
    kind = line.verdict if line.verdict in ("better", "worse") else ""
    rows = counted(line.comparison.count, "row") if line.comparison else ""
    if line.comparison and line.comparison.left_out:
        rows = listing(rows, translate("{count:,} left out", count=line.comparison.left_out))
    return [
        tag(
            "td",
            tag("span", line.difference, class_="value"),
            tag("span", line.difference_interval, class_="small"),
            tag("span", rows, class_="small"),
        ),
        tag(
            "td",
            tag("span", as_shown(line.verdict), class_=f"badge {kind}"),
            tag("span", line.p_text, class_="small"),
        ),
    ]


def _ranges(line: ScoreLine, scored: Sequence[tuple[int, str]]) -> Markup:
    """Points and whiskers on one axis; the numbers stand in the cells beside."""
    height = 12 * len(scored) + 14
    ends = [(10, "0"), (110, "50"), (210, "100")]
    marks = [
        tag("line", x1=f"{x}", x2=f"{x}", y1="0", y2=f"{height - 11}", class_="axis")
        for x, _ in ends
    ]
    marks += [
        tag("text", word, x=f"{x}", y=f"{height - 1}", text_anchor="middle") for x, word in ends
    ]
    for place, (index, model) in enumerate(scored):
        if model in line.scores:
            marks.append(_range(line.scores[model], 12 * place + 7, index))
    return tag("svg", *marks, class_="ranges", viewBox=f"0 0 220 {height}", aria_hidden="true")


def _range(score: Score, y: int, index: int) -> Markup:
    marks = []
    if score.low is not None and score.high is not None:
        low, high = 10 + 2 * score.low, 10 + 2 * score.high
        marks.append(
            tag("line", x1=f"{low:.1f}", x2=f"{high:.1f}", y1=f"{y}", y2=f"{y}", class_="whisker")
        )
    if score.value is not None:
        marks.append(tag("circle", cx=f"{10 + 2 * score.value:.1f}", cy=f"{y}", r="4"))
    return tag("g", *marks, class_=f"model-{min(index, 4)}")
