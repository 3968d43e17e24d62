"""What the measurements beside this file share: users, ports, and servers with a client. The standard library alone."""
import hashlib
import hmac
import http.client
import json
import os
import pathlib
import shutil
import socket
import subprocess
import threading
import time
import uuid

PASSWORD = "correct horse battery staple"
PGBIN = str(max(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name)))
# PostgreSQL refuses to run as root.
AS_USER = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"] if os.geteuid() == 0 else []


def ports(count):
    """Ports of this machine that nothing listens on."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    found = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return found


def private(path, text):
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    return str(path)


def as_owner(path):
    if AS_USER:
        shutil.chown(path, 65534, 65534)


def as_user(*arguments, **options):
    return subprocess.run([*AS_USER, *arguments], check=True, cwd="/", stdout=subprocess.DEVNULL, **options)


class Postgres:
    """A PostgreSQL server of our own on a Unix socket, with the database `latchkey`, its tables and the superuser `jo`."""

    def __init__(self, folder, binary):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir()
        as_owner(self.folder)
        as_user(f"{PGBIN}/initdb", "-D", f"{folder}/data", "-U", "latchkey", "-A", "trust", "-E", "UTF8", "--locale=C")
        settings = f"listen_addresses = ''\nunix_socket_directories = '{folder}'\nmax_connections = 200\n"
        with open(self.folder / "data/postgresql.conf", "a") as file:
            file.write(settings)
        self.start()
        as_user(f"{PGBIN}/createdb", "-h", str(folder), "-U", "latchkey", "latchkey")
        self.address = f"postgres://latchkey@/latchkey?host={folder}"
        self.pooler = None
        home = self.folder / "admin"
        home.mkdir(mode=0o700)
        password = private(home / "password", PASSWORD)
        init = [binary, "--data", str(home), "db", "init", "--database", self.address]
        init += ["--superuser", "jo", "--password-file", password]
        subprocess.run(init, check=True, stdout=subprocess.DEVNULL, env={"PATH": os.environ["PATH"], "HOME": str(home)})

    def start(self):
        self.control("-l", f"{self.folder}/log", "-w", "start")

    def crash(self):
        self.control("-m", "immediate", "-w", "stop")

    def control(self, *arguments):
        as_user(f"{PGBIN}/pg_ctl", "-D", f"{self.folder}/data", "-s", *arguments)

    def pool(self):
        """Puts PgBouncer in front, which lends a connection for a transaction, and gives the address."""
        settings = f"[databases]\nlatchkey = host={self.folder} user=latchkey\n[pgbouncer]\nlisten_addr =\nlisten_port = 6432\n"
        settings += f"unix_socket_dir = {self.folder}\nauth_type = any\npool_mode = transaction\n"
        settings += "max_client_conn = 200\ndefault_pool_size = 20\n"
        (self.folder / "pooler.ini").write_text(settings)
        self.pooler = subprocess.Popen([*AS_USER, "pgbouncer", "-q", f"{self.folder}/pooler.ini"], cwd="/")
        while not (self.folder / ".s.PGSQL.6432").exists():
            time.sleep(0.05)
        return f"{self.address}&port=6432"

    def end(self):
        if self.pooler:
            self.pooler.terminate()
            self.pooler.wait()
        self.crash()


class Server:
    """`latchkey serve` on a database. The first one's master key is copied to the others."""

    def __init__(self, binary, folder, database, *arguments, key_of=None):
        self.folder, self.log, self.connection = pathlib.Path(folder), [], threading.local()
        self.folder.mkdir(mode=0o700)
        if key_of:
            shutil.copy(key_of.folder / "master.key", self.folder)
        self.process = subprocess.Popen(
            [binary, "--data", str(self.folder), "serve", "--listen", "127.0.0.1:0", "--log-format", "json"]
            + ["--database", database, "--name", self.folder.name, "--max-per-address", "1000", *arguments],
            stderr=subprocess.PIPE, text=True, env={"PATH": os.environ["PATH"], "HOME": str(self.folder)},
        )
        for line in self.process.stderr:
            if not line.startswith("{"):
                raise SystemExit(line)
            said = json.loads(line)
            if said.get("message") == "listening":
                self.port = int(said["place"].rsplit(":", 1)[1])
                break
        threading.Thread(target=self.read_log, daemon=True).start()

    def read_log(self):
        """Keeps what is not a request."""
        for line in self.process.stderr:
            if '"route"' not in line:
                self.log.append(line)

    def call(self, method, path, body=None, **headers):
        """Status, body and headers of an answer; status 0 without an answer."""
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        content = None
        if body is not None:
            content, headers["content-type"] = json.dumps(body), "application/json"
        # The server may have closed a connection that was not used for a while: what changes nothing is asked again.
        for is_last in (False, True) if method == "GET" or path == "/auth/client_token" else (True,):
            connection = getattr(self.connection, "value", None)
            if connection is None:
                connection = self.connection.value = http.client.HTTPConnection("127.0.0.1", self.port, timeout=40)
            try:
                connection.request(method, "/api/v2" + path, content, headers)
                answer = connection.getresponse()
                raw = answer.read()
                return answer.status, json.loads(raw) if raw else {}, answer.headers
            except (OSError, http.client.HTTPException):
                connection.close()
                if is_last:
                    return 0, {}, {}

    def sign_in(self):
        status, body, _ = self.call("POST", "/auth/session", {"username": "jo", "password": PASSWORD})
        return "Bearer " + body["session_token"] if status == 200 else None

    def create(self, session, idempotency_key=None):
        headers = {"authorization": session, "idempotency_key": idempotency_key or uuid.uuid4().hex}
        return self.call("POST", "/keys", {"label": "x"}, **headers)

    def exchange(self, key, secret):
        """The status, and an access token if that is 200."""
        hashed = hmac.new(secret.encode(), b"content", hashlib.sha256).hexdigest()
        body = {"scope": "docs_api", "content": "content"}
        status, body, _ = self.call("POST", "/auth/client_token", body, x_key=key, x_hash=hashed)
        return status, body.get("access_token")

    def verify(self, token):
        return self.call("GET", "/auth/verify", x_access_token=token)[0]

    def ready(self):
        return self.call("GET", "/ready")[:2]

    def end(self):
        self.process.terminate()
        self.process.wait()
