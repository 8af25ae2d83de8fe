"""Imports sample calendars into a running installation and reads our own calendars back. Run by tests/calendars."""

import collections
import email
import email.policy
import json
import os
import pathlib
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from datetime import datetime, timedelta, timezone

import icalendar

HOLDFAST, DATA, SAMPLES = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
URL = json.loads((DATA / "serving.json").read_text())["url"]
ADMIN, PASSWORD = "desk@calendars.example", "correct horse battery staple"
ROOMS = 8
token = None


def ask(method, path, body=None, key=None):
    headers = {"content-type": "application/json"}
    headers |= {"authorization": f"Bearer {token}"} if token else {}
    headers |= {"idempotency-key": key} if key else {}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(URL + path, data=data, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request) as answer:
            text = answer.read()
    except urllib.error.HTTPError as error:
        sys.exit(f"{method} {path}: {error.code} {error.read().decode()}")
    return json.loads(text) if text[:1] == b"{" else text


def sign_in():
    global token
    token = None
    token = ask("POST", "/v2/auth/login", {"login": ADMIN, "password": PASSWORD})["data"]["access_token"]


def holdfast(*words):
    done = subprocess.run(
        [HOLDFAST, *map(str, words)],
        capture_output=True, text=True, env=os.environ | {"HOLDFAST_ADMIN_PASSWORD": PASSWORD},
    )
    if done.returncode != 0:
        sys.exit(f"holdfast {' '.join(map(str, words[:2]))}: exit code {done.returncode}\n{done.stderr}")
    return done.stdout


def imported(files, room):
    """What an import said: lines of refusals, and counts by word."""
    words = ["import", "ics", "--data", DATA, "--as", ADMIN, "--room", room, "--shift", "auto"]
    lines = holdfast(*words, *files).splitlines()
    summary = next(n for n, line in enumerate(lines) if re.match(r"\d+ files, \d+ events, from ", line))
    events = int(re.match(r"\d+ files, (\d+) events", lines[summary])[1])
    counts, refusals = collections.Counter(), collections.Counter()
    for line in lines[summary + 1 :]:
        word, count = line.split()
        (refusals if line.startswith("    ") else counts)[word] += int(count)
    told = [line for line in lines[:summary] if ": all times were moved by " not in line]
    assert counts["refused"] == sum(refusals.values()) == len(told), "a refusal without its line"
    assert sum(counts.values()) >= events, "an event of which nothing is said"
    return events, counts, refusals, told


def bookings(room, start):
    """Every booking of the room in the year from `start`, as the API tells it."""
    found = {}
    for month in range(13):
        begin = start + timedelta(days=30 * month)
        bounds = [at.strftime("%Y-%m-%dT%H:%M:%SZ") for at in (begin, begin + timedelta(days=30))]
        after = ""
        while True:
            page = ask("GET", f"/v2/bookings?room={room}&from={bounds[0]}&to={bounds[1]}&limit=100{after}")
            found |= {booking["id"]: booking for booking in page["data"]}
            cursor = (page.get("meta") or {}).get("next_cursor")
            if not cursor:
                break
            after = f"&cursor={cursor}"
    return found


def instant(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def same(event, booking, sequence, where):
    """Whether an event of a calendar says what the API says of the booking."""
    said = (event.start, event.end, int(event["SEQUENCE"]))
    true = (instant(booking["start"]), instant(booking["end"]), sequence)
    assert said == true, f"{where}: the calendar says {said}, the API {true}"
    cancelled = str(event["STATUS"]) == "CANCELLED"
    assert cancelled == (booking["state"] == "cancelled"), f"{where}: {event['STATUS']}, {booking['state']}"


def booking_of(event):
    return str(event["UID"]).split("@")[0]


def in_mail(path):
    """The calendar in a mail, or nothing."""
    mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    parts = [part for part in mail.walk() if part.get_content_type() == "text/calendar"]
    if not parts:
        return None
    texts = {part.get_payload(decode=True) for part in parts}
    assert len(texts) == 1, f"{path.name}: its calendars differ"
    calendar = icalendar.Calendar.from_ical(texts.pop())
    (event,) = calendar.walk("VEVENT")
    return str(calendar["METHOD"]), event


def main():
    begun = datetime.now(timezone.utc)
    holdfast("admin", "--data", DATA, "--email", ADMIN)
    sign_in()
    place = ask("POST", "/v2/locations", {"name": "Samples", "zone": "Europe/Berlin"}, "place")["data"]["id"]
    wide = {"grid": 5, "min_length": 5, "max_length": 14 * 1440}
    rooms = []
    for n in range(ROOMS):
        # Half of the rooms have the default rules, half take whatever the ledger can hold.
        room = {"location_id": place, "name": f"Room {n}", "capacity": 8, "rules": wide if n % 2 else {}}
        rooms.append(ask("POST", "/v2/rooms", room, f"room {n}")["data"]["id"])

    files = sorted(SAMPLES.rglob("*.ics"))
    assert len(files) > 100, f"only {len(files)} sample calendars"
    totals, reasons, events = collections.Counter(), collections.Counter(), 0
    for n, room in enumerate(rooms):
        some, counts, refusals, _ = imported(files[n::ROOMS], room)
        events, totals, reasons = events + some, totals + counts, reasons + refusals
        _, again, refusals_again, _ = imported(files[n::ROOMS], room)
        assert again["already_there"] == counts["taken"] + counts["already_there"], (counts, again)
        assert not again["taken"], "an import of the same files booked something twice"
        assert sum(refusals.values()) == sum(refusals_again.values())
    components = sum(path.read_bytes().upper().count(b"BEGIN:VEVENT") for path in files)
    print(f"{len(files)} files with {components} VEVENTs, {events} events after joining changed occurrences")
    for word, count in sorted(totals.items()):
        print(f"  {word:<22}{count:>6}")
    for code, count in reasons.most_common():
        print(f"    {code:<26}{count:>6}")

    sign_in()
    booked = {}
    for room in rooms:
        booked |= bookings(room, begun - timedelta(days=1))
    assert len(booked) == totals["taken"], f"{len(booked)} bookings, {totals['taken']} taken"
    sequences = collections.Counter()
    changed = sorted(id for id in booked if instant(booked[id]["start"]) > begun + timedelta(days=1))[:6]
    for n, id in enumerate(changed):
        step, body = "cancel", {"reason": "a test"}
        if n % 2:
            start, end = (instant(booked[id][name]) + timedelta(weeks=52) for name in ("start", "end"))
            step, body = "reschedule", {"start": start.isoformat(), "end": end.isoformat()}
        booked[id] = ask("POST", f"/v2/bookings/{id}/{step}", body, f"{step} {id}")["data"]
        sequences[id] += 1

    # One mail for each booking and one for each change, unless the change came first: then it alone is told.
    latest = {}
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        mails = sorted((DATA / "outbox").glob("*.eml"))
        read = [(path, *calendar) for path in mails if (calendar := in_mail(path))]
        latest = {}
        for path, method, event in read:
            id = booking_of(event)
            if id not in latest or int(event["SEQUENCE"]) > int(latest[id][2]["SEQUENCE"]):
                latest[id] = (path, method, event)
        told = {id: int(event["SEQUENCE"]) for id, (_, _, event) in latest.items()}
        if told == {id: sequences[id] for id in booked}:
            break
        time.sleep(1)
    assert latest.keys() == booked.keys(), f"{len(latest)} bookings were told of, there are {len(booked)}"
    for id, (path, method, event) in latest.items():
        same(event, booked[id], sequences[id], path.name)
        assert method == ("CANCEL" if booked[id]["state"] == "cancelled" else "REQUEST"), f"{path.name}: {method}"
    print(f"{len(read)} attachments read back, the latest of each of {len(latest)} bookings is true")

    fed = 0
    for room in rooms:
        path = ask("POST", "/v2/calendar-feeds", {"room_id": room}, f"feed {room}")["data"]["path"]
        feed = {booking_of(event): event for event in icalendar.Calendar.from_ical(ask("GET", path)).walk("VEVENT")}
        soon = begun + timedelta(days=27)
        due = {id for id, booking in booked.items() if booking["room_id"] == room and instant(booking["start"]) < soon}
        assert due <= feed.keys() <= booked.keys(), f"{path}: {due - feed.keys()} {feed.keys() - booked.keys()}"
        for id, event in feed.items():
            same(event, booked[id], sequences[id], path)
        fed += len(feed)
    assert fed > 0, "no feed has anything in it"
    print(f"{fed} events in {len(rooms)} feeds read back, all true")


main()
