"""Runs a command against moto, a second implementation of DynamoDB and SQS: called by `tests/on-moto`. Without a command it
serves, tells its address on standard output, and ends with its standard input.

moto answers each request in a thread of its own and carries a transaction out step by step, so that two transactions at once
mix. DynamoDB's do not. A lock around the whole application makes moto answer one request after the other.

DynamoDB carries a transaction out once for each ClientRequestToken and answers the same to whoever sends it again, because the
first answer was late or lost. moto does not look at the token, so it is done here.

For the way back, moto copies every table of a transaction with all that is in it, once for each of its actions: with some
thousand items each transaction takes seconds. Here a copy shares the items, and an update changes a copy of its item.
"""

import copy
import functools
import io
import json
import os
import subprocess
import sys
import threading

from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table
from moto.server import DomainDispatcherApplication, create_backend_app
from moto.sqs.models import SQSBackend
from werkzeug.serving import WSGIRequestHandler, make_server


class Quiet(WSGIRequestHandler):
    """Answers without a line for each request, on connections that stay."""

    protocol_version = "HTTP/1.1"

    def log_request(self, *_args):
        pass


def one_at_a_time(application):
    """The application behind a lock that is held until the answer is complete."""
    lock = threading.Lock()

    def locked(environ, start_response):
        with lock:
            return [b"".join(application(environ, start_response))]

    return locked


def once_for_each_token(application):
    """The application with what DynamoDB promises of a transaction's token, for as long as it runs."""
    done = {}

    def answered(environ, start_response):
        if environ.get("HTTP_X_AMZ_TARGET") != "DynamoDB_20120810.TransactWriteItems":
            return application(environ, start_response)
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        token = json.loads(body).get("ClientRequestToken")
        if token in done:
            (status, headers), answer = done[token]
            start_response(status, headers)
            return [answer]
        started = []

        def start(status, headers, *rest):
            started[:] = [status, headers]
            return start_response(status, headers, *rest)

        answer = b"".join(application(environ | {"wsgi.input": io.BytesIO(body)}, start))
        if token and started[0].startswith("200"):
            done[token] = tuple(started), answer
        return [answer]

    return answered


def sharing_items(table, _memo):
    """A copy of a table whose items are those of the original; all our tables have two keys."""
    copied = copy.copy(table)
    copied.items = type(table.items)(dict, {pk: dict(items) for pk, items in table.items.items()})
    return copied


def on_a_copy(update):
    """An update that leaves the item as it was to those who share it."""

    @functools.wraps(update)
    def updated(self, table_name, key, *rest, **named):
        table = self.get_table(table_name)
        pk, sk = DynamoType(key[table.hash_key_attr]), DynamoType(key[table.range_key_attr])
        item = table.get_item(pk, sk)
        if item is not None:
            table.items[pk][sk] = copy.deepcopy(item)
        return update(self, table_name, key, *rest, **named)

    return updated


def without_long_polls(receive):
    """Where the clock stands still, a long poll for an empty queue would never end."""

    @functools.wraps(receive)
    def at_once(self, queue, count, _wait, *rest):
        return receive(self, queue, count, 0, *rest)

    return at_once


def main():
    """The command's exit code, with HOLDFAST_DYNAMODB_ENDPOINT set."""
    Table.__deepcopy__ = sharing_items
    DynamoDBBackend.update_item = on_a_copy(DynamoDBBackend.update_item)
    SQSBackend.receive_message = without_long_polls(SQSBackend.receive_message)
    application = one_at_a_time(once_for_each_token(DomainDispatcherApplication(create_backend_app)))
    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    endpoint = f"http://127.0.0.1:{server.server_port}"
    if not sys.argv[1:]:
        print(endpoint, flush=True)
        sys.stdin.read()
        return 0
    code = subprocess.call(sys.argv[1:], env=os.environ | {"HOLDFAST_DYNAMODB_ENDPOINT": endpoint})
    server.shutdown()
    return code


if __name__ == "__main__":
    sys.exit(main())
