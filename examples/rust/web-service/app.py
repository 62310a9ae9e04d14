"""The service: answers every request with its version. Usage: app.py VERSION PORT."""

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

VERSION, PORT = sys.argv[1], int(sys.argv[2])


class Handler(BaseHTTPRequestHandler):
    """Says which version this is."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answers with the version."""
        body = f"{VERSION}\n".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if VERSION == "broken":
    sys.exit("this version does not start")
ThreadingHTTPServer(("127.0.0.1", PORT), Handler).serve_forever()
