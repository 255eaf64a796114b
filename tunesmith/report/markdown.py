"""RunRecord -> report.md: the verdict, the scores, some rows and the data, as text."""

import re

from tunesmith.report.advice.curve_section import TITLE, curve_rows
from tunesmith.report.advice.finding_text import finding_blocks
from tunesmith.report.data.data_facts import data_facts, source_lines
from tunesmith.report.exports.export_section import NOTE as EXPORT_NOTE
from tunesmith.report.exports.export_section import TITLE as EXPORT_TITLE
from tunesmith.report.exports.export_section import export_lines, export_rows
from tunesmith.report.facts import facts, headline
from tunesmith.report.judge_facts import (
    bound_lines,
    files_of,
    judge_sentence,
    preference_rows,
    trust_rows,
)
from tunesmith.report.number_text import counted, rows_text
from tunesmith.report.probes.probe_facts import (
    benchmark_rows,
    probe_remarks,
    probe_rows,
    probe_sentence,
)
from tunesmith.report.record import TUNED, RunRecord, TestRow
from tunesmith.report.rounds.round_section import TITLE as ROUNDS_TITLE
from tunesmith.report.rounds.round_section import kind_rows, round_rows, round_sentences
from tunesmith.report.score_lines import (
    ScoreLine,
    failure_lines,
    loss_line,
    rival_lines,
    score_lines,
)
from tunesmith.report.training.search_section import search_line
from tunesmith.report.usability_lines import (
    RATES_NOTE,
    UsabilityLine,
    band_lines,
    bands_note,
    findings_told,
    usability_lines,
)

NUM_ROWS = 20
NUM_CONTRADICTIONS = 5
_MAX_TEXT = 1_500
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|!&~])")


def report_markdown(record: RunRecord, *, has_curves: bool) -> str:
    """The whole file."""
    title, sentence = headline(record)
    blocks = [f"# {markdown_escaped(record.name)}", f"**{title}.** {markdown_escaped(sentence)}"]
    blocks.append("\n".join(f"- {name}: {markdown_escaped(told)}" for name, told in facts(record)))
    blocks += [*finding_blocks(record, markdown_escaped), *_scores(record)]
    blocks += [
        *_usable(record),
        *_rounds(record),
        *_judge(record),
        *_exports(record),
        *_probes(record),
    ]
    if has_curves:
        blocks += ["## Training", "![Loss and learning rate over steps](curves.svg)"]
        blocks += [search_line(record.settings)] if record.settings else []
    blocks += [*_curve(record), *_answers(record)]
    blocks += _data(record)
    blocks.append(f"Every number here can be recomputed from {files_of(record)} beside this file.")
    return "\n\n".join(block for block in blocks if block) + "\n"


def _curve(record: RunRecord) -> list[str]:
    if not record.curve:
        return []
    return [f"## {TITLE}", str(record.curve["sentence"]), table_lines(curve_rows(record.curve))]


def markdown_escaped(value: str) -> str:
    """A text on one line, without a character that Markdown or HTML would act on."""
    return _SPECIAL.sub(r"\\\1", " ".join(value.split())).replace("\\<", "&lt;")


def _scores(record: RunRecord) -> list[str]:
    lines, loss = score_lines(record), loss_line(record)
    blocks = []
    if lines:
        blocks += ["## Scores", "0 to 100, with 95 % intervals.", _table(record, lines)]
    if loss is not None:
        blocks += [
            "## Loss on the test rows",
            "Nats per token; lower is better.",
            _table(record, [loss]),
        ]
    rivals = rival_lines(record)
    if rivals:
        blocks += ["## Tuned against rivals", _rivals(rivals)]
    remarks = failure_lines(record)
    return [*blocks, "\n".join(f"- {markdown_escaped(line)}" for line in remarks)]


def _usable(record: RunRecord) -> list[str]:
    """Which answers can be used; nothing for an older run."""
    lines, bands = usability_lines(record), band_lines(record.usability)
    if not lines or record.usability is None:
        return []
    blocks = ["## Usable?", RATES_NOTE, *map(markdown_escaped, findings_told(record))]
    blocks.append(_rate_table(record, lines, "Of the answers"))
    if bands:
        blocks += [bands_note(record.usability), _rate_table(record, bands, "Questions")]
    return blocks


def _rate_table(record: RunRecord, lines: list[UsabilityLine], head: str) -> str:
    models = [model for model in record.models if any(model in line.scores for line in lines)]
    rows = [[head, *map(markdown_escaped, models)]]
    for line in lines:
        title = f"– {line.title}" if line.is_inner else line.title
        rows.append([title, *(f"{line.value(m)} ({line.interval(m)})" for m in models)])
    return table_lines(rows)


def _judge(record: RunRecord) -> list[str]:
    """Whether to believe the judge; nothing without one."""
    if not record.judge:
        return []
    tried = [[markdown_escaped(name), told] for name, told in trust_rows(record.judge)]
    blocks = ["## The judge", markdown_escaped(judge_sentence(record.judge))]
    blocks.append(table_lines([["Tried with planted answers", ""], *tried]))
    if pairs := preference_rows(record):
        blocks.append(table_lines([[markdown_escaped(cell) for cell in row] for row in pairs]))
    return [*blocks, "\n".join(f"- {markdown_escaped(line)}" for line in bound_lines(record))]


def _rounds(record: RunRecord) -> list[str]:
    """This round against the one before; nothing where none was."""
    if not record.rounds:
        return []
    told = [markdown_escaped(sentence) for sentence in round_sentences(record.rounds)]
    tables = [kind_rows(record.rounds), round_rows(record.rounds)]
    shown = [
        table_lines([[markdown_escaped(cell) for cell in row] for row in rows])
        for rows in tables
        if len(rows) > 1
    ]
    return [f"## {ROUNDS_TITLE}", " ".join(told), *shown]


def _exports(record: RunRecord) -> list[str]:
    """What was exported; nothing where nothing was."""
    if not record.exports:
        return []
    rows = [[markdown_escaped(cell) for cell in row] for row in export_rows(record.exports)]
    lines = "\n".join(f"- {markdown_escaped(line)}" for line in export_lines(record.exports))
    return [f"## {EXPORT_TITLE}", EXPORT_NOTE, table_lines(rows), lines]


def _probes(record: RunRecord) -> list[str]:
    """What was forgotten; nothing where nobody asked."""
    if not record.probes and not record.benchmarks:
        return []
    blocks = ["## What it forgot", markdown_escaped(probe_sentence(record.probes))]
    for rows in (probe_rows(record.probes), benchmark_rows(record.benchmarks)):
        if rows:
            blocks.append(table_lines([[markdown_escaped(cell) for cell in row] for row in rows]))
    remarks = probe_remarks(record.probes)
    return [*blocks, "\n".join(f"- {markdown_escaped(line)}" for line in remarks)]


def _table(record: RunRecord, lines: list[ScoreLine]) -> str:
    models = [model for model in record.models if any(model in line.scores for line in lines)]
    is_compared = TUNED in models
    heads = ["Metric", *(markdown_escaped(model) for model in models)]
    heads += ["Tuned − base", "Verdict"] if is_compared else []
    rows = [
        [
            line.title,
            *(_cell(line, model) for model in models),
            *(_compared(line) if is_compared else ()),
        ]
        for line in lines
    ]
    return table_lines([heads, *rows])


def _rivals(rivals: list[tuple[str, ScoreLine]]) -> str:
    rows = [[line.title, markdown_escaped(rival), *_compared(line)] for rival, line in rivals]
    return table_lines([["Metric", "Rival", "Tuned − rival", "Verdict"], *rows])


def table_lines(rows: list[list[str]]) -> str:
    """Rows of cells, the first of them the head, as a table."""
    rule = ["---"] * len(rows[0])
    return "\n".join(f"| {' | '.join(row)} |" for row in (rows[0], rule, *rows[1:]))


def _cell(line: ScoreLine, model: str) -> str:
    if model not in line.scores:
        return line.value(model)
    return f"{line.value(model)} ({line.interval(model)}), {rows_text(line.scores[model])}"


def _compared(line: ScoreLine) -> tuple[str, str]:
    if line.comparison is None:
        return line.difference, line.verdict
    rows = counted(line.comparison.count, "row")
    difference = f"{line.difference} ({line.difference_interval}), {rows}"
    return difference, f"{line.verdict} ({line.p_text})"


def _answers(record: RunRecord) -> list[str]:
    if not record.rows:
        return []
    blocks = ["## Answers, side by side"]
    if record.num_test_rows > NUM_ROWS:
        blocks.append(
            f"The first {NUM_ROWS} of {record.num_test_rows:,} test rows; report.html has more."
        )
    for number, row in enumerate(record.rows[:NUM_ROWS], start=1):
        blocks += _row(record, row, number)
    return blocks


def _row(record: RunRecord, row: TestRow, number: int) -> list[str]:
    blocks = [f"### Row {number}: {markdown_escaped(row.example.source)}"]
    for message in row.example.prompt:
        blocks.append(f"{message.role}:\n\n{quoted(message.content)}")
        if message.input:
            blocks.append(f"input:\n\n{quoted(message.input)}")
    blocks.append(f"reference:\n\n{quoted(row.example.reference)}")
    for model in record.models:
        if model in row.answers:
            blocks.append(f"{markdown_escaped(model)}:\n\n{quoted(row.answers[model]['text'])}")
    return blocks


def quoted(value: str) -> str:
    """A text as an indented block, which shows every character as it is."""
    if not value.strip():
        return "    (empty)"
    cut = value[:_MAX_TEXT] + (" …" if len(value) > _MAX_TEXT else "")
    lines = re.split(r"\r\n|[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]", cut)
    return "\n".join(f"    {line}" for line in lines)


def _data(record: RunRecord) -> list[str]:
    if not record.summary:
        return []
    dropped = record.summary.get("dropped", {})
    kept = counted(int(record.summary.get("kept", 0)), "row")
    lines = [f"- {name}: {markdown_escaped(told)}" for name, told in data_facts(record)]
    lines += [
        f"- dropped: {markdown_escaped(reason)}: {count:,}" for reason, count in dropped.items()
    ]
    lines += [f"- {markdown_escaped(str(notice))}" for notice in record.summary.get("notices", ())]
    blocks = ["## Data", f"{kept} kept, {sum(dropped.values()):,} dropped.", "\n".join(lines)]
    return [*blocks, *_sources(record), *_contradictions(record)]


def _sources(record: RunRecord) -> list[str]:
    sources, note = source_lines(record)
    if not sources:
        return []
    rows = [[markdown_escaped(cell) for cell in line] for line in sources]
    return [table_lines([["Source", "Read as", "Kept", "Dropped", "Why"], *rows]), note]


def _contradictions(record: RunRecord) -> list[str]:
    """The first pairs; the page shows more."""
    shown = record.data.contradictions[:NUM_CONTRADICTIONS]
    blocks = ["### Contradictions, for a person to decide"] if shown else []
    for one in shown:
        blocks.append(markdown_escaped(str(one["question"])))
        for answer in (one["first"], one["second"]):
            blocks.append(
                f"{markdown_escaped(str(answer['source']))}:\n\n{quoted(str(answer['answer']))}"
            )
    return blocks
