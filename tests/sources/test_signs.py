"""What is no page is refused by what it seems to be; a page is read, whatever it quotes."""

from pathlib import Path

import pytest

from tests.sources.reading import read_content
from tunesmith.errors import DataError
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.sources.detect import detect_kind
from tunesmith.sources.kind import SourceFile
from tunesmith.sources.read_source import read_source
from tunesmith.sources.row import Dropped

SEEMS = {
    "a chat in an unknown style": [
        "<mara> how do i reset it?\n<desk> hold the button\n<mara> thanks\n<desk> bye\n",
        "mara | how?\ndesk | hold it\nmara | and then?\ndesk | wait\n",
        "MARA\nHow do I reset it?\n\nDESK\nSo.\n\nMARA\nThanks.\n\nDESK\nBye.\n",
        "Mara - How do I reset it?\nDesk - Hold it.\nMara - And then?\nDesk - Wait.\n",
        "Mara -> how?\nDesk -> so\nMara -> and?\nDesk -> no\n",
        "- Mara: How?\n- Desk: So.\n- Mara: And?\n- Desk: No.\n",
        "1. Mara: How?\n2. Desk: So.\n3. Mara: And?\n4. Desk: No.\n",
        "<b>Mara</b>: How?<br>\n<b>Desk</b>: So.<br>\n" * 2,
        "[Mara] [오후 3시50] How?\n[Desk] [오후 3시51] So.\n",
        "1728921000 mara: how?\n1728921001 desk: so\n",
        "15:50 14/10/2024 Mara: How?\n15:51 14/10/2024 Desk: So.\n",
        "2024-10-14 Mara: How?\n2024-10-14 Desk: So.\n",
        "2024-10-14 15:50;Mara;How?\n2024-10-14 15:51;Desk;So.\n",
    ],
    "a log of a program": [
        "2024-10-14 15:50:00,123 INFO server started\n2024-10-14 15:50:01,123 ERROR disk full\n",
        "INFO:root:started\nERROR:root:no disk\n",
        "[2024-10-14 15:50:00] production.ERROR: no disk\n[2024-10-14 15:51:00] a.INFO: ok\n",
        "2024-10-14T15:50:00Z level=info msg=a\n2024-10-14T15:50:01Z level=warn msg=b\n",
        "2024/10/14 15:50:00 [error] 12#0: no file\n2024/10/14 15:50:01 [warn] 12#0: slow\n",
        "2024-10-14 15:50:00 - INFO: started\n2024-10-14 15:51:00 - WARNING: slow\n",
        "E1014 15:50:00.123456 1 a.cc:12] bad\nI1014 15:50:00.123456 1 a.cc:12] good\n",
    ],
    "a log of a system": [
        "Oct 14 15:50:00 host sshd[12]: session opened\nOct  4 15:50:01 host cron[1]: done\n",
    ],
    "a log of a web server": [
        '127.0.0.1 - - [14/Oct/2024:15:50:00 +0000] "GET / HTTP/1.1" 200 1\n' * 3,
    ],
    "subtitles": [
        "1\n00:00:01,000 --> 00:00:02,000\nHello.\n\n2\n00:00:03,000 --> 00:00:04,000\nYes?\n",
        "WEBVTT\n\n00:01.000 --> 00:02.000\nHello.\n\n00:03.000 --> 00:04.000\nYes?\n",
        "[00:12.00] First line\n[00:15.30] Second line\n",
        "[Script Info]\nTitle: A\n",
    ],
    "a table": [
        "Wo ist die Tür?\tLinks\nWo ist das Öl?\tUnten\nWo ist das Bett?\tOben\n",
        "Where is it?;Left;1\nWhere is he?;Right;2\nWho is it?;Ann;3\n",
        "where is it?,left\nwho is it?,ann\nwhat is it?,a door\n",
        "where | left | 1\nwho | ann | 2\nwhat | a door | 3\n",
    ],
    "a vCard": ["BEGIN:VCARD\nVERSION:3.0\nFN:Ann\nEND:VCARD\n"],
    "a calendar": ["BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\n"],
    "a configuration": [
        "[server]\nport = 80\nhost = local\n\n[client]\nname = a\n",
        "port=80\nhost=local\nname=a\n",
        "server:\n  port: 80\n  hosts:\n    - a\n    - b\nclient:\n  name: a\n",
        "sets:\n  a:\n    ask: how?\n    say: so\n  b:\n    ask: where?\n    say: there\n",
        "sets:\n- ask: |\n    Is it so?\n  say: yes\n- ask: |\n    Is it not?\n  say: no\n" * 2,
        '[tool.x]\nname = "a"\nlist = ["b"]\n',
    ],
    "a dump of a database": [
        "-- MySQL dump 10.13\n\nCREATE TABLE `a` (`id` int);\nINSERT INTO `a` VALUES (1);\n",
        "PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n",
        "INSERT INTO faq VALUES ('How?', 'So.');\n",
    ],
    "a document in AsciiDoc": [
        "= A manual\n:toc:\n\n== How do I reset it?\n\nHold the button.\n",
        ":toc: left\n// a remark\n\n= A manual\n\nText.\n",
        "== First part\n\n[NOTE]\n====\nText.\n====\n",
    ],
    "LaTeX": ["% a paper\n\\documentclass{article}\n\\begin{document}\nHello\n"],
    "a patch": [
        "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n",
        "--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n-a\n+b\n",
    ],
    "base64": [("QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo" * 2 + "AAAA\n") * 4],
    "a key": ["-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n"],
    "XML": [
        '<?xml version="1.0"?>\n<chat><message>Hi</message></chat>\n',
        '<rss version="2.0"><channel></channel></rss>\n',
    ],
    "source code": [
        "import os\n\ndef a(b):\n    return b\n\nclass C:\n    pass\n",
        "#include <a.h>\nint main(void) {\n  puts(s);\n  return 0;\n}\n",
        "const a = 1;\nfunction b(c) {\n  return c;\n}\n",
    ],
    "a script": ["#!/bin/bash\necho hello\n"],
    "a template in Jinja": ["{% for m in messages %}{{ m.content }}{% endfor %}\n"],
    "a document in RTF": ["{\\rtf1\\ansi Hello}\n"],
    "a pointer of Git LFS": ["version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 1\n"],
}
READ_OR_REFUSED = [
    "Mara: How do I reset it?\nDesk: Hold the button.\nMara: Thanks\nDesk: Welcome\n",
    "Mara  10:15 AM\nHow do I reset it?\n\nDesk  10:16 AM\nHold the button.\n",
    "[05-Jan-26 10:00 AM] mara\nHow?\n\n[05-Jan-26 10:01 AM] desk\nHold the button.\n",
    "10:15 mara: how?\n10:16 desk: hold it\n",
    "Mara, 14 Oct 2024 at 15:50\nHow do I reset it?\nDesk, 14 Oct 2024 at 15:51\nSo.\n",
    "**Mara:** How?\n\n**Desk:** So.\n\n**Mara:** And?\n\n**Desk:** No.\n",
    "15:50:00 From Mara to Everyone:\n\tHow?\n15:51:00 From Desk to Mara:\n\tSo.\n",
    "Mara, [14.10.2024 15:50]\nHow?\n\nDesk, [14.10.2024 15:51]\nSo.\n",
    "Mara\n10/14/2024 3:50 PM\nHow?\n\nDesk\n10/14/2024 3:51 PM\nSo.\n",
    "2024-10-14 15:50:00 Mara(123)\nHow?\n\n2024-10-14 15:51:00 Desk(124)\nSo.\n",
]
HTML = "<!DOCTYPE html><html><body><h1>Chat</h1>{}</body></html>"
EXPORTS = [
    ("a.html", HTML.format('<div class="message default clearfix">Hi</div>'), "Telegram"),
    ("a.html", HTML.format('<div class="_3-95 _a6-g">Hi</div>'), "Facebook"),
    ("a.json", '{"log": {"version": "1.2", "entries": []}}', "HAR"),
    ("a.ipynb", '{\n "cells": [\n  {\n   "cell_type": "code"}]}', "Jupyter"),
    ("a.json", '{"type": "FeatureCollection", "features": []}', "GeoJSON"),
]
SAMPLES = [(words, text) for words, texts in SEEMS.items() for text in texts]


def kind_of(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text, encoding="utf-8")
    return detect_kind(SourceFile(path=folder / name, name=name)).kind.name


@pytest.mark.parametrize("name", ["a.txt", "a", "a.log"])
@pytest.mark.parametrize(("words", "text"), SAMPLES)
def test_what_is_no_page_is_refused_by_its_name(
    tmp_path: Path, name: str, words: str, text: str
) -> None:
    with pytest.raises(DataError, match=f"seems to be {words}") as caught:
        kind_of(tmp_path, name, text)
    assert caught.value.where == name
    assert caught.value.cure


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a"])
@pytest.mark.parametrize("text", READ_OR_REFUSED)
def test_a_chat_is_never_a_page(tmp_path: Path, name: str, text: str) -> None:
    try:
        kind = kind_of(tmp_path, name, text)
    except DataError as error:
        assert "a chat in an unknown style" in error.message  # noqa: PT017
    else:
        assert kind in ("transcript", "irc", "whatsapp")


@pytest.mark.parametrize(("name", "text", "words"), EXPORTS)
def test_exports_of_programs_are_refused_by_their_name(
    tmp_path: Path, name: str, text: str, words: str
) -> None:
    with pytest.raises(DataError, match=words) as caught:
        kind_of(tmp_path, name, text)
    assert caught.value.cure


def test_the_line_to_write_stands_in_the_error(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        kind_of(tmp_path, "a.txt", SEEMS["a table"][1])
    assert caught.value.message == (
        "seems to be a table, since each of its first 3 lines holds 2 semicolons; "
        "it is not read as document"
    )
    assert caught.value.cure == (
        "Its first line must name the columns. Or write --kind csv if it is one; --kind document "
        "to read it as it stands (0 of 0 headings and marked lines ask). In a recipe: kind: csv."
    )


CHANGES = "1.2.0 - 2024-10-14\n\nNew: a door opens.\n\n1.1.0 - 2024-09-14\n\nNew: a window.\n"
PAGES = {
    "prose": "The dryer stands in the hall.\n\nIt has two buttons, and a lamp.\n",
    "terms": "Dryer: what dries.\nOven: what bakes.\nLamp: what shines.\nDoor: what opens.\n",
    "questions": "Q: How?\nA: So.\n\nQ: Where?\nA: Here.\n\nQ: Who?\nA: Ann.\n",
    "questions in German": "Frage: Wie?\nAntwort: So.\n\nFrage: Wo?\nAntwort: Da.\n",
    "questions in Russian": "Вопрос: Как?\nОтвет: Так.\n\nВопрос: Где?\nОтвет: Тут.\n",
    "questions in Chinese": "问：怎么开？\n答：按按钮。\n\n问：在哪里？\n答：在左边。\n",
    "a list": "- one, two\n- three, four\n- five, six\n",
    "sentences": "We came, we saw.\nThey came, they left.\nHe stayed, she left.\n",
    "numbered": "1.1 Doors\n1.2 Windows\n1.3 Lamps\n2.1 Dryers\n",
    "changes": CHANGES,
    "years": "1998 The shop opens.\n2004 A second shop.\n2010 The first closes.\n",
    "a letter": "Dear Ann,\n\nopening hours:\nfrom 9:00 to 17:00\n\nYours, Ben\n",
    "short": "Hello.\n",
}
MARKED = {
    "code": "# Use\n\n```sh\nINFO:root:a\nERROR:root:b\nINFO:root:c\n```\n\nThat is all.\n",
    "a table in it": "# Use\n\n| a | b |\n|---|---|\n| c | d |\n| e | f |\n",
    "front matter": "---\ntitle: A\ntags: b\n---\n\n# Use\n\nText of a page.\n\nMore of it.\n",
    "code that is indented": "# Use\n\n    import a;\n    b();\n    c();\n\nSo.\n",
}


@pytest.mark.parametrize("text", PAGES.values(), ids=PAGES)
def test_pages_are_read(tmp_path: Path, text: str) -> None:
    assert kind_of(tmp_path, "a.txt", text) in ("document", "faq")


@pytest.mark.parametrize("text", MARKED.values(), ids=MARKED)
def test_pages_of_markdown_are_read_whatever_they_quote(tmp_path: Path, text: str) -> None:
    assert kind_of(tmp_path, "a.md", text) in ("document", "faq")


def test_a_kind_that_is_asked_for_is_not_questioned(tmp_path: Path) -> None:
    assert read_content(tmp_path, "a.txt", SEEMS["a table"][1].encode(), kind="document")


def test_a_chat_among_the_pages_of_a_folder_is_no_page(tmp_path: Path) -> None:
    (tmp_path / "manual").mkdir()
    (tmp_path / "manual" / "a.md").write_text("# Title\n\nText of a page.\n")
    (tmp_path / "manual" / "b.txt").write_text(SEEMS["a chat in an unknown style"][0])
    (tmp_path / "manual" / "c.txt").write_text("14.10.24, 15:50 - A: b\n14.10.24, 15:51 - C: d\n")
    pieces = list(read_source(SourceRecipe(path="manual"), folder=tmp_path))
    dropped = [piece for piece in pieces if isinstance(piece, Dropped)]
    assert [piece.source for piece in dropped] == ["manual/b.txt:1", "manual/c.txt:1"]
    assert all("name it as a source of its own" in piece.detail for piece in dropped)
