# SPDX-License-Identifier: Apache-2.0
"""Mail that comes in as a mail server brings it: one `tidings ingest` a mail, several at a time."""
import subprocess
import threading
import time
from dataclasses import dataclass

from benchlib.machine import BenchError, Progress, say

SUPPORT = "support@bench.example"
TEXT = "".join(f"Line {i:2}: the printer at the reception desk has printed blank pages since this morning.\r\n"
               for i in range(30))


@dataclass
class Ingested:
    rate: float  # mails a second, from the first one brought until the last one is filed
    cpu: float  # seconds of the server for 1,000 mails
    memory: float  # MiB resident at most, the server
    client_memory: float  # the same of a `tidings ingest` that has read its mail


def mail(address, i):
    """A few KB with a text and a small picture, as people send them."""
    picture = ("iVBORw0KGgo" + "A" * 61 + "\r\n") * 20
    return (f"Return-Path: <{address}>\r\nReceived: from mx.example by desk; Mon, 23 Nov 2026 18:30:00 +0000\r\n"
            f"From: Customer <{address}>\r\nTo: {SUPPORT}\r\nSubject: The printer prints blank pages ({i})\r\n"
            f"Message-ID: <{i}@bench.example>\r\nDate: Mon, 23 Nov 2026 18:30:00 +0000\r\nMIME-Version: 1.0\r\n"
            'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
            f"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nMail {i}\r\n{TEXT}\r\n"
            '--b\r\nContent-Type: image/png; name="page.png"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
            f"{picture}\r\n--b--\r\n").encode()


class Bringer(threading.Thread):
    """Brings every n-th mail, each by a process of its own."""

    def __init__(self, command, mails, progress):
        super().__init__(daemon=True)
        self.command, self.mails, self.progress = command, mails, progress
        self.failed = None

    def run(self):
        for text in self.mails:
            process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)
            process.stdin.write(text)
            process.stdin.close()
            if process.wait() != 0:
                self.failed = f"exit status {process.returncode}"
                return
            self.progress()


def bring(command, mails, at_once):
    """Seconds that it takes."""
    done = Progress("bringing", len(mails), " mails")
    lock, count = threading.Lock(), [0]

    def one_more():
        with lock:
            count[0] += 1
            done.at(count[0])
    threads = [Bringer(command, mails[i::at_once], one_more) for i in range(at_once)]
    begin = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.monotonic() - begin
    for thread in threads:
        if thread.failed:
            raise BenchError(f"{' '.join(command)}: {thread.failed}")
    return seconds


def client_memory(command, text):
    """MiB of one that has read its mail and waits for more of it. (ru_maxrss would be this program's own: a process
    keeps what it had before exec.)"""
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    process.stdin.write(text)
    process.stdin.flush()
    peak, seen = 0, -1
    while peak != seen:
        time.sleep(0.2)
        seen = peak
        with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
            peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    process.stdin.close()
    process.wait()
    return peak / 1024


def measure(desk, number, at_once):
    """Each mail opens a ticket of one of 64 customers; fails unless every one of them has."""
    addresses = [email for email, in desk.rows("SELECT email FROM contact ORDER BY id DESC LIMIT 64")]
    mails = [mail(addresses[i % len(addresses)], i) for i in range(number)]
    desk.command("options", "set", "email-connector", "enabled=true", f"address={SUPPORT}")
    server, = desk.serve()
    command = [desk.bench.tidings, "ingest", "--desk", desk.folder]
    seconds = bring(command, mails, at_once)
    (filed, tickets), = desk.rows("SELECT COUNT(*), COUNT(DISTINCT ticket) FROM inbound_mail WHERE state = 'filed'")
    result = Ingested(number / seconds, server.cpu() * 1000 / number, server.process.memory(),
                      client_memory(command, mails[0]))
    server.stop()
    if (int(filed), int(tickets)) != (number, number):
        raise BenchError(f"{number} mails were brought, {filed} were filed on {tickets} tickets")
    say(f"    {result.rate:,.0f} mails a second, {result.cpu:.2f} CPU seconds of the server for 1,000,"
        f" {result.memory:.1f} MiB at most, each tidings ingest {result.client_memory:.1f} MiB")
    return result


def process_rate(number, at_once):
    """The same number of processes that read as much and do nothing."""
    seconds = bring(["cat"], [mail("a@b.example", i) for i in range(number)], at_once)
    say(f"    cat: {number / seconds:,.0f} a second")
    return number / seconds
