# SPDX-License-Identifier: Apache-2.0
"""What is measured: draining a desk, opening tickets, and the time from the API's answer to the sink's. One call is one
measurement on a desk of its own; what is compared with what is the business of benches.py."""
import os
import signal
from dataclasses import dataclass

from benchlib import machine
from benchlib.machine import BenchError, say
from benchlib.peers import Wrk, smtp_source

WRK_TICKETS = """
-- Tickets of 64 customers: fewer than the brake would hold.
math.randomseed(os.time())
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer " .. os.getenv("BENCH_TOKEN")
local customers = load("return " .. os.getenv("BENCH_CUSTOMERS"))()
function request()
  local one = customers[math.random(#customers)]
  return wrk.format(nil, nil, nil, string.format(
    '{"account": %d, "contact": %d, "title": "Backup failed on db1", "description": "The nightly backup failed."}',
    one[1], one[2]))
end
"""

WRK_GET = """
wrk.headers["Authorization"] = "Bearer " .. os.getenv("BENCH_TOKEN")
"""


@dataclass
class Drained:
    """What came of draining `mails`."""
    mails: int
    rate: float  # a second, from ready until the last of them is counted at the sink (whole: and durably recorded)
    sink_rate: float  # until it is counted at the sink
    cpu: float  # seconds for 1,000 mails, all servers
    sink_cpu: float  # the same of smtp-sink
    memory: float  # MiB resident at most, the largest server
    start: float  # seconds until it was ready


class Profile:
    """PROFILE=1: where the server's processor time goes, by perf. It slows down what it looks at."""

    def __init__(self, host, server):
        self.data = host.path("perf.data")
        command = [machine.program("perf"), "record", "-q", "-F", "999", "-o", self.data, "-p", str(server.process.pid)]
        self.perf = machine.Process(host, "perf", command, end=signal.SIGINT)

    def show(self):
        self.perf.stop()
        for sort, lines in (("comm", 8), ("dso", 12), ("comm,symbol", 40)):
            report = machine.run([machine.program("perf"), "report", "-i", self.data, "--stdio", "-q", "--sort", sort])
            say("\n".join([line for line in report.splitlines() if line.strip()][:lines]))


def drain(desk, sink, mails, nodes=(None,), whole=True):
    """Serves a desk whose outbox is full until the sink has `mails` of it. `whole`: that is all there is, and the clock
    stops only when every outcome is recorded."""
    before, sink_cpu = sink.count(), sink.process.cpu()
    servers = desk.serve(*nodes)
    begin = min(server.ready for server in servers if server.sends)
    profile = Profile(desk.bench.machine, servers[-1]) if os.environ.get("PROFILE", "0") not in ("", "0") else None
    counted = end = sink.wait(before + mails, servers[-1].process, "draining")
    if whole:
        end = desk.wait_settled(servers[-1])
    if profile:
        profile.show()
    result = Drained(
        mails, mails / (end - begin), mails / (counted - begin),
        sum(server.cpu() for server in servers) * 1000 / mails, (sink.process.cpu() - sink_cpu) * 1000 / mails,
        max(server.process.memory() for server in servers), begin - min(server.began for server in servers))
    for server in servers:
        server.stop()
    if whole and sink.count() != before + mails:
        raise BenchError(f"{mails} mails were queued, but the sink has {sink.count() - before}")
    say(f"    tidings {result.rate:,.0f} a second; {result.cpu:.3f} CPU seconds for 1,000 (smtp-sink's own"
        f" {result.sink_cpu:.3f}), {result.memory:.1f} MiB at most, ready after {result.start:.2f} s;"
        f" {describe_states(desk) if whole else 'the rest stays queued'}")
    return result


def describe_states(desk):
    return ", ".join(f"{count:,} {state}" for state, count in sorted(desk.states().items()))


def source_rate(bench, sink, mails=None):
    """`smtp-source -d` on the other side."""
    rate = smtp_source(sink, mails or bench.sizes.n, bench.sizes.sessions, bench.message_bytes)
    say(f"    smtp-source -d {rate:,.0f} a second ({bench.message_bytes:,} bytes, {bench.sizes.sessions} sessions)")
    return rate


@dataclass
class Opened:
    """What came of opening tickets for some seconds."""
    tickets: float  # opened a second
    rate: float  # mails a second at the sink, from the first request until the last mail is recorded


def open_tickets(desk, sink, clients, seconds, nodes=(None,)):
    """wrk opens tickets with one recipient each, while the Alerts Server sends."""
    customers = desk.rows("SELECT account, id FROM contact ORDER BY id DESC LIMIT 64")
    before = sink.count() + desk.states().get("queued", 0)  # the samples' own
    servers = desk.serve(*nodes)
    url = next(server.url for server in servers if server.url)
    wrk = Wrk(desk.bench.machine, WRK_TICKETS, url + "/api/v1/tickets", clients, seconds, BENCH_TOKEN=desk.token,
              BENCH_CUSTOMERS="{" + ",".join(f"{{{account},{contact}}}" for account, contact in customers) + "}")
    answered, rate = wrk.wait()
    sink.wait(before + answered, servers[-1].process, "delivering what was opened")
    end = desk.wait_settled(servers[-1])
    for server in servers:
        server.stop()
    mails = sink.count() - before
    if mails > answered + clients:  # wrk leaves without waiting for its last answers
        raise BenchError(f"{answered} tickets were opened, but the sink has {mails} mails")
    states = desk.states()
    held = states.get("held", 0)
    if held:
        raise BenchError(f"the brake held {held} alerts; the customers of this bench are too many")
    result = Opened(rate, mails / (end - wrk.began))
    say(f"    {clients} clients: {result.tickets:,.0f} tickets a second opened,"
        f" {result.rate:,.0f} mails a second at the sink")
    return result


def cpu_per_request(desk, server, path, seconds):
    """Microseconds of the server's processor time for one GET."""
    before = server.process.cpu()
    wrk = Wrk(desk.bench.machine, WRK_GET, server.url + path, 4, seconds, BENCH_TOKEN=desk.token)
    answered, _ = wrk.wait()
    return (server.process.cpu() - before) * 1e6 / answered


def percentiles(seconds):
    """p50, p99 and p99.9 in milliseconds."""
    return tuple(machine.percentile(seconds, part) * 1000 for part in (0.5, 0.99, 0.999))


def median_round(rounds, key):
    """The round in the middle by `key`, so that its parts belong together."""
    ordered = sorted(rounds, key=key)
    return ordered[(len(ordered) - 1) // 2]

