#!/usr/bin/env python3
"""Fail-overs of a real cluster under load: what is confirmed stays, and what is revoked stays refused.

    apt-get install postgresql patroni etcd-server haproxy
    cargo build --release && python3 tests/cluster/failover.py target/release/latchkey

It starts three members of etcd, three nodes of Patroni with PostgreSQL, HAProxy in front of them and three servers of
latchkey, all on ports of this machine and in a temporary folder, and ends them all. Two servers reach the primary
through HAProxy, one by an address that names all nodes. Clients create keys, exchange them, delete half of them, and ask
every server again and again about the access tokens of keys whose deletion was confirmed. Meanwhile it switches over to
another node, and kills a primary with all its processes.

With `--asynchronous` replication is asynchronous, and the primary is killed after its replication has stopped, so that
commits are lost: then it counts them, and looks whether each server says so.

It takes some minutes, and ends with 1 if anything was lost that must not be.
"""
import argparse
import collections
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import urllib.request

import servers as cluster
from servers import AS_USER, PGBIN, Server, as_owner, ports, private

NODES = 3
DATABASE_PASSWORD = "secret of the database"


class Cluster:
    """etcd, Patroni with PostgreSQL, and HAProxy."""

    def __init__(self, folder, is_synchronous):
        self.folder, self.processes = folder, {}
        self.etcd, self.peers, self.sql, self.rest = (ports(NODES) for _ in range(4))
        (self.front,) = ports(1)
        members = ",".join(f"etcd{n}=http://127.0.0.1:{self.peers[n]}" for n in range(NODES))
        for n in range(NODES):
            # Long times: the disk and the processors of one machine are shared by everything here.
            self.start(
                f"etcd{n}", "etcd", "--name", f"etcd{n}", "--data-dir", f"{folder}/etcd{n}", "--initial-cluster", members,
                "--listen-client-urls", f"http://127.0.0.1:{self.etcd[n]}", "--heartbeat-interval", "300",
                "--advertise-client-urls", f"http://127.0.0.1:{self.etcd[n]}", "--election-timeout", "3000",
                "--listen-peer-urls", f"http://127.0.0.1:{self.peers[n]}",
                "--initial-advertise-peer-urls", f"http://127.0.0.1:{self.peers[n]}",
            )
        for n in range(NODES):
            private(folder / f"node{n}.yml", json.dumps(self.node(n, is_synchronous)))
            as_owner(folder / f"node{n}.yml")
            self.start(f"node{n}", "patroni", f"{folder}/node{n}.yml")
        nodes = "\n".join(
            f"    server node{n} 127.0.0.1:{self.sql[n]} check port {self.rest[n]}" for n in range(NODES)
        )
        (folder / "haproxy.cfg").write_text(f"""
defaults
    mode tcp
    timeout connect 4s
    timeout client 30m
    timeout server 30m
listen primary
    bind 127.0.0.1:{self.front}
    option httpchk GET /primary
    http-check expect status 200
    default-server inter 1s fall 2 rise 1 on-marked-down shutdown-sessions
{nodes}
""")
        self.start("haproxy", "haproxy", "-db", "-f", f"{folder}/haproxy.cfg")

    def node(self, n, is_synchronous):
        """Patroni's settings; JSON is YAML too."""
        here = f"{self.folder}/node{n}"
        return {
            "scope": "latchkey", "name": f"node{n}",
            "etcd3": {"hosts": [f"127.0.0.1:{port}" for port in self.etcd]},
            "restapi": {"listen": f"127.0.0.1:{self.rest[n]}", "connect_address": f"127.0.0.1:{self.rest[n]}"},
            "bootstrap": {
                "dcs": {
                    "ttl": 20, "loop_wait": 3, "retry_timeout": 5, "synchronous_mode": is_synchronous,
                    "maximum_lag_on_failover": 1 << 26,
                    "postgresql": {"use_pg_rewind": True, "parameters": {"max_connections": 100}},
                },
                "initdb": [{"encoding": "UTF8"}, {"locale": "C"}],
            },
            "postgresql": {
                "listen": f"127.0.0.1:{self.sql[n]}", "connect_address": f"127.0.0.1:{self.sql[n]}",
                "data_dir": here, "bin_dir": PGBIN, "pgpass": f"{here}.pgpass",
                "parameters": {"unix_socket_directories": str(self.folder), "shared_buffers": "64MB"},
                "pg_hba": ["local all all trust", "host all all 127.0.0.1/32 scram-sha-256",
                           "host replication all 127.0.0.1/32 scram-sha-256"],
                "authentication": {
                    "superuser": {"username": "postgres", "password": "secret of the superuser"},
                    "replication": {"username": "replicator", "password": "secret of the replicas"},
                },
            },
        }

    def start(self, name, *command):
        log = open(self.folder / f"{name}.log", "a")
        self.processes[name] = subprocess.Popen([*AS_USER, *command], cwd="/", stdout=log, stderr=log)

    def restart(self, n):
        self.start(f"node{n}", "patroni", f"{self.folder}/node{n}.yml")

    def state(self, n):
        """What a node says of itself, or nothing."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.rest[n]}/patroni", timeout=2) as answer:
                return json.load(answer)
        except (OSError, ValueError):
            return {}

    def primary(self):
        """The number of the node that can be written."""
        return next((n for n in range(NODES) if self.state(n).get("role") in ("master", "primary")), None)

    def is_whole(self):
        """A primary, and standbys that stream from it; with synchronous replication one of them synchronously."""
        primary = self.primary()
        if primary is None:
            return False
        replication = self.state(primary).get("replication", [])
        streaming = [standby for standby in replication if standby["state"] == "streaming"]
        is_safe = not self.is_synchronous or any(standby["sync_state"] == "sync" for standby in streaming)
        return len(streaming) == NODES - 1 and is_safe

    def psql(self, statement, database="postgres"):
        port = self.sql[self.primary()]
        command = [f"{PGBIN}/psql", "-AtX", "-h", str(self.folder), "-p", str(port), "-U", "postgres", "-c", statement, database]
        return subprocess.check_output([*AS_USER, *command], text=True, cwd="/").split()

    def kill(self, n):
        """Ends all processes of a node at once, as when its machine dies."""
        postmaster = int((self.folder / f"node{n}/postmaster.pid").read_text().split()[0])
        children = subprocess.run(["pgrep", "-P", str(postmaster)], capture_output=True, text=True).stdout.split()
        for pid in [self.processes[f"node{n}"].pid, postmaster, *map(int, children)]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.processes[f"node{n}"].wait()

    def switch_over(self):
        command = ["patronictl", "-c", f"{self.folder}/node0.yml", "switchover", "--force"]
        subprocess.run([*AS_USER, *command], cwd="/", check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def end(self):
        # Nodes first: they stop their PostgreSQL.
        for name in sorted(self.processes, reverse=True):
            self.processes[name].terminate()
            try:
                self.processes[name].wait(60)
            except subprocess.TimeoutExpired:
                self.processes[name].kill()


class Load:
    """Clients of three servers, and what was confirmed to them."""

    def __init__(self, all_servers, threads):
        self.servers, self.lock, self.is_over = all_servers, threading.Lock(), False
        self.session = all_servers[0].sign_in()
        self.kept, self.deleted, self.dead = set(), set(), collections.deque(maxlen=300)
        self.checks, self.accepted = 0, collections.Counter()
        self.answers = collections.Counter()
        # When each kind of request last worked, and the longest time between two that did, since `mark`.
        self.last, self.gaps = {}, {}
        self.threads = [threading.Thread(target=self.live, args=(n,)) for n in range(threads)]
        self.threads += [threading.Thread(target=self.check, args=(server,)) for server in all_servers]
        self.good = None
        for thread in self.threads:
            thread.start()

    def works(self, what):
        now = time.monotonic()
        with self.lock:
            self.gaps[what] = max(self.gaps.get(what, 0), now - self.last.get(what, now))
            self.last[what] = now

    def mark(self):
        """Begins to measure gaps anew, and gives those until now."""
        with self.lock:
            now = time.monotonic()
            gaps = {what: max(gap, now - self.last[what]) for what, gap in self.gaps.items()}
            self.gaps = dict.fromkeys(self.gaps, 0)
            return gaps

    def until(self, wanted, call):
        """Calls until the answer is one of those that are wanted; none when the load ends before."""
        while not self.is_over:
            status, *rest = call(random.choice(self.servers))
            if status in wanted:
                return status, *rest
            with self.lock:
                self.answers[status] += 1
            time.sleep(0.05)
        return None

    def live(self, seed):
        """Creates keys, uses them and deletes every second one."""
        while not self.is_over:
            key = os.urandom(16).hex()
            # 200 is a repetition: the first answer was lost, and with it the secret.
            made = self.until((200, 201), lambda server: server.create(self.session, key))
            if made is None:
                return
            self.works("create")
            status, body, _ = made
            name = body["key"]["id"]
            with self.lock:
                self.kept.add(name)
            if status == 200:
                continue
            token = self.until((200,), lambda server: server.exchange(name, body["secret_access_key"]))
            if token is None:
                return
            if random.random() < 0.5:
                self.good = token[1]
                continue
            with self.lock:
                self.kept.discard(name)
            gone = self.until((204, 404), lambda server: server.call("DELETE", f"/keys/{name}", authorization=self.session))
            if gone is None:
                return
            # From now on no server may accept it.
            self.works("delete")
            answers = [(gone[0], server.verify(token[1])) for server in self.servers]
            with self.lock:
                self.count(answers)
                self.deleted.add(name)
                self.dead.append((gone[0], token[1]))

    def check(self, server):
        """Asks one server about tokens that are revoked, and about one that is good."""
        while not self.is_over:
            if self.good and server.verify(self.good) == 204:
                self.works(f"verify {server.folder.name}")
            with self.lock:
                some = random.sample(self.dead, min(20, len(self.dead)))
            answers = [(said, server.verify(token)) for said, token in some]
            with self.lock:
                self.count(answers)
            time.sleep(0.01)

    def count(self, answers):
        """Of access tokens whose key's deletion was answered with 204 or 404, the answers to a verification."""
        self.checks += len(answers)
        self.accepted.update(said for said, answer in answers if answer == 204)

    def end(self):
        self.is_over = True
        for thread in self.threads:
            thread.join()

    def missing(self):
        """Keys that were confirmed and are gone, and keys whose deletion was confirmed and that are there."""
        found, cursor = set(), ""
        while cursor is not None:
            status, page, _ = self.servers[0].call("GET", f"/keys?limit=1000{cursor}", authorization=self.session)
            assert status == 200, page
            found.update(key["id"] for key in page["keys"])
            cursor = page["next_cursor"] and f"&cursor={page['next_cursor']}"
        return self.kept - found, self.deleted & found


def wait(what, done, seconds=180):
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            raise SystemExit(f"{what}: not after {seconds} s")
        time.sleep(0.2)


def say(event, load):
    gaps = load.mark()
    verify = max((gap for what, gap in gaps.items() if what.startswith("verify")), default=0)
    print(
        f"{event:32} longest time without: a create {gaps.get('create', 0):5.1f} s, a delete {gaps.get('delete', 0):5.1f} s, "
        f"a verification (of the worst server) {verify:5.1f} s",
        flush=True,
    )


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("binary")
    arguments.add_argument("--asynchronous", action="store_true")
    arguments.add_argument("--seconds", type=int, default=20, help="between two events")
    arguments.add_argument("--clients", type=int, default=4)
    options = arguments.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="failover-"))
    folder.chmod(0o755)
    as_owner(folder)
    nodes, started = None, []
    try:
        nodes = Cluster(folder, not options.asynchronous)
        nodes.is_synchronous = not options.asynchronous
        wait("the cluster is whole", nodes.is_whole)
        role = f"CREATE ROLE latchkey LOGIN PASSWORD '{DATABASE_PASSWORD}'"
        nodes.psql(role)
        nodes.psql("CREATE DATABASE latchkey")
        home = pathlib.Path(tempfile.mkdtemp(dir=folder))
        secret, password = private(home / "database", DATABASE_PASSWORD), private(home / "password", cluster.PASSWORD)
        superuser = private(home / "superuser", "secret of the superuser")
        front = f"127.0.0.1:{nodes.front}"
        every = ",".join(f"127.0.0.1:{port}" for port in nodes.sql)
        binary = os.path.abspath(options.binary)
        init = [binary, "--data", str(home / "data"), "db", "init", "--database", f"postgres://postgres@{front}/latchkey"]
        init += ["--database-password-file", superuser, "--grant", "latchkey", "--superuser", "jo", "--password-file", password]
        subprocess.run(init, check=True, env={"PATH": os.environ["PATH"], "HOME": str(home)})
        for n, place in enumerate([front, front, every]):
            database = f"postgres://latchkey@{place}/latchkey"
            key_of = started[0] if started else None
            started.append(Server(binary, home / f"server{n}", database, "--database-password-file", secret, key_of=key_of))
        load = Load(started, options.clients)
        try:
            is_bad = asynchronous(nodes, load, options) if options.asynchronous else synchronous(nodes, load, options)
        finally:
            load.end()
        raise SystemExit(is_bad)
    finally:
        for server in started:
            server.end()
        if nodes:
            nodes.end()
        shutil.rmtree(folder, ignore_errors=True)


def recover(nodes, load, event, old):
    wait("another primary", lambda: nodes.primary() not in (None, old))
    before = len(load.kept)
    wait("creates work again", lambda: len(load.kept) > before)
    wait("every server is ready", lambda: all(server.ready()[0] == 200 for server in load.servers))
    time.sleep(1)
    say(event, load)


def synchronous(nodes, load, options):
    time.sleep(options.seconds)
    say("nothing happens", load)
    old = nodes.primary()
    nodes.switch_over()
    recover(nodes, load, "switch-over", old)
    wait("the cluster is whole", nodes.is_whole)
    time.sleep(options.seconds)
    load.mark()
    old = nodes.primary()
    nodes.kill(old)
    recover(nodes, load, "the primary is killed", old)
    nodes.restart(old)
    wait("the cluster is whole", nodes.is_whole)
    time.sleep(options.seconds)
    say("the killed node is back", load)
    load.end()
    print("answers that were repeated, by status (0: none came):", dict(load.answers))
    lost, back = load.missing()
    print(f"{len(load.kept)} creates were confirmed and {len(lost)} of them lost; {len(load.deleted)} deletions, {len(back)} undone")
    print(f"{load.checks} checks of access tokens after their key's deletion was confirmed: {load.accepted.total()} accepted")
    warned = [server.folder.name for server in load.servers if "warning" in server.ready()[1]]
    print(f"servers that say commits were lost: {', '.join(warned) or 'none'}")
    return int(bool(lost or back or load.accepted.total() or warned))


def asynchronous(nodes, load, options):
    time.sleep(options.seconds)
    say("nothing happens", load)
    old = nodes.primary()
    # From now on the standbys get nothing.
    for pid in nodes.psql("SELECT pid FROM pg_stat_replication"):
        os.kill(int(pid), signal.SIGSTOP)
    time.sleep(3)
    nodes.kill(old)
    recover(nodes, load, "the primary is killed", old)
    wait("each server says so", lambda: all("warning" in server.ready()[1] for server in load.servers), 30)
    load.end()
    print("answers that were repeated, by status (0: none came):", dict(load.answers))
    lost, back = load.missing()
    print(f"{len(load.kept)} creates were confirmed and {len(lost)} of them lost; {len(load.deleted)} deletions, {len(back)} undone")
    print(f"{load.checks} checks of access tokens after their key's deletion was confirmed: {load.accepted.total()} accepted")
    print("accepted, by the status of the deletion's answer:", dict(load.accepted))
    for server in load.servers:
        errors = [json.loads(line)["message"] for line in server.log if '"ERROR"' in line]
        print(server.folder.name, "says", server.ready()[1].get("warning"), "and logged", errors)
    return int(not lost or load.accepted.total() > 0)


if __name__ == "__main__":
    main()
