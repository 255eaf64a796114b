"""What a stage returns, as lines for people."""

from tunesmith.cli.terminal.result_lines import result_lines


def test_files_keep_their_names_and_of_very_many_the_first_are_shown() -> None:
    sources = {f"day_{number:02}.json": {"kept": 1, "dropped": 1200} for number in range(20)}
    lines = list(result_lines({"by_source": sources}))
    assert lines[0] == "day_00.json: kept 1, dropped 1,200"
    assert lines[11:] == ["day_11.json: kept 1, dropped 1,200", "... and 8 more files"]


def test_a_few_files_are_all_shown() -> None:
    assert list(result_lines({"by_source": {"a_b.md": {"kept": 2, "dropped": 0}}})) == [
        "a_b.md: kept 2, dropped 0"
    ]


def test_files_that_went_out_keep_their_names_too() -> None:
    assert list(result_lines({"files": {"demo-q8_0.gguf": 2817536, "README.md": 9}})) == [
        "files: demo-q8_0.gguf 2,817,536 bytes, README.md 9 bytes"
    ]


def test_validation_accuracy_stands_below_the_loss() -> None:
    assert list(result_lines({"loss": {"validation": 1.5}, "accuracy": 41.26})) == [
        "loss (nats per token): validation 1.5000",
        "next tokens right (validation): 41.3 %",
    ]
