#!/usr/bin/env python3
"""Whether a refusal's time tells what was wrong: run by hand on a quiet machine, with the standard library alone.

    cargo build --release && python3 tests/uniform.py target/release/latchkey

It starts `latchkey serve` on a data folder of its own and asks in random order: sign-ins with names that exist and
names that do not, exchanges with a key that exists, one that is switched off (and the right hash), and one that does
not exist. For each pair it prints the medians, their difference with a 95 % bootstrap interval, and the p-value of a
Mann-Whitney U test with the chance to guess right from one answer's time (0.5 is a coin). The same for two halves of
one kind shows what the machine's noise alone does.
"""
import hashlib
import hmac
import http.client
import json
import math
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time

SIGN_INS = int(os.environ.get("SIGN_INS", 100))
EXCHANGES = int(os.environ.get("EXCHANGES", 10_000))
NAMES = 10  # so that no account's share of tries is used up: 30 a minute
PASSWORD = "correct horse battery staple"


def mann_whitney(a, b):
    """Two-sided p-value by the normal approximation with ties, and P(a < b) + P(a = b) / 2."""
    ranked = sorted([(value, 0) for value in a] + [(value, 1) for value in b])
    ranks, ties, at = [0.0, 0.0], 0, 0
    while at < len(ranked):
        end = at
        while end < len(ranked) and ranked[end][0] == ranked[at][0]:
            end += 1
        for _, side in ranked[at:end]:
            ranks[side] += (at + end + 1) / 2
        ties += (end - at) ** 3 - (end - at)
        at = end
    n, m = len(a), len(b)
    u = ranks[1] - m * (m + 1) / 2
    total = n + m
    sigma = math.sqrt(n * m / 12 * (total + 1 - ties / (total * (total - 1))))
    z = (u - n * m / 2) / sigma
    return math.erfc(abs(z) / math.sqrt(2)), u / (n * m)


def bootstrap(a, b, rounds=500):
    """A 95 % interval of the medians' difference."""
    some = lambda values: statistics.median(random.choices(values, k=len(values)))
    differences = sorted(some(b) - some(a) for _ in range(rounds))
    return differences[int(rounds * 0.025)], differences[int(rounds * 0.975)]


def compare(name_a, a, name_b, b):
    p, chance = mann_whitney(a, b)
    low, high = (value * 1e6 for value in bootstrap(a, b))
    median_a, median_b = (statistics.median(values) * 1e6 for values in (a, b))
    print(f"  {name_a} ({len(a)}) vs {name_b} ({len(b)}): medians {median_a:.1f} and {median_b:.1f} us, "
          f"difference {median_b - median_a:+.1f} us [{low:+.1f}, {high:+.1f}], p = {p:.3f}, "
          f"guessed right {max(chance, 1 - chance) * 100:.1f} %")


class Server:
    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        self.process = subprocess.Popen(
            [program, "--data", folder, "serve", "--listen", "127.0.0.1:0", "--behind-proxy", "--header-timeout", "600"],
            stderr=subprocess.PIPE, text=True, env={"HOME": folder, "PATH": os.environ["PATH"]})
        # A warning that there are no administrators yet comes before it.
        dirs = (re.search(r"listening.*127\.0\.0\.1:(\d+)", line) for line in self.process.stderr)
        self.port = int(next(place for place in dirs if place).group(1))
        # Somebody must read its log.
        subprocess.Popen(["cat"], stdin=self.process.stderr, stdout=subprocess.DEVNULL)
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port)
        self.connection.connect()
        self.connection.sock.setsockopt(6, 1, 1)  # TCP_NODELAY

    def add(self, name):
        subprocess.run([self.program, "--data", self.folder, "admin", "add", name, "--password-file", "-"], check=True,
                       input=PASSWORD, text=True, stdout=subprocess.DEVNULL,
                       env={"HOME": self.folder, "PATH": os.environ["PATH"]})

    def call(self, method, path, body, headers):
        """Status, body, seconds."""
        body = json.dumps(body).encode() if body is not None else None
        headers = {"content-type": "application/json", **headers}
        begun = time.perf_counter()
        self.connection.request(method, "/api/v2" + path, body, headers)
        response = self.connection.getresponse()
        content = response.read()
        return response.status, json.loads(content or b"{}"), time.perf_counter() - begun

    def sign_in(self, name, password, address):
        body = {"username": name, "password": password}
        return self.call("POST", "/auth/session", body, {"x-forwarded-for": address})

    def exchange(self, key, digest):
        body = {"scope": "docs_api", "content": "content"}
        return self.call("POST", "/auth/client_token", body, {"x-key": key, "x-hash": digest})


def sample(kinds, count, ask):
    """Asks each kind so often, in random order within each round; gives the seconds of each."""
    times = {kind: [] for kind in kinds}
    for n in range(count):
        for kind in random.sample(list(kinds), len(kinds)):
            times[kind].append(ask(kind, n))
    return times


def main():
    program = os.path.abspath(sys.argv[1])
    print(f"load {os.getloadavg()[0]:.2f}, {os.cpu_count()} processors")
    with tempfile.TemporaryDirectory() as folder:
        server = Server(program, folder)
        try:
            measure(server)
        finally:
            server.process.terminate()
            server.process.wait()


def measure(server):
    for n in range(NAMES):
        server.add(f"known{n}")
    _, session, _ = server.sign_in("known0", PASSWORD, "192.0.2.1")
    bearer = {"authorization": f"Bearer {session['session_token']}"}

    def key(n):
        _, made, _ = server.call("POST", "/keys", {"label": "x"}, {**bearer, "idempotency-key": f"uniform-{n}"})
        return made["key"]["id"], made["secret_access_key"]

    (good, _), (off, off_secret) = key(1), key(2)
    server.call("PATCH", f"/keys/{off}", {"status": "inactive"}, bearer)
    digest = hmac.new(off_secret.encode(), b"content", hashlib.sha256).hexdigest()
    wrong = "0" * 64
    asked = {"unknown": ("PK000000000000000000", wrong), "known": (good, wrong), "inactive": (off, digest)}

    def exchange(kind, _):
        status, answer, seconds = server.exchange(*asked[kind])
        assert (status, answer["code"]) == (401, 1000), answer
        return seconds

    sample(asked, 200, exchange)  # to warm up
    times = sample(asked, EXCHANGES, exchange)
    print(f"{EXCHANGES} wrong exchanges of each kind")
    compare("unknown key", times["unknown"], "known key", times["known"])
    compare("unknown key", times["unknown"], "inactive key", times["inactive"])
    compare("unknown, even", times["unknown"][::2], "unknown, odd", times["unknown"][1::2])

    addresses = iter(f"10.{n >> 8}.{n & 255}.1" for n in range(65536))
    names = {"unknown": "other", "known": "known"}  # of the same length; known0 has signed in, from elsewhere

    def sign_in(kind, n):
        name = f"{names[kind]}{n % NAMES}"
        status, answer, seconds = server.sign_in(name, "a wrong password", next(addresses))
        assert (status, answer["code"]) == (401, 1000), answer
        return seconds

    sample(names, 3, sign_in)
    times = sample(names, SIGN_INS, sign_in)
    print(f"{SIGN_INS} wrong sign-ins of each kind")
    compare("unknown name", times["unknown"], "known name", times["known"])
    compare("unknown, even", times["unknown"][::2], "unknown, odd", times["unknown"][1::2])


if __name__ == "__main__":
    main()
