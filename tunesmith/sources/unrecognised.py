"""A source that is of no kind, or no page -> what it is, as far as it can be seen, and the cure."""

import re

from tunesmith.errors import DataError
from tunesmith.recipe.values import KIND_NAMES
from tunesmith.sources.chunks import files_in
from tunesmith.sources.kind import Certainty, Recognition, SourceFile
from tunesmith.sources.page_kinds import ARCHIVES, format_of
from tunesmith.sources.signs import Sign, sign_of_json, sign_of_page, sign_of_unspoken

_JSON = re.compile(r'\s*(?:\{\s*["}]|\[\s*(?:["{\[\]]|-?\d+(?:\.\d+)?\s*[,\]]|true|false|null))')
_JSON_LATER = re.compile(r'\n\s*\{\s*"')  # behind a line that is broken
_JSON_KINDS = ("json", "jsonl")
_EXPORT = "Unpack or export it, and name the result."
_SAVE_SHEET = (
    "Save each sheet that holds rows as text (File > Save As > CSV UTF-8, or Unicode Text), and a "
    "document as HTML or plain text; then name the result."
)
_SAVE_PAGES = "Save it as HTML, Markdown or plain text, and name the result."
_OFFICE = {  # what is in the archive -> what it is, and how it is exported
    "xl/": ("an Excel workbook", _SAVE_SHEET),
    "Index/Tables/": (
        "a Numbers spreadsheet",
        "Export it (File > Export To > CSV).",
    ),
    "word/": ("a Word document", _SAVE_PAGES),
    "ppt/": ("a PowerPoint presentation", _SAVE_PAGES),
    "META-INF/container.xml": ("an e-book", _SAVE_PAGES),
    "content.xml": ("an OpenDocument file", _SAVE_SHEET),
}
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def sign_against(file: SourceFile, kind: str, recognition: Recognition) -> Sign | None:
    """What a file seems to be other than the kind that is taken for want of a surer one.

    Args:
        file: The file.
        kind: As what it would be read: a page; JSON, which may have another purpose; or a
            transcript, which may be a log.
        recognition: How sure that kind is.
    """
    if recognition.certainty == Certainty.CERTAIN or file.is_tree:
        return None
    text = file.head.decode("utf-8", "replace").lstrip("\ufeff")
    if _JSON.match(text):
        return sign_of_json(text)
    if kind == "transcript":
        return sign_of_unspoken(text)
    is_no_json = kind in _JSON_KINDS and not _JSON_LATER.search(text)
    return _sign(file) if recognition.certainty == Certainty.FALLBACK or is_no_json else None


def _sign(file: SourceFile) -> Sign | None:
    """What a text that is no JSON seems to be."""
    return sign_of_page(file.head.decode("utf-8", "replace").lstrip("\ufeff"), format_of(file))


def seeming(file: SourceFile, sign: Sign, kind: str, reason: str) -> DataError:
    """The error to raise where a file is no page, with the line to write for each thing it may be.

    Args:
        file: The file.
        sign: What it seems to be.
        kind: What it would be read as else.
        reason: Why.
    """
    if kind in _JSON_KINDS and not _JSON.match(file.head.decode("utf-8", "replace")):
        return _unknown(file, f"no JSON, and seems to be {sign.words}", sign.cure)
    kinds = [*sign.kinds, (kind, f"to read it as it stands ({reason})")]
    lines = "; ".join(f"--kind {name} {when}" for name, when in kinds)
    return DataError(
        f"seems to be {sign.words}, since {sign.reason}; it is not read as {kind}",
        where=file.name,
        cure=f"{sign.cure} Or write {lines}. In a recipe: kind: {kinds[0][0]}.",
    )


def unrecognised(file: SourceFile) -> DataError:
    """The error to raise."""
    if file.path.is_dir():
        return DataError("is a folder, not a file", where=file.name, cure=files_in(file.path))
    if not file.is_tree and not file.head.strip():
        cure = "Write rows into it, or leave it out."
        return DataError("the file holds only blanks", where=file.name, cure=cure)
    words, cure = _of_archive(file) if file.is_tree else _of_content(file)
    return _unknown(file, words, cure)


def _unknown(file: SourceFile, words: str, cure: str) -> DataError:
    return DataError(f"the file is {words}", where=file.name, cure=cure)


def _of_archive(file: SourceFile) -> tuple[str, str]:
    for member, said in _OFFICE.items():
        if any(name.startswith(member) for name in file.inner_names):
            return said
    return "a zip archive or an Office file, and no export of Slack or Messenger", _EXPORT


def _of_content(file: SourceFile) -> tuple[str, str]:
    if file.head.startswith(_OLE):
        return "of an old Office format, or an encrypted one", _SAVE_SHEET
    for magic, words in ARCHIVES:
        if file.head.startswith(magic):
            return words, _EXPORT
    if b"\0" in file.head:
        return "a binary file", "Name a file of rows."
    sign, known = _sign(file), f"Set kind: {', '.join(KIND_NAMES.known)}."
    if sign is None:
        return "of an unknown kind", known
    return f"of an unknown kind, and seems to be {sign.words}", f"{sign.cure} {known}"
