"""A whole run of a tiny model that would end well, to which a test does one thing."""

from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.endpoint_server import EndpointServer
from tests.stages.rig import Talk, colour_rows, make_recipe, opened, run_folder, write_rows
from tests.tiny import save_tiny_model
from tunesmith.stages.execution.opened_run import Run


@dataclass
class Loop:
    """A whole run that would end well, to which one thing is done."""

    root: Path
    monkeypatch: pytest.MonkeyPatch
    stack: ExitStack
    sections: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        save_tiny_model(self.root / "model", "llama")
        write_rows(self.root / "rows.jsonl", colour_rows(20))

    def rival(self) -> Path:
        """A whole model that competes."""
        save_tiny_model(self.root / "rival", "llama", seed=1)
        self.set("evaluation", rivals=[{"path": "rival"}])
        return self.root / "rival"

    def served(self, **settings: Any) -> EndpointServer:
        """A server that runs until the test ends."""
        return self.stack.enter_context(EndpointServer(**settings))

    def judge(self, **endpoint: Any) -> None:
        self.set("evaluation", judge=endpoint)

    def set(self, section: str, **keys: Any) -> None:
        self.sections.setdefault(section, {}).update(keys)

    def patch(self, place: object, name: str, value: object) -> None:
        self.monkeypatch.setattr(place, name, value)

    def run(self) -> Run:
        training = {"steps": 1, **self.sections.pop("training", {})}
        evaluation = {"metrics": ["exact_match"], **self.sections.pop("evaluation", {})}
        recipe = make_recipe(
            self.root / "model",
            self.root / "rows.jsonl",
            examples={"split": {"validation": 0.0, "test": 0.2}},
            generation={"max_new_tokens": 4},
            training=training,
            evaluation=evaluation,
            **self.sections,
        )
        return opened(recipe, run_folder(self.root / "run"), self.root, Talk())
