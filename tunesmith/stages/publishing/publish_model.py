"""A run -> its model on the Hub: weights, tokenizer, template, and a card that its files prove.

Everything is looked through before the Hub is asked for anything but the base model's licence.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError

from tunesmith.errors import MissingError, RecipeError, RefusedError
from tunesmith.examples.splitting.split import SPLITS
from tunesmith.export.model_card import ModelFacts, model_card
from tunesmith.export.upload import (
    Upload,
    check_repo_name,
    hub_api,
    hub_token,
    own_errors,
    upload_files,
)
from tunesmith.files import hash_file, read_json, write_text
from tunesmith.models.load import CONTRACT_FILE, is_model_folder, weights_fingerprint
from tunesmith.report.facts import headline
from tunesmith.report.record import RunRecord, read_run_record
from tunesmith.stages.execution.progress import Progress
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.stages.exporting.exported import exports_of
from tunesmith.stages.looking.note_look import note_look
from tunesmith.stages.publish import Publication
from tunesmith.stages.publishing.refusals import file_secrets, holds, unknown_files
from tunesmith.stages.results.compared import PublishedModel

_CARD = "README.md"
_STARTER = "starter"
_STALE = (".safetensors", ".gguf", ".jinja", ".safetensors.index.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseOnHub:
    """What the Hub says of the model that a run started from.

    Attributes:
        name: Its Hub id; None for the starter, a folder, or weights drawn at random.
        license: As the Hub names it; None where it does not say.
        problem: Why merged weights may not be passed on as they are; None where nothing says so.
    """

    name: str | None
    license: str | None = None
    problem: str | None = None


def publish_model(
    folder: RunFolder,
    how: Publication,
    *,
    files: Sequence[Path] = (),
    progress: Progress,
) -> PublishedModel:
    """Check what would go out, then upload the model and its card in one commit.

    Args:
        folder: A run that has a model.
        how: Where to and for whom.
        files: More of the same model: GGUF files.
        progress: Told of the steps.

    Raises:
        RefusedError: A file holds a key; the base is gated; the scores are of other weights; or
            the model is public already.
        MissingError: There is no model, or no key for the Hub.
        RemoteError: The Hub cannot be reached.
    """
    check_repo_name(how.repo, "model")
    token = hub_token()
    named = _named_files(folder, files)
    contract = _contract(folder)
    record = read_run_record(folder.path)
    progress.start("asking for the base model's licence", None)
    base = _base_on_hub(contract, how)
    facts = _facts(folder, how, record, (contract, base), named)
    with tempfile.TemporaryDirectory(prefix="tunesmith-") as place:
        card = Path(place) / _CARD
        write_text(card, model_card(facts))
        named[_CARD] = card
        progress.start("looking for what must not go out", None)
        reasons = [
            *_refusals(folder, base, facts.is_adapter, files, contract),
            *unknown_files(named),
            *file_secrets(named, key=token),
        ]
        if reasons and how.force is None:
            raise _refused(reasons, folder)
        progress.start("uploading", None)
        there = upload_files(named, _model_upload(how), is_stale=lambda name: name.endswith(_STALE))
        sizes = {name: path.stat().st_size for name, path in sorted(named.items())}
    progress.close()
    note_look(folder, "publish", progress=progress)
    return PublishedModel(
        **there,
        files=sizes,
        headline=headline(record)[0],
        forced=how.force,
        refused=tuple(reasons) if how.force else None,
    )


def _named_files(folder: RunFolder, more: Sequence[Path]) -> dict[str, Path]:
    """The model's files by name, and those that were named beside it."""
    if not is_model_folder(folder.model):
        cure = "Run tunesmith train RECIPE first."
        raise MissingError("the run has no model yet", where=str(folder.path), cure=cure)
    named = {
        path.relative_to(folder.model).as_posix(): path
        for path in sorted(folder.model.rglob("*"))
        if path.is_file() and path.name != _CARD
    }
    for path in more:
        if not path.is_file():
            raise MissingError("no such file", where=f"--file {path}")
        if path.suffix != ".gguf" or path.name in named:
            cure = "Name a GGUF file of the run's model."
            raise RecipeError("is no further file of a model", where=f"--file {path}", cure=cure)
        if not holds(path, b"GGUF", at_start=True):
            raise RecipeError("is no GGUF file, whatever its name", where=f"--file {path}")
        named[path.name] = path
    return named


def _contract(folder: RunFolder) -> dict[str, Any]:
    path = folder.model / CONTRACT_FILE
    if not path.is_file():
        cure = "Train the run again: tunesmith train RECIPE."
        raise MissingError("the model has no rendering contract", where=str(path), cure=cure)
    return dict(read_json(path))


def _base_on_hub(contract: Mapping[str, Any], how: Publication) -> BaseOnHub:
    """Ask the Hub for licence and gate of the base; metadata of gated models is for everybody."""
    base = contract.get("base") or {}
    name = str(base.get("name", ""))
    is_hub_id = name.count("/") == 1 and not name.startswith((".", "/", "~"))
    if base.get("weights") == "random" or name in (_STARTER, ""):
        return BaseOnHub(name=None)
    if not is_hub_id:
        where = f"the base model {Path(name).name} is a folder of this machine"
        said = f"{where}: nothing says whether its weights may be passed on, which --license does"
        return BaseOnHub(name=None, problem=None if how.license else said)
    api = hub_api(how.endpoint)
    try:
        with own_errors(name, "model"):
            known = _model_info(api, name, base.get("revision"))
    except MissingError as error:
        return BaseOnHub(
            name=name,
            problem=f"the Hub does not say whether {name} may be passed on ({error.message})",
        )
    card = getattr(known, "card_data", None)
    licensed = None if card is None else card.get("license")
    gate = getattr(known, "gated", False)
    problem = f"the base model {name} is gated ({gate}): its weights go to who accepted its terms"
    return BaseOnHub(name=name, license=licensed, problem=problem if gate else None)


def _model_info(api: Any, name: str, revision: str | None) -> Any:
    try:
        return api.model_info(name, revision=revision)
    except (RepositoryNotFoundError, GatedRepoError, HfHubHTTPError):
        return api.model_info(name)  # a revision that is gone; the gate is the repository's


def _facts(
    folder: RunFolder,
    how: Publication,
    record: RunRecord,
    known: tuple[Mapping[str, Any], BaseOnHub],
    named: Mapping[str, Path],
) -> ModelFacts:
    contract, base = known
    name = str((contract.get("base") or {}).get("name", "unknown"))
    is_drawn = (contract.get("base") or {}).get("weights") == "random"
    shown = base.name or ("Tunesmith's starter" if name == _STARTER else Path(name).name)
    return ModelFacts(
        repo=how.repo,
        record=record,
        contract=contract,
        base=f"the shape of {shown}, from random weights" if is_drawn else shown,
        base_on_hub=base.name,
        licenses=(how.license, base.license),
        is_adapter=(folder.model / "adapter_config.json").is_file(),
        data_hashes={
            split: hash_file(folder.examples(split))
            for split in SPLITS
            if folder.examples(split).is_file() and folder.examples(split).stat().st_size
        },
        files=[one for one in named if one.endswith(".gguf")],
    )


def _refusals(
    folder: RunFolder,
    base: BaseOnHub,
    is_adapter: bool,
    files: Sequence[Path],
    contract: Mapping[str, Any],
) -> Iterator[str]:
    """What speaks against it, beside what the files hold."""
    if base.problem is not None and (not is_adapter or files):
        yield f"{base.problem}; these files hold them"
    if is_adapter and base.name is None:
        name = Path(str((contract.get("base") or {}).get("name"))).name
        yield f"the adapter's base model {name} is not on the Hub: nobody can use it"
    manifest = folder.read_manifest()
    answered = manifest.get("answer tuned", {}).get("inputs", {}).get("model")
    if answered is not None and answered != weights_fingerprint(folder.model):
        yield "the scores are of other weights than those that lie in the run now"
    if files:
        known = {str(one["sha256"]) for one in exports_of(folder)}
        for file in files:
            if hash_file(file) not in known:
                yield f"{file.name} is no export of the weights that lie in the run now"


def _refused(reasons: Sequence[str], folder: RunFolder) -> RefusedError:
    told = "".join(f"\n  {reason}" for reason in reasons)
    return RefusedError(
        f"the model is not published:{told}\n",
        where=str(folder.path),
        cure="Mend that; or give a reason to publish it all the same with --force REASON.",
    )


def _model_upload(how: Publication) -> Upload:
    return Upload(
        repo=how.repo,
        kind="model",
        is_public=how.is_public,
        message="Publish a model tuned by Tunesmith",
        description=f"Forced: {how.force}" if how.force else "",
        endpoint=how.endpoint,
    )
