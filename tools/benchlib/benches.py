# SPDX-License-Identifier: Apache-2.0
"""The benches, one function a letter. Each measures both sides in turn, in rounds, and adds rows to the table.

A new bench is a function with the decorator @bench("x", "what it measures"): then it is in the usage and a full run."""
import time
from dataclasses import dataclass, field

from benchlib import ingest, latency, machine, measure, pages
from benchlib.database import Cluster
from benchlib.desk import Desk
from benchlib.machine import say
from benchlib.peers import Sink

BENCHES = {}


def bench(letter, title):
    def register(function):
        BENCHES[letter] = (title, function)
        return function
    return register


@dataclass
class Row:
    """One line of the table; every cell is a text."""
    letter: str
    what: str
    measured: str
    beside: str = ""
    ratio: str = ""
    aim: str = ""


@dataclass
class Bench:
    """One run: the machine, the sizes, and what has been measured."""
    machine: machine.Machine
    tidings: str
    sizes: object
    letters: set
    rows: list = field(default_factory=list)
    message_bytes: int = 0
    sink_port: int = field(default_factory=machine.free_port)

    def __post_init__(self):
        self.kept = {}

    def add(self, letter, *cells):
        self.rows.append(Row(letter, *cells))
        say("  => " + " | ".join(cell for cell in cells if cell))

    def sink(self):
        return Sink(self.machine, self.sink_port)

    def keep(self, name, make):
        """What several benches use is made once."""
        if name not in self.kept:
            self.kept[name] = make()
        return self.kept[name]

    def desk(self, name, cluster=None, **fill):
        """A desk with the samples and what is filled in; copies of it are measured."""
        def make():
            say(f"  making the desk {name}: " + ", ".join(f"{number:,} {what}" for what, number in fill.items()))
            desk = Desk.create(self, name, self.sink_port, cluster)
            self.message_bytes = desk.prepare()
            desk.fill(**fill)
            return desk
        return self.keep(f"desk {name}", make)

    def queued(self, cluster=None):
        """As many as are drained; the sample is one of them."""
        return self.desk("queued" if cluster is None else "queued_pg", cluster, queued=self.sizes.n - 1)

    def used(self, cluster=None):
        """For opening tickets. Without a history PostgreSQL would plan for empty tables, as it does on a new desk until
        autovacuum has looked at it for the first time."""
        return self.desk("used" if cluster is None else "used_pg", cluster, accounts=200, history=10_000)

    def cluster(self):
        def make():
            say("  starting a PostgreSQL of our own")
            return Cluster(self.machine)
        return self.keep("cluster", make)

    def rounds(self, one):
        """The answers of as many rounds as wanted; `one` gets the round's number."""
        answers = []
        for i in range(self.sizes.rounds):
            say(f"  round {i + 1} of {self.sizes.rounds}")
            answers.append(one(i))
        return answers

    def on_copy(self, desk, do):
        twin = desk.copy("round")
        answer = do(twin)
        twin.remove()
        return answer


def in_turn(i, first, second):
    """The answers of both, begun with the other in every second round: being first is neither's gain or loss."""
    if i % 2 == 0:
        one = first()
        return one, second()
    two = second()
    return first(), two


def drains(b):
    """Rounds of (smtp-source's rate, Drained), for (a) and (d)."""
    def make():
        desk = b.queued()
        sink = b.sink()
        rounds = b.rounds(lambda i: in_turn(
            i, lambda: measure.source_rate(b, sink),
            lambda: b.on_copy(desk, lambda twin: measure.drain(twin, sink, b.sizes.n))))
        sink.stop()
        return rounds
    return b.keep("drains", make)


@bench("a", "draining queued alerts into smtp-sink, against smtp-source -d")
def bench_drain(b):
    source, ours = measure.median_round(drains(b), lambda pair: pair[1].rate / pair[0])
    b.add("a", f"{b.sizes.n:,} queued alerts drained", f"{ours.rate:,.0f}/s", f"smtp-source -d: {source:,.0f}/s",
          f"{ours.rate / source:.2f}", "at least 0.8")


@bench("b", "tickets opened through the API, counted at the sink")
def bench_open(b):
    desk = b.used()
    for clients in (1, 8, 32):
        sink = b.sink()
        rounds = b.rounds(lambda i: in_turn(
            i, lambda: measure.source_rate(b, sink),
            lambda: b.on_copy(desk, lambda twin: measure.open_tickets(twin, sink, clients, b.sizes.seconds))))
        sink.stop()
        source, ours = measure.median_round(rounds, lambda pair: pair[1].rate / pair[0])
        who = "1 client" if clients == 1 else f"{clients} clients"
        b.add("b", f"tickets opened, {who}, counted at the sink", f"{ours.rate:,.0f}/s",
              f"smtp-source -d: {source:,.0f}/s", f"{ours.rate / source:.2f}", "at least 0.4" if clients == 32 else "")


@bench("c", "from the API's answer to the sink's final reply, at 100 tickets a second, beside one fsync")
def bench_latency(b):
    desk = b.used().copy("latency")
    customers = desk.rows("SELECT account, id FROM contact ORDER BY id DESC LIMIT 64")
    say("  fsync alone, before")
    pause = 1 / (3 * b.sizes.rate)  # a ticket's commit, its claim and its settling
    fsyncs = machine.fsync_times(b.machine.folder, pause)
    times = latency.measure(desk, b.sink_port, customers, b.sizes.rate, b.sizes.latency_seconds)
    desk.remove()
    say("  fsync alone, after")
    fsyncs += machine.fsync_times(b.machine.folder, pause)
    p50, p99, p999 = measure.percentiles(times)
    f50, f99, f999 = measure.percentiles(fsyncs)
    limit = 5 + 3 * f99
    b.add("c", f"API's answer to the sink's final reply, {b.sizes.rate} tickets a second ({len(times):,}):"
          " p50 / p99 / p99.9",
          f"{p50:.2f} / {p99:.2f} / {p999:.2f} ms", f"one fsync: {f50:.2f} / {f99:.2f} / {f999:.2f} ms",
          f"{p99 / limit:.2f} of the limit", f"p99 at most 5 ms + 3 fsyncs = {limit:.1f} ms")


@bench("d", "memory and processor time, during (a) and with a million queued")
def bench_cost(b):
    rounds = [ours for _, ours in drains(b)]
    ours = measure.median_round(rounds, lambda one: one.cpu)
    b.add("d", "CPU seconds for 1,000 alerts, during (a)", f"{ours.cpu:.3f}", f"smtp-sink's own: {ours.sink_cpu:.3f}",
          "", "at most 0.2")
    b.add("d", "resident at most, during (a)", f"{max(one.memory for one in rounds):.1f} MiB")
    backlog = backlog_drains(b) if "e" in b.letters else \
        [sample(b, b.desk("million", queued=b.sizes.queued + enough(b)), "with the whole backlog")]
    b.add("d", f"resident at most, with {b.sizes.queued:,} queued", f"{max(one.memory for one in backlog):.1f} MiB", "",
          "", "at most 64 MiB")


def sample(b, desk, what):
    """Drains some of a desk's backlog: the server is stopped when the sink has so many. The rest stays queued."""
    say(f"    {what}")
    b.machine.settle()
    sink = b.sink()
    drained = measure.drain(desk, sink, b.sizes.n, whole=False)
    sink.stop()
    return drained


def enough(b):
    """Alerts for every round's sample, and for what leaves until the server has stopped."""
    return (b.sizes.rounds + 1) * b.sizes.n


def empty_and(b, desk, what):
    """Rounds of (Drained of an otherwise empty desk, Drained of this one)."""
    queued = b.queued()
    return b.rounds(lambda i: in_turn(
        i, lambda: b.on_copy(queued, lambda twin: sample(b, twin, "an empty desk")), lambda: sample(b, desk, what)))


def backlog_rounds(b):
    def make():
        desk = b.desk("backlog", queued=b.sizes.queued + enough(b), history=b.sizes.history)
        return empty_and(b, desk, f"{b.sizes.queued:,} queued, {b.sizes.history:,} in history")
    return b.keep("backlog rounds", make)


def backlog_drains(b):
    return [big for _, big in backlog_rounds(b)]


def add_against_empty(b, what, rounds):
    empty, big = measure.median_round(rounds, lambda pair: pair[1].sink_rate / pair[0].sink_rate)
    b.add("e", what, f"{big.sink_rate:,.0f}/s", f"an empty desk: {empty.sink_rate:,.0f}/s",
          f"{big.sink_rate / empty.sink_rate:.2f}", "at least 0.9")


@bench("e", "(a) with a million queued and five million in history, and with 100,000 deferred, against an empty desk")
def bench_size(b):
    add_against_empty(b, f"(a) with {b.sizes.queued:,} queued and {b.sizes.history:,} in history", backlog_rounds(b))
    desk = b.desk("deferred", queued=enough(b), deferred=b.sizes.deferred)
    add_against_empty(b, f"(a) with {b.sizes.deferred:,} deferred",
                      empty_and(b, desk, f"{b.sizes.deferred:,} deferred"))


ONE_NODE = (None,)
TWO_NODES = ("web", "alerts", "alerts")


def three_ways(b, sqlite, cluster_desk, do):
    """Rounds of (SQLite, PostgreSQL with one node, PostgreSQL with two)."""
    def one(_):
        answers = []
        for name, desk, nodes in (("SQLite", sqlite, ONE_NODE), ("PostgreSQL, one node", cluster_desk, ONE_NODE),
                                  ("PostgreSQL, two nodes", cluster_desk, TWO_NODES)):
            say(f"   {name}")
            answers.append(b.on_copy(desk, lambda twin: do(twin, nodes)))
        return answers
    return b.rounds(one)


def add_three(b, what, rounds):
    for i, (name, aim) in ((1, ("one node", "at least 0.4 of SQLite")), (2, ("two nodes", "at least one node's"))):
        other = i - 1
        answer = measure.median_round(rounds, lambda three: three[i].rate / three[other].rate)
        beside = ("SQLite", "one node")[other]
        b.add("f", f"{what}, PostgreSQL, {name}", f"{answer[i].rate:,.0f}/s", f"{beside}: {answer[other].rate:,.0f}/s",
              f"{answer[i].rate / answer[other].rate:.2f}", aim)


@bench("f", "(a) and (b) on PostgreSQL, one node and two, against SQLite")
def bench_postgresql(b):
    cluster = b.cluster()
    queued, used = (b.queued(), b.queued(cluster)), (b.used(), b.used(cluster))
    sink = b.sink()
    add_three(b, f"(a) {b.sizes.n:,} queued alerts drained",
              three_ways(b, *queued, lambda twin, nodes: measure.drain(twin, sink, b.sizes.n, nodes)))
    add_three(b, "(b) tickets opened, 32 clients, counted at the sink",
              three_ways(b, *used, lambda twin, nodes: measure.open_tickets(twin, sink, 32, b.sizes.seconds, nodes)))
    sink.stop()


@bench("r", "what composing one mail costs: reading an alert's message against reading the alert")
def bench_render(b):
    """The exact bytes of a message are composed anew at each request, so the difference is templates, MIME and hash."""
    desk = b.used().copy("render")
    sink = b.sink()
    server, = desk.serve()
    rounds = b.rounds(lambda i: in_turn(
        i, lambda: measure.cpu_per_request(desk, server, "/api/v1/alerts/1", b.sizes.seconds),
        lambda: measure.cpu_per_request(desk, server, "/api/v1/alerts/1/message", b.sizes.seconds)))
    server.stop()
    sink.stop()
    desk.remove()
    alert, message = measure.median_round(rounds, lambda pair: pair[1] - pair[0])
    b.add("r", f"CPU for composing one mail of {b.message_bytes:,} bytes", f"{message - alert:.0f} us",
          f"GET message {message:.0f} us, GET alert {alert:.0f} us")


PAGE_ALERTS, PAGE_REQUESTS = 1_000_000, 200


@bench("p", "pages of the console with 100,000 tickets and 1,000,000 alerts")
def bench_pages(b):
    """Five people on each ticket, told when it was opened and when it was closed: ten alerts a ticket."""
    desk = b.desk("large", history=PAGE_ALERTS)
    server, = desk.serve()
    browser = pages.Browser(desk, server)
    seen = [browser.see(path, PAGE_REQUESTS) for path in (
        "/tickets", "/tickets?state=all", "/tickets?q=disk", f"/tickets/{PAGE_ALERTS // 20}", "/alerts-server")]
    server.stop()
    for page in seen:
        b.add("p", f"{page.path}: median / p99 of {PAGE_REQUESTS}", f"{page.median * 1000:.1f} / {page.p99 * 1000:.1f} ms",
              f"loads {page.weight / 1024:.0f} KiB", "", "median under 50 ms, under 200 KiB")


SIMULATED_EVENTS = 100_000


@bench("s", "a simulation of 100,000 events through the API")
def bench_simulate(b):
    """Two events a ticket, two people told of each; and with another brake every decision depends on those before it."""
    desk = b.desk("past", history=2 * SIMULATED_EVENTS, recipients=2)
    server, = desk.serve()
    options = {"alerts_to_customers": {"brake": {"customers": 20}}}

    def once(body):
        began = time.monotonic()
        answer = desk.call(server, "POST", "/api/v1/simulate?limit=200", {"days": 3660, **body})
        if answer["events"] < SIMULATED_EVENTS:
            raise machine.BenchError(f"only {answer['events']} events were simulated")
        return time.monotonic() - began
    rounds = b.rounds(lambda i: in_turn(i, lambda: once({}), lambda: once({"options": options})))
    server.stop()
    plain, changed = measure.median_round(rounds, lambda pair: pair[1])
    b.add("s", f"{SIMULATED_EVENTS:,} events simulated, another brake", f"{changed:.1f} s",
          f"the options of then: {plain:.1f} s", "", "at most 10 s")


AT_ONCE = 4  # deliveries of a mail server at one time


@bench("i", "mails brought by `tidings ingest`, a process each, while the desk is served")
def bench_ingest(b):
    """Each opens a ticket. Beside it: as many processes of `cat` that are given the same mails."""
    desk = b.empty()
    sink = b.sink()
    rounds = b.rounds(lambda i: in_turn(
        i, lambda: ingest.process_rate(b.sizes.mails, AT_ONCE),
        lambda: b.on_copy(desk, lambda twin: ingest.measure(twin, b.sizes.mails, AT_ONCE))))
    sink.stop()
    cat, ours = measure.median_round(rounds, lambda pair: pair[1].rate / pair[0])
    b.add("i", f"{b.sizes.mails:,} mails by tidings ingest, {AT_ONCE} at a time, a ticket each", f"{ours.rate:,.0f}/s",
          f"cat: {cat:,.0f}/s", f"{ours.rate / cat:.2f}")
    b.add("i", "CPU seconds of the server for 1,000 mails", f"{ours.cpu:.2f}")
    b.add("i", "resident at most: the server, and one tidings ingest",
          f"{max(one.memory for _, one in rounds):.1f} MiB", f"{max(one.client_memory for _, one in rounds):.1f} MiB")
