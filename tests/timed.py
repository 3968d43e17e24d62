"""A running server whose answers are timed: what lists.py and views.py share. The standard library alone."""
import http.client
import json
import sys
import time
from urllib.parse import urlparse


def signed_in(url, name):
    """Signs in with the password on standard input. Returns a function that gets a path: milliseconds, and the JSON."""
    place = urlparse(url)
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=60)

    def ask(method, path, body=None, session=None):
        headers = {"Content-Type": "application/json"} if body else {}
        if session:
            headers["Authorization"] = f"Bearer {session}"
        begun = time.perf_counter()
        connection.request(method, "/api/v2" + path, json.dumps(body) if body else None, headers)
        answer = connection.getresponse()
        data = answer.read()
        took = (time.perf_counter() - begun) * 1000
        if answer.status != 200:
            sys.exit(f"{path}: {answer.status} {data[:200]}")
        return took, json.loads(data)

    password = sys.stdin.readline().rstrip("\n")
    session = ask("POST", "/auth/session", {"username": name, "password": password})[1]["session_token"]
    return lambda path: ask("GET", path, session=session)


def percentile(times, part):
    """The time below which so many of a hundred are."""
    return sorted(times)[min(len(times) - 1, len(times) * part // 100)]
