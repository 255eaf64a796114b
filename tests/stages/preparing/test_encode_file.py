"""Rows encoded in several processes are those encoded in one, whatever happens to them."""

import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import orjson
import psutil
import pytest

from tests.stages.rig import Talk, make_recipe
from tunesmith.errors import DataError, MissingError, TunesmithError
from tunesmith.examples.example import Example, Message
from tunesmith.files import read_json_lines, write_json_lines
from tunesmith.sources.row import Dropped
from tunesmith.stages.preparing.encode_file import encode_file
from tunesmith.stages.preparing.example_encoder import (
    ROWS_AT_ONCE,
    EncodeCount,
    EncodedRow,
    ExampleEncoder,
)
from tunesmith.stages.preparing.line_sieve import line_sieve
from tunesmith.stages.responders.renderer import Renderer, recipe_renderer

LONG = 40  # tokens
CHUNKS = 3


@pytest.fixture(scope="module")
def how(tmp_path_factory: pytest.TempPathFactory) -> Renderer:
    folder = tmp_path_factory.mktemp("rows")
    recipe = make_recipe(folder, folder / "rows.jsonl", model={"name": "starter"})
    return recipe_renderer(recipe, folder)


def _file(folder: Path, *, num_chunks: int = CHUNKS) -> Path:
    """Every hundredth row is too long, every seventh has two answers."""

    def examples() -> Iterator[dict[str, Any]]:
        for i in range(num_chunks * ROWS_AT_ONCE - 5):
            question = (
                f"What is the colour of lamp {i}?" + " Tell me, please." * (i % 100 == 99) * 9
            )
            turns = [("user", question), ("assistant", f"It is {i % 8}.")]
            turns += [("user", "And now?"), ("assistant", "Dark.")] * (i % 7 == 0)
            messages = tuple(Message(role=role, content=text) for role, text in turns)  # type: ignore[arg-type]
            yield Example(messages=messages, source=f"lamps.jsonl:{i}").to_json()

    write_json_lines(folder / "rows.jsonl", examples())
    return folder / "rows.jsonl"


def _encoder(how: Renderer, dropped: list[Dropped], when_too_long: str = "drop") -> ExampleEncoder:
    return ExampleEncoder(
        how=how,
        max_tokens=LONG,
        when_too_long=when_too_long,
        drop=dropped.append,
        count=EncodeCount(),
    )


def _plain(rows: Iterator[EncodedRow]) -> Iterator[tuple[str, list[int], list[bool]]]:
    return ((name, row.ids.tolist(), row.is_trained.tolist()) for name, row in rows)


def test_two_processes_give_what_one_does(how: Renderer, tmp_path: Path) -> None:
    path = _file(tmp_path)
    found = []
    for num_processes in (1, 2):
        dropped: list[Dropped] = []
        encoder = _encoder(how, dropped)
        rows = encode_file(encoder, path, num_rows=0, progress=Talk(), num_processes=num_processes)
        found.append((list(_plain(rows)), dropped, encoder.count))
    assert found[0] == found[1]
    rows_of_one, dropped, count = found[0]
    assert count.rows == len(rows_of_one) > ROWS_AT_ONCE
    assert dropped


@pytest.mark.parametrize("num_processes", [1, 2])
def test_what_leaves_no_row_leaves_the_file(
    how: Renderer, tmp_path: Path, num_processes: int
) -> None:
    path = _file(tmp_path)
    before = path.read_bytes().splitlines()
    dropped: list[Dropped] = []
    with line_sieve(path) as sieve:
        rows = encode_file(
            _encoder(how, dropped),
            path,
            num_rows=0,
            progress=Talk(),
            num_processes=num_processes,
            sieve=sieve,
        )
        ids = [name for name, _ in rows]
    assert [row["id"] for row in read_json_lines(path)] == ids
    gone = {item.source.encode() for item in dropped}
    kept = [line for line in before if orjson.loads(line)["source"].encode() not in gone]
    assert path.read_bytes().splitlines() == kept
    assert 0 < len(gone) < len(before) - ROWS_AT_ONCE


def test_an_error_comes_behind_the_rows_before_it(how: Renderer, tmp_path: Path) -> None:
    path = _file(tmp_path)
    found = []
    for num_processes in (1, 2):
        encoder = _encoder(how, [], "error")
        rows = _plain(
            encode_file(encoder, path, num_rows=0, progress=Talk(), num_processes=num_processes)
        )
        seen = []
        with pytest.raises(DataError, match="too long") as caught:
            seen.extend(rows)
        found.append((seen, str(caught.value)))
    assert found[0] == found[1]


@pytest.mark.parametrize("num_processes", [1, 2])
def test_a_missing_file_is_named(how: Renderer, tmp_path: Path, num_processes: int) -> None:
    rows = encode_file(
        _encoder(how, []),
        tmp_path / "none.jsonl",
        num_rows=0,
        progress=Talk(),
        num_processes=num_processes,
    )
    with pytest.raises(MissingError, match="no such file"):
        next(rows)


def test_progress_reaches_the_number_of_examples(how: Renderer, tmp_path: Path) -> None:
    path = _file(tmp_path)
    told = []

    class Listener(Talk):
        def advance(self, count: int = 1) -> None:
            told.append(count)

    list(encode_file(_encoder(how, []), path, num_rows=0, progress=Listener(), num_processes=2))
    assert sum(told) == CHUNKS * ROWS_AT_ONCE - 5


def test_few_rows_are_encoded_here(how: Renderer, tmp_path: Path) -> None:
    rows = encode_file(_encoder(how, []), _file(tmp_path), num_rows=1_000, progress=Talk())
    next(rows)
    assert not multiprocessing.active_children()


def test_a_worker_that_is_killed_ends_in_an_error(how: Renderer, tmp_path: Path) -> None:
    path = _file(tmp_path, num_chunks=12)
    rows = encode_file(_encoder(how, []), path, num_rows=0, progress=Talk(), num_processes=2)
    next(rows)
    for child in multiprocessing.active_children():
        child.kill()
    with pytest.raises(TunesmithError, match="has ended"):
        list(rows)
    assert not multiprocessing.active_children()


def test_workers_do_not_outlive_who_is_killed(how: Renderer, tmp_path: Path) -> None:
    path = _file(tmp_path)
    here, there = multiprocessing.Pipe()
    context = multiprocessing.get_context("fork")
    parent = context.Process(target=_die, args=(_encoder(how, []), path, there))
    parent.start()
    workers = here.recv()
    parent.join()
    assert len(workers) == 2
    patience = time.monotonic() + 10
    while any(_is_running(pid) for pid in workers):
        assert time.monotonic() < patience
        time.sleep(0.01)


def _die(encoder: ExampleEncoder, path: Path, there: Connection) -> None:
    rows = encode_file(encoder, path, num_rows=0, progress=Talk(), num_processes=2)
    next(rows)
    there.send([child.pid for child in multiprocessing.active_children()])
    os.kill(os.getpid(), signal.SIGKILL)


def _is_running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
