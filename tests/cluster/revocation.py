#!/usr/bin/env python3
"""How long a revocation takes, and whether it is true when it is confirmed: run by hand on a quiet machine.

    apt-get install postgresql pgbouncer
    cargo build --release && python3 tests/cluster/revocation.py target/release/latchkey

Three servers share one PostgreSQL. With `--pooler` PgBouncer is between, which drops notifications. It prints

- how many access tokens were accepted after the answer to the deletion of their key (CHECKS of them, by CLIENTS at once),
- how long a deletion takes with one client and three healthy servers, and with one that stands still,
- how long servers verify after the database has ended or stands still, and how soon they do again.
"""
import argparse
import collections
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import statistics
import subprocess
import tempfile
import threading
import time

from servers import Postgres, Server

SERVERS = 3
AT_ONCE = 100  # verifications sent one behind the other


def statuses(connection, count):
    """The statuses of answers to requests that were sent one behind the other. None has a body that matters."""
    rest, found = b"", []
    while len(found) < count:
        head, end, after = rest.partition(b"\r\n\r\n")
        length = int((re.search(rb"(?i)content-length: *(\d+)", head) or [0, 0])[1])
        if end and len(after) >= length:
            found.append(int(head.split(b" ", 2)[1]))
            rest = after[length:]
            continue
        more = connection.recv(1 << 16)
        if not more:
            raise EOFError
        rest += more
    return found


def question(token):
    return f"GET /api/v2/auth/verify HTTP/1.1\r\nHost: x\r\nx-access-token: {token}\r\n\r\n".encode()


def token_of_new_key(servers, session):
    server, again = random.choice(servers), os.urandom(16).hex()
    # The server may have closed a connection that was not used for a while.
    status, body, _ = next(answer for answer in iter(lambda: server.create(session, again), None) if answer[0])
    assert status == 201, body
    name = body["key"]["id"]
    status, token = random.choice(servers).exchange(name, body["secret_access_key"])
    assert status == 200
    return name, token


def delete(server, session, name):
    """Deletes a key; gives the milliseconds until the answer, and what that says of the servers."""
    began = time.monotonic()
    status, body, headers = server.call("DELETE", f"/keys/{name}", authorization=session)
    assert status == 204, body
    return (time.monotonic() - began) * 1000, headers["x-revoked"].split(", ms")[0]


def in_words(times):
    times = sorted(times)
    p99 = times[int(len(times) * 0.99)]
    return f"p50 {statistics.median(times):.1f} ms, p99 {p99:.1f} ms, worst {times[-1]:.1f} ms of {len(times)}"


def accepted_after_the_answer(servers, session, checks, clients):
    lock, done, told, times = threading.Lock(), collections.Counter(), collections.Counter(), []

    def client():
        connections = [socket.create_connection(("127.0.0.1", server.port)) for server in servers]
        while done["checks"] < checks:
            name, token = token_of_new_key(servers, session)
            for connection in connections:
                connection.sendall(question(token))
            before = [statuses(connection, 1)[0] for connection in connections]
            took, said = delete(random.choice(servers), session, name)
            for connection in connections:
                connection.sendall(question(token) * AT_ONCE)
            after = [status for connection in connections for status in statuses(connection, AT_ONCE)]
            with lock:
                done.update(deletions=1, checks=len(after), accepted=after.count(204), refused_before=SERVERS - before.count(204))
                told[said] += 1
                times.append(took)

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f"{clients} clients: {dict(done)}; the answers said {dict(told)}; {in_words(times)}", flush=True)


def with_healthy_servers(servers, session):
    times = []
    for _ in range(300):
        name, _ = token_of_new_key(servers, session)
        times.append(delete(servers[0], session, name)[0])
    print("a deletion, one client:", in_words(times), flush=True)


def with_one_that_stands_still(servers, session):
    times, told, late = [], collections.Counter(), collections.Counter()
    for _ in range(8):
        name, token = token_of_new_key(servers, session)
        connection = socket.create_connection(("127.0.0.1", servers[2].port))
        connection.sendall(question(token))
        assert statuses(connection, 1) == [204]
        os.kill(servers[2].process.pid, signal.SIGSTOP)
        wait(lambda: stands_still(servers[2].process.pid))
        # It finds this when it wakes up.
        connection.sendall(question(token) * AT_ONCE)
        took, said = delete(servers[0], session, name)
        times.append(took)
        told[said] += 1
        os.kill(servers[2].process.pid, signal.SIGCONT)
        late.update(statuses(connection, AT_ONCE))
        wait(lambda: all(server.ready()[0] == 200 for server in servers))
    print(f"a deletion while one server stands still: {in_words(times)}; the answers said {dict(told)}; when it wakes up, it "
          f"answers {dict(late)} to the revoked token", flush=True)


def stands_still(pid):
    """Whether all threads of a process are stopped: that takes a moment."""
    threads = pathlib.Path(f"/proc/{pid}/task").glob("*/stat")
    return all(thread.read_text().rsplit(")", 1)[1].split()[0] == "T" for thread in threads)


def wait(done):
    """Milliseconds until it is so."""
    began = time.monotonic()
    while not done():
        assert time.monotonic() - began < 120
        time.sleep(0.002)
    return (time.monotonic() - began) * 1000


def without_database(servers, session, postgres, what, stop, go_on):
    _, token = token_of_new_key(servers, session)
    until_refused, until_back = [], []
    for _ in range(5):
        stop()
        until_refused.append(max(wait(lambda: all(server.verify(token) == 503 for server in servers)), 0))
        go_on()
        until_back.append(wait(lambda: all(server.verify(token) == 204 for server in servers)))
        time.sleep(1)
    print(f"the database {what}: until every server answers 503 {in_words(until_refused)}", flush=True)
    print(f"    until every server verifies after it is back: {in_words(until_back)}", flush=True)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("binary")
    arguments.add_argument("--checks", type=int, default=1_000_000)
    arguments.add_argument("--clients", type=int, default=8)
    arguments.add_argument("--pooler", action="store_true")
    options = arguments.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="revocation-"))
    folder.chmod(0o755)
    servers, postgres = [], None
    try:
        binary = os.path.abspath(options.binary)
        postgres = Postgres(folder / "postgres", binary)
        address = postgres.pool() if options.pooler else postgres.address
        for n in range(SERVERS):
            servers.append(Server(binary, folder / f"server{n}", address, key_of=servers[0] if servers else None))
        session = servers[0].sign_in()
        with_healthy_servers(servers, session)
        accepted_after_the_answer(servers, session, options.checks, options.clients)
        with_one_that_stands_still(servers, session)
        without_database(servers, session, postgres, "ends", postgres.crash, postgres.start)
        postmaster = int((folder / "postgres/data/postmaster.pid").read_text().split()[0])

        def everyone(sent):
            children = subprocess.run(["pgrep", "-P", str(postmaster)], capture_output=True, text=True).stdout.split()
            for pid in [postmaster, *map(int, children)]:
                os.kill(pid, sent)

        without_database(servers, session, postgres, "stands still", lambda: everyone(signal.SIGSTOP), lambda: everyone(signal.SIGCONT))
    finally:
        for server in servers:
            server.end()
        if postgres:
            postgres.end()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
