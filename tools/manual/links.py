# SPDX-License-Identifier: Apache-2.0
"""Links of the documentation: where they lead in the manual, and whether they lead anywhere."""
import html.parser
import os
import re


def page_for(source):
    """The page that a source becomes; None: it becomes none."""
    if source == "docs/README.md":
        return "index.html"
    if source.endswith(".md"):
        return source[:-3] + ".html"
    if re.fullmatch(r"man/[\w.-]+\.\d", source):
        return source + ".html"
    return source if re.search(r"\.(png|svg|css)$", source) or source == "LICENSE" else None


def rewritten(body, source, page):
    """The links of a page made from a Markdown text, so that they lead to pages."""
    def one(match):
        attribute, link = match.groups()
        if re.match(r"[a-z]+:|#|$", link):
            return match.group(0)
        path, mark, anchor = link.partition("#")
        target = os.path.normpath(os.path.join(os.path.dirname(source), path))
        if target == "docs/decisions":
            target = "docs/decisions/README.md"
        made = page_for(target)
        if made is None:
            return match.group(0)
        return f'{attribute}="{os.path.relpath(made, os.path.dirname(page) or ".")}{mark}{anchor}"'

    return re.sub(r'\b(href|src)="([^"]*)"', one, body)


class Reader(html.parser.HTMLParser):
    """What a page links to, its anchors, and what it would fetch from elsewhere."""

    def __init__(self):
        super().__init__()
        self.links, self.anchors, self.twice, self.scripts = [], set(), [], 0

    def handle_starttag(self, tag, attrs):
        named = dict(attrs)
        if "id" in named:
            self.twice += [named["id"]] if named["id"] in self.anchors else []
            self.anchors.add(named["id"])
        if tag == "script":
            self.scripts += 1
        for name in ("href", "src"):
            if named.get(name):
                self.links.append((tag, named[name]))


def read_page(path):
    reader = Reader()
    with open(path, encoding="utf-8") as source:
        reader.feed(source.read())
    return reader


def dead(folder):
    """The faults of all pages below a folder, a text each."""
    pages = {}
    for place, _, names in os.walk(folder):
        for name in names:
            path = os.path.relpath(os.path.join(place, name), folder)
            pages[path] = read_page(os.path.join(folder, path)) if name.endswith(".html") else None
    for page, reader in sorted(pages.items()):
        if reader is None:
            continue
        yield from (f"{page}: the anchor {name} is there twice" for name in reader.twice)
        if reader.scripts:
            yield f"{page}: a script"
        for tag, link in reader.links:
            yield from fault_of(pages, page, tag, link)


def fault_of(pages, page, tag, link):
    if re.match(r"[a-z]+:", link):
        if tag != "a":
            yield f"{page}: {link} is fetched from elsewhere"
        return
    path, _, anchor = link.partition("#")
    target = os.path.normpath(os.path.join(os.path.dirname(page), path)) if path else page
    if target not in pages:
        yield f"{page}: {link} leads nowhere"
    elif anchor and (pages[target] is None or anchor not in pages[target].anchors):
        yield f"{page}: {link} has no such place"
