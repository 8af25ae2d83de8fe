"""Counts what requests cost under callgrind, and prints what each layer adds as a Markdown table; called by tests/layers."""

import os
import re
import subprocess
import sys
import tempfile

PROGRAM, REQUESTS = sys.argv[1], int(sys.argv[2])
ALLOCATING = {"malloc", "calloc", "realloc", "posix_memalign", "aligned_alloc", "memalign"}
# Valgrind has none of the processor's instructions for it.
HASH = "of it the SHA-256 of its tag"
# A row: what is told, the kind, and the kind without it.
ROWS = [
    ("routing, versions, headers, JSON: `GET /health`", "health", None),
    ("a line of the log", "health, logged", "health"),
    ("a limit, counted in the process", "health, limited", "health"),
    ("`GET /v2/rooms/{id}` from the cache, with its tag", "room", None),
    ("without a cache: a read of the embedded database, in the same process", "room, not cached", "room"),
    ("a token, whose session is kept", "room, signed in", "room"),
    ("a tag that is known: 304", "room, known", "room"),
    ("a list of 40 rooms from the cache", "rooms", None),
    (HASH, "rooms", None),
    ("a tag that is known: 304 for it", "rooms, known", "rooms"),
    ("gzip", "rooms, gzip", "rooms"),
    ("Brotli", "rooms, br", "rooms"),
]


def counted(kind, requests):
    """Instructions, allocations and instructions of SHA-256 in a whole run."""
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "out")
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", PROGRAM, kind, str(requests)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"layers: {kind}: {done.stderr}")
        names, called, inside, below = {}, None, "", False
        instructions, allocations, hashing = 0, 0, 0
        with open(out, encoding="utf-8", errors="replace") as lines:
            for line in lines:
                if line.startswith("cfn="):
                    number, name = re.match(r"cfn=\((\d+)\)(?: (.*))?", line).groups()
                    called = names.setdefault(number, (name or "").split("'")[0])
                elif line.startswith("fn="):
                    number, name = re.match(r"fn=\((\d+)\)(?: (.*))?", line).groups()
                    inside = names.setdefault(number, (name or "").split("'")[0])
                elif line.startswith("calls="):
                    allocations += int(line[6:].split()[0]) if called in ALLOCATING else 0
                    below = True
                elif re.match(r"[0-9+*-]", line):
                    # What stands below a call was spent in what was called.
                    if not below and "sha2" in inside and "compress" in inside:
                        hashing += int(line.split()[1])
                    below = False
                elif line.startswith("totals:"):
                    instructions = int(line.split()[1])
        return instructions, allocations, hashing


def each(kind):
    """Instructions, allocations and instructions of SHA-256 of a request."""
    few, many = counted(kind, REQUESTS), counted(kind, 2 * REQUESTS)
    return tuple((more - less) / REQUESTS for more, less in zip(many, few))


def main():
    costs = {}
    for _, kind, without in ROWS:
        for wanted in (kind, without):
            if wanted and wanted not in costs:
                costs[wanted] = each(wanted)
    again = {kind: each(kind) for kind in ("room", "rooms")}
    print("| what | instructions | allocations |\n| --- | ---: | ---: |")
    for told, kind, without in ROWS:
        base = costs[without] if without else (0, 0, 0)
        instructions, allocations, hashing = (cost - less for cost, less in zip(costs[kind], base))
        if told == HASH:
            print(f"| {told} | {hashing:,.0f} | – |")
            continue
        sign = "+" if without else ""
        print(f"| {told} | {instructions:{sign},.0f} | {allocations:{sign},.1f} |")
    apart = max(abs(cost[0] - costs[kind][0]) / costs[kind][0] for kind, cost in again.items())
    print(f"\nThe difference of {REQUESTS} and {2 * REQUESTS} requests each. Counted again, a room and a list were at most {apart:.1%} apart.")


main()
