# SPDX-License-Identifier: Apache-2.0
"""Puts as many tickets into a desk as somebody would need a day to open, by cloning some that are real.

A sample ("shape") is one ticket that went through the API or the command line, with its recipients, events, alerts,
outbox rows and attempts. Cloning takes every column that the table has in the database, whatever its name, and replaces
those that must differ: ids, references, the customer, addresses, times. A column that a later schema step adds is taken
over as the sample has it.

Each clone has a ticket of its own, with its own events and facts, and goes round over the accounts. What is in history
has `recipients` people on each ticket, all told twice: when it was opened and when it was closed."""
import json
import time

from benchlib.database import quote
from benchlib.machine import BenchError, Progress, say

CHUNK = 20000  # alerts in one statement, about
SECOND = 1_000_000
HOUR = 3600 * SECOND
DAY = 24 * HOUR
MARK = "@ticket@"

# Columns of the outbox that are right for a clone as they are. Others (a later schema step's) are named in the output.
CLONED = {"kind", "urgent", "order_seq", "state", "attempts", "lease", "lease_until", "sender", "uncertain",
          "state_reason", "last_reply", "remote_id", "message_hash", "composer"}

class Shape:
    """One sample ticket: what to clone, and how many there are of each kind of row. Only temporary tables are made."""

    def __init__(self, db, name, state, recipients):
        self.db, self.name, self.recipients = db, name, recipients
        found = self.db.rows("SELECT MIN(a.ticket) FROM outbox o JOIN alert a ON o.kind = 'alert' AND a.id = o.ref"
                             f" WHERE o.state = {quote(state)}")
        if not found or found[0][0] in (None, ""):
            raise BenchError(f"This desk has no alert that is {state}, which the new ones would be cloned from. Open a"
                             " ticket whose alert comes to be so first; nothing was changed")
        self.ticket = int(found[0][0])
        self.events = [int(row[0]) for row in self.db.rows(
            f"SELECT id FROM event WHERE ticket = {self.ticket} AND id IN (SELECT event FROM alert) ORDER BY version")]
        self.alerts = len(self.events) * recipients
        self.copy("ticket", "ticket", f"number = {self.ticket}")
        self.copy("recipient", "recipient", f"id = (SELECT MIN(id) FROM recipient WHERE ticket = {self.ticket})")
        self.copy("employee", "employee_recipient", f"ticket = {self.ticket}")
        for i, event in enumerate(self.events):
            alert = f"(SELECT MIN(id) FROM alert WHERE event = {event})"
            box = f"(SELECT id FROM outbox WHERE kind = 'alert' AND ref = {alert})"
            self.copy(f"event{i}", "event", f"id = {event}")
            self.copy(f"alert{i}", "alert", f"id = {alert}")
            self.copy(f"outbox{i}", "outbox", f"id = {box}")
            self.copy(f"attempt{i}", "outbox_attempt", f"outbox = {box}")
        self.check_order_key()

    def copy(self, part, table, where):
        self.db.rows(f"CREATE TEMP TABLE {self.name}_{part} AS SELECT * FROM {table} WHERE {where}")

    def make_facts(self, i, accounts):
        """An event's facts for each account, with a mark where the ticket's number belongs."""
        facts = self.db.rows(f"SELECT facts FROM {self.name}_event{i}")[0][0]
        self.db.rows(f"CREATE TEMP TABLE {self.name}_facts{i} (k BIGINT PRIMARY KEY, facts TEXT)")
        for k, (account, _, account_name, contact_name, _) in enumerate(accounts):
            value = json.loads(facts)
            value["ticket"]["number"] = MARK
            value["account"].update(name=account_name, number=account)
            value["contact"]["name"] = contact_name
            text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
            self.db.rows(f"INSERT INTO {self.name}_facts{i} VALUES ({k}, {quote(text)})")

    def check_order_key(self):
        keys = self.db.rows(f"SELECT order_key, recipient FROM {self.name}_outbox0")
        if keys[0][0] != f"{self.ticket}:{keys[0][1]}":
            raise BenchError(f"The outbox's order_key is no longer ticket:address but {keys[0][0]}: tools/benchlib/"
                             "fill.py must make it as src/alerts/alert.c does. Nothing was changed")


class Filler:
    """Fills one desk that nobody serves."""

    def __init__(self, db, accounts):
        self.db = db
        tickets = int(db.rows("SELECT COUNT(*) FROM ticket")[0][0])
        if tickets > 10:
            raise BenchError(f"This desk has {tickets} tickets of its own. What is filled in would be sent to"
                             " customers, so only a desk made for measuring (at most 10 tickets) is filled; nothing was"
                             " changed")
        self.n_accounts = accounts
        self.accounts = []
        self.columns = {"outbox": db.columns("outbox")}
        self.noted = set()

    def next_id(self, table, column="id"):
        return int(self.db.rows(f"SELECT COALESCE(MAX({column}), 0) + 1 FROM {table}")[0][0])

    def clone(self, table, source, replace, first, count, per=1, join=""):
        """One INSERT of `count` x `per` rows. In the expressions: n.i counts from `first`, r.j from 0 to `per` - 1, b
        is the account, p the sample's row."""
        if table not in self.columns:
            self.columns[table] = self.db.columns(table)
        columns = self.columns[table]
        if table == "outbox":
            self.note(set(columns) - set(replace) - CLONED)
        names = ", ".join(f'"{name}"' for name in columns)
        values = ", ".join(str(replace.get(name, f'p."{name}"')) for name in columns)
        self.db.rows(
            f"WITH RECURSIVE n(i) AS (SELECT CAST({first} AS BIGINT)"
            f" UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {first + count}),"
            f" r(j) AS (SELECT 0 UNION ALL SELECT j + 1 FROM r WHERE j + 1 < {per})"
            f" INSERT INTO {table} ({names}) SELECT {values}"
            f" FROM n CROSS JOIN r CROSS JOIN bench_account b CROSS JOIN {source} p {join}"
            f" WHERE b.k = n.i % {self.n_accounts}")

    def note(self, unknown):
        if unknown - self.noted:
            say(f"    the outbox's columns {', '.join(sorted(unknown))} are cloned as the sample has them")
            self.noted |= unknown

    # ---- customers ----

    def make_accounts(self):
        """As many accounts as wanted, with a contact each, like those of the newest sample ticket."""
        sample = self.db.rows("SELECT account, contact FROM ticket WHERE contact IS NOT NULL"
                              " ORDER BY number DESC LIMIT 1")
        if not sample:
            raise BenchError("This desk has no ticket with a contact to clone from; nothing was changed")
        account, contact = (int(value) for value in sample[0])
        for table, where in (("account", f"number = {account}"), ("contact", f"id = {contact}"),
                             ("contact_address", f"contact = {contact}")):
            self.db.rows(f"CREATE TEMP TABLE bench_{table}_sample AS SELECT * FROM {table} WHERE {where}")
        name, person = self.db.rows("SELECT a.name, c.name FROM bench_account_sample a, bench_contact_sample c")[0]
        self.db.rows("CREATE TEMP TABLE bench_account (k BIGINT PRIMARY KEY, account BIGINT, contact BIGINT, name TEXT,"
                     " person TEXT, email TEXT)")
        first_account, first_contact = self.next_id("account", "number"), self.next_id("contact")
        for k in range(self.n_accounts):
            row = (first_account + k, first_contact + k, f"{name} {k}", f"{person} {k}", f"juergen@kunde{k}.example")
            self.accounts.append(row)
            self.db.rows(f"INSERT INTO bench_account VALUES ({k}, {', '.join(quote(value) for value in row)})")
        office = "'office.' || b.email"
        self.clone("account", "bench_account_sample", {"number": "b.account", "name": "b.name", "email": office,
                                                       "email_key": office}, 0, self.n_accounts)
        self.clone("contact", "bench_contact_sample", {"id": "b.contact", "account": "b.account", "name": "b.person",
                                                       "email": "b.email", "email_key": "b.email"}, 0, self.n_accounts)
        self.clone("contact_address", "bench_contact_address_sample", {"contact": "b.contact", "email_key": "b.email"},
                   0, self.n_accounts)

    # ---- tickets ----

    def fill(self, shape, alerts, begin_us, span_us, due_at=None):
        """`alerts` clones, their times spread over span_us from begin_us."""
        tickets = -(-alerts // shape.alerts)
        chunk = max(1, CHUNK // shape.alerts)
        step = max(1, span_us // max(1, tickets))
        base = {"ticket": self.next_id("ticket", "number")}
        for table in ("recipient", "employee_recipient", "event", "alert", "outbox", "outbox_attempt"):
            base[table] = self.next_id(table)
        progress = Progress(f"filling in {shape.name}", alerts, " alerts")
        for first in range(0, tickets, chunk):
            count = min(chunk, tickets - first)
            self.db.rows("BEGIN")
            self.fill_chunk(shape, base, first, count, f"({begin_us} + n.i * {step})", due_at)
            self.db.rows("COMMIT")
            progress.at(min(alerts, (first + count) * shape.alerts))

    def fill_chunk(self, shape, base, first, count, at, due_at):
        number = f"({base['ticket']} + n.i)"
        address = "CASE WHEN r.j = 0 THEN b.email ELSE 'p' || CAST(r.j AS TEXT) || '.' || b.email END"
        contact = "CASE WHEN r.j = 0 THEN b.contact END"
        people = shape.recipients
        closed = f"CASE WHEN p.closed_at IS NULL THEN NULL ELSE {at} + {HOUR} END"
        self.clone("ticket", f"{shape.name}_ticket", {
            "number": number, "account": "b.account", "contact": "b.contact", "opened_at": at, "closed_at": closed,
            "updated_at": at}, first, count)
        self.clone("recipient", f"{shape.name}_recipient", {
            "id": f"{base['recipient']} + n.i * {people} + r.j", "ticket": number, "email": address,
            "email_key": address, "name": "b.person", "contact": contact, "added_at": at}, first, count, people)
        self.clone("employee_recipient", f"{shape.name}_employee", {
            "id": f"{base['employee_recipient']} + n.i", "ticket": number}, first, count)
        for i in range(len(shape.events)):
            happened = f"({at} + {i * HOUR})"
            nth = f"(n.i * {len(shape.events)} + {i})"
            event = f"({base['event']} + {nth})"
            one = f"{nth} * {people} + r.j"
            self.clone("event", f"{shape.name}_event{i}", {
                "id": event, "ticket": number, "at": happened,
                "facts": f"replace(f.facts, '\"{MARK}\"', CAST({number} AS TEXT))"}, first, count,
                join=f"JOIN {shape.name}_facts{i} f ON f.k = n.i % {self.n_accounts}")
            self.clone("alert", f"{shape.name}_alert{i}", {
                "id": f"{base['alert']} + {one}", "ticket": number, "event": event, "recipient": address,
                "recipient_key": address, "recipient_name": "b.person", "contact": contact, "decided_at": happened},
                first, count, people)
            later = {name: f"CASE WHEN p.{name} IS NULL THEN NULL ELSE {happened} + 50000 END"
                     for name in ("dated_at", "accepted_at", "updated_at")}
            # What waits and is due has its turn in its account's lane, as the server gives it when the alert is made.
            turn = f"CASE WHEN p.stamp IS NULL THEN NULL ELSE p.stamp + 1 + n.i / {self.n_accounts} END"
            self.clone("outbox", f"{shape.name}_outbox{i}", {
                "id": f"{base['outbox']} + {one}", "ref": f"{base['alert']} + {one}", "recipient": address,
                "lane": "b.account", "order_key": f"CAST({number} AS TEXT) || ':' || {address}",
                "due_at": due_at if due_at is not None else happened, "queued_at": happened,
                **later, **({"stamp": turn} if "stamp" in self.columns["outbox"] else {})},
                first, count, people)
            self.clone("outbox_attempt", f"{shape.name}_attempt{i}", {
                "id": f"{base['outbox_attempt']} + {one}", "outbox": f"{base['outbox']} + {one}", "at": happened},
                first, count, people)


def fill_desk(db, accounts, queued=0, deferred=0, history=0, recipients=5):
    """Fills a desk. What is queued is due since up to an hour; what is deferred is due tomorrow; history goes back two
    years."""
    now = time.time_ns() // 1000
    filler = Filler(db, accounts)
    db.begin_fill()
    plan = [("history", "accepted", history, recipients, (now - 730 * DAY, 729 * DAY), None),
            ("deferred", "deferred", deferred, 1, (now - 2 * HOUR, HOUR), now + DAY),
            ("queued", "queued", queued, 1, (now - HOUR, HOUR - 60 * SECOND), None)]
    # Every sample is looked for before anything is filled in: afterwards the clones are there, too.
    shapes = {name: Shape(db, name, state, people) for name, state, count, people, _, _ in plan if count > 0}
    db.rows("BEGIN")
    filler.make_accounts()
    for shape in shapes.values():
        for i in range(len(shape.events)):
            shape.make_facts(i, filler.accounts)
    db.rows("COMMIT")
    for name, _, count, _, (begin, span), due_at in plan:
        if count > 0:
            filler.fill(shapes[name], count, begin, span, due_at)
    # The sample, too: a desk sends the same number of mails however long it has been lying about.
    db.rows(f"UPDATE outbox SET due_at = {now + DAY} WHERE state = 'deferred'")
    db.end_fill()
