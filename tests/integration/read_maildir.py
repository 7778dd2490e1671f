#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads the mails of a Maildir with Python's email package and prints them as a JSON array, for the tests beside it.

    read_maildir.py MAILDIR

Each is {"file", "headers": {lower-case name: [decoded values]}, "to": [addresses], "text", "html", "html_text",
"defects"}, where "html_text" is what a person reads in the HTML part.
"""
import email.policy
import html.parser
import json
import os
import sys


class Words(html.parser.HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.words = []
        self.hidden = 0

    def handle_starttag(self, tag, attrs):
        self.hidden += tag in ("head", "style", "script")

    def handle_endtag(self, tag):
        self.hidden -= tag in ("head", "style", "script")

    def handle_data(self, data):
        if not self.hidden:
            self.words.append(data)


def content(message, kind):
    part = message.get_body((kind,))
    return part.get_content().replace("\r\n", "\n") if part is not None else ""


def read(path):
    with open(path, "rb") as file:
        message = email.message_from_binary_file(file, policy=email.policy.default)
    headers = {}
    for name, value in message.items():
        headers.setdefault(name.lower(), []).append(str(value))
    defects = [str(defect) for part in message.walk() for defect in part.defects]
    defects += [f"{name}: {defect}" for name, value in message.items() for defect in getattr(value, "defects", ())]
    words = Words()
    words.feed(content(message, "html"))
    return {
        "file": path,
        "headers": headers,
        "to": [address.addr_spec for address in message["to"].addresses],
        "content_type": message.get_content_type(),
        "parts": [part.get_content_type() for part in message.iter_parts()],
        "text": content(message, "plain"),
        "html": content(message, "html"),
        "html_text": "".join(words.words),
        "defects": defects,
    }


def main():
    mails = []
    for part in ("new", "cur"):
        folder = os.path.join(sys.argv[1], part)
        mails += [read(os.path.join(folder, name)) for name in sorted(os.listdir(folder))]
    json.dump(mails, sys.stdout)


if __name__ == "__main__":
    main()
