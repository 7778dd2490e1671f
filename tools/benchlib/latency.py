# SPDX-License-Identifier: Apache-2.0
"""How long it takes from the API's answer to the relay's: both ends in one process, so that one clock times both.

smtp-sink does not say when it answered which mail, so this has a sink of its own: as much of RFC 5321 as a client that
sends needs. It takes the ticket's number from In-Reply-To."""
import asyncio
import gc
import json
import re
import time

from benchlib.machine import BenchError, Progress

TICKET = re.compile(rb"^In-Reply-To: <ticket\.(\d+)@", re.MULTILINE | re.IGNORECASE)
REPLIES = {b"EHLO": b"250-sink.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 ENHANCEDSTATUSCODES\r\n",
           b"DATA": b"354 Go on\r\n", b"QUIT": b"221 2.0.0 Bye\r\n"}
NUMBER = re.compile(rb'"number":\s*(\d+)')


class Session(asyncio.Protocol):
    """One connection to the sink. Replies are written as soon as what they answer has been read."""

    def __init__(self, replied):
        self.replied, self.pending, self.in_data = replied, b"", False

    def connection_made(self, transport):
        self.transport = transport
        transport.write(b"220 sink.example ESMTP\r\n")

    def data_received(self, data):
        self.pending += data
        while True:
            end = b"\r\n.\r\n" if self.in_data else b"\r\n"
            part, found, rest = self.pending.partition(end)
            if not found:
                return
            self.pending = rest
            if self.in_data:
                self.take(part)
            else:
                self.command(part[:4].upper())

    def command(self, verb):
        self.in_data = verb == b"DATA"
        self.transport.write(REPLIES.get(verb, b"250 2.0.0 Ok\r\n"))
        if verb == b"QUIT":
            self.transport.close()

    def take(self, mail):
        self.in_data = False
        self.transport.write(b"250 2.0.0 Ok\r\n")
        now = time.perf_counter()
        found = TICKET.search(mail)
        if found:
            self.replied.setdefault(int(found.group(1)), now)


class Opener:
    """One keep-alive connection to the API."""

    def __init__(self, url, token):
        self.host, _, port = url.removeprefix("http://").partition(":")
        self.port, self.token = int(port), token

    async def connect(self):
        self.reader, self.writer = await asyncio.open_connection(self.host, self.port)
        return self

    async def open(self, body):
        """The ticket's number, and when the whole answer was there."""
        self.writer.write((f"POST /api/v1/tickets HTTP/1.1\r\nHost: {self.host}:{self.port}\r\n"
                           f"Authorization: Bearer {self.token}\r\nContent-Type: application/json\r\n"
                           f"Content-Length: {len(body)}\r\n\r\n").encode() + body)
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = int(re.search(rb"content-length: *(\d+)", head, re.IGNORECASE).group(1))
        answer = await self.reader.readexactly(length)
        now = time.perf_counter()
        if not head.startswith(b"HTTP/1.1 201"):
            raise BenchError(f"the API refused a ticket: {answer.decode(errors='replace')}")
        return int(NUMBER.search(answer).group(1)), now


async def run(desk, port, customers, rate, seconds):
    """Opens `rate` tickets a second whatever the answers do. Seconds from answer to reply, one for each ticket."""
    replied = {}  # when the final reply to each ticket's mail was written
    sink = await asyncio.get_running_loop().create_server(lambda: Session(replied), "127.0.0.1", port)
    server, = desk.serve()
    idle = asyncio.Queue()
    for _ in range(32):
        idle.put_nowait(await Opener(server.url, desk.token).connect())
    answered, failed = {}, []

    async def open_one(i):
        opener = await idle.get()
        account, contact = customers[i % len(customers)]
        body = json.dumps({"account": int(account), "contact": int(contact), "title": "Backup failed on db1",
                           "description": "The nightly backup failed."}).encode()
        try:
            number, now = await opener.open(body)
            answered[number] = now
        except Exception as error:  # told below, in the one place that waits for all
            failed.append(error)
        idle.put_nowait(opener)

    total = rate * seconds
    progress = Progress("opening", total, " tickets")
    tasks = []
    begin = time.perf_counter()
    for i in range(total):
        await asyncio.sleep(max(0, begin + i / rate - time.perf_counter()))
        tasks.append(asyncio.create_task(open_one(i)))
        progress.at(i)
    await asyncio.gather(*tasks)
    if failed:
        raise BenchError(f"{len(failed)} of {total} tickets could not be opened: {failed[0]}")
    limit = time.perf_counter() + 60
    while not answered.keys() <= replied.keys():
        if time.perf_counter() > limit:
            missing = len(answered.keys() - replied.keys())
            raise BenchError(f"{missing} of {total} mails did not arrive within a minute after the last ticket")
        await asyncio.sleep(0.02)
    server.stop()
    sink.close()
    return [replied[number] - then for number, then in answered.items()]


def measure(desk, port, customers, rate, seconds):
    """A list of seconds; the collector of garbage sleeps meanwhile."""
    gc.collect()
    gc.disable()
    try:
        return asyncio.run(run(desk, port, customers, rate, seconds))
    finally:
        gc.enable()
