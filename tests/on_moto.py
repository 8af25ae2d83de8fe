"""Runs a command against moto, a second implementation of DynamoDB: called by `tests/on-moto`.

moto answers each request in a thread of its own and carries a transaction out step by step, so that two transactions at once
mix. DynamoDB's do not. A lock around the whole application makes moto answer one request after the other.
"""

import os
import subprocess
import sys
import threading

from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server


class Quiet(WSGIRequestHandler):
    """Answers without a line for each request."""

    def log_request(self, *_args):
        pass


def one_at_a_time(application):
    """The application behind a lock that is held until the answer is complete."""
    lock = threading.Lock()

    def locked(environ, start_response):
        with lock:
            return [b"".join(application(environ, start_response))]

    return locked


def main():
    """The command's exit code, with HOLDFAST_DYNAMODB_ENDPOINT set."""
    application = one_at_a_time(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    endpoint = f"http://127.0.0.1:{server.server_port}"
    code = subprocess.call(sys.argv[1:], env=os.environ | {"HOLDFAST_DYNAMODB_ENDPOINT": endpoint})
    server.shutdown()
    return code


if __name__ == "__main__":
    sys.exit(main())
