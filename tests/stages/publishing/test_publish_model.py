"""A model goes to the Hub whole, with a card that its run's files prove, or not at all."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.export.stand_in import TOKEN, Hub, stand_in
from tests.stages.rig import Talk
from tunesmith.__main__ import run_command
from tunesmith.errors import MissingError, RecipeError, RefusedError, RemoteError
from tunesmith.files import hash_file, read_json, write_json, write_json_lines
from tunesmith.models.load import weights_fingerprint
from tunesmith.rounds.look_log import LookLog
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.stages.looking.note_look import looks_path
from tunesmith.stages.publish import Publication
from tunesmith.stages.publishing.publish_model import publish_model

# huggingface_hub sends large files in a way that its HTTP client has given up
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content:DeprecationWarning")
REPO = "my-company/support-model"
SCORE = {"value": 92.5, "low": 89.2, "high": 95.1, "count": 309, "failed": 0}
BASE_SCORE = {**SCORE, "value": 1.5, "low": 0.5, "high": 2.5}


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A Hub with a key for it, that takes large files one by one."""
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
    with stand_in() as running:
        running.known["org/open"] = {"cardData": {"license": "apache-2.0"}, "gated": False}
        running.known["org/gated"] = {"cardData": {"license": "llama3"}, "gated": "manual"}
        yield running


@pytest.fixture
def folder(tmp_path: Path, tiny_folder: Path) -> RunFolder:
    """A run with a model, rows, scores and answers, as its stages leave them."""
    run = RunFolder(tmp_path / "run")
    shutil.copytree(tiny_folder, run.model)
    set_base(run, "org/open")
    question = {"id": "a", "instruction": "Hi?", "input": "", "response": "Yes", "source": "f:1"}
    for split in ("train", "test"):
        write_json_lines(run.examples(split), [question])  # type: ignore[arg-type]
    sources = {"/home/ada/faq.md": {"kept": 12, "dropped": 3}}
    splits = {"train": {"rows": 10}, "test": {"rows": 2}}
    told = {"redacted": {"email": 4}, "dropped": {"exact duplicate": 3}}
    write_json(run.summary, {"kept": 12, **told, "by_source": sources, "splits": splits})
    metrics = {"exact_match": {"base": BASE_SCORE, "tuned": SCORE}}
    write_json(run.scores, {"schema": 1, "metrics": metrics, "comparisons": []})
    run.recipe.write_text("model: {name: org/open}\ntraining: {method: full, epochs: 2}\n")
    write_json(run.environment, {"device": "cpu"})
    return run


def set_base(run: RunFolder, name: str) -> None:
    template = {"name": "alpaca", "system": None, "stop_tokens": ["<|end|>"]}
    base = {"name": name, "revision": None, "weights": "pretrained"}
    contract = {"schema": 1, "base": base, "template": template, "template_hash": "5eed"}
    write_json(run.model / "tunesmith.json", contract)
    fingerprint = weights_fingerprint(run.model)
    entry = {"key": "k", "inputs": {"model": fingerprint}, "outputs": {}, "result": {}}
    run.write_manifest({"answer tuned": entry})


def published(hub: Hub, run: RunFolder, *, files: tuple[Path, ...] = (), **more: Any) -> Any:
    how = Publication(repo=REPO, endpoint=hub.address, **more)
    return publish_model(run, how, files=files, progress=Talk())


def card_of(hub: Hub) -> tuple[dict[str, Any], str]:
    _, head, body = hub.files["README.md"].decode().split("---\n", 2)
    return yaml.safe_load(head), body


def test_one_commit_holds_the_model_as_it_lies_and_is_private(hub: Hub, folder: RunFolder) -> None:
    result = published(hub, folder)
    names = {path.name for path in folder.model.iterdir()}
    assert set(hub.files) == names | {"README.md"}
    for name in names:
        assert hub.files[name] == (folder.model / name).read_bytes()
    assert len(hub.commits) == 1
    assert hub.is_private is True
    assert result.url == f"{hub.address}/{REPO}"
    assert [look.command for look in LookLog.read(looks_path(folder)).looks] == ["publish"]
    assert result.files["model.safetensors"] == len(hub.files["model.safetensors"])


def test_the_card_says_what_the_runs_files_say(hub: Hub, folder: RunFolder) -> None:
    published(hub, folder)
    head, body = card_of(hub)
    assert (head["base_model"], head["license"]) == ("org/open", "apache-2.0")
    assert (head["library_name"], head["pipeline_tag"]) == ("transformers", "text-generation")
    (index,) = head["model-index"]
    (metric,) = index["results"][0]["metrics"]
    assert (metric["type"], metric["value"]) == ("exact_match", 92.5)
    for told in (
        "92.5 (89.2 to 95.1)",
        "1.5 (0.5 to 2.5)",
        f"| train | 10 | `{hash_file(folder.examples('train'))}` |",
        "- hidden before training, email: 4",
        "- left out, exact duplicate: 3",
        "- faq.md: 12 rows",
        "- Hash: `5eed`",
        "`<|end|>`",
    ):
        assert told in body, told
    assert "ada" not in body, "the folders of the machine stay here"


def test_an_upload_that_broke_off_goes_on_where_it_was(hub: Hub, folder: RunFolder) -> None:
    more = exported(folder, b"GGUF" + bytes(100))
    hub.uploads_left = 1
    with pytest.raises(RemoteError, match=r"broke off.*not sent twice"):
        published(hub, folder, files=(more,))
    assert (hub.commits, hub.files, len(hub.objects)) == ([], {}, 1)
    hub.uploads_left = 1
    published(hub, folder, files=(more,))
    assert {"model.safetensors", "model-q8_0.gguf"} <= set(hub.files)
    assert "Also here: `model-q8\\_0.gguf`" in card_of(hub)[1]


def test_files_of_an_older_model_go_and_others_stay(hub: Hub, folder: RunFolder) -> None:
    published(hub, folder)
    hub.files |= {"model-00001-of-00002.safetensors": b"old", "notes.md": b"mine"}
    published(hub, folder)
    assert "model-00001-of-00002.safetensors" not in hub.files
    assert hub.files["notes.md"] == b"mine"


def add_key(run: RunFolder) -> None:
    path = run.model / "config.json"
    write_json(path, {**read_json(path), "note": f"Bearer {TOKEN}"})


def add_folder(run: RunFolder) -> None:
    path = run.model / "config.json"
    write_json(path, {**read_json(path), "_name_or_path": "/home/ada/models/x"})


def add_own_folder(run: RunFolder) -> None:
    """One that lies elsewhere than homes do, and is there."""
    path = run.model / "config.json"
    write_json(path, {**read_json(path), "base": str(Path(__file__).parent)})


def add_stray(run: RunFolder) -> None:
    (run.model / "optimizer.pt").write_bytes(b"x")


def change_weights(run: RunFolder) -> None:
    path = run.model / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"\x01")


def make_adapter(run: RunFolder) -> None:
    write_json(run.model / "adapter_config.json", {"base_model_name_or_path": "../base"})
    set_base(run, "../base")


def exported(run: RunFolder, content: bytes) -> Path:
    """A GGUF file that an export wrote and compared."""
    path = run.path / "model-q8_0.gguf"
    path.write_bytes(content)
    told = {"name": "q8_0", "sha256": hash_file(path), "weights": weights_fingerprint(run.model)}
    write_json(run.exports, {"schema": 1, "exports": [told]})
    write_json_lines(run.completions("q8_0"), [])
    return path


REFUSED: dict[str, Callable[[RunFolder], None]] = {
    "config.json holds what looks like a key": add_key,
    "config.json names a folder of this machine": add_folder,
    "optimizer.pt is no part of a model": add_stray,
    "the scores are of other weights": change_weights,
    "the base model org/gated is gated": lambda run: set_base(run, "org/gated"),
    "the Hub does not say": lambda run: set_base(run, "nobody/nothing"),
    "base model base is not on the Hub": make_adapter,
    "the base model llama is a folder of this machine": lambda run: set_base(run, "/data/llama"),
    "the base model mine is a folder of this machine": lambda run: set_base(run, "./mine"),
    "config.json names a folder": add_own_folder,
}


@pytest.mark.parametrize("words", REFUSED)
def test_what_must_not_go_out_does_not_but_with_a_reason(
    hub: Hub, folder: RunFolder, words: str
) -> None:
    REFUSED[words](folder)
    with pytest.raises(RefusedError, match=words) as caught:
        published(hub, folder)
    assert (hub.commits, hub.objects) == ([], {})
    assert TOKEN not in str(caught.value)
    result = published(hub, folder, force="it is ours")
    assert words in " ".join(result.refused)
    assert "it is ours" in str(hub.commits[0])


def test_an_adapter_of_a_gated_base_goes_out_and_its_merged_file_does_not(
    hub: Hub, folder: RunFolder
) -> None:
    write_json(folder.model / "adapter_config.json", {"base_model_name_or_path": "org/gated"})
    set_base(folder, "org/gated")
    merged = folder.path / "merged.gguf"
    merged.write_bytes(b"GGUF")
    with pytest.raises(RefusedError, match="is gated"):
        published(hub, folder, files=(merged,))
    published(hub, folder)
    head, body = card_of(hub)
    assert (head["library_name"], head["license"]) == ("peft", "llama3")
    assert "An adapter for org/gated" in body


def test_the_licence_of_a_base_in_a_folder_is_its_owners_word(hub: Hub, folder: RunFolder) -> None:
    set_base(folder, "/data/llama")
    published(hub, folder, license="mit")
    assert card_of(hub)[0]["license"] == "mit"


def test_a_file_of_other_weights_or_of_nobody_does_not_go_out(hub: Hub, folder: RunFolder) -> None:
    """The card would give it this model's scores."""
    file = exported(folder, b"GGUF" + bytes(9))
    published(hub, folder, files=(file,))
    stranger = folder.path / "stranger.gguf"
    stranger.write_bytes(b"GGUF another model")
    with pytest.raises(RefusedError, match=r"stranger\.gguf is no export of the weights"):
        published(hub, folder, files=(file, stranger))
    change_weights(folder)
    set_base(folder, "org/open")  # trained anew and measured again
    with pytest.raises(RefusedError, match=r"q8_0\.gguf is no export of the weights"):
        published(hub, folder, files=(file,))


def test_what_cannot_be_published_is_said_with_a_cure(
    hub: Hub, folder: RunFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "x.gguf"
    other.write_bytes(b"PK")
    with pytest.raises(RecipeError, match="no GGUF file"):
        published(hub, folder, files=(other,))
    with pytest.raises(MissingError, match="no such file"):
        published(hub, folder, files=(tmp_path / "none.gguf",))
    with pytest.raises(MissingError, match="has no model yet"):
        published(hub, RunFolder(tmp_path / "empty"))
    assert run_command(["publish", str(folder.path), REPO]) == 2
    assert run_command(["publish", str(folder.path), REPO, "--data", "--model"]) == 2
    assert run_command(["publish", str(folder.path), REPO, "--data", "--file", "a.gguf"]) == 2
    assert hub.commits == []
    hub.is_private = False
    with pytest.raises(RefusedError, match="this model is public already"):
        published(hub, folder)


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("examples: {redact: []}", "nothing (redaction was switched off)"),
        ("examples: {redact: [email]}", "nothing (looked for: email)"),
        ("", "nothing (the recipe does not say what was looked for)"),
    ],
)
def test_what_was_not_looked_for_is_not_called_absent(
    hub: Hub, folder: RunFolder, written: str, told: str
) -> None:
    write_json(folder.summary, {**read_json(folder.summary), "redacted": {}})
    folder.recipe.write_text(f"model: {{name: org/open}}\n{written}\n")
    published(hub, folder)
    assert f"- hidden before training: {told}" in card_of(hub)[1]
