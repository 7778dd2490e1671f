# SPDX-License-Identifier: Apache-2.0
"""A desk that is made for one bench: its folder, its database, the servers on it, and the API as a client sees it."""
import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request

from benchlib import machine
from benchlib.database import open_database
from benchlib.machine import BenchError
from benchlib.peers import Sink

TOOLS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TICKET = {"account": 2, "contact": 3, "title": "Backup failed on db1", "description": "The nightly backup failed."}
# Two looks, because each has an index: what waits, and what is being sent.
ON_THE_WAY = ("SELECT 1 FROM outbox WHERE state IN ('queued', 'deferred', 'uncertain')"
              " AND state NOT IN ('sending', 'accepted') AND due_at < {now} LIMIT 1",
              "SELECT 1 FROM outbox WHERE state = 'sending' LIMIT 1")


class Server:
    """One `tidings serve`."""

    def __init__(self, desk, roles=None):
        command = [desk.bench.tidings, "serve", "--desk", desk.folder, "--listen", f"127.0.0.1:{machine.free_port()}"]
        if roles is not None:
            command += ["--roles", roles]
        self.sends = roles is None or "alerts" in roles
        self.began = time.monotonic()
        self.process = machine.Process(desk.bench.machine, "tidings", command, stdout=subprocess.PIPE, text=True)
        self.url = None

    def wait_ready(self):
        """Until it says that it is; gives itself."""
        line = self.process.child.stdout.readline()
        self.ready = time.monotonic()
        self.start_cpu = self.process.cpu() if line else 0
        if "ready" not in line:
            self.process.child.wait()
            self.process.check()
        if " at " in line:
            self.url = line.split(" at ")[1].split(",")[0]
        return self

    def cpu(self):
        """Seconds of processor time since it was ready."""
        return self.process.cpu() - self.start_cpu

    def stop(self):
        self.process.stop()
        self.process.child.stdout.close()


class Desk:
    """A folder and a database. `cluster` is None for SQLite."""

    def __init__(self, bench, name, token, cluster):
        self.bench, self.name, self.token, self.cluster = bench, name, token, cluster
        self.folder = bench.machine.path(name)
        self.database = cluster.url(name) if cluster else os.path.join(self.folder, "tidings.sqlite")

    @staticmethod
    def create(bench, name, sink_port, cluster=None):
        """With sample data, sending to this port over as many connections as the bench wants."""
        more = ["--database", cluster.create(name)] if cluster else []
        made = machine.run([bench.tidings, "init", "--desk", bench.machine.path(name), "--sample", "--json", *more])
        desk = Desk(bench, name, json.loads(made)["token"], cluster)
        desk.command("options", "set", "alerts-server", "transport=smtp", "host=127.0.0.1", f"port={sink_port}",
                     "security=none", f"concurrency={bench.sizes.sessions}")
        return desk

    def command(self, *words):
        return machine.run([self.bench.tidings, *words, "--desk", self.folder])

    def serve(self, *nodes):
        """One server with all roles, or one for each of the roles named. They start at the same time."""
        return [server.wait_ready() for server in [Server(self, roles) for roles in nodes or (None,)]]

    def call(self, server, method, path, body=None):
        request = urllib.request.Request(
            server.url + path, method=method, data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"})
        with urllib.request.urlopen(request) as answer:
            return json.loads(answer.read())

    def rows(self, sql):
        db = open_database(self.database)
        try:
            return db.rows(sql)
        finally:
            db.close()

    def states(self):
        return {state: int(count) for state, count in self.rows("SELECT state, COUNT(*) FROM outbox GROUP BY state")}

    def wait_settled(self, server):
        """Until no alert is on its way any more; when that was."""
        db = open_database(self.database)
        try:
            def settled():
                server.process.check()
                now = time.time_ns() // 1000
                return not any(db.rows(sql.format(now=now)) for sql in ON_THE_WAY)
            machine.wait_until("recording the last outcomes", settled, every=0.005)
            return time.monotonic()
        finally:
            db.close()

    def prepare(self):
        """The samples that tools/bench-fill clones: one ticket opened and closed whose alerts were accepted, one whose
        alert was deferred, and one whose alert waits. Gives the size of such an alert in bytes."""
        port = self.bench.sink_port
        self.with_sink(Sink(self.bench.machine, port), "accepted", close=True)
        self.with_sink(Sink(self.bench.machine, port, "-r", "RCPT"), "deferred")
        self.command("ticket", "open", *(f"--{name}={value}" for name, value in TICKET.items()))
        message = subprocess.run([self.bench.tidings, "alerts", "message", "1", "--desk", self.folder],
                                 stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
        return len(message.stdout)

    def with_sink(self, sink, state, close=False):
        server, = self.serve()
        ticket = self.call(server, "POST", "/api/v1/tickets", TICKET)["number"]
        if close:
            closing = {"status": "Completed", "resolution": "Replaced a disk."}
            self.call(server, "PATCH", f"/api/v1/tickets/{ticket}", closing)

        alerts = []

        def arrived():
            alerts[:] = self.call(server, "GET", f"/api/v1/tickets/{ticket}/alerts")["items"]
            return alerts and all(alert["state"] == state for alert in alerts)
        try:
            machine.wait_until(f"an alert that is {state}", arrived)
        except BenchError as error:
            raise BenchError(f"{error}: {json.dumps(alerts)}") from error
        server.stop()
        sink.stop()

    def fill(self, **numbers):
        """Runs tools/bench-fill at low priority."""
        command = ["nice", sys.executable, os.path.join(TOOLS, "bench-fill"), self.database]
        ended = subprocess.run(command + [f"--{name}={number}" for name, number in numbers.items()], check=False)
        if ended.returncode != 0:
            raise BenchError("filling the desk failed")

    def copy(self, name):
        """The same desk once more, so that every measurement begins with the same one."""
        twin = Desk(self.bench, name, self.token, self.cluster)
        shutil.copytree(self.folder, twin.folder, ignore=shutil.ignore_patterns("tidings.sock"))
        if self.cluster:
            self.cluster.create(name, self.name)
            config = os.path.join(twin.folder, "tidings.conf")
            with open(config, encoding="utf-8") as file:
                text = file.read()
            with open(config, "w", encoding="utf-8") as file:
                file.write(text.replace(self.database, twin.database))
            self.cluster.settle()
        self.bench.machine.settle()
        return twin

    def remove(self):
        if self.cluster:
            self.cluster.drop(self.name)
        shutil.rmtree(self.folder)
