from typing import Any

from measuring.interleaved import ratio, spread
from measuring.page import full_page, readme_block, replace_block


def speed(*values: float) -> dict[str, Any]:
    return {"examples_per_second": spread(values), "trained_tokens": 456}


def result() -> dict[str, Any]:
    contenders = {
        "Tunesmith": speed(20.0, 21.0, 22.0),
        "TRL, packing": speed(5.0, 7.0, 6.0),
        "Axolotl": {"failed": "needs a GPU"},
    }
    ours, theirs = (contenders[name]["examples_per_second"] for name in list(contenders)[:2])
    table = {
        "title": "Pythia-70M",
        "facts": {"tokens": 90.0, "trained_tokens": 63.2, "is_real": False, "steps": 12},
        "contenders": contenders,
        "ratios": {"as shipped": {"against": "TRL, packing", **ratio(ours, theirs)}},
        "measured": "2026-11-24",
        "is_quick": True,
        "repeats": 3,
    }
    return {
        "measured": "2026-11-25",
        "is_quick": False,
        "repeats": 3,
        "machine": {"processor": "EPYC", "cores": 2},
        "versions": {"torch": "2.13.0"},
        "tables": {"pythia": table},
    }


def test_a_ratio_is_of_medians_and_its_range_of_rounds() -> None:
    found = ratio(spread([20.0, 21.0, 22.0]), spread([5.0, 7.0, 6.0]))
    assert found == {"median": 3.5, "lowest": 3.0, "highest": 4.0}


def test_the_block_shows_the_claim_and_against_whom() -> None:
    assert "| Pythia-70M | 21.0 | 6.0 (TRL, packing): **3.5 x** | - |" in readme_block(result())


def test_who_could_not_be_measured_is_listed_with_the_reason() -> None:
    page = full_page(result())
    assert "| Axolotl | not measured: needs a GPU |" in page
    rows = [line for line in page.splitlines() if line.startswith("|")]
    assert len({line.count("|") for line in rows}) == 1


def test_each_table_says_when_it_was_measured_and_how_often() -> None:
    assert "Measured on 2026-11-24, 3 rounds, a quick session." in full_page(result())


def test_generated_rows_are_named_as_such() -> None:
    assert "generated rows" in full_page(result())


def test_only_what_stands_between_the_markers_is_replaced() -> None:
    text = "above\n<!-- speed -->\nold\n<!-- /speed -->\nbelow\n"
    new = replace_block(text, "new")
    assert new == "above\n<!-- speed -->\nnew\n<!-- /speed -->\nbelow\n"
    assert replace_block(new, "new") == new
