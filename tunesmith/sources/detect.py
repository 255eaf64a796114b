"""A source -> the kind that is surest that it is its own, and why; or what it is, if none is."""

import logging
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tunesmith.errors import DataError, TunesmithError
from tunesmith.sources.kind import Certainty, Recognition, SourceFile, SourceKind
from tunesmith.sources.kinds import BUILT_IN, plugin_kinds
from tunesmith.sources.unrecognised import seeming, sign_against, unrecognised

logger = logging.getLogger(__name__)


class Detected(NamedTuple):
    """A kind, and what speaks for it."""

    kind: SourceKind
    recognition: Recognition


def detect_kind(file: SourceFile) -> Detected:
    """What kind of material a file, folder or archive holds; the content decides.

    Packages are asked where nothing built in is certain, and taken where they are surer. What may
    be read as a page for want of something better is one only if no sign speaks against it.

    Raises:
        DataError: It is of no kind that Tunesmith reads, or may be of several: two packages are
            equally sure, or a page seems to be a chat, a table or the like.
    """
    best = _built_in(file)
    if best is not None and best.recognition.certainty == Certainty.CERTAIN:
        return best
    sureness = best.recognition.certainty if best else 0
    surer = [one for one in _offered(file) if one.recognition.certainty > sureness]
    top = max((one.recognition.certainty for one in surer), default=None)
    first = [one for one in surer if one.recognition.certainty == top]
    if len(first) > 1:
        raise _ambiguous(first, file)
    found = first[0] if first else best
    if found is None:
        raise unrecognised(file)
    sign = sign_against(file, found.kind.name, found.recognition)
    if sign is not None:
        raise seeming(file, sign, found.kind.name, found.recognition.reason)
    return found


def candidate_kinds(file: SourceFile) -> tuple[tuple[str, str], ...]:
    """The kinds that a file may be of where `detect_kind` does not say, each with when."""
    best = _built_in(file)
    sign = sign_against(file, best.kind.name, best.recognition) if best else None
    if best is None or sign is None:
        return ()
    return (*sign.kinds, (best.kind.name, f"to read it as it stands ({best.recognition.reason})"))


def _built_in(file: SourceFile) -> Detected | None:
    """The surest of those built in, of equals the first; nothing is asked beyond certainty."""
    best: Detected | None = None
    for kind in BUILT_IN:
        recognition = kind.recognise(file)
        if recognition and (not best or recognition.certainty > best.recognition.certainty):
            best = Detected(kind, recognition)
        if best and best.recognition.certainty == Certainty.CERTAIN:
            break
    return best


def _offered(file: SourceFile) -> Iterator[Detected]:
    """What packages say of a source; one whose code fails costs itself."""
    for kind in plugin_kinds():
        try:
            recognition = kind.recognise(file)
        except TunesmithError as error:
            logger.warning("a plug-in is passed over: %s", error)
        else:
            if recognition:
                yield Detected(kind, recognition)


def _ambiguous(found: Sequence[Detected], file: SourceFile) -> DataError:
    said = "; ".join(f"{one.kind.name}, since {one.recognition.reason}" for one in found)
    names = " or ".join(f"kind: {one.kind.name}" for one in found)
    return DataError(f"may be of several kinds ({said})", where=file.name, cure=f"Set {names}.")
