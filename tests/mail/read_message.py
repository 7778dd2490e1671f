#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads each message file named on the command line with Python's email package, strictly, and prints what it says as a
JSON array: an independent reader for tests/mail/test_message.c."""
import email.errors
import email.policy
import json
import re
import sys


def read(path):
    raw = open(path, "rb").read()
    message = email.message_from_string(raw.decode("utf-8"), policy=email.policy.default)
    defects = [str(d) for part in message.walk() for d in part.defects]
    # RFC 6532 allows what Python calls a defect
    defects += [f"{name}: {d}" for name, value in message.items() for d in getattr(value, "defects", [])
                if not isinstance(d, email.errors.NonASCIILocalPartDefect)]
    if re.search(rb"[^\r]\n|\r[^\n]", raw):
        defects.append("a CR or LF stands alone")
    if not raw.endswith(b"\r\n"):
        defects.append("no CRLF at the end")
    lines = raw.split(b"\r\n")

    def mailbox(name):
        header = message[name]
        return {"name": header.addresses[0].display_name, "address": header.addresses[0].addr_spec} if header else None

    def content(kind):
        part = message.get_body((kind,))
        return part.get_content().replace("\r\n", "\n") if part is not None else None

    return {
        "names": list(message.keys()),
        "subject": message["subject"],
        "from": mailbox("from"),
        "to": mailbox("to"),
        "reply_to": mailbox("reply-to"),
        "date": message["date"].datetime.isoformat(),
        "message_id": message["message-id"].strip("<>"),
        "in_reply_to": message["in-reply-to"],
        "references": message["references"],
        "language": message["content-language"],
        "auto": message["auto-submitted"],
        "suppress": message["x-auto-response-suppress"],
        "text": content("plain"),
        "html": content("html"),
        "longest_line": max(map(len, lines)),
        "is_7bit": all(b < 128 for b in raw),
        "lines_with_from": sum(line.startswith(b"From ") for line in lines),
        "defects": defects,
    }


json.dump([read(path) for path in sys.argv[1:]], sys.stdout)
