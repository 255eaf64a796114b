"""The report's contents as the files are now, and all test rows, filtered, side by side.

Test answers are looked at here, which is a look at the test set and noted as one; nothing on the
page says right or wrong of them, corrects or teaches.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import FastAPI, Query, Request, Response
from starlette.background import BackgroundTask

from tunesmith.diagnosis.diagnose import diagnose
from tunesmith.errors import MissingError
from tunesmith.language.translate import in_language
from tunesmith.language.wanted_language import wanted_language
from tunesmith.report.advice.finding_text import findings_section
from tunesmith.report.number_text import shown_title
from tunesmith.report.record import RunRecord, read_run_facts
from tunesmith.report.sections import scores_section, verdict_section
from tunesmith.report.usability_section import usability_section
from tunesmith.stages.execution.progress import SilentProgress
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.stages.looking.note_look import note_look
from tunesmith.studio.frame import Frame
from tunesmith.studio.results.found_rows import (
    PAGE_ROWS,
    RowFilter,
    completed,
    found_places,
    grade_records,
    shown_row,
    sign_names,
)
from tunesmith.studio.results.row_index import RowIndex, bytes_to_read, row_index

_READ = ("scores.json", "diagnosis.json", "log.jsonl", "recipe.yaml", "data/summary.json")
_SOON_READ = 50_000_000  # bytes, in less than a second
_MOST_NAMES = 200  # of sources and tags that are offered
Wanted = Annotated[RowFilter, Query()]


class _Told(SilentProgress):
    """Whatever is said while nobody waits for it goes to the log of the studio."""

    def note(self, text: str) -> None:
        logging.getLogger(__name__).warning("%s", text)


def add_results_page(app: FastAPI, frame: Frame) -> None:
    """Offer it at `/results`."""
    page = _ResultsPage(frame)
    app.get("/results")(page.show)
    app.get("/results/rows")(page.show_rows)
    app.get("/results/row")(page.show_row)


class _ResultsPage:
    def __init__(self, frame: Frame) -> None:
        self._frame = frame

    def show(self, request: Request, wanted: Wanted) -> Response:
        """The report's parts and the rows that are asked for; a page that waits for large files."""
        folder = self._frame.workspace.run(wanted.run)
        name = self._frame.workspace.name(folder.path)
        if bytes_to_read(folder) > _SOON_READ and "hx-request" not in request.headers:
            query = _query(wanted, wanted.page)
            return self._frame.page(request, "results_waiting.html", query=query)
        index = row_index(folder)
        record = _record(folder, index)
        drawn = self._frame.page(
            request,
            "results.html",
            command=("report", name),
            runs=[*self._frame.workspace.runs()],
            parts=_parts(record, request),
            **self._rows(index, wanted, name),
        )
        note = BackgroundTask(note_look, folder, "studio", progress=_Told())
        drawn.background = note if record.scores else None
        return drawn

    def show_rows(self, request: Request, wanted: Wanted) -> Response:
        """The rows alone: what a filter or another page of them asks for."""
        folder = self._frame.workspace.run(wanted.run)
        name = self._frame.workspace.name(folder.path)
        values = self._rows(row_index(folder), wanted, name)
        return self._frame.page(request, "results_rows.html", command=("report", name), **values)

    def show_row(self, request: Request, row: str, run: str = "") -> Response:
        """Where a row comes from, and all that was made of it."""
        folder = self._frame.workspace.run(run)
        index = row_index(folder)
        place = index.place(row)
        if place is None:
            cure = "Rows of the test set have a page; the others are on Material."
            raise MissingError("there is no such test row", where=row[:40], cure=cure)
        return self._frame.page(
            request,
            "results_row.html",
            run=self._frame.workspace.name(folder.path),
            row=shown_row(index, place),
            line=place + 1,
            file=str(index.path),
            grades=grade_records(index, place),
            title_of=shown_title,
        )

    def _rows(self, index: RowIndex, wanted: RowFilter, name: str) -> dict[str, Any]:
        asked = completed(wanted.model_copy(update={"run": name}), index)
        places = found_places(asked, index)
        num_pages = max(1, -(-len(places) // PAGE_ROWS))
        page = min(asked.page, num_pages - 1)
        shown = places[page * PAGE_ROWS : (page + 1) * PAGE_ROWS]
        return {
            "wanted": asked.model_copy(update={"page": page}),
            "rows": [shown_row(index, int(place)) for place in shown],
            "num_found": len(places),
            "num_rows": index.count,
            "num_pages": num_pages,
            "models": index.models,
            "metrics": [*index.scores],
            "signs": sign_names(index),
            "sources": index.sources[:_MOST_NAMES],
            "tags": index.tag_names(_MOST_NAMES),
            "title_of": shown_title,
            "query": _query,
            "pairs": _pairs,
        }


def _query(wanted: RowFilter, page: int) -> str:
    """The same filter at another page, as an address has it."""
    return urlencode(wanted.model_copy(update={"page": page}).model_dump())


def _pairs(names: Sequence[str]) -> list[tuple[str, str]]:
    """Names as options of a list: each is its own key."""
    return [(name, name) for name in names]


def _parts(record: RunRecord, request: Request) -> list[str]:
    """Sections of the report, as HTML that is escaped by construction."""
    with in_language(wanted_language(request.headers.get("accept-language", ""))):
        sections = verdict_section, findings_section, scores_section, usability_section
        return [str(section(record)) for section in sections]


def _record(folder: RunFolder, index: RowIndex) -> RunRecord:
    paths = [folder.path / name for name in _READ]
    told = tuple(path.stat().st_mtime_ns if path.is_file() else 0 for path in paths)
    return _kept_record(folder, told, id(index))


@lru_cache(maxsize=4)
def _kept_record(folder: RunFolder, versions: tuple[int, ...], index: int) -> RunRecord:
    del versions, index
    record = read_run_facts(folder.path, row_index(folder).told)
    return replace(record, findings=tuple(diagnose(record)))
