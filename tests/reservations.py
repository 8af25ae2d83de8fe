"""A book of a hotel, replayed by `holdfast import reservations`, against a computation that shares nothing with it: arrays of
claims by night, and the sums of the file itself. Standard library only. Run by tests/reservations."""

import argparse
import collections
import contextlib
import csv
import gzip
import json
import os
import pathlib
import subprocess
import sys
import time
import urllib.error
import urllib.request
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

ADMIN, PASSWORD = "desk@reservations.example", "correct horse battery staple"
ZONE = "Europe/Lisbon"
MONTHS = "January February March April May June July August September October November December".split()
DEPART, CANCEL, NO_SHOW, ARRIVE, BOOK = range(5)
Row = collections.namedtuple("Row", "line booked arrival departure settled status reserved assigned cents")


def days(first, last):
    """Each night from a day until just before another."""
    return [first + timedelta(n) for n in range((last - first).days)]


def read(path, limit):
    """The rows that have a night, and the lines of those that have none."""
    opened = gzip.open if path.suffix == ".gz" else open
    rows, without = [], []
    with opened(path, "rt", newline="") as file:
        for line, row in enumerate(csv.DictReader(file), 2):
            if line - 2 == limit:
                break
            arrival = date(
                int(row["arrival_date_year"]),
                MONTHS.index(row["arrival_date_month"]) + 1,
                int(row["arrival_date_day_of_month"]),
            )
            nights = int(row["stays_in_weekend_nights"]) + int(row["stays_in_week_nights"])
            if nights == 0:
                without.append(line)
                continue
            month, day, year = map(int, row["reservation_status_date"].split("/"))
            rows.append(Row(
                line=line,
                booked=arrival - timedelta(int(row["lead_time"])),
                arrival=arrival,
                departure=arrival + timedelta(nights),
                settled=date(year, month, day),
                status=row["reservation_status"],
                reserved=row["reserved_room_type"],
                assigned=row["assigned_room_type"],
                cents=round(float(row["adr"]) * 100),
            ))
    return rows, without


def left_on(row):
    """The day of departure as it came to be: the first night is slept in any case."""
    return min(row.departure, max(row.settled, row.arrival + timedelta(1)))


def timeline(rows):
    """(day, part of the day, index, which of the reservation's, what), in the order of time. Whatever happens to a reservation on a
    day on which something happened to it already stays in that part of the day."""
    all_steps = []
    for at, row in enumerate(rows):
        last = {
            "Check-Out": [(ARRIVE, row.arrival), (DEPART, row.settled)],
            "Canceled": [(CANCEL, row.settled)],
            "No-Show": [(NO_SHOW, max(row.settled, row.arrival))],
        }[row.status]
        day, part = row.booked, BOOK
        all_steps.append((day, part, at, 0, BOOK))
        for nth, (what, when) in enumerate(last, 1):
            if when > day:
                day, part = when, what
            all_steps.append((day, part, at, nth, what))
    return sorted(all_steps)


def capacity(rows):
    """Rooms of each type, and how many reservations there were at once beyond them."""
    slept, claimed = collections.Counter(), collections.Counter()
    rooms, most = collections.Counter(), collections.Counter()
    for row in rows:
        rooms[row.assigned] += 0
        if row.status == "Check-Out":
            for night in days(row.arrival, row.departure):
                slept[row.assigned, night] += 1
                rooms[row.assigned] = max(rooms[row.assigned], slept[row.assigned, night])

    def take(kind, nights, n):
        for night in nights:
            claimed[kind, night] += n
            most[kind] = max(most[kind], claimed[kind, night])

    for day, _, at, _, what in timeline(rows):
        row = rows[at]
        nights = days(row.arrival, row.departure)
        if what == BOOK:
            take(row.reserved, nights, 1)
        elif what in (CANCEL, NO_SHOW):
            take(row.reserved, nights, -1)
        elif what == ARRIVE and row.assigned != row.reserved:
            take(row.reserved, nights, -1)
            take(row.assigned, nights, 1)
        elif what == DEPART:
            take(row.assigned, [night for night in nights if night >= left_on(row)], -1)
    return {kind: (rooms[kind], max(0, most[kind] - rooms[kind])) for kind in rooms | most}


def simulate(rows, limits):
    """Refusals by line, and what became of every reservation, by a counter for each night and type."""
    claimed, in_house = collections.Counter(), collections.Counter()
    refused, became = {}, {}

    def fits(kind, nights):
        rooms, beyond = limits[kind]
        return all(claimed[kind, night] < rooms + beyond for night in nights)

    def take(kind, nights, n):
        for night in nights:
            claimed[kind, night] += n

    for day, _, at, _, what in timeline(rows):
        row = rows[at]
        nights = days(row.arrival, row.departure)
        if row.line in refused:
            continue
        if what == BOOK:
            if fits(row.reserved, nights):
                take(row.reserved, nights, 1)
            else:
                refused[row.line] = ("booking", "sold_out")
        elif what in (CANCEL, NO_SHOW):
            take(row.reserved, nights, -1)
            became[row.line] = ("cancelled" if what == CANCEL else "no_show", day)
        elif what == ARRIVE:
            kind = row.reserved
            if row.assigned != row.reserved and not fits(row.assigned, nights):
                refused[row.line] = ("change", "sold_out")
            else:
                if row.assigned != row.reserved:
                    take(row.reserved, nights, -1)
                    take(row.assigned, nights, 1)
                    kind = row.assigned
                if in_house[kind] >= limits[kind][0]:
                    refused[row.line] = ("assignment", "no_room")
            if row.line in refused:
                take(kind, nights, -1)
                became[row.line] = ("cancelled", day)
            else:
                in_house[kind] += 1
        else:
            in_house[row.assigned] -= 1
            take(row.assigned, [night for night in nights if night >= left_on(row)], -1)
            became[row.line] = ("departed", day)
    return refused, became, +claimed


class Installation:
    """A directory of data, and the command that works on it."""

    def __init__(self, holdfast, path, mapping):
        self.holdfast, self.path, self.mapping, self.token, self.url = holdfast, path, mapping, None, None
        self.run("migrate", "--data", path)
        self.run("admin", "--data", path, "--email", ADMIN)

    def run(self, *words):
        environment = os.environ | {"HOLDFAST_ADMIN_PASSWORD": PASSWORD}
        done = subprocess.run(
            [self.holdfast, *map(str, words)], stdout=subprocess.PIPE, text=True, env=environment, check=False
        )
        if done.returncode != 0:
            sys.exit(f"holdfast {' '.join(map(str, words[:2]))}: exit code {done.returncode}")
        return done.stdout

    def replay(self, name, file, *more):
        """Imports into a location of this name; what the report says."""
        report = self.path / "report.json"
        self.run(
            "import", "reservations", file, "--data", self.path, "--as", ADMIN, "--mapping", self.mapping,
            "--new-location", name, "--zone", ZONE, "--derive-capacity", "--report", report, *more,
        )
        return json.loads(report.read_text())

    @contextlib.contextmanager
    def served(self):
        """While it is being served, and somebody is signed in."""
        log = (self.path / "serve.log").open("w")
        words = [self.holdfast, "serve", "--port", "0", "--data", str(self.path)]
        server = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=log, text=True)
        for line in server.stdout:
            if line.strip().startswith("API"):
                self.url = line.split()[1].removesuffix("/v2")
                break
        else:
            sys.exit((self.path / "serve.log").read_text())
        try:
            self.token = None
            signed = self.ask("/v2/auth/login", {"login": ADMIN, "password": PASSWORD})
            self.token = signed["data"]["access_token"]
            yield
        finally:
            server.terminate()
            server.wait()

    def ask(self, path, body=None):
        headers = {"content-type": "application/json"}
        headers |= {"authorization": f"Bearer {self.token}"} if self.token else {}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, headers=headers)
        try:
            with urllib.request.urlopen(request) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            sys.exit(f"{path}: {error.code} {error.read().decode()}")

    def stays(self, location, stage):
        after = ""
        while True:
            page = self.ask(f"/v2/stays?location_id={location}&stage={stage}&limit=100{after}")
            yield from page["data"]
            cursor = (page.get("meta") or {}).get("next_cursor")
            if not cursor:
                return
            after = f"&cursor={cursor}"

    def claims(self, report, rows):
        """What the ledger has of each night of each type."""
        first, last = min(row.arrival for row in rows), max(row.departure for row in rows)
        claimed = collections.Counter()
        for kind, pool in report["place"]["pools"].items():
            begin = first
            while begin < last:
                end = min(begin + timedelta(days=300), last)
                path = f"/v2/pools/{pool}/availability?from={begin}&to={end}"
                for cell in self.ask(path)["data"]["cells"]:
                    claimed[kind, date.fromisoformat(cell["date"])] += cell["claimed"]
                begin = end
        return +claimed


def refusals(report):
    return {one["line"]: (one["at"], one["code"]) for one in report["refused"]}


def expect(what, found, wanted):
    """Both are the same, or the differences are told and the run fails."""
    if found != wanted:
        keys = found.keys() | wanted.keys()
        wrong = {key: (found.get(key), wanted.get(key)) for key in keys if found.get(key) != wanted.get(key)}
        sys.exit(f"{what}: {len(wrong)} differ, found and wanted: {dict(list(wrong.items())[:10])}")


def month(day):
    return f"{day:%Y-%m}"


def straight(rows):
    """By month: nights slept, what they cost, cancellations and no-shows by the day on which they happened. From the file alone."""
    nights, cents = collections.Counter(), collections.Counter()
    cancelled, absent, slept = collections.Counter(), collections.Counter(), collections.Counter()
    for row in rows:
        if row.status == "Canceled":
            cancelled[month(row.settled)] += 1
        elif row.status == "No-Show":
            absent[month(max(row.settled, row.arrival))] += 1
        else:
            for night in days(row.arrival, left_on(row)):
                slept[row.assigned, night] += 1
                nights[month(night)] += 1
                cents[month(night)] += row.cents
    return slept, nights, cents, cancelled, absent


def recorded(installation, place):
    """The same from what the API tells."""
    location, zone = place["location_id"], ZoneInfo(ZONE)
    nights, cents, cancelled, absent = (collections.Counter() for _ in range(4))
    on = lambda stay: month(datetime.fromisoformat(stay["updated_at"].replace("Z", "+00:00")).astimezone(zone))
    for stay in installation.stays(location, "departed"):
        (room,) = stay["rooms"]
        for night, price in zip(days(*(date.fromisoformat(room[end]) for end in ("arrival", "departure"))), room["nightly"], strict=True):
            nights[month(night)] += 1
            cents[month(night)] += price
    for stay in installation.stays(location, "cancelled"):
        cancelled[on(stay)] += 1
    for stay in installation.stays(location, "no_show"):
        absent[on(stay)] += 1
    for stage in ("held", "expected", "in_house"):
        assert not list(installation.stays(location, stage)), f"somebody is {stage} after the last day"
    return nights, cents, cancelled, absent


def half_up(dividend, divisor):
    return (2 * dividend + divisor) // (2 * divisor)


def figures(installation, report, rows, sums):
    """What the figures tell that the feed keeps, beside the file: occupancy, revenue, ADR and RevPAR of every month, and what
    was sold, given back and missed in it; lead times and lengths as a whole."""
    _, nights, cents, cancelled, absent = sums
    rooms = sum(kind["rooms"] for kind in report["rooms"].values())
    first = min(row.booked for row in rows).replace(day=1)
    last = max(max(row.departure, row.settled) for row in rows)
    location = report["place"]["location_id"]
    found, wanted, picked, counted = {}, {}, collections.Counter(), collections.Counter()
    while first <= last:
        after = (first + timedelta(32)).replace(day=1)
        name, there = month(first), rooms * (after - first).days
        read = lambda what: installation.ask(f"/v2/figures/{what}?location_id={location}&from={first}&to={after}")["data"]
        (told,) = installation.ask(f"/v2/figures/nights?location_id={location}&from={first}&to={after}&by=month")["data"]
        (money,) = told["money"] or [{"revenue": 0, "adr": None, "revpar": None}]
        found[name] = (told["rooms"], told["sold"], told["occupancy_percent"], money["revenue"], money["adr"], money["revpar"])
        rate = half_up(cents[name], nights[name]) if nights[name] else None
        per_room = half_up(cents[name], there) if nights[name] else None
        wanted[name] = (there, nights[name], half_up(1000 * nights[name], there) / 10, cents[name], rate, per_room)
        for day in read("pickup"):
            for what in ("sold", "cancelled", "no_shows"):
                picked[what, name] += day[what]
        arrivals = read("arrivals")
        for what in ("sold", "cancelled", "no_shows", "rooms", "nights"):
            counted[what] += arrivals[what]
        for kind in ("lead", "length"):
            for one in arrivals[kind]:
                counted[kind, one["from"]] += one["count"]
        first = after
    expect("figures of months", found, wanted)
    of_file = collections.Counter({("cancelled", name): count for name, count in cancelled.items()})
    of_file.update({("no_shows", name): count for name, count in absent.items()})
    of_file.update(("sold", month(row.booked)) for row in rows)
    expect("stays sold, given back and missed by month", +picked, of_file)
    slept = [row for row in rows if row.status == "Check-Out"]
    lengths = [(left_on(row) - row.arrival).days for row in slept]
    class_of = lambda classes, number: max(one for one in classes if one <= max(number, classes[0]))
    whole = collections.Counter(sold=len(slept), rooms=len(slept), nights=sum(lengths))
    whole.update(cancelled=sum(cancelled.values()), no_shows=sum(absent.values()))
    whole.update(("lead", class_of([0, 1, 7, 14, 30, 90, 180], (row.arrival - row.booked).days)) for row in slept)
    whole.update(("length", class_of([1, 2, 3, 4, 5, 7, 14, 28], length)) for length in lengths)
    expect("lead times, lengths and counts", +counted, +whole)
    print(f"figures of {len(found)} months, kept from the events: equal to the file")


def told(report):
    sums = {name: sum(kind[name] for kind in report["asked"].values()) for name in ("requests", "trips", "half_reads", "half_writes")}
    requests, trips, reads, writes = sums.values()
    return f"{requests:,} requests, {trips:,} round trips, {reads // 2:,} read units, {writes // 2:,} write units"


def as_it_was(installation, options, rows, without, more):
    """Replays the book in the house that it tells of: everything is taken, and all sums are those of the file."""
    limits = capacity(rows)
    begun = time.monotonic()
    report = installation.replay("As it was", options.file, *more)
    seconds = time.monotonic() - begun
    derived = {kind: (rooms["rooms"], rooms["overbooking"]) for kind, rooms in report["rooms"].items()}
    expect("rooms that the book tells of", derived, limits)
    expect("refusals", refusals(report), {line: ("row", "row") for line in without})
    ends = collections.Counter(row.status for row in rows)
    honoured = ends["Check-Out"]
    counts = {"booked": len(rows), "arrived": honoured, "departed": honoured}
    counts |= {"cancelled": ends["Canceled"], "no_show": ends["No-Show"]}
    expect("steps", report["steps"], {name: count for name, count in counts.items() if count})
    print(f"{report['rows']} rows, {len(rows)} reservations, {honoured} honoured: all taken; {len(without)} rows without a night")
    print(f"  {seconds:.0f} s; {told(report)}")
    print("  rooms and allowance: " + ", ".join(f"{kind} {rooms}+{beyond}" for kind, (rooms, beyond) in sorted(limits.items())))

    sums = slept, nights, cents, cancelled, absent = straight(rows)
    installation.run("figures", "--rebuild", "--data", installation.path)
    with installation.served():
        expect("nights in the ledger", installation.claims(report, rows), slept)
        found = recorded(installation, report["place"])
        figures(installation, report, rows, sums)
    for what, ours, theirs in zip(("nights", "revenue", "cancellations", "no-shows"), found, (nights, cents, cancelled, absent), strict=True):
        expect(f"{what} by month", ours, theirs)
    print(f"{'month':<9}{'nights':>8}{'ADR':>9}{'cancelled':>11}{'no-shows':>10}")
    for name in sorted(nights | cancelled | absent):
        rate = f"{cents[name] / nights[name] / 100:.2f}" if nights[name] else ""
        print(f"{name:<9}{nights[name]:>8}{rate:>9}{cancelled[name]:>11}{absent[name]:>10}")
    print(f"{sum(nights.values())} nights in {len(slept)} cells: equal in ledger, stays and file")
    return limits


def a_room_fewer(installation, options, rows, without, more, limits):
    """Replays it in a house that lacks a room of each type: exactly those are refused who have to be."""
    fewer = {kind: (max(0, rooms - 1), beyond) for kind, (rooms, beyond) in limits.items()}
    refused, _, claimed = simulate(rows, fewer)
    for kind, (rooms, beyond) in fewer.items():
        more = [*more, "--rooms", f"{kind}={rooms}+{beyond}"]
    report = installation.replay("A room fewer", options.file, *more)
    expect("refusals with a room fewer", refusals(report), refused | {line: ("row", "row") for line in without})
    with installation.served():
        expect("nights in the ledger with a room fewer", installation.claims(report, rows), claimed)
    by_kind = collections.Counter(at for at, _ in refused.values())
    told = ", ".join(f"{count} at {at}" for at, count in sorted(by_kind.items()))
    print(f"with a room fewer of each type, {len(refused)} are refused, the very ones: {told}")


def again(installation, options, more):
    """Replays it once more: everything is there."""
    begun = time.monotonic()
    asked = installation.replay("As it was", options.file, *more)["asked"]
    steps = [name for name in asked if name not in ("set up", "clean")]
    found = {name: asked[name]["replayed"] for name in steps}
    expect("what was there already", found, {name: asked[name]["requests"] for name in steps})
    print(f"imported again: all {sum(found.values())} were there; {time.monotonic() - begun:.0f} s")


def main():
    options = argparse.ArgumentParser()
    options.add_argument("holdfast")
    options.add_argument("data", type=pathlib.Path)
    options.add_argument("file", type=pathlib.Path)
    options.add_argument("mapping")
    options.add_argument("--limit", type=int)
    options = options.parse_args()
    sys.stdout.reconfigure(line_buffering=True)
    rows, without = read(options.file, options.limit)
    more = [] if options.limit is None else ["--limit", options.limit]
    installation = Installation(options.holdfast, options.data, options.mapping)
    limits = as_it_was(installation, options, rows, without, more)
    a_room_fewer(installation, options, rows, without, more, limits)
    again(installation, options, more)


main()
