"""A folder of files -> a data set on the Hub, by one commit.

The key is the one that `hf auth login` stored or HF_TOKEN holds; HF_ENDPOINT names another
Hub. Nothing here writes the key anywhere.
"""

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, get_token
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    RepositoryNotFoundError,
)

from tunesmith import __version__
from tunesmith.errors import MissingError, RecipeError, RefusedError, RemoteError

_LOGIN = "Log in with `hf auth login`, or set HF_TOKEN to a key that may write."
_REPO = re.compile(r"(?![.-])[\w.-]{1,96}/(?![.-])[\w.-]{1,96}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """Where on the Hub a folder goes.

    Attributes:
        repo: `name/of-data-set`.
        is_public: Whether everybody may read it.
        message: Of the commit.
        description: The rest of it.
        endpoint: The Hub's address; None is the one of HF_ENDPOINT.
    """

    repo: str
    is_public: bool = False
    message: str = "Publish data"
    description: str = ""
    endpoint: str | None = None


def hub_token() -> str:
    """The key to write with.

    Raises:
        MissingError: There is none.
    """
    token = get_token()
    if not token:
        raise MissingError("there is no key for the Hub", where="HF_TOKEN", cure=_LOGIN)
    return token


def check_repo_name(repo: str) -> None:
    """Refuse a name that the Hub cannot have.

    Raises:
        RecipeError: It is none.
    """
    if not _REPO.fullmatch(repo):
        cure = "For example: my-company/support-answers."
        raise RecipeError("is no name of a data set on the Hub", where=repo, cure=cure)


def upload_data(folder: Path, upload: Upload, *, stale: set[str]) -> dict[str, str]:
    """Make the data set if there is none, and put all files there, in one commit or not at all.

    Args:
        folder: Every file in it goes out.
        upload: Where to.
        stale: Files of an earlier upload, to be deleted unless they are in the folder.

    Returns:
        `url` of the data set and `revision`, the commit.

    Raises:
        RefusedError: The data set is public already, and this was not said to be.
        MissingError: There is no key, or it may not write there.
        RemoteError: The Hub cannot be reached, or refuses the files.
    """
    api = HfApi(
        endpoint=upload.endpoint,
        token=hub_token(),
        library_name="tunesmith",
        library_version=__version__,
    )
    with _own_errors(upload.repo):
        url = api.create_repo(
            upload.repo, repo_type="dataset", private=not upload.is_public, exist_ok=True
        )
        known = api.dataset_info(url.repo_id)
        _check_visibility(known, upload)
        commit = api.create_commit(
            url.repo_id,
            _operations(folder, known, stale),
            repo_type="dataset",
            commit_message=upload.message,
            commit_description=upload.description,
        )
    return {"url": str(url), "revision": str(commit.oid)}


def _check_visibility(known: Any, upload: Upload) -> None:
    if not known.private and not upload.is_public:
        raise RefusedError(
            "this data set is public already; everybody could read what is added",
            where=upload.repo,
            cure="Say --public if that is meant, or name another data set.",
        )


def _operations(
    folder: Path, known: Any, stale: set[str]
) -> list[CommitOperationAdd | CommitOperationDelete]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    names = [path.relative_to(folder).as_posix() for path in files]
    there = {one.rfilename for one in known.siblings or ()}
    deleted = [
        CommitOperationDelete(path_in_repo=name) for name in sorted(stale & there - set(names))
    ]
    added = [
        CommitOperationAdd(path_in_repo=name, path_or_fileobj=path)
        for name, path in zip(names, files, strict=True)
    ]
    return [*deleted, *added]


@contextlib.contextmanager
def _own_errors(repo: str) -> Iterator[None]:
    """Turn the errors of `huggingface_hub` into ours, each with its cure."""
    try:
        yield
    except (RepositoryNotFoundError, GatedRepoError) as error:
        words = f"the Hub knows no such data set for this key ({_first_line(error)})"
        raise MissingError(words, where=repo, cure=_LOGIN) from None
    except HfHubHTTPError as error:
        status = error.response.status_code
        words = f"the Hub refused ({_first_line(error)})"
        if status in (401, 403):
            raise MissingError(words, where=repo, cure=_LOGIN) from None
        raise RemoteError(words, where=repo, cure="Run the same command again later.") from None
    except (OSError, httpx2.HTTPError) as error:
        raise RemoteError(
            f"the Hub cannot be reached ({_first_line(error)})",
            where=repo,
            cure="Check the network, HF_ENDPOINT and HF_HUB_OFFLINE.",
        ) from None
    except ValueError as error:  # the card's metadata, as the Hub checks it
        raise RecipeError(_first_line(error), where=repo) from None


def _first_line(error: BaseException) -> str:
    lines = [line for line in str(error).splitlines() if line.strip()]
    return (lines[0].strip().rstrip(".") if lines else "") or type(error).__name__
