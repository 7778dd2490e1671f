# SPDX-License-Identifier: Apache-2.0
"""The public tools on the other side: Postfix's smtp-sink and smtp-source, and wrk."""
import os
import re
import subprocess
import time

from benchlib import machine
from benchlib.machine import BenchError

FROM = "support@harbour-it.example"
TO = "juergen@mueller-soehne.example"


class Sink:
    """smtp-sink, which counts the mails it has taken (-c) into a file. `options` are its further arguments."""

    def __init__(self, host, port, *options):
        user = ["-u", "nobody"] if os.geteuid() == 0 else []
        self.counter = host.path("smtp-sink.count")
        self.port = port
        if self.port_taken():  # two of them would share it and each count some of the mails
            raise BenchError(f"port {port} is taken by another program")
        with open(self.counter, "wb") as counter:
            self.process = machine.Process(
                host, "smtp-sink", [machine.program("smtp-sink"), *user, "-c", *options, f"127.0.0.1:{port}", "1000"],
                stdout=counter)
        machine.wait_until("smtp-sink's port", self.listens)

    def listens(self):
        self.process.check()
        return self.port_taken()

    def port_taken(self):
        return machine.run([machine.program("ss"), "-Hltn", f"sport = :{self.port}"]) != ""

    def count(self):
        """Mails taken until now. It reads the end of a file, and costs smtp-sink nothing more."""
        with open(self.counter, "rb") as counter:
            counter.seek(max(0, os.fstat(counter.fileno()).st_size - 400))
            found = re.findall(rb"mesg=(\d+)\r", counter.read())
        return int(found[-1]) if found else 0

    def wait(self, target, process, what="delivering"):
        """Until `target` mails are counted; when that was. `process` must live meanwhile."""
        begin = self.count()
        progress = machine.Progress(what, target - begin, " mails")
        last, moved = begin, time.monotonic()
        while True:
            now = time.monotonic()
            count = self.count()
            if count >= target:
                return now
            if count != last:
                last, moved = count, now
            elif now - moved > 60:
                raise BenchError(f"{what}: no mail for 60 seconds after {count - begin} of {target - begin}:"
                                 f" {process.tail()}")
            process.check()
            progress.at(count - begin)
            time.sleep(0.005)

    def stop(self):
        self.process.stop()


def smtp_source(sink, mails, sessions, size):
    """Mails a second of `smtp-source -d`: so many mails of so many bytes, over so many sessions."""
    before = sink.count()
    began = time.monotonic()
    machine.run([machine.program("smtp-source"), "-d", "-s", str(sessions), "-m", str(mails), "-l", str(size),
                 "-f", FROM, "-t", TO, f"127.0.0.1:{sink.port}"])
    seconds = time.monotonic() - began
    machine.wait_until("smtp-sink's count", lambda: sink.count() - before >= mails)
    return mails / seconds


class Wrk:
    """wrk, for so many seconds; `script` is its Lua."""

    def __init__(self, host, script, url, clients, seconds, **environment):
        path = host.path("wrk.lua")
        with open(path, "w", encoding="utf-8") as file:
            file.write(script)
        self.began = time.monotonic()
        self.child = subprocess.Popen(
            [machine.program("wrk"), "-t1", f"-c{clients}", f"-d{seconds}s", "-s", path, url], stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, env={**os.environ, **environment})

    def wait(self):
        """How many requests were answered, and how many a second. All must have been answered with success."""
        try:
            text, _ = self.child.communicate()
        except BaseException:
            self.child.kill()
            raise
        done = re.search(r"(\d+) requests in", text)
        rate = re.search(r"Requests/sec: *([\d.]+)", text)
        if done is None or rate is None or "Non-2xx" in text or "Socket errors" in text:
            raise BenchError(f"wrk: {text.strip()}")
        return int(done.group(1)), float(rate.group(1))
