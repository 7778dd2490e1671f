# SPDX-License-Identifier: Apache-2.0
"""The machine under the benches: a work folder, child processes, what /proc says of them, and the disk's fsync."""
import contextlib
import math
import os
import platform
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

TICKS = os.sysconf("SC_CLK_TCK")


class BenchError(Exception):
    """What keeps a bench from being measured, in words for the person who started it."""


def say(text=""):
    print(text, file=sys.stderr, flush=True)


class Progress:
    """Says how far a long thing is: after two seconds, and then ever more rarely until it is every 16 seconds."""

    def __init__(self, what, total, unit=""):
        self.what, self.total, self.unit = what, total, unit
        self.began = self.said = time.monotonic()
        self.first = None
        self.pause = 2

    def at(self, done):
        now = time.monotonic()
        if self.first is None:
            self.first = done
        if now - self.said >= self.pause:
            self.said, self.pause = now, min(16, self.pause * 2)
            rate = (done - self.first) / (now - self.began)
            say(f"    {self.what}: {done:,} of {self.total:,}{self.unit}, {rate:,.0f} a second")


def percentile(values, part):
    """The smallest value that `part` of all values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(part * len(ordered)) - 1)]


def program(name, *folders):
    """The path of a program that the benches need."""
    path = shutil.which(name, path=os.pathsep.join([*folders, os.environ.get("PATH", ""), "/usr/sbin", "/sbin"]))
    if path is None:
        raise BenchError(f"{name} is not installed; `tools/install-packages bench` installs what the benches need")
    return path


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(what, condition, seconds=60, every=0.02):
    """The condition's first true answer."""
    limit = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > limit:
            raise BenchError(f"{what} did not happen within {seconds:.0f} seconds")
        time.sleep(every)


class Process:
    """A child with its standard error in a file, and what the kernel has counted for it."""

    def __init__(self, machine, name, command, end=signal.SIGTERM, **options):
        self.name, self.end = name, end
        self.log = os.path.join(machine.folder, f"{name}.log")
        with open(self.log, "ab") as log:
            self.child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=log, **options)
        self.pid = self.child.pid
        machine.processes.append(self)

    def alive(self):
        return self.child.poll() is None

    def tail(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return "".join(log.readlines()[-8:]).strip()

    def check(self):
        if not self.alive():
            raise BenchError(f"{self.name} ended with {self.child.returncode}: {self.tail()}")

    def stop(self, seconds=60):
        if self.alive():
            self.child.send_signal(self.end)
            try:
                self.child.wait(seconds)
            except subprocess.TimeoutExpired:
                self.child.kill()
        self.child.wait()

    def cpu(self):
        """Seconds of processor time until now, all threads, user and system."""
        with open(f"/proc/{self.pid}/stat", encoding="utf-8") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory(self, field="VmHWM"):
        """MiB resident: VmRSS now, VmHWM at most."""
        with open(f"/proc/{self.pid}/status", encoding="utf-8") as status:
            for line in status:
                if line.startswith(field + ":"):
                    return int(line.split()[1]) / 1024
        return 0.0


class Machine:
    """A folder on the disk that is measured; everything that was started and made goes at the end."""

    def __init__(self, parent):
        self.processes = []
        self.folder = tempfile.mkdtemp(prefix="tidings-bench-", dir=parent)
        os.chmod(self.folder, 0o755)  # PostgreSQL's user must come through

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            with contextlib.suppress(Exception):
                process.stop(10)
        shutil.rmtree(self.folder, ignore_errors=True)

    def stop_all(self, keep=()):
        """After a bench that failed half-way: the next one finds nothing of it."""
        for process in reversed(self.processes):
            if process.name not in keep:
                process.stop(10)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def filesystem(self):
        return run(["stat", "-f", "-c", "%T", self.folder]).strip()

    def settle(self):
        """What was filled reaches the disk before, not while, something is measured."""
        run(["sync", "-f", self.folder])

    def describe(self):
        with open("/proc/cpuinfo", encoding="utf-8") as info:
            models = [line.split(":", 1)[1].strip() for line in info if line.startswith("model name")]
        with open("/proc/meminfo", encoding="utf-8") as info:
            memory = int(info.readline().split()[1]) / 1048576
        return (f"{os.cpu_count()} cores ({models[0] if models else platform.machine()}), {memory:.0f} GiB, "
                f"{self.filesystem()}, Linux {platform.release()}")


def run(command, **options):
    """What a command prints. It must succeed."""
    ended = subprocess.run(command, stdin=options.pop("stdin", subprocess.DEVNULL), stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, text=True, check=False, **options)
    if ended.returncode != 0:
        said = (ended.stderr or ended.stdout).strip()
        raise BenchError(f"{' '.join(command[:4])} failed ({ended.returncode}): {said}")
    return ended.stdout


def fsync_times(folder, pause, count=1500):
    """Seconds that one fsync takes after a page was written over, as a commit log does it, `count` times with a pause
    between them. The file keeps its size, which is the cheaper case: no fsync has to record that the file grew."""
    page = b"x" * 4096
    pages = 4096
    times = []
    path = os.path.join(folder, "fsync.probe")
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.pwrite(fd, page * pages, 0)
        os.fsync(fd)
        for i in range(count):
            os.pwrite(fd, page, i % pages * len(page))
            begin = time.perf_counter()
            os.fsync(fd)
            times.append(time.perf_counter() - begin)
            time.sleep(pause)
    finally:
        os.close(fd)
        os.unlink(path)
    return times
