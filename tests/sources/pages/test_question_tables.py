"""Tables whose rows ask and answer, in Markdown and HTML; entries of a FAQ that do not ask."""

from pathlib import Path

import pytest

from tunesmith.sources.detect import detect_kind
from tunesmith.sources.kind import SourceFile
from tunesmith.sources.material import AnsweredQuestion

ROWS = [("How do I reset it?", "Hold the button."), ("Which fuse?", "A slow one | or a fast one.")]
HEADERS = [
    *[("Question", "Answer"), ("**Q**", "**A**"), ("Frage", "Antwort"), ("Pregunta", "Respuesta")],
    *[("Question", "Réponse"), ("Domanda", "Risposta"), ("Вопрос", "Ответ"), ("问题", "答案")],
    *[("質問", "回答"), ("", "")],
]


def markdown(*rows: tuple[str, ...]) -> str:
    lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    lines.insert(1, "|" + "---|" * len(rows[0]))
    return "# Help\n\n" + "\n".join(lines) + "\n"


def html(*rows: tuple[str, ...]) -> str:
    cells = ["".join(f"<td>{cell}</td>" for cell in row) for row in rows if any(row)]
    body = "".join(f"<tr>{row}</tr>\n" for row in cells)
    return f"<html><body><h1>Help</h1><table>{body}</table></body></html>"


def pairs(folder: Path, name: str, content: str) -> list[tuple[str, str]]:
    (folder / name).write_text(content, encoding="utf-8")
    file = SourceFile(path=folder / name, name=name)
    pieces = detect_kind(file).kind.read(file)
    return [(one.question, one.answer) for one in pieces if isinstance(one, AnsweredQuestion)]


@pytest.mark.parametrize("header", HEADERS)
def test_rows_of_a_table_ask_and_answer(tmp_path: Path, header: tuple[str, str]) -> None:
    assert pairs(tmp_path, "a.md", markdown(header, *ROWS)) == ROWS
    assert pairs(tmp_path, "a.html", html(header, *ROWS)) == ROWS


def test_the_first_row_may_ask_too(tmp_path: Path) -> None:
    assert pairs(tmp_path, "a.md", markdown(*ROWS, ("Is it hot?", "No."))) == [
        *ROWS,
        ("Is it hot?", "No."),
    ]


def test_what_other_columns_say_stands_behind_the_answer(tmp_path: Path) -> None:
    table = markdown(("Topic", "Question", "Answer"), ("Fuses", "Which one?", "A slow one."))
    assert pairs(tmp_path, "a.md", table) == [("Which one?", "A slow one.\n\nTopic: Fuses")]


@pytest.mark.parametrize(
    "rows",
    [
        [("Part", "Meaning"), ("Fuse", "Slow."), ("Motor", "Strong.")],
        [("Question", "Who asks?"), ("Is it?", "Is it?"), ("Who?", "What?")],
        [("Part", "Fits?", "Why?"), ("Fuse", "Yes", "It is slow."), ("Motor", "No", "It is big.")],
    ],
)
def test_other_tables_stay_tables(tmp_path: Path, rows: list[tuple[str, ...]]) -> None:
    assert pairs(tmp_path, "a.md", markdown(*rows)) == []


ENTRIES = [ROWS[0], ("Delivery times", "Three days."), ("Which fuse?", "A slow one.")]


@pytest.mark.parametrize(
    "form",
    [
        "<button>{}</button><div>{}</div>",
        "<button aria-expanded=false>{}</button><p>{}</p>",
        "<details><summary>{}</summary><p>{}</p></details>",
    ],
)
def test_an_entry_that_does_not_ask_among_those_that_do_is_a_question(
    tmp_path: Path, form: str
) -> None:
    body = "\n".join(form.format(*entry) for entry in ENTRIES)
    page = f"<html><body><h1>FAQ</h1>{body}</body></html>"
    assert pairs(tmp_path, "a.html", page) == ENTRIES
