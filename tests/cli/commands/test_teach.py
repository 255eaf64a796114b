"""What `teach` would take is told beside the name of the file that it would write."""

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

from tests.endpoint_server import EndpointServer

Command = Callable[..., SimpleNamespace]


def test_a_dry_run_may_name_its_file_and_writes_none(command: Command) -> None:
    with EndpointServer() as server:
        asked = ("--url", server.url, "--model", "tiny", "-o", "new.jsonl")
        told = command("teach", "self-instruct", *asked, "--count", "9", "--dry-run", "--json")
        assert told.code == 0, told.err
        assert json.loads(told.out)["calls"] > 0
        assert server.seen.bodies == []
        refused = command("teach", "self-instruct", *asked, "--check")
        assert (refused.code, "no effect beside --check" in refused.err) == (2, True)
    assert not Path("new.jsonl").exists()
