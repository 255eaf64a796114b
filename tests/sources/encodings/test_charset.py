"""Texts that are not UTF-8 come out with their own letters, from two lines on."""

import gzip
import logging
from pathlib import Path

import pytest

from tests.sources.reading import fields_of, read_content, reasons_of
from tunesmith.sources import chunks
from tunesmith.sources.encodings.charset import Charset, find_charset, find_utf16

TEXTS = {
    "de": "frage,antwort\nWo ist die Tür?,Links für Gäste\nWas kostet es?,Höchstens zehn\n",
    "fr": "question,réponse\nOù est la clé ?,Près de la fenêtre à côté\nQuand ?,En août, déjà\n",
    "es": "pregunta,respuesta\n¿Dónde está la llave?,En el cajón pequeño\n¿Cuándo?,Mañana\n",
    "it": "domanda,risposta\nDov'è la città?,È più a nord, perché c'è il caffè\nQuando?,Lunedì\n",
    "pt": "pergunta,resposta\nOnde está a mão?,Não é aqui, é no coração\nQuando?,Amanhã\n",
    "sv": "fråga,svar\nVar är nyckeln?,I lådan på köket\nNär öppnar ni?,Klockan åtta på lördag\n",
    "pl": "pytanie,odpowiedź\nGdzie jest łyżka?,W szufladzie, proszę\nKiedy?,O dziewiątej\n",
    "cs": "otázka,odpověď\nKde je klíč?,Vedle dveří na háčku\nKdy?,Zítra, přijďte včas\n",
    "hu": "kérdés,válasz\nHol van a kulcs?,Az ajtó mellett\nMikor nyit?,Erről gyűlést tartunk\n",
    "tr": "soru,cevap\nAnahtar nerede?,Pencerenin yanında, şimdi değil\nNe zaman?,Yarın açılıyor\n",
    "lt": "klausimas,atsakymas\nKur raktas?,Stalčiuje, šalia žvakių\nKada?,Devintą, ačiū\n",
    "ru": "вопрос,ответ\nГде ключ?,В ящике у окна\nКогда открываете?,Завтра в девять утра\n",
    "uk": "питання,відповідь\nДе ключ?,У шухляді біля вікна\nКоли?,Завтра о дев'ятій ранку\n",
    "el": "ερώτηση,απάντηση\nΠού είναι το κλειδί;,Στο συρτάρι δίπλα στο παράθυρο\n",
    "he": "שאלה,תשובה\nאיפה המפתח?,במגירה ליד החלון\n",
    "ar": "سؤال,جواب\nأين المفتاح؟,في الدرج بجانب النافذة\nمتى تفتحون؟,غدا صباحا\n",
    "th": "คำถาม,คำตอบ\nกุญแจอยู่ที่ไหน,อยู่ในลิ้นชักข้างหน้าต่าง\n",
    "ja": "質問,回答\n鍵はどこですか？,窓のそばの引き出しです\nいつ？,明日の朝九時です\n",
    "zh": "问题,回答\n钥匙在哪里？,在窗户旁边的抽屉里\n什么时候开门？,明天早上九点\n",
    "zh-tw": "問題,回答\n鑰匙在哪裡？,在窗戶旁邊的抽屜裡\n什麼時候開門？,明天早上九點\n",
    "ko": "질문,답변\n열쇠는 어디에 있나요?,창문 옆 서랍에 있습니다\n언제요?,내일입니다\n",
}
SETS = {
    "cp1252": "de fr es it pt sv",
    "mac-roman": "de fr es",
    "cp850": "de fr",
    "cp1250": "pl cs hu",
    "iso-8859-2": "pl cs",
    "cp852": "pl",
    "cp1254": "tr",
    "cp1257": "lt",
    "cp1251": "ru uk",
    "koi8-r": "ru",
    "cp866": "ru",
    "iso-8859-5": "ru",
    "cp1253": "el",
    "cp1255": "he",
    "cp1256": "ar",
    "cp874": "th",
    "shift_jis": "ja",
    "euc_jp": "ja",
    "gb18030": "zh",
    "big5": "zh-tw",
    "cp949": "ko",
}
CASES = [(name, language) for name, languages in SETS.items() for language in languages.split()]


@pytest.mark.parametrize(("charset", "language"), CASES)
def test_two_lines_are_enough_to_know_a_character_set(charset: str, language: str) -> None:
    data = TEXTS[language].encode(charset)
    found = find_charset(data)
    assert found is not None
    assert data.decode(found.codec) == TEXTS[language]


@pytest.mark.parametrize(
    "text",
    ["Who?,It’s “us” – for £5\n", "How hot?,20 °C\n", "André\n"],
)
def test_single_letters_in_english_are_western(text: str) -> None:
    found = find_charset(text.encode("cp1252"))
    assert found is not None
    assert found.name == "windows-1252"


def test_what_is_utf_8_binary_or_nothing_of_the_kind_is_left_alone() -> None:
    assert find_charset(TEXTS["ru"].encode() + b"caf\xe9\n") is None
    assert find_charset(TEXTS["ja"].encode()[:-2]) is None
    assert find_charset(b"\xfd7zXZ\x00\x00\xff") is None
    assert find_charset(bytes(range(128, 256))) is None


def test_a_set_that_a_text_declares_goes_first() -> None:
    data = "<meta charset='iso-8859-15'>10 €\n".encode("iso-8859-15")
    assert find_charset(data) == Charset("iso8859-15", is_declared=True)
    found = find_charset(data.replace(b"iso-8859-15", b"nonsense-12"))
    assert found is None or not found.is_declared


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("language", ["de", "ru", "ar", "ja", "zh", "ko"])
def test_utf_16_needs_no_mark(encoding: str, language: str) -> None:
    text = TEXTS[language].replace(",", "\t")
    assert find_utf16(text.encode(encoding)) == encoding
    assert find_utf16(("一,一\n" + text).encode(encoding)) == encoding


def test_a_table_keeps_its_letters_and_the_set_is_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    content = TEXTS["fr"].replace(", déjà", "").encode("cp1252")
    with caplog.at_level(logging.WARNING):
        items = read_content(tmp_path, "a.csv", content)
    assert fields_of(items)[0] == {
        "question": "Où est la clé ?",
        "réponse": "Près de la fenêtre à côté",
    }
    told = [record.message for record in caplog.records if "windows-1252" in record.message]
    assert len(told) == 1
    assert told[0].startswith("a.csv is not UTF-8; it is read as windows-1252, which fits it best")
    assert "name the right one: encoding: NAME" in told[0]


def test_a_set_that_fits_nearly_as_well_is_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        read_content(tmp_path, "a.csv", TEXTS["he"].encode("cp1255"))
    assert "it may be windows-1251" in caplog.text


def test_letters_far_behind_the_beginning_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunks, "CHUNK_BYTES", 64)
    content = b"question,answer\n" + b"where?,there\n" * 30 + TEXTS["ru"].encode("cp1251")
    rows = fields_of(read_content(tmp_path, "a.csv", gzip.compress(content)))
    assert rows[-1] == {"question": "Когда открываете?", "answer": "Завтра в девять утра"}


def test_a_byte_that_the_set_does_not_hold_costs_its_line(tmp_path: Path) -> None:
    content = TEXTS["es"].encode("cp1252") + b"caf\x81,x\n"
    long = b"a,b\n" + "él,está aquí\n".encode("cp1252") * 3000 + content
    items = read_content(tmp_path, "a.csv", long)
    assert reasons_of(items) == {"a.csv:3005": "not UTF-8"}
