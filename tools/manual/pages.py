# SPDX-License-Identifier: Apache-2.0
"""One page of the manual: its frame, and what becomes of Markdown and of a man page.

Pages lie as their sources do (docs/delivery.md becomes docs/delivery.html), so a link keeps its way. Nothing is fetched
from elsewhere, and no script is needed.
"""
import html
import os
import re
import subprocess

TAG = re.compile(r"<[^>]+>")
HEADING = re.compile(r"<h([1-6])>(.*?)</h\1>", re.S)
ROW_NAME = re.compile(r"<tr>\n<td><code>([a-z0-9_.-]+)</code></td>")


def slug(text):
    """The anchor of a heading, as code hosts make it: so a link works there and here."""
    words = html.unescape(TAG.sub("", text)).strip().lower()
    return re.sub(r"\s", "-", re.sub(r"[^\w\s-]", "", words))


def with_anchors(body):
    """Headings, and rows of tables that begin with a name, can be linked to."""
    used = set()

    def anchor(name):
        unique, n = name, 1
        while unique in used:
            unique, n = f"{name}-{n}", n + 1
        used.add(unique)
        return unique

    def heading(match):
        level, words = match.groups()
        name = anchor(slug(words))
        link = "" if level == "1" else f' <a class="here" href="#{name}" aria-label="Link to this section">#</a>'
        return f'<h{level} id="{name}">{words}{link}</h{level}>'

    def row(match):
        return match.group(0) if match.group(1) in used else \
            f'<tr id="{anchor(match.group(1))}">\n<td><code>{match.group(1)}</code></td>'

    return ROW_NAME.sub(row, HEADING.sub(heading, body))


def run(command, text=None):
    return subprocess.run(command, input=text, stdout=subprocess.PIPE, text=True, check=True).stdout


def from_markdown(text):
    body = with_anchors(run(["cmark-gfm", "-e", "table", "--unsafe"], text))
    return body.replace("<table>", '<div class="wide" tabindex="0"><table>').replace("</table>", "</table></div>")


def from_man(path):
    body = run(["mandoc", "-Thtml", "-O", "fragment,man=%N.%S.html", path])

    def reference(match):
        there = os.path.exists(os.path.join(os.path.dirname(path), match.group(1)))
        return match.group(0) if there else match.group(2)

    body = re.sub(r'<a class="Xr" href="([^"]*)\.html">(.*?)</a>', reference, body)
    # The frame has the page's one heading of the first level.
    body = re.sub(r"<(/?)h2\b", r"<\1h3", body)
    return re.sub(r"<(/?)h1\b", r"<\1h2", body)


def title_of(body, otherwise):
    match = re.search(r"<h1[^>]*>(.*?)</h1>", body, re.S)
    return html.unescape(TAG.sub("", match.group(1))).strip() if match else otherwise


def outline(body):
    """The page's own contents, where it is long: its headings of the second level."""
    found = re.findall(r'<h2[^>]*id="([^"]+)"[^>]*>(.*?)</h2>', body, re.S)
    if len(found) < 4:
        return ""
    items = "".join(f'<li><a href="#{name}">{TAG.sub("", re.sub(r"<a class=.here.*?</a>", "", words)).strip()}</a></li>'
                    for name, words in found)
    return f'<details class="outline"><summary>On this page</summary><ul>{items}</ul></details>'


def navigation(chapters, page):
    parts = []
    for name, entries in chapters:
        items = []
        for target, words in entries:
            current = ' aria-current="page"' if target == page else ""
            items.append(f'<li><a href="{relative(target, page)}"{current}>{html.escape(words, quote=False)}</a></li>')
        parts.append(f"<h2>{html.escape(name)}</h2><ul>{''.join(items)}</ul>")
    return "".join(parts)


def neighbours(chapters, page):
    line = [entry for _, entries in chapters for entry in entries]
    at = next((i for i, (target, _) in enumerate(line) if target == page), None)
    if at is None:
        return ""
    links = []
    if at > 0:
        links.append(f'<a rel="prev" href="{relative(line[at - 1][0], page)}">&larr; {html.escape(line[at - 1][1])}</a>')
    if at + 1 < len(line):
        links.append(f'<a rel="next" href="{relative(line[at + 1][0], page)}">{html.escape(line[at + 1][1])} &rarr;</a>')
    return f'<nav class="neighbours" aria-label="Next pages">{"".join(links)}</nav>'


def relative(target, page):
    return os.path.relpath(target, os.path.dirname(page) or ".")


FRAME = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<link rel="stylesheet" href="{style}">
</head>
<body>
<a class="skip" href="#page">To the text</a>
<header><a href="{home}">Tidings</a> <span>Manual</span> <a class="to-chapters" href="#chapters">Chapters</a></header>
<div class="columns">
<main id="page">
{outline}{body}
{neighbours}
</main>
<nav class="chapters" id="chapters" aria-label="Chapters">{chapters}</nav>
</div>
</body>
</html>
"""


def frame(page, body, chapters):
    title = title_of(body, "Tidings")
    heading = re.search(r"<h1[^>]*>.*?</h1>", body, re.S)
    contents = outline(body)
    if heading and contents:  # below the title
        body, contents = body[:heading.end()] + contents + body[heading.end():], ""
    return FRAME.format(title=html.escape(title if title == "Tidings" else f"{title} - Tidings"),
                        style=relative("manual.css", page), home=relative("index.html", page), outline=contents,
                        chapters=navigation(chapters, page), body=body, neighbours=neighbours(chapters, page))
