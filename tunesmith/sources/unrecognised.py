"""A source that is of no kind, or no page -> what it is, as far as it can be seen, and the cure."""

import re

from tunesmith.errors import DataError
from tunesmith.recipe.values import KIND_NAMES
from tunesmith.sources.chunks import files_in
from tunesmith.sources.kind import Certainty, Recognition, SourceFile
from tunesmith.sources.page_kinds import ARCHIVES, format_of
from tunesmith.sources.signs import Sign, sign_of_html, sign_of_json, sign_of_text

_JSON = re.compile(r'\s*(?:\{\s*["}]|\[\s*(?:["{\[\]]|-?\d+(?:\.\d+)?\s*[,\]]|true|false|null))')
_JSON_LATER = re.compile(r'\n\s*\{\s*"')  # behind a line that is broken
_JSON_KINDS = ("json", "jsonl")


def sign_against(file: SourceFile, kind: str, recognition: Recognition) -> Sign | None:
    """What a file seems to be other than the kind that is taken for want of a surer one.

    Args:
        file: The file.
        kind: As what it would be read: a page, or JSON, which is looked at for other purposes.
        recognition: How sure that kind is.
    """
    if recognition.certainty == Certainty.CERTAIN or file.is_tree:
        return None
    text = file.head.decode("utf-8", "replace").lstrip("\ufeff")
    if _JSON.match(text):
        return sign_of_json(text)
    is_no_json = kind in _JSON_KINDS and not _JSON_LATER.search(text)
    return _sign(file) if recognition.certainty == Certainty.FALLBACK or is_no_json else None


def _sign(file: SourceFile) -> Sign | None:
    """What a text that is no JSON seems to be."""
    text = file.head.decode("utf-8", "replace").lstrip("\ufeff")
    written = format_of(file)
    if written == "html":
        return sign_of_html(text)
    return sign_of_text(text, is_plain=written in (None, "plain"))


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
    export = "Unpack or export it, and name the result."
    if file.is_tree:
        words = "a zip archive or an Office file, and no export of Slack or Messenger"
        return _unknown(file, words, export)
    for magic, words in ARCHIVES:
        if file.head.startswith(magic):
            return _unknown(file, words, export)
    if not file.head.strip():
        cure = "Write rows into it, or leave it out."
        return DataError("the file holds only blanks", where=file.name, cure=cure)
    if b"\0" in file.head:
        return _unknown(file, "a binary file", "Name a file of rows.")
    return _unknown_text(file)


def _unknown_text(file: SourceFile) -> DataError:
    sign = _sign(file)
    known = f"Set kind: {', '.join(KIND_NAMES.known)}."
    if sign is None:
        return _unknown(file, "of an unknown kind", known)
    return _unknown(
        file, f"of an unknown kind, and seems to be {sign.words}", f"{sign.cure} {known}"
    )


def _unknown(file: SourceFile, words: str, cure: str) -> DataError:
    return DataError(f"the file is {words}", where=file.name, cure=cure)
