"""Serves the shop over HTTP."""

import json
import os
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def answer(path: str) -> tuple[HTTPStatus, dict[str, str]]:
    """What the service says to a request for a path."""
    if path == "/health":
        return HTTPStatus.OK, {"status": "ok"}
    return HTTPStatus.NOT_FOUND, {"error": "no such page"}


class Handler(BaseHTTPRequestHandler):
    """Answers requests with JSON."""

    def do_GET(self) -> None:  # noqa: N802, the name is the library's
        """Answers a GET request."""
        status, body = answer(self.path)
        payload = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)


def main() -> None:
    """Serves until the process is stopped."""
    port = int(os.environ.get("PORT", "8000"))
    ThreadingHTTPServer(("", port), Handler).serve_forever()


if __name__ == "__main__":
    main()
