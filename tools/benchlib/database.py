# SPDX-License-Identifier: Apache-2.0
"""A desk's database, read and filled from outside: SQLite by Python's own module, PostgreSQL by a psql that stays open.

One SQL text serves both. There are no parameters: literals are written by quote()."""
import fcntl
import os
import pwd
import shutil
import signal
import sqlite3
import subprocess

from benchlib import machine
from benchlib.machine import BenchError

END = "--end-of-answer--"
SEPARATOR = "\x1f"


def quote(value):
    if value is None:
        return "NULL"
    if isinstance(value, int):
        return str(value)
    return "'" + str(value).replace("'", "''") + "'"


def open_database(url):
    return Postgres(url) if url.startswith("postgresql://") else Sqlite(url)


class Sqlite:
    """The file of a desk."""

    postgres = False

    def __init__(self, path):
        self.path = path
        self.handle = sqlite3.connect(f"file:{path}?mode=rw", uri=True, isolation_level=None, timeout=30)

    def rows(self, sql):
        return self.handle.execute(sql).fetchall()

    def columns(self, table):
        return [row[1] for row in self.rows(f"PRAGMA table_info({table})")]

    def begin_fill(self):
        """Without a journal: for a desk that is thrown away only. Holds the lock of who writes this desk."""
        self.lock = os.open(os.path.join(os.path.dirname(self.path), "tidings.lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BenchError(f"The desk of {self.path} is being served; stop that server first") from error
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-400000", "temp_store=MEMORY"):
            self.rows(f"PRAGMA {pragma}")

    def end_fill(self):
        self.rows("PRAGMA journal_mode=WAL")
        fd = os.open(self.path, os.O_RDONLY)
        os.fsync(fd)
        os.close(fd)
        os.close(self.lock)

    def close(self):
        self.handle.close()


class Postgres:
    """A database by its URL."""

    postgres = True

    def __init__(self, url):
        self.url = url
        self.psql = subprocess.Popen(
            [machine.program("psql"), "-X", "-q", "-A", "-t", "-F", SEPARATOR, "-v", "ON_ERROR_STOP=1", url],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8")

    def rows(self, sql):
        """Every value is a text, as psql prints it; "" for NULL."""
        try:
            self.psql.stdin.write(f"{sql};\n\\echo {END}\n")
            self.psql.stdin.flush()
        except BrokenPipeError:
            pass
        answer = []
        for line in self.psql.stdout:
            line = line.rstrip("\n")
            if line == END:
                return [tuple(row.split(SEPARATOR)) for row in answer if row != ""]
            answer.append(line)
        raise BenchError("psql: " + " ".join(answer))

    def columns(self, table):
        return [name for name, in self.rows("SELECT column_name FROM information_schema.columns WHERE table_schema ="
                                            f" 'public' AND table_name = {quote(table)} ORDER BY ordinal_position")]

    def begin_fill(self):
        """Neither waits for the disk nor checks references: for a desk that is thrown away only."""
        self.rows("SET synchronous_commit = off")
        self.rows("SET session_replication_role = replica")

    def end_fill(self):
        for table, column in self.rows(
                "SELECT table_name, column_name FROM information_schema.columns"
                " WHERE table_schema = 'public' AND is_identity = 'YES'"):
            self.rows(f"SELECT setval(pg_get_serial_sequence('{table}', '{column}'), (SELECT COALESCE(MAX({column}), 0)"
                      f" + 1 FROM {table}), false)")
        # What autovacuum does to a desk that came to its rows in the ordinary way.
        self.rows("VACUUM ANALYZE")

    def close(self):
        self.psql.stdin.close()
        self.psql.wait()
        self.psql.stdout.close()


class Cluster:
    """A PostgreSQL of our own with the settings that initdb gives it (fsync is on), on a socket in the work folder."""

    def __init__(self, host):
        programs = newest_programs()
        self.folder = host.path("postgresql")
        os.mkdir(self.folder, 0o700)
        user = {}
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            entry = pwd.getpwnam("postgres")
            os.chown(self.folder, entry.pw_uid, entry.pw_gid)
            user = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
        data = os.path.join(self.folder, "data")
        machine.run([os.path.join(programs, "initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8",
                     "--locale=C.UTF-8", "--no-instructions"], cwd=self.folder, **user)
        self.server = machine.Process(
            host, "postgres",
            [os.path.join(programs, "postgres"), "-D", data, "-c", "listen_addresses=", "-c",
             f"unix_socket_directories={self.folder}", "-c", "max_connections=200"],
            end=signal.SIGINT, cwd=self.folder, **user)  # not SIGTERM, which waits for every client to go
        machine.wait_until("PostgreSQL", self.answers)
        self.control = Postgres(self.url("postgres"))

    def url(self, name):
        return f"postgresql:///{name}?host={self.folder}&user=postgres"

    def answers(self):
        self.server.check()
        asked = subprocess.run([machine.program("psql"), "-X", "-c", "SELECT 1", self.url("postgres")],
                               capture_output=True, check=False)
        return asked.returncode == 0

    def create(self, name, template="template1"):
        self.control.rows(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url(name)

    def drop(self, name):
        self.control.rows(f"DROP DATABASE {name}")

    def settle(self):
        self.control.rows("CHECKPOINT")

    def version(self):
        return self.control.rows("SHOW server_version")[0][0]

    def stop(self):
        self.control.close()
        self.server.stop()


def newest_programs():
    """The folder with initdb and postgres."""
    root = "/usr/lib/postgresql"
    found = [name for name in (os.listdir(root) if os.path.isdir(root) else [])
             if os.access(os.path.join(root, name, "bin", "initdb"), os.X_OK)]
    if found:
        return os.path.join(root, max(found, key=float), "bin")
    initdb = shutil.which("initdb")
    if initdb is None:
        raise BenchError("PostgreSQL's initdb is not installed; `tools/install-packages bench` installs it")
    return os.path.dirname(initdb)
