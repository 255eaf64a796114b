"""Modules are imported with few collections, and are none of the collector's business later."""

import gc

import pytest

from tunesmith.cli.fast_imports import fast_imports


@pytest.fixture(autouse=True)
def _thawed():
    yield
    gc.unfreeze()


def test_few_collections_are_made_and_what_was_made_is_set_apart() -> None:
    before, made = gc.get_threshold(), gc.get_freeze_count()
    with fast_imports():
        started = gc.get_stats()[0]["collections"]
        kept = [[] for _ in range(15_000)]
        assert gc.get_stats()[0]["collections"] - started <= 1
    assert gc.get_freeze_count() - made >= len(kept)
    assert gc.get_threshold() == before


def test_a_collector_that_is_off_stays_off_and_an_error_leaves_it_as_it_was() -> None:
    before = gc.get_threshold()
    gc.disable()
    try:
        with pytest.raises(ImportError), fast_imports():
            raise ImportError
        assert not gc.isenabled()
    finally:
        gc.enable()
    assert gc.get_threshold() == before
