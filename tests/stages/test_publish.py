"""Data goes to the Hub whole, readable and clean, or not at all."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.examples.reading import read_all
from tests.export.stand_in import TOKEN, Hub, stand_in
from tests.stages.rig import Talk
from tunesmith.__main__ import run_command
from tunesmith.errors import DataError, MissingError, RecipeError, RefusedError, RemoteError
from tunesmith.examples.example import Example, Message
from tunesmith.files import write_json, write_json_lines
from tunesmith.recipe.recipe import SourceRecipe
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.stages.publish import Publication, publish_data

REPO = "my-company/support-answers"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A Hub with a key for it."""
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    with stand_in() as running:
        yield running


def pair(number: int, answer: str = "", **more: str) -> Example:
    question = Message(role="user", content=f"Question {number}?", input=more.get("given", ""))
    reply = Message(role="assistant", content=answer or f"Answer {number}.")
    source = more.get("source", f"faq.md:{number}")
    return Example(messages=(question, reply), source=source, group=more.get("group"))


def talk(number: int) -> Example:
    turns = [
        Message(role="system", content="Be kind."),
        Message(role="user", content=f"Hello {number}", input="a context"),
        Message(role="assistant", content="Hi.", is_trained=False),
        Message(role="user", content="Where is it?"),
        Message(role="assistant", content="On its way."),
    ]
    return Example(messages=tuple(turns), source=f"slack/general:{number}", tags=("support",))


def make_run(folder: Path, **splits: list[Example]) -> RunFolder:
    run = RunFolder(folder / "run")
    for split in ("train", "validation", "test"):
        rows = (one.to_json() for one in splits.get(split, []))
        write_json_lines(run.examples(split), rows)  # type: ignore[arg-type]
    counts = {"kept": 12, "dropped": {"exact duplicate": 3}, "redacted": {"email": 4}}
    sources = {"/home/ada/faq.md": {"kept": 12, "dropped": 3}}
    write_json(run.summary, {**counts, "by_source": sources, "contradictions": 2})
    return run


def published(hub: Hub, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the Hub holds, as a folder that `datasets` reads like a data set on the Hub."""
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", folder / "cache")
    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", True)
    for name, content in hub.files.items():
        path = folder / "there" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder / "there"


@pytest.mark.parametrize("make", [pair, talk, None], ids=["pairs", "conversations", "both"])
def test_what_was_published_is_read_as_the_same_examples(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: object
) -> None:
    rows = [pair(n, given="x" if n % 2 else "", group="g" if n > 1500 else "") for n in range(1600)]
    if make is talk:
        rows = [talk(n) for n in range(30)]
    elif make is None:
        rows += [talk(n) for n in range(30)]
    run = make_run(tmp_path, train=rows[:-3], test=rows[-3:])
    result = publish_data(run, Publication(repo=REPO, endpoint=hub.address))
    assert result.rows == {"train": len(rows) - 3, "test": 3}
    assert result.url == f"{hub.address}/datasets/{REPO}"
    there = published(hub, tmp_path, monkeypatch)
    for split, expected in (("train", rows[:-3]), ("test", rows[-3:])):
        source = SourceRecipe(hub=str(there), split=split)
        read = list(read_all([source], folder=tmp_path))
        assert [getattr(one, "id", one) for one in read] == [one.id for one in expected]


def test_one_commit_holds_everything_and_an_old_split_goes(hub: Hub, tmp_path: Path) -> None:
    run = make_run(tmp_path, train=[pair(1)], test=[pair(2)])
    publish_data(run, Publication(repo=REPO, endpoint=hub.address))
    assert sorted(hub.files) == ["README.md", "data/test.parquet", "data/train.parquet"]
    hub.files["notes.md"] = b"somebody else's"
    run = make_run(tmp_path, train=[pair(1), pair(2)])
    result = publish_data(run, Publication(repo=REPO, endpoint=hub.address))
    assert sorted(hub.files) == ["README.md", "data/train.parquet", "notes.md"]
    assert len(hub.commits) == 2
    assert result.revision == f"{2:040x}"
    assert hub.is_private is True


def test_the_card_tells_splits_cleaning_sources_and_how_to_use_it(hub: Hub, tmp_path: Path) -> None:
    run = make_run(tmp_path, train=[pair(n) for n in range(12)], test=[pair(50)])
    how = Publication(repo=REPO, endpoint=hub.address, license="cc-by-4.0")
    publish_data(run, how)
    card = hub.files["README.md"].decode()
    _, head, body = card.split("---\n", 2)
    metadata = yaml.safe_load(head)
    assert metadata["license"] == "cc-by-4.0"
    assert metadata["size_categories"] == ["n<1K"]
    assert metadata["configs"][0]["data_files"] == [
        {"split": "train", "path": "data/train.parquet"},
        {"split": "test", "path": "data/test.parquet"},
    ]
    for told in (
        "| train | 12 |",
        "- left out, exact duplicate: 3",
        "- hidden, email: 4",
        "- questions answered in two ways: 2",
        "| faq.md | 12 |",
        "| `instruction` |",
        f"- {{hub: {REPO}, split: test, use\\_as: test}}".replace("\\", ""),
    ):
        assert told in body, told
    assert "ada" not in card, "the folders of the machine stay here"


def test_a_recipe_from_the_card_is_one(hub: Hub, tmp_path: Path) -> None:
    from tunesmith.recipe.load_recipe import recipe_from_mapping

    run = make_run(tmp_path, train=[pair(1)], test=[pair(2)])
    publish_data(run, Publication(repo=REPO, endpoint=hub.address))
    block = hub.files["README.md"].decode().split("```yaml\n")[1].split("```")[0]
    recipe = recipe_from_mapping(yaml.safe_load(block))
    assert [(one.hub, one.use_as) for one in recipe.sources] == [(REPO, "train"), (REPO, "test")]


@pytest.mark.parametrize(
    "text",
    [
        "Mail ada@example.org.",
        "Call +49 30 901820 for more.",
        "The card is 4111 1111 1111 1111.",
        "It runs on 203.0.113.77 now.",
        "Ask @ada_lovelace for it.",
        f"The key is {TOKEN}.",
    ],
)
def test_nothing_is_asked_of_the_hub_while_a_row_holds_a_secret(
    hub: Hub, tmp_path: Path, text: str
) -> None:
    run = make_run(tmp_path, train=[pair(1), pair(2, text)])
    with pytest.raises(RefusedError, match="1 rows hold what should not go out") as caught:
        publish_data(run, Publication(repo=REPO, endpoint=hub.address))
    assert hub.requests == []
    assert pair(2, text).id in str(caught.value)
    assert not any(word in str(caught.value) for word in text.split()[1:] if len(word) > 5)


def test_data_that_was_redacted_goes_out(hub: Hub, tmp_path: Path) -> None:
    from tunesmith.examples.clean import clean_example
    from tunesmith.recipe.recipe import ExamplesRecipe

    text = "Mail ada@example.org, call +49 30 901820, ask @ada_lovelace at 203.0.113.77."
    clean = clean_example(pair(2, text), ExamplesRecipe(seed=7)).item
    assert isinstance(clean, Example)
    publish_data(make_run(tmp_path, train=[clean]), Publication(repo=REPO, endpoint=hub.address))
    assert len(hub.commits) == 1


def test_a_reason_is_recorded_with_the_commit(hub: Hub, tmp_path: Path) -> None:
    run = make_run(tmp_path, train=[pair(1, "Mail info@example.org.")])
    how = Publication(repo=REPO, endpoint=hub.address, force="our public address")
    result = publish_data(run, how)
    assert (result.forced, result.leaks) == ("our public address", {"email": 1})
    assert "our public address" in str(hub.commits[0])


def test_a_public_data_set_takes_nothing_that_was_not_said_to_be(hub: Hub, tmp_path: Path) -> None:
    hub.is_private = False
    run = make_run(tmp_path, train=[pair(1)])
    with pytest.raises(RefusedError, match="public already"):
        publish_data(run, Publication(repo=REPO, endpoint=hub.address))
    assert hub.files == {}
    publish_data(run, Publication(repo=REPO, endpoint=hub.address, is_public=True))
    assert "README.md" in hub.files


def test_the_key_is_sent_to_the_hub_and_written_nowhere(
    hub: Hub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    progress = Talk()
    run = make_run(tmp_path, train=[pair(1)])
    result = publish_data(run, Publication(repo=REPO, endpoint=hub.address), progress=progress)
    assert {login for _, _, login in hub.requests} == {f"Bearer {TOKEN}"}
    said = capsys.readouterr()
    told = [json.dumps(result.to_dict()), said.out, said.err, *progress.notes, *progress.tasks]
    assert TOKEN not in "\n".join(told)
    assert not any(TOKEN.encode() in body for body in hub.bodies)
    assert not any(TOKEN.encode() in content for content in hub.files.values())
    for path in tmp_path.rglob("*"):
        assert path.is_dir() or TOKEN.encode() not in path.read_bytes()


def test_what_goes_wrong_is_said_in_our_words(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(tmp_path, train=[pair(1)])
    how = Publication(repo=REPO, endpoint=hub.address)
    for status, error in ((401, MissingError), (403, MissingError), (400, RemoteError)):
        hub.refusal = status
        with pytest.raises(error) as caught:
            publish_data(run, how)
        assert caught.value.where == REPO
        assert TOKEN not in str(caught.value)
    with pytest.raises(RemoteError, match="cannot be reached"):
        publish_data(run, Publication(repo=REPO, endpoint="http://127.0.0.1:9"))
    with pytest.raises(MissingError, match="no examples to publish"):
        publish_data(make_run(tmp_path), how)
    for name in ("answers", "a/b/c", "a b/c", "-a/b", "a/../b"):
        with pytest.raises(RecipeError, match="no name of a data set"):
            publish_data(run, Publication(repo=name, endpoint=hub.address))
    other = tmp_path / "rows.jsonl"
    other.write_text('{"question": "q", "answer": "a"}\n')
    with pytest.raises(DataError, match="no example of Tunesmith's") as wrong:
        publish_data(other, how)
    assert "tunesmith import" in str(wrong.value)
    monkeypatch.delenv("HF_TOKEN")
    monkeypatch.setattr("tunesmith.export.upload.get_token", lambda: None)
    with pytest.raises(MissingError, match="no key for the Hub"):
        publish_data(run, how)


def test_the_command_publishes_what_import_wrote(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("faq.jsonl").write_text('{"question": "When?", "answer": "Mail a@example.org at nine."}')
    assert run_command(["import", "faq.jsonl", "-o", "x.jsonl", "--json"]) == 0
    assert run_command(["publish", "x.jsonl", REPO]) == 2
    capsys.readouterr()
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", hub.address)
    assert run_command(["publish", "x.jsonl", REPO, "--data", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["rows"] == {"train": 1}
    assert result["url"].endswith(REPO)
    assert run_command(["import", "faq.jsonl", "-o", "y.jsonl", "--redact", "none", "-q"]) == 0
    assert run_command(["publish", "y.jsonl", REPO, "--data", "-q"]) == 7
    assert "1 email" in capsys.readouterr().err
