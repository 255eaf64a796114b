"""Rows through an Arrow file and back: values, ids, counts, keys."""

from pathlib import Path

import numpy as np
import pytest

from tests.tiny import random_example, random_store
from tunesmith.errors import MissingError
from tunesmith.tokens import store as store_module
from tunesmith.tokens.encode import EncodedExample
from tunesmith.tokens.store import TokenStore, store_name, write_store

ROWS = [(f"faq:{n}", random_example(n, seed=n)) for n in (4, 1, 9, 2, 30, 3, 17)]


def _example(ids: list[int], trained: list[int]) -> EncodedExample:
    return EncodedExample(
        ids=np.array(ids, dtype=np.int32), is_trained=np.array(trained, dtype=np.bool_)
    )


def test_known_rows_come_back(tmp_path: Path) -> None:
    path = tmp_path / "train.arrow"
    rows = [("a", _example([5, 6, 7], [0, 1, 1])), ("b", _example([8, 9], [1, 1]))]
    write_store(path, rows, key="k")
    store = TokenStore(path, key="k")
    assert store.key == "k"
    assert len(store) == 2
    assert store[0].ids.tolist() == [5, 6, 7]
    assert store[1].is_trained.tolist() == [True, True]
    assert store[1].is_trained.dtype == np.bool_
    assert store.lengths.tolist() == [3, 2]
    assert store.num_targets.tolist() == [2, 1], "a first token is no target"
    assert [store.example_id(row) for row in range(len(store))] == ["a", "b"]


@pytest.mark.parametrize("rows_per_batch", [1, 2, 3, 7, 100])
def test_record_batches_do_not_show(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows_per_batch: int
) -> None:
    monkeypatch.setattr(store_module, "_ROWS_PER_BATCH", rows_per_batch)
    write_store(tmp_path / "a.arrow", iter(ROWS), key="k")
    store = TokenStore(tmp_path / "a.arrow", key="k")
    assert len(store) == len(ROWS)
    assert store.lengths.tolist() == [len(row.ids) for _, row in ROWS]
    assert store.num_targets.tolist() == [int(row.is_trained[1:].sum()) for _, row in ROWS]
    read = np.concatenate([row.ids for _, row in ROWS])
    assert store.distinct_ids().tolist() == sorted(set(read.tolist()))
    for index in (6, 0, 3, 1, 5, 2, 4):
        example_id, row = ROWS[index]
        assert store.example_id(index) == example_id
        assert np.array_equal(store[index].ids, row.ids)
        assert np.array_equal(store[index].is_trained, row.is_trained)


def test_an_empty_store_is_a_store(tmp_path: Path) -> None:
    write_store(tmp_path / "a.arrow", [], key="k")
    store = TokenStore(tmp_path / "a.arrow", key="k")
    assert len(store) == 0
    assert store.lengths.tolist() == []
    assert store.num_targets.tolist() == []
    assert [store.example_id(row) for row in range(len(store))] == []
    with pytest.raises(IndexError):
        store[0]


@pytest.mark.parametrize("index", [-1, 7])
def test_an_index_outside_is_an_error(tmp_path: Path, index: int) -> None:
    write_store(tmp_path / "a.arrow", ROWS, key="k")
    with pytest.raises(IndexError):
        TokenStore(tmp_path / "a.arrow", key="k")[index]


@pytest.mark.parametrize("other", ["other", "", "K", "kk"])
def test_a_store_with_another_key_is_not_opened(tmp_path: Path, other: str) -> None:
    path = tmp_path / "a.arrow"
    write_store(path, ROWS, key="k")
    assert TokenStore(path, key="k").key == "k"
    with pytest.raises(MissingError, match="stale token store") as error:
        TokenStore(path, key=other)
    assert error.value.where == str(path)
    assert error.value.cure == "Run prepare again."


def test_rows_that_fail_leave_the_old_store(tmp_path: Path) -> None:
    path = tmp_path / "a.arrow"
    write_store(path, ROWS, key="k")

    def failing() -> object:
        yield ROWS[0]
        raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        write_store(path, failing(), key="new")
    assert len(TokenStore(path, key="k")) == len(ROWS)


def test_a_store_that_is_not_there_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="no such token store") as error:
        TokenStore(tmp_path / "none.arrow", key="k")
    assert error.value.cure == "Run prepare first."


def test_the_name_tells_split_and_key() -> None:
    assert store_name("train", "0123456789abcdef") == "train-0123456789ab.arrow"


def test_a_damaged_store_is_named(tmp_path: Path) -> None:
    path = tmp_path / "cut.arrow"
    random_store(path, [5, 9])
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(MissingError, match="a damaged token store"):
        TokenStore(path, key="test")
