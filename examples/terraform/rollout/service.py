"""The service of this example: answers GET with its version and POST with what was sent.

A release is a file under `releases/` that calls `serve`. The port comes in the environment.
"""

import itertools
import os
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def serve(version: str, fail_every: int = 0) -> None:
    """Serves until SIGTERM. Every `fail_every`-th request but those to `/ready` gets 500; 0 for none."""
    numbers = itertools.count(1)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Answers are small: headers and body leave at once.
        disable_nagle_algorithm = True

        def answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            sent = self.rfile.read(length)
            ready = self.path == "/ready"
            failed = not ready and fail_every > 0 and next(numbers) % fail_every == 0
            body = sent if self.command == "POST" else f"{version}\n".encode()
            self.send_response(500 if failed else 200)
            self.send_header("Content-Type", "text/plain")
            self.send_header("X-Version", version)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = answer
        do_POST = answer

        def log_message(self, format: str, *args: object) -> None:
            """Nothing is logged for a request."""

    class Server(ThreadingHTTPServer):
        request_queue_size = 128

    server = Server((os.environ.get("HOST", "127.0.0.1"), int(os.environ["PORT"])), Handler)

    def stop(*_: object) -> None:
        # `shutdown` waits for the loop below, which runs in this thread.
        threading.Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    print(f"{version} listens on port {server.server_address[1]}", file=sys.stderr)
    server.serve_forever()
    server.server_close()
