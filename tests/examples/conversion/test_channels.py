"""Open channels: real ones against known conversations, and whole ones written by hand."""

from pathlib import Path

from bench.channels import measure


def test_real_channels_are_parted_as_people_part_them(shared_data: Path) -> None:
    """Of lines given to an answer nine in ten belong there, also where no weight was chosen."""
    found = measure(shared_data)
    for part in ("tuned", "held back"):
        assert found[part]["precision"] >= 0.9, found[part]
        assert found[part]["found"] >= 0.75, found[part]
    assert found["slack"]["labelled"] == found["slack"]["exchanges"] == found["slack"]["equal"]
