"""RunRecord -> the few lines that a terminal shows at the end of a run."""

from pathlib import Path

from tunesmith.language.retell import as_shown
from tunesmith.language.translate import in_language, listing, sentences, translate
from tunesmith.report.advice.finding_text import finding_lines
from tunesmith.report.facts import facts, headline
from tunesmith.report.group_section import weak_group_lines
from tunesmith.report.judge_facts import bound_lines, judge_sentence
from tunesmith.report.number_text import NOTHING, padded, rows_text, width_of
from tunesmith.report.probes.probe_facts import probe_sentence
from tunesmith.report.record import TUNED, RunRecord
from tunesmith.report.rounds.round_section import round_sentences
from tunesmith.report.score_lines import (
    ScoreLine,
    failure_lines,
    loss_line,
    rival_lines,
    score_lines,
    untuned_comparisons,
)
from tunesmith.report.usability_lines import band_lines, usability_lines


def summary_lines(record: RunRecord, *, report: Path | None = None) -> list[str]:
    """The verdict, what was trained, the scores as a table, and where the report lies.

    Raises:
        RecipeError: The run's language is unknown.
    """
    with in_language(record.language):
        return _lines(record, report)


def _lines(record: RunRecord, report: Path | None) -> list[str]:
    title, sentence = headline(record)
    lines = [sentences(f"{title}{translate('.')}", sentence), ""]
    lines += _aligned([list(pair) for pair in facts(record)])
    loss = loss_line(record)
    scored = [*score_lines(record), *([loss] if loss else [])]
    if scored:
        lines += ["", *_table(record.shown, scored)]
    if compared := untuned_comparisons(record):
        lines += ["", *compared]
    lines += _usability(record)
    if rivals := rival_lines(record):
        lines += ["", *_rival_table(rivals)]
    if rounds := list(round_sentences(record.rounds)):
        lines += ["", *rounds]
    if judge := judge_sentence(record.judge):
        lines += ["", judge]
    if forgot := probe_sentence(record.probes):
        lines += ["", forgot]
    remarks = [*weak_group_lines(record), *bound_lines(record), *failure_lines(record)]
    if remarks:
        lines += ["", *remarks]
    if found := list(finding_lines(record)):
        lines += ["", *found]
    if report is not None:
        lines += ["", translate("Report: {path}", path=report)]
    return lines


def _usability(record: RunRecord) -> list[str]:
    """Which answers cannot be used, and how far answers reach beyond what was trained."""
    lines: list[str] = []
    for head, found in (
        (translate("of the answers, in %"), usability_lines(record)),
        (translate("right, in %, of questions"), band_lines(record.usability)),
    ):
        models = [model for model in record.models if any(model in x.scores for x in found)]
        rows = [
            [f"{'  ' * line.is_inner}{line.title}"]
            + [f"{line.value(m)} ({line.interval(m)})" for m in models]
            for line in found
        ]
        lines += ["", *_aligned([[head, *models], *rows])] if rows else []
    return lines


def _table(models: tuple[str, ...], scored: list[ScoreLine]) -> list[str]:
    is_compared = TUNED in models
    heads = (translate("tuned − base"), translate("verdict")) if is_compared else ()
    rows = [["", *models, *heads]]
    for line in scored:
        cells = [f"{line.value(m)} ({line.interval(m)})" for m in models]
        difference = f"{line.difference} ({line.difference_interval})"
        verdict = listing(as_shown(line.verdict), line.p_text)
        rows.append([line.title, *cells, *((difference, verdict) if is_compared else ())])
    table = _aligned(rows)
    counts = {rows_text(line.scores[m]) for line in scored for m in models if m in line.scores}
    if len(counts) != 1:
        return table
    return [*table, translate("({rows} each; 95 % intervals)", rows=counts.pop())]


def _rival_table(rivals: list[tuple[str, ScoreLine]]) -> list[str]:
    """A line a metric, a column a model: its score, and how tuned stands against it."""
    names = list(dict.fromkeys(name for name, _ in rivals))
    cells: dict[str, dict[str, str]] = {}
    for name, line in rivals:
        cells.setdefault(line.title, {})[name] = f"{line.value(name)} ({_against(line)})"
    rows = [[translate("against"), *names]]
    rows += [[title, *(row.get(name, NOTHING) for name in names)] for title, row in cells.items()]
    return _aligned(rows)


def _against(line: ScoreLine) -> str:
    if line.verdict in ("better", "worse"):
        return translate("tuned {verdict}", verdict=as_shown(line.verdict))
    return as_shown(line.verdict)


def _aligned(rows: list[list[str]]) -> list[str]:
    widths = [max(map(width_of, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(padded(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
