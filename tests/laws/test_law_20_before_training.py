"""Law 20: what would end a run after training, and can be known, ends it before its first step."""

import json
import os
import re
import shutil
from collections import namedtuple
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest
import torch
from matplotlib.figure import Figure

from tests.endpoint_server import EndpointServer, always
from tests.laws.whole_loop import Loop
from tests.packages import install, metric_code
from tests.stages.rig import Talk, write_rows
from tests.tiny import save_tiny_model
from tunesmith.endpoints import first_question
from tunesmith.errors import TunesmithError
from tunesmith.files import read_json_lines
from tunesmith.stages import before_training
from tunesmith.stages.run import run_loop
from tunesmith.stages.test_set import judging
from tunesmith.training import engine

PAGE = Path(__file__).parents[2] / "docs" / "before-training.md"
Usage = namedtuple("Usage", "total used free")
BASE_WEIGHTS = "model/model.safetensors"


def no_server(loop: Loop) -> None:
    loop.judge(url="http://127.0.0.1:9/v1", model="stub")


def no_rival_server(loop: Loop) -> None:
    loop.set("evaluation", rivals=[{"url": "http://127.0.0.1:9/v1", "model": "big"}])


def silent_server(loop: Loop) -> None:
    """It lists its models to anybody, and answers nobody."""
    server = loop.served(choose=always("401"), models=["stub"])
    loop.judge(url=server.url, model="stub")


def web_page(loop: Loop) -> None:
    server = loop.served(choose=always("html"), models=["stub"])
    loop.set("evaluation", rivals=[{"url": server.url, "model": "stub"}])
    loop.patch(first_question, "_PAUSE_SECONDS", 0.0)


def lacking_server(loop: Loop) -> None:
    server = loop.served(models=["other"])
    loop.judge(url=server.url, model="stub")


def refusing_server(loop: Loop) -> None:
    server = loop.served(models=["stub"], key="right")
    loop.monkeypatch.setenv("A_KEY", "wrong")
    loop.judge(url=server.url, model="stub", key_env="A_KEY")


def no_key(loop: Loop) -> None:
    loop.judge(url="http://127.0.0.1:9/v1", model="stub", key_env="NOBODYS_KEY")


def no_judge_folder(loop: Loop) -> None:
    loop.judge(path="nowhere/at/all")


def judge_of_the_hub(loop: Loop) -> None:
    loop.judge(path="org/judge")


def judge_without_weights(loop: Loop) -> None:
    loop.rival()
    loop.sections.clear()
    (loop.root / "rival" / "model.safetensors").unlink()
    loop.judge(path="rival")


def no_rival_folder(loop: Loop) -> None:
    loop.set("evaluation", rivals=[{"path": "nowhere/at/all"}])


def cut_weights(loop: Loop) -> None:
    file = loop.rival() / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-100])


def pickled_weights(loop: Loop) -> None:
    folder = loop.rival()
    (folder / "model.safetensors").unlink()
    torch.save({}, folder / "pytorch_model.bin")


def missing_part(loop: Loop) -> None:
    index = {"weight_map": {"lm_head.weight": "model-00002-of-00002.safetensors"}}
    (loop.rival() / "model.safetensors.index.json").write_text(json.dumps(index))


def other_shape(loop: Loop) -> None:
    file = loop.rival() / "config.json"
    file.write_text(file.read_text().replace('"hidden_size": 32', '"hidden_size": 48'))


def unknown_family(loop: Loop) -> None:
    file = loop.rival() / "config.json"
    file.write_text(file.read_text().replace('"model_type": "llama"', '"model_type": "lama9"'))


def no_tokenizer(loop: Loop) -> None:
    for file in loop.rival().glob("tokenizer*"):
        file.unlink()


def large_rival(loop: Loop) -> None:
    loop.rival()
    loop.patch(judging, "free_memory", lambda device: 1000)


def taken_name(loop: Loop) -> None:
    loop.set("evaluation", rivals=[{"path": "tuned"}])


def no_rubric(loop: Loop) -> None:
    save_tiny_model(loop.root / "judge", "llama")
    loop.judge(path="judge")
    loop.set("evaluation", rubric="rubric.txt")


def empty_rubric(loop: Loop) -> None:
    no_rubric(loop)
    (loop.root / "rubric.txt").write_text("\n")


def odd_rubric(loop: Loop) -> None:
    no_rubric(loop)
    (loop.root / "rubric.txt").write_bytes(b"\xff\xfe\x00")


def failing_metric(loop: Loop) -> None:
    loop.set("evaluation", metrics=["marks"])


def no_device(loop: Loop) -> None:
    loop.patch(torch.cuda, "is_available", lambda: False)
    loop.set("training", device="cuda")


def no_bf16(loop: Loop) -> None:
    loop.patch(engine, "has_bf16", lambda device: False)
    loop.set("training", precision="bf16")


def no_memory(loop: Loop) -> None:
    loop.patch(before_training, "free_memory", lambda device: 1000)
    swap = namedtuple("Swap", "free")(0)
    loop.patch(before_training.psutil, "swap_memory", lambda: swap)


def no_disk(loop: Loop) -> None:
    usage = shutil.disk_usage
    loop.patch(shutil, "disk_usage", lambda path: Usage(*usage(path)[:2], 100_000))


def others_folder(loop: Loop) -> None:
    (loop.root / "run").mkdir()
    (loop.root / "run" / "thesis.txt").write_text("mine")


def closed_part(loop: Loop) -> None:
    loop.run().claim()
    part = loop.root / "run" / "grades"
    part.mkdir()
    may = os.access
    loop.patch(os, "access", lambda path, mode: path != part and may(path, mode))


def folder_for_a_picture(loop: Loop) -> None:
    loop.run().claim()
    (loop.root / "run" / "curves.svg").mkdir()


def no_pictures(loop: Loop) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("no renderer")

    loop.patch(Figure, "savefig", broken)


def no_base_weights(loop: Loop) -> None:
    (loop.root / BASE_WEIGHTS).unlink()


def unknown_targets(loop: Loop) -> None:
    loop.set("training", method={"lora": {"targets": ["nothing_like_it"]}})


def no_template_file(loop: Loop) -> None:
    loop.set("template", name="mine.jinja")


def misfits(loop: Loop) -> None:
    write_rows(loop.root / "rows.jsonl", [{"text": f"Tale {i}."} for i in range(20)])


FAULTS: dict[str, Callable[[Loop], None]] = {
    "the judge's server is not there": no_server,
    "a rival's server is not there": no_rival_server,
    "a server lacks the model": lacking_server,
    "a server does not accept the key": refusing_server,
    "a server lists the model and does not answer": silent_server,
    "a server sends web pages": web_page,
    "the variable with a key is not set": no_key,
    "the judge's folder is not there": no_judge_folder,
    "the judge is a name of the Hub": judge_of_the_hub,
    "the judge has no weights": judge_without_weights,
    "a rival's folder is not there": no_rival_folder,
    "a rival's weights are cut off": cut_weights,
    "a rival's weights are pickled": pickled_weights,
    "a part of a rival's weights is missing": missing_part,
    "a rival's weights are another model's": other_shape,
    "a rival is of an unknown family": unknown_family,
    "a rival has no tokenizer": no_tokenizer,
    "a rival does not fit into memory": large_rival,
    "a rival is called like a model of the run": taken_name,
    "the rubric is not there": no_rubric,
    "the rubric is empty": empty_rubric,
    "the rubric is no text": odd_rubric,
    "a package's metric fails on every row": failing_metric,
    "the device is not there": no_device,
    "there is no bf16": no_bf16,
    "gradients and moments do not fit into memory": no_memory,
    "checkpoints and answers do not fit on the disk": no_disk,
    "the folder is somebody else's": others_folder,
    "a part of the run cannot be written to": closed_part,
    "a folder stands where a file of the run goes": folder_for_a_picture,
    "the report's pictures cannot be drawn": no_pictures,
    "the base model has no weights": no_base_weights,
    "the adapter's targets are not in the model": unknown_targets,
    "the template's file is not there": no_template_file,
    "rows do not fit the template": misfits,
}


def table() -> dict[str, str]:
    """Each reason of the page, and the words that say it."""
    rows = re.findall(r"^\| ([^|]+) \| [^|]+ \| `(.+)` \|$", PAGE.read_text("utf-8"), re.MULTILINE)
    return dict(rows)


def test_the_page_lists_what_is_tested() -> None:
    assert list(table()) == list(FAULTS)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_run_with_a_fault_stops_before_its_first_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, site: Path, fault: str
) -> None:
    install(site, "marking", "metrics", metric_code("marks", "1 / 0"), marks="M")
    with ExitStack() as stack:
        loop = Loop(tmp_path, monkeypatch, stack)
        FAULTS[fault](loop)
        run = loop.run()
        with pytest.raises(TunesmithError) as caught:
            run_loop(run)
    words = " ".join(str(caught.value).split())
    pattern = ".*".join(re.escape(part) for part in table()[fault].split("..."))
    assert re.search(pattern, words), words
    assert caught.value.exit_code != 1 or "memory" in words or "drawn" in words
    assert not run.folder.log.exists()
    assert not list(run.folder.path.glob("checkpoints/step-*"))
    assert not run.folder.model.exists()


def test_the_same_run_without_a_fault_ends_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = Loop(tmp_path, monkeypatch, ExitStack())
    loop.rival()
    with EndpointServer(lambda body: "I cannot say.", models=["stub"]) as server:
        loop.judge(url=server.url, model="stub", max_calls=2)
        loop.set("evaluation", baselines=["nearest", "few-shot"])
        loop.set("training", early_stopping=2)
        run = loop.run()
        run_loop(run)
    assert run.folder.page.is_file()
    assert isinstance(run.progress, Talk)
    said = run.progress.notes
    assert (
        sum("its list of models, which costs nothing, and one question of 7" in n for n in said)
        == 1
    )
    assert any("max_calls of the judge is 2, and there are" in note for note in said)
    assert any("training.early_stopping is 2, but there are no validation" in n for n in said)


def test_a_rival_is_told_of_rows_that_are_too_long_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = Loop(tmp_path, monkeypatch, ExitStack())
    write_rows(tmp_path / "rows.jsonl", [{"instruction": f"{i}" * 99, "response": "So."}
                                         for i in range(20)])  # fmt: skip
    loop.rival()
    file = tmp_path / "rival" / "config.json"
    text = file.read_text().replace(
        '"max_position_embeddings": 512', '"max_position_embeddings": 64'
    )
    file.write_text(text)
    run = loop.run()
    run_loop(run)
    assert isinstance(run.progress, Talk)
    (said,) = [note for note in run.progress.notes if "will have no answer to" in note]
    assert "the model reads 64 with the answer" in said
    answers = list(read_json_lines(run.folder.completions("rival")))
    assert {row["finish_reason"] for row in answers}.isdisjoint({"stop", "length"})
