# SPDX-License-Identifier: Apache-2.0
"""docs/README.md: what the manual has, in reading order."""
import glob
import os
import re

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def listed():
    """[(chapter, [(source, words)])]: its headings of the second level, and the links of the lists below them."""
    chapters = []
    with open(os.path.join(ROOT, "docs/README.md"), encoding="utf-8") as index:
        for line in index:
            heading = re.match(r"## (.*)", line)
            link = re.match(r"\d+\. \[([^]]*)\]\(([^)#]*)\)", line)
            if heading:
                chapters.append((heading.group(1), []))
            elif link:
                chapters[-1][1].append((os.path.normpath(os.path.join("docs", link.group(2))), link.group(1)))
    return chapters


def faults_of_index():
    """A page that is not in the index is not found by anybody."""
    known = {source for _, entries in listed() for source, _ in entries}
    there = {os.path.relpath(path, ROOT) for pattern in ("docs/*.md", "docs/decisions/*.md", "man/*.[1-8]")
             for path in glob.glob(os.path.join(ROOT, pattern))} - {"docs/README.md"}
    yield from (f"{source}: not in docs/README.md" for source in sorted(there - known))
    yield from (f"docs/README.md: {source} is not there" for source in sorted(known)
                if not os.path.exists(os.path.join(ROOT, source)))
