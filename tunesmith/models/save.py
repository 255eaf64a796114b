"""A trained model -> a folder that transformers, peft and Tunesmith read, whole or absent.

Beside the weights stands the rendering contract: `tunesmith.json` for Tunesmith,
`chat_template.jinja` and `generation_config.json` for every other tool.
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transformers import GenerationConfig, PreTrainedTokenizerBase

from tunesmith import files
from tunesmith.models.forward import LanguageModel, own_attention
from tunesmith.models.library_bars import without_library_bars
from tunesmith.models.load import CONTRACT_FILE
from tunesmith.models.older_names import with_older_names


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderingContract:
    """The rendering contract: what has to travel with the weights.

    Attributes:
        tokenizer: The one the model was trained with.
        chat_template: Jinja text that renders the same prompts in transformers.
        stop_ids: Token ids that end an answer; the end token first.
        contract: All of `tunesmith.json`.
    """

    tokenizer: PreTrainedTokenizerBase
    chat_template: str
    stop_ids: list[int]
    contract: Mapping[str, Any]


def save_model(model: LanguageModel, folder: Path, *, contract: RenderingContract) -> None:
    """Write the model, or its adapter alone where it has one; replaces what stood there.

    Raises:
        DiskFullError: It does not fit; what stood at `folder` still stands.
    """
    temporary = folder.parent / f".tmp-{folder.name}"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    try:
        with own_attention(model), without_library_bars():
            model.network.save_pretrained(temporary, **_options(model))
        _add_older_names(temporary / "config.json")
        _save_contract(temporary, contract)
        for path in temporary.iterdir():
            files.sync_file(path)
    except OSError as error:
        shutil.rmtree(temporary, ignore_errors=True)
        files.raise_disk_full(error, folder)
        raise
    trash = folder.parent / f".trash-{folder.name}"
    shutil.rmtree(trash, ignore_errors=True)
    if folder.exists():
        folder.rename(trash)
    temporary.rename(folder)
    shutil.rmtree(trash, ignore_errors=True)
    files.sync_folder(folder.parent)


def _add_older_names(config: Path) -> None:
    """Readers that know older names alone would compute something else without a word."""
    if config.is_file():
        files.write_json(config, with_older_names(files.read_json(config)))


def _options(model: LanguageModel) -> dict[str, Any]:
    """An adapter's file needs no copy of the tables beside it, which training left as they were."""
    is_adapted = model.network is not model.inner
    return {"save_embedding_layers": False} if is_adapted else {}


def _save_contract(folder: Path, contract: RenderingContract) -> None:
    tokenizer = contract.tokenizer
    before = tokenizer.chat_template
    tokenizer.chat_template = contract.chat_template
    try:
        tokenizer.save_pretrained(folder)
    finally:
        tokenizer.chat_template = before
    config = GenerationConfig(
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=contract.stop_ids,
        pad_token_id=tokenizer.pad_token_id,
    )
    config.save_pretrained(folder)
    files.write_json(folder / CONTRACT_FILE, dict(contract.contract))
