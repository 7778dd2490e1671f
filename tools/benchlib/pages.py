# SPDX-License-Identifier: Apache-2.0
"""What an employee waits for: pages of the console over one kept connection, as a browser asks for them."""
import gzip
import http.client
import re
import time
import urllib.parse
from dataclasses import dataclass

from benchlib.machine import BenchError, percentile

PASSWORD = "only for measuring"
WARM_UP = 10


@dataclass
class Seen:
    """One page: seconds of each request, and the bytes that a browser loads for it, all its files included."""
    path: str
    times: list
    weight: int

    @property
    def median(self):
        return percentile(self.times, 0.5)

    @property
    def p99(self):
        return percentile(self.times, 0.99)


class Browser:
    """A signed-in employee."""

    def __init__(self, desk, server):
        employee = desk.call(server, "GET", "/api/v1/employees")["items"][0]
        desk.call(server, "PATCH", f"/api/v1/employees/{employee['id']}", {"password": PASSWORD})
        place = urllib.parse.urlsplit(server.url)
        self.connection = http.client.HTTPConnection(place.hostname, place.port)
        self.cookies = {}
        page = self.get("/sign-in")
        token = re.search(rb'name="token" value="([^"]+)"', page)[1].decode()
        form = urllib.parse.urlencode({"token": token, "login": employee["login"], "password": PASSWORD})
        self.ask("POST", "/sign-in", form, {"Content-Type": "application/x-www-form-urlencoded"})
        if "tidings_session" not in self.cookies:
            raise BenchError("Signing in to the console failed")

    def ask(self, method, path, body=None, headers=None):
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        self.connection.request(method, path, body, {"Cookie": cookie, "Accept-Encoding": "gzip", **(headers or {})})
        answer = self.connection.getresponse()
        content = answer.read()
        for line in answer.headers.get_all("Set-Cookie", []):
            name, _, value = line.split(";")[0].partition("=")
            self.cookies[name] = value
        return answer, content

    def get(self, path):
        answer, content = self.ask("GET", path)
        if answer.status != 200:
            raise BenchError(f"GET {path} was answered with {answer.status}")
        return gzip.decompress(content) if answer.headers.get("Content-Encoding") == "gzip" else content

    def weigh(self, path):
        """The page as it came, and each of its files as it came."""
        answer, content = self.ask("GET", path)
        plain = gzip.decompress(content) if answer.headers.get("Content-Encoding") == "gzip" else content
        files = set(re.findall(rb'(?:href|src)="(/assets/[^"]+)"', plain))
        return len(content) + sum(len(self.ask("GET", file.decode())[1]) for file in files)

    def see(self, path, requests):
        times = []
        for i in range(WARM_UP + requests):
            began = time.monotonic()
            self.get(path)
            if i >= WARM_UP:
                times.append(time.monotonic() - began)
        return Seen(path, times, self.weigh(path))
