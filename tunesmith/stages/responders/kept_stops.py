"""The strings at which a model's answers end: named by the recipe, kept beside the weights."""

from pathlib import Path

from tunesmith.errors import DataError
from tunesmith.files import read_json, write_json
from tunesmith.generation.stop_strings import StopStrings
from tunesmith.models.load import CONTRACT_FILE, ModelPlace
from tunesmith.recipe.recipe import GenerationRecipe
from tunesmith.stages.execution.run_folder import RunFolder


def stops_of(recipe: GenerationRecipe, place: ModelPlace) -> StopStrings:
    """The recipe's strings; where it names none, those that the model was tuned with.

    Raises:
        DataError: What is kept beside the weights is no list of texts.
    """
    if recipe.stop is not None:
        return StopStrings(tuple(recipe.stop))
    kept = (place.contract or {}).get("stop", [])
    if not isinstance(kept, list) or not all(isinstance(one, str) and one for one in kept):
        where = str(Path(place.path) / CONTRACT_FILE)
        cure = "For example: ['###'], or take it out."
        raise DataError(f"stop is no list of texts: {kept!r}", where=where, cure=cure)
    return StopStrings(tuple(kept))


def keep_stops(folder: RunFolder, stops: StopStrings) -> None:
    """Write them beside the run's weights, where a recipe changed them after training.

    The manifest learns the new size first: where a process ends in between, the same command
    writes the file that it promises.
    """
    path = folder.model / CONTRACT_FILE
    contract = read_json(path)
    if contract.get("stop", []) == list(stops.texts):
        return
    kept = {key: value for key, value in contract.items() if key != "stop"}
    renewed = kept | ({"stop": list(stops.texts)} if stops.texts else {})
    manifest = folder.read_manifest()
    outputs = manifest.get("train", {}).get("outputs", {})
    name = str(folder.model.relative_to(folder.path))
    beside = path.with_name(f".{CONTRACT_FILE}")
    write_json(beside, renewed)
    if name in outputs:
        others = sum(file.stat().st_size for file in _others(folder.model))
        outputs[name] = others + beside.stat().st_size
        folder.write_manifest(manifest)
    beside.replace(path)


def _others(model: Path) -> list[Path]:
    own = (CONTRACT_FILE, f".{CONTRACT_FILE}")
    return [file for file in model.rglob("*") if file.is_file() and file.name not in own]
