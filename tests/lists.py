#!/usr/bin/env python3
"""How long pages of the list take: run by hand on a quiet machine, with the standard library alone.

    python3 tests/lists.py http://127.0.0.1:8443 NAME <PASSWORD-FILE

It asks a running `latchkey serve`, on either engine, for lists in random order over one connection, and prints for each
how many milliseconds the median and the 99th percentile took. Fill a data folder first, and copy it for PostgreSQL:

    cargo run --release --example fill -- /tmp/many-keys 1000000
    latchkey db copy /tmp/many-keys postgres://…
"""
import os
import random
import sys
from urllib.parse import urlencode

from timed import percentile, signed_in

ASKED = int(os.environ.get("ASKED", 200))
SORTS = ["created_at", "last_used_at", "label", "owner", "status", "id"]
LETTERS = ["k", "e", "é", "資", "0"]
WORDS = ["backup", "zürich prod", "nightly backup ams-03", "#4999", "absent text"]
GOALS = {"first": 10, "deep": 10, "letter": 100}


def main():
    get = signed_in(sys.argv[1], sys.argv[2])

    def listed(**query):
        return get("/keys?" + urlencode(query))

    print(listed(limit=1, total="true")[1]["total"], "keys")
    lists = {}
    for sort in SORTS:
        for order in ["asc", "desc"]:
            lists["first", f"{sort} {order}"] = {"sort": sort, "order": order, "total": "false"}
        cursor = {}
        for _ in range(100):
            page = listed(sort=sort, limit=1000, total="false", **cursor)[1]
            cursor = {"cursor": page["next_cursor"]}
        lists["deep", sort] = {"sort": sort, "total": "false", **cursor}
    for status in ["active", "expired", "inactive"]:
        lists["first", status] = {"status": status, "sort": "label", "total": "true"}
    for kind, words in [("letter", LETTERS), ("word", WORDS)]:
        for word in words:
            for sort in ["created_at", "label"]:
                lists[kind, f"{word} by {sort}"] = {"q": word, "sort": sort, "total": "false"}
                lists[kind, f"{word} by {sort}, total"] = {"q": word, "sort": sort, "total": "true"}
    times = {which: [] for which in lists}
    turns = [which for which in lists for _ in range(ASKED)]
    random.shuffle(turns)
    for which in turns:
        times[which].append(listed(**lists[which])[0])
    worst = {}
    for (kind, what), taken in sorted(times.items()):
        p50, p99 = percentile(taken, 50), percentile(taken, 99)
        missed = " MISSED" if kind in GOALS and p99 > GOALS[kind] else ""
        print(f"{kind:7} {what:40} p50 {p50:8.2f} ms   p99 {p99:8.2f} ms{missed}")
        worst[kind] = max(worst.get(kind, 0), p99)
    print("the slowest p99:", ", ".join(f"{kind} {taken:.1f} ms" for kind, taken in worst.items()))


main()
