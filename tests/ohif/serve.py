"""Serves OHIF's built pages and, under /dicom-web, the archive's answers: one origin, so that a browser asks nobody else.

    serve.py FOLDER ORTHANC_PORT        writes the port that it listens on, on the loopback, as its first line
"""

import http.server
import sys
import urllib.error
import urllib.request
from pathlib import Path

FOLDER, ORTHANC = sys.argv[1], f"http://127.0.0.1:{sys.argv[2]}"
CONFIG = (Path(__file__).parent / "app-config.js").read_bytes()


class Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    extensions_map = http.server.SimpleHTTPRequestHandler.extensions_map | {
        ".js": "text/javascript",
        ".wasm": "application/wasm",
    }

    def __init__(self, *args):
        super().__init__(*args, directory=FOLDER)

    def do_GET(self):
        path = self.path.partition("?")[0]
        if path.startswith("/dicom-web/"):
            self.pass_on()
        elif path == "/app-config.js":
            self.answer(200, "text/javascript", CONFIG)
        else:
            # OHIF's own addresses, such as /viewer, are all its first page.
            if not Path(self.translate_path(path)).is_file():
                self.path = "/index.html"
            super().do_GET()

    def pass_on(self):
        asked = urllib.request.Request(ORTHANC + self.path)
        if "Accept" in self.headers:
            asked.add_header("Accept", self.headers["Accept"])
        try:
            with urllib.request.urlopen(asked, timeout=30) as got:
                self.answer(got.status, got.headers["Content-Type"], got.read())
        except urllib.error.HTTPError as refused:
            self.answer(refused.code, "text/plain", refused.read())

    def answer(self, status, kind, body):
        self.send_response(status)
        self.send_header("Content-Type", kind or "application/octet-stream")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def end_headers(self):
        # What a page needs before it may share memory with its workers.
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
