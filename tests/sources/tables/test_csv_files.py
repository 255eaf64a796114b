"""CSV and TSV: cells as they were written, rows with their place, all else by its name."""

from pathlib import Path

import pytest

from tests.sources.reading import fields_of, read_content, reasons_of
from tunesmith.errors import DataError
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.sources.read_source import explain_source, read_pieces
from tunesmith.sources.row import NotRead


def not_read(folder: Path, content: str) -> list[tuple[str, str, str]]:
    """What is passed over in a table: where, as what, its text."""
    (folder / "a.csv").write_text(content)
    pieces = read_pieces(SourceRecipe(path="a.csv"), folder=folder)
    return [(one.source, one.name, one.text) for one in pieces if isinstance(one, NotRead)]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_the_usual_dialects_give_the_same_rows(
    tmp_path: Path, delimiter: str, end: str, mark: str
) -> None:
    cells = [("question", "answer"), ("a, b; c\td?", 'say "x"'), ("two" + end + "lines", "é ; ,")]
    text = mark + end.join(
        delimiter.join('"' + cell.replace('"', '""') + '"' for cell in row) for row in cells
    )
    items = read_content(tmp_path, "a.csv", text.encode())
    assert fields_of(items) == [dict(zip(cells[0], row, strict=True)) for row in cells[1:]]
    assert [item.source for item in items] == ["a.csv:2", "a.csv:3"]


def test_the_line_of_a_row_is_its_first(tmp_path: Path) -> None:
    content = b'q,a\n"1\n2\n3",x\n\n\ny,z\n'
    items = read_content(tmp_path, "a.csv", content)
    assert [item.source for item in items] == ["a.csv:2", "a.csv:7"]


def test_commas_in_texts_do_not_hide_a_semicolon(tmp_path: Path) -> None:
    content = b"frage;antwort\nWo, wann, wie;Hier, jetzt, so\nWer;Du, ich\n"
    assert fields_of(read_content(tmp_path, "a.csv", content))[0]["antwort"] == "Hier, jetzt, so"


def test_a_table_of_one_column_is_read(tmp_path: Path) -> None:
    assert fields_of(read_content(tmp_path, "a.csv", b"text\nhello\n")) == [{"text": "hello"}]


def test_a_faulty_row_costs_only_itself(tmp_path: Path) -> None:
    content = b'q,a\n1,2\n1,2,3\n1\n"x"y,2\ncaf\xe9,2\n\x1b[0m,2\n5,6\n\xc3\xa9,6\n'
    items = read_content(tmp_path, "a.csv", content)
    assert fields_of(items) == [{"q": "1", "a": "2"}, {"q": "5", "a": "6"}, {"q": "é", "a": "6"}]
    assert reasons_of(items) == {
        "a.csv:3": "wrong number of columns",
        "a.csv:4": "wrong number of columns",
        "a.csv:5": "bad CSV",
        "a.csv:6": "not UTF-8",
        "a.csv:7": "control character",
    }


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'q,a\n1,2\n"open,2\n3,4\n', "a.csv:3: a quote that opens here is never closed"),
        (b"q,a,q\n1,2,3\n", "a.csv:1: the header names q more than once"),
        (b"q,a\n", "a.csv: holds no rows"),
    ],
)
def test_a_broken_table_is_refused_with_its_line(
    tmp_path: Path, content: bytes, words: str
) -> None:
    with pytest.raises(DataError) as caught:
        read_content(tmp_path, "a.csv", content)
    assert str(caught.value).startswith(words)


def test_long_cells_are_read(tmp_path: Path) -> None:
    content = b'q,a\nx,"' + b"y" * 300_000 + b'"\n'
    assert len(str(fields_of(read_content(tmp_path, "a.csv", content))[0]["a"])) == 300_000


QUESTIONS = {
    "en": ("Question", "Answer", "Where is the vase?", "Shelf, left"),
    "de": ("Frage", "Antwort", "Wo ist die Tür?", "Links; außen"),
    "ru": ("Вопрос", "Ответ", "Где ключ?", "В ящике, справа"),
    "zh": ("问题", "回答", "钥匙在哪里？", "在抽屉里"),
    "ar": ("السؤال", "الجواب", "أين المفتاح؟", "في الدرج"),
}


@pytest.mark.parametrize("language", QUESTIONS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_excels_unicode_text_is_a_table(tmp_path: Path, encoding: str, language: str) -> None:
    names, cells = QUESTIONS[language][:2], QUESTIONS[language][2:]
    text = "\t".join(names) + "\r\n" + ("\t".join(cells) + "\r\n") * 2
    rows = fields_of(read_content(tmp_path, "a.txt", text.encode(encoding)))
    assert rows == [dict(zip(names, cells, strict=True))] * 2
    assert explain_source(SourceRecipe(path="a.txt"), folder=tmp_path).kind == "tsv"


@pytest.mark.parametrize("name", ["a.txt", "a.xls", "a.dat", "a"])
def test_a_table_is_known_by_its_content(tmp_path: Path, name: str) -> None:
    content = b"question;answer\nWhere, who?;Here\n"
    expected = [{"question": "Where, who?", "answer": "Here"}]
    assert fields_of(read_content(tmp_path, name, content)) == expected


def test_prose_with_commas_or_tabs_is_no_table(tmp_path: Path) -> None:
    for text in (
        "We came, we saw\nwe left, at last\n",
        "A\tword\nand more of it\tor less\n\nEnd\n",
    ):
        (tmp_path / "a.txt").write_text(text)
        assert explain_source(SourceRecipe(path="a.txt"), folder=tmp_path).kind == "document"


@pytest.mark.parametrize("first", ["sep=;\r\n", '"sep=;"\n', "SEP=;\r"])
def test_a_line_that_names_the_delimiter_is_no_header(tmp_path: Path, first: str) -> None:
    end = first.lstrip('"sepSEP=;')
    content = f'{first}question;answer{end}Where?;"Here;{end}there"{end}Who?;1,5{end}'
    items = read_content(tmp_path, "a.csv", content.encode())
    assert [item.source for item in items] == ["a.csv:3", "a.csv:5"]
    assert fields_of(items)[1] == {"question": "Who?", "answer": "1,5"}


@pytest.mark.parametrize(
    ("above", "number"),
    [
        ("Report of 2026,,\nExported by,Ada,\n,,\n", 2),
        ("# exported on Monday\n", 1),
        ("Отчёт,,\n", 1),
        ("Kunde,,Agent\n", 1),
    ],
)
@pytest.mark.parametrize("header", ["question,answer,date", "Вопрос,Ответ,Дата", "問題,答,x"])
def test_titles_above_the_names_are_passed_over_by_name(
    tmp_path: Path, above: str, number: int, header: str
) -> None:
    content = f"{above}{header}\nWhere?,Here,1\nWho?,Me,2\n"
    passed = not_read(tmp_path, content)
    assert [name for _, name, _ in passed] == ["lines above the column names"] * number
    assert passed[0][0] == "a.csv:1"
    rows = fields_of(read_content(tmp_path, "a.csv", content.encode()))
    assert [list(row) for row in rows] == [header.split(",")] * 2


@pytest.mark.parametrize("row", ["Frage,question", "Antwort,answer", "id,text"])
@pytest.mark.parametrize("number", [1, 5])
def test_content_that_looks_like_names_hides_no_rows(tmp_path: Path, row: str, number: int) -> None:
    content = "German,English,date\n" + "Haus,house,1\n" * number + f"{row},2\nBaum,tree,3\n"
    assert not_read(tmp_path, content) == []


@pytest.mark.parametrize("units", ["(text),(text)", "string,varchar(20)", "Frage,Antwort"])
def test_units_below_the_names_are_passed_over_by_name(tmp_path: Path, units: str) -> None:
    content = f"question,answer\n{units}\nWhere?,Here\n"
    passed = not_read(tmp_path, content)
    assert passed == [("a.csv:2", "lines below the column names", units.replace(",", ", "))]


def test_names_that_stand_there_once_more_are_passed_over(tmp_path: Path) -> None:
    content = "question,answer\nA?,B\nquestion,answer\nC?,D\n"
    assert not_read(tmp_path, content) == [
        ("a.csv:3", "column names, once more", "question, answer")
    ]


@pytest.mark.parametrize(
    "content",
    [
        "Where is the bed?,Up\nWhere is the rug?,Down\n",
        "鍵はどこですか？,引き出し\nいつ開きますか？,九時\n",
        "أين المفتاح؟,هنا\nمتى تفتحون؟,غدا\n",
        "Great film,positive\nBad film,negative\nNice,positive\nMeh,negative\n",
        "1,Where is it,here\n2,Who is it,me\n",
        "x,y\nx,y\nx,y\nx,y",
        "It broke on the first day,x\nIt never worked at all then,y\n",
    ],
)
def test_content_in_the_place_of_names_is_asked_about(tmp_path: Path, content: str) -> None:
    with pytest.raises(DataError) as caught:
        read_content(tmp_path, "a.csv", content.encode())
    first = content.split(",", maxsplit=1)[0]
    assert caught.value.where == "a.csv:1"
    assert f"looks like content, not like the names of columns (column 1: '{first}'" in str(
        caught.value
    )
    assert "fields: {instruction: column 1, response: column 2}" in str(caught.value)
    fields = {"instruction": "column 1", "response": "column 2"}
    items = read_content(tmp_path, "a.csv", content.encode(), fields=fields)
    assert items[0].source == "a.csv:1"
    assert fields_of(items)[0]["column 1"] == first


@pytest.mark.parametrize(
    "header",
    ["What is your question?,Your answer", "Timestamp,What is your question?", "Kunde,Lösung"],
)
def test_names_that_a_recipe_names_are_names(tmp_path: Path, header: str) -> None:
    content = f"{header}\nWhere is it?,Here.\nWho is it?,Me.\n".encode()
    first = header.split(",", maxsplit=1)[0]
    items = read_content(tmp_path, "a.csv", content, fields={"instruction": first})
    assert fields_of(items)[0][first] == "Where is it?"


def test_a_name_above_numbers_or_dates_shows_a_line_of_names(tmp_path: Path) -> None:
    content = b"When,What is your question?\n2026-01-01 10:00,Where?\n2026-01-02 9:00,Who?\n"
    assert len(fields_of(read_content(tmp_path, "a.csv", content))) == 2


def test_columns_without_a_name_are_called_by_their_number(tmp_path: Path) -> None:
    content = b",question,answer,,\n0,Where?,Here,,\n1,Who?,Me,note,\n2,Why?,So\n"
    assert fields_of(read_content(tmp_path, "a.csv", content)) == [
        {"column 1": "0", "question": "Where?", "answer": "Here"},
        {"column 1": "1", "question": "Who?", "answer": "Me", "column 4": "note"},
        {"column 1": "2", "question": "Why?", "answer": "So"},
    ]


def test_empty_cells_and_rows_at_the_end_are_no_fault(tmp_path: Path) -> None:
    content = b"question,answer\nWhere?,Here,,\n,\nWho?,Me,you\nWhy?\n,,,\n"
    items = read_content(tmp_path, "a.csv", content)
    assert fields_of(items) == [{"question": "Where?", "answer": "Here"}]
    assert reasons_of(items) == dict.fromkeys(["a.csv:4", "a.csv:5"], "wrong number of columns")
    assert [item.text for item in items if not hasattr(item, "fields")] == ["Who?, Me, you", "Why?"]


def test_a_faulty_record_is_shown_as_it_stands(tmp_path: Path) -> None:
    items = read_content(tmp_path, "a.csv", b'q,a\n"x\nz"y,2\n5,6\n')
    assert [item.text for item in items if not hasattr(item, "fields")] == ['"x\nz"y,2']


@pytest.mark.parametrize("last", ["Total,,3", "Summe:,,1.234,50", "合计,,3", "Итого,2,3"])
def test_a_sum_at_the_end_is_no_row(tmp_path: Path, last: str) -> None:
    last = last.replace("1.234,50", '"1.234,50"')
    content = f"question,answer,count\nWhere?,Here,1\nTotal?,Me,2\n{last}\n".encode()
    items = read_content(tmp_path, "a.csv", content)
    assert reasons_of(items) == {"a.csv:4": "total line"}


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ('"=""02101"""', "02101"),
        ('="007"', "007"),
        ("'+49 30", "+49 30"),
        ("'=1+2", "=1+2"),
        ("'0123", "0123"),
        ("'twas", "'twas"),
        ("# heading", "# heading"),
        ("NA", "NA"),
        ("NULL", "NULL"),
        ("None", "None"),
        ("nan", "nan"),
        ("1.10", "1.10"),
        ("12345678901234567890", "12345678901234567890"),
        ('"1,299.50"', "1,299.50"),
    ],
)
def test_a_cell_is_the_text_that_its_writer_saw(tmp_path: Path, cell: str, text: str) -> None:
    content = f"question,answer\nWhat?,{cell}\n".encode()
    assert fields_of(read_content(tmp_path, "a.csv", content)) == [
        {"question": "What?", "answer": text}
    ]


@pytest.mark.parametrize("cell", ["#REF!", "#N/A", "#DIV/0!", "#NAME?", "#NV", "#ССЫЛКА!"])
def test_a_failed_formula_is_dropped_with_its_column(tmp_path: Path, cell: str) -> None:
    items = read_content(tmp_path, "a.csv", f"question,answer\nWhat?,{cell}\n".encode())
    assert reasons_of(items) == {"a.csv:2": "spreadsheet error"}
    assert [getattr(item, "detail", "") for item in items] == [f"column 'answer' holds {cell}"]


def test_commas_of_a_table_of_one_column_are_its_own(tmp_path: Path) -> None:
    items = read_content(tmp_path, "a.csv", b'text\nhello, "world", x\nfine\n')
    assert fields_of(items) == [{"text": 'hello, "world", x'}, {"text": "fine"}]
