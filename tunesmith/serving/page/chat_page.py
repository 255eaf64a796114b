"""The files of the chat page -> routes of the application, under a policy that trusts no text."""

from importlib import resources

from fastapi import FastAPI, Response

PAGE_FILES = {"chat.js": "text/javascript", "chat.css": "text/css"}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}


def add_page(app: FastAPI) -> None:
    """Offer the page at `/`; it holds nothing that is secret, and asks for the key itself."""
    _add_file(app, "/", "chat.html", "text/html")
    for name, media_type in PAGE_FILES.items():
        _add_file(app, f"/{name}", name, media_type)


def _add_file(app: FastAPI, path: str, name: str, media_type: str) -> None:
    content = resources.files(__package__).joinpath(name).read_bytes()

    @app.get(path)
    async def send_file() -> Response:
        return Response(content, media_type=media_type, headers=_HEADERS)
