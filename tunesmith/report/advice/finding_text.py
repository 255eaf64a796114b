"""RunRecord -> its diagnosis: lines for a terminal, blocks of report.md, a section of the page."""

from collections.abc import Callable, Iterator

from tunesmith.language.retell import as_shown
from tunesmith.language.translate import message, translate
from tunesmith.report.advice.finding import Finding
from tunesmith.report.markup import Markup, joined, tag
from tunesmith.report.record import RunRecord

TITLE = message("What next")
NOTHING_FOUND = message("Nothing stands out.")
_MOST_LINES = 6


def finding_lines(record: RunRecord) -> Iterator[str]:
    """Each finding with its first figure and what changes it; nothing before there are rows."""
    if not record.summary:
        return
    if not record.findings:
        yield translate("What next: nothing stands out.")
        return
    yield translate("What next:")
    for number, finding in enumerate(record.findings[:_MOST_LINES], start=1):
        yield f"  {number}. {_graded(finding.sentence, finding)}"
        yield from (f"     {as_shown(line)}" for line in finding.evidence[:1])
        if finding.is_command:
            yield f"     {translate('do:')} {finding.change}"
        else:
            yield f"     {translate('in the recipe:')}"
            yield from (f"       {line}" for line in finding.change.splitlines())
    if hidden := len(record.findings[_MOST_LINES:]):
        more = translate("... and {count} more in diagnosis.json and the report", count=hidden)
        yield f"  {more}"


def finding_blocks(record: RunRecord, escaped: Callable[[str], str]) -> Iterator[str]:
    """The same as Markdown, with all figures and rows.

    Args:
        record: Of the run.
        escaped: Makes a text one line on which Markdown acts nowhere.
    """
    if not record.summary:
        return
    yield f"## {translate(TITLE)}"
    if not record.findings:
        yield translate(NOTHING_FOUND)
    for number, finding in enumerate(record.findings, start=1):
        yield f"### {number}. {_graded(finding.rule, finding)}"
        yield escaped(as_shown(finding.sentence))
        told = [*map(as_shown, finding.evidence), *_rows_line(finding)]
        yield "\n".join(f"- {escaped(line)}" for line in told)
        yield _heading(finding)
        yield "\n".join(f"    {line}" for line in finding.change.splitlines())


def findings_section(record: RunRecord) -> Markup:
    """The same as a section of the page; a click on a row's id searches for it."""
    if not record.summary:
        return Markup("")
    head = tag("h2", translate(TITLE), id="what-next")
    if not record.findings:
        return tag("section", head, tag("p", translate(NOTHING_FOUND), class_="note"))
    ids = {row.example.id for row in record.rows}
    items = [tag("li", *_item(finding, ids)) for finding in record.findings]
    return tag("section", head, tag("ol", *items, class_="card findings"))


def _item(finding: Finding, ids: set[str]) -> Iterator[Markup]:
    badge = tag("span", as_shown(finding.severity), class_="badge")
    yield tag("p", as_shown(finding.sentence), " ", badge)
    if finding.evidence:
        lines = map(as_shown, finding.evidence)
        yield tag("ul", *(tag("li", line) for line in lines), class_="plain")
    if finding.rows:
        links = [_row(row, is_shown=row in ids) for row in finding.rows]
        yield tag("p", translate("Rows: "), joined(*links), class_="note")
    yield tag("p", _heading(finding), class_="small")
    yield tag("pre", finding.change, class_="mono")


def _row(row: str, *, is_shown: bool) -> Markup:
    shown = tag("a", row, href="#answers", data_search=row) if is_shown else tag("span", row)
    return joined(tag("code", shown), " ")


def _graded(told: str, finding: Finding) -> str:
    """What was found, with how grave it is."""
    severity = as_shown(finding.severity)
    return translate("{finding} ({severity})", finding=as_shown(told), severity=severity)


def _heading(finding: Finding) -> str:
    return translate("Do:") if finding.is_command else translate("In the recipe:")


def _rows_line(finding: Finding) -> list[str]:
    if not finding.rows:
        return []
    return [translate("rows: {rows}", rows=", ".join(finding.rows))]
