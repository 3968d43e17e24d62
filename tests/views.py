#!/usr/bin/env python3
"""How long the first rows of searches take: run by hand on a quiet machine, with the standard library alone.

    python3 tests/views.py http://127.0.0.1:8443 NAME <PASSWORD-FILE
    python3 tests/views.py http://127.0.0.1:8443 NAME "nightly unused:90d" <PASSWORD-FILE

It asks a running `latchkey serve`, on either engine, for the first 100 keys of each search (or of those that are named) in
each order, in random order over one connection. It prints how many milliseconds the median and the 99th percentile of the
slowest took, of all together, and of the counts of the views. The first lines of lists.py say how to fill a data folder.
"""
import os
import random
import sys
from urllib.parse import urlencode

from timed import percentile, signed_in

ASKED = int(os.environ.get("ASKED", 10))
SHOWN = 20
SORTS = ["created_at", "label", "last_used_at", "expires_at", "owner"]
VIEWS = [
    "", "status:active", "expires:<30d", "status:expired", "status:inactive", "unused:90d", "never-used", 'owner:""', "rotating",
    "reactivates:any", "by:jo",
]
SEARCHES = [
    "backup zurich", "owner:ops* unused:30d -test", "created:<30d expires:never", "-status:active owner:ci",
    "nightly unused:90d", "never-used created:>90d zürich", "absent text", "expires:2027-01 by:priya",
]
GOALS = "goals: 100 ms on SQLite, 150 ms on PostgreSQL; 300 ms for the counts"


def main():
    get = signed_in(sys.argv[1], sys.argv[2])
    searches = sys.argv[3:] or VIEWS + SEARCHES
    asked = [(search, sort) for search in searches for sort in SORTS] * ASKED
    random.shuffle(asked)
    took = {}
    for search, sort in asked:
        query = urlencode({"query": search, "sort": sort, "total": "false", "limit": 100})
        took.setdefault((search, sort), []).append(get("/keys?" + query)[0])
    slowest = sorted(took.items(), key=lambda each: -percentile(each[1], 99))
    for (search, sort), times in slowest[:SHOWN]:
        report(f"{search!r} by {sort}", times)
    report("all", [time for times in took.values() for time in times])
    counts = urlencode([("query", view) for view in VIEWS])
    report("counts of the views", [get("/keys/counts?" + counts)[0] for _ in range(20)])
    print(GOALS)


def report(what, times):
    print(f"{what:50} p50 {percentile(times, 50):7.1f}  p99 {percentile(times, 99):7.1f}  of {len(times)}")


main()
