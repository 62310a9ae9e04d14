import json
import threading
import urllib.request
from http.server import ThreadingHTTPServer

from shop.app import Handler


def test_server_answers() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/health", timeout=5) as reply:
        assert json.load(reply) == {"status": "ok"}
    server.shutdown()
