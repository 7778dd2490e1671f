#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Shows how a mail program threads a Maildir: runs neomutt on it and prints its index, one mail a line.

    thread_view.py MAILDIR

neomutt draws on a terminal that can do two things only, clear the screen and place the cursor, so that what it drew can
be read back by a few lines of Python instead of a terminal emulator. The mailbox is opened read-only, so neomutt can
simply be killed when its index is drawn.
"""
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unicodedata

COLUMNS, LINES = 200, 50
LIMIT_S = 20 * float(os.environ.get("TEST_SLOW", "1"))
TERMINAL = (f"threads|clears and places the cursor, cols#{COLUMNS}, lines#{LINES}, clear=\\E[H\\E[2J,\n"
            "\tcup=\\E[%i%p1%d;%p2%dH, cr=\\r,\n")
SETTINGS = [
    "unset help", "set status_on_top=no", 'set status_format="ready"', 'set index_format="%s"', "set ascii_chars",
    "set sort=threads", "set sort_aux=date", "set strict_threads", "unset hide_thread_subject", "unset mark_old",
    'set charset="utf-8"', "unset wait_key",
]


class Screen:
    def __init__(self):
        self.clear()

    def clear(self):
        self.rows = [[" "] * COLUMNS for _ in range(LINES)]
        self.row = self.column = 0

    def put(self, character):
        if character == "\r":
            self.column = 0
        elif character == "\n":
            self.row = min(self.row + 1, LINES - 1)
        elif character == "\b":
            self.column = max(self.column - 1, 0)
        elif character.isprintable():
            wide = unicodedata.east_asian_width(character) in "WF"
            if unicodedata.combining(character) or self.column + wide >= COLUMNS:
                return
            self.rows[self.row][self.column] = character
            if wide:  # the second cell of a wide character holds nothing of its own
                self.rows[self.row][self.column + 1] = ""
            self.column += 1 + wide

    def draw(self, text):
        for token in re.finditer(r"\x1b\[(\d+);(\d+)H|\x1b\[H\x1b\[2J|(.)", text, re.DOTALL):
            if token.group(3) is not None:
                self.put(token.group(3))
            elif token.group(1) is None:
                self.clear()
            else:
                self.row = min(int(token.group(1)), LINES) - 1
                self.column = min(int(token.group(2)), COLUMNS) - 1

    def lines(self):
        return ["".join(row).rstrip() for row in self.rows]


def start(maildir, home):
    description = os.path.join(home, "terminal")
    with open(description, "w", encoding="ascii") as file:
        file.write(TERMINAL)
    subprocess.run(["tic", "-x", "-o", home, description], check=True)
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    environment = {"PATH": os.environ["PATH"], "HOME": home, "TERM": "threads", "TERMINFO": home, "LC_ALL": "C.UTF-8"}
    arguments = ["neomutt", "-n", "-F", "/dev/null", "-R", "-f", maildir]
    for setting in [*SETTINGS, f'set folder="{maildir}"']:
        arguments += ["-e", setting]
    process = subprocess.Popen(arguments, stdin=slave, stdout=slave, stderr=slave, env=environment,
                               start_new_session=True)
    os.close(slave)
    return process, master


def index(lines):
    """The lines above the status line; None when that is not drawn yet."""
    for number, line in enumerate(lines):
        if line.startswith("ready"):
            return [line for line in lines[:number] if line]
    return None


def show(master, mails):
    """The index, when it is drawn completely: a line for each mail."""
    screen, seen, shown = Screen(), b"", None
    end = time.monotonic() + LIMIT_S
    while time.monotonic() < end:
        if select.select([master], [], [], 0.2)[0]:
            try:
                seen += os.read(master, 65536)
            except OSError:  # the other side is closed
                break
            screen.clear()
            screen.draw(seen.decode("utf-8", "ignore"))
        shown = index(screen.lines())
        if shown is not None and len(shown) >= mails:
            return shown
    if shown is not None:
        return shown
    sys.exit("neomutt did not draw its index:\n" + "\n".join(filter(None, screen.lines())))


def main():
    mails = sum(len(os.listdir(os.path.join(sys.argv[1], part))) for part in ("new", "cur"))
    with tempfile.TemporaryDirectory(prefix="tidings-test-") as home:
        process, master = start(sys.argv[1], home)
        try:
            lines = show(master, mails)
        finally:
            process.kill()
            process.wait()
            os.close(master)
    print("\n".join(lines))


if __name__ == "__main__":
    main()
