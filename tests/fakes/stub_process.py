"""A process that behaves like one of the desk's on the outside: /readyz, an admin answer, SIGTERM.

python tests/fakes/stub_process.py --port P [--open-orders N] [--refuse] [--deaf] [--touch FILE]
"""

import argparse
import json
import os
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--open-orders", type=int, default=0)
    parser.add_argument("--refuse", action="store_true", help="print a refusal of the settings and exit 4")
    parser.add_argument("--never-ready", action="store_true", help="live, and never be ready")
    parser.add_argument("--deaf", action="store_true", help="ignore SIGTERM")
    parser.add_argument("--touch", type=Path, help="append name, time and pid at start and at the orderly stop")
    parser.add_argument("--name", default="stub")
    arguments, _ = parser.parse_known_args()

    def note(what: str) -> None:
        if arguments.touch:
            with arguments.touch.open("a") as file:
                file.write(f"{arguments.name} {what} {time.time_ns()} {os.getpid()}\n")

    if arguments.refuse:
        print("E_CFG_INVALID: file:x.yml: size_base=-1: greater than 0; allowed: Decimal > 0; example: 0.001")
        print("next  correct it")
        sys.exit(4)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps({"open_orders": arguments.open_orders}).encode()
            self.send_response(503 if arguments.never_ready and self.path == "/readyz" else 200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", arguments.port), Handler)

    def stop(*_: object) -> None:
        if not arguments.deaf:
            note("stop")
            threading.Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, stop)
    note("start")
    server.serve_forever(poll_interval=0.02)


if __name__ == "__main__":
    main()
