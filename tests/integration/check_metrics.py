#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads a scrape on standard input as OpenMetrics, strictly, and prints its samples as JSON: [[name, labels, value]].

With files as its arguments it also fails on a metric that they name and the scrape has not: Prometheus rules (*.yml), or a page of
the manual (*.md), which must name every family, too.
"""
import json
import re
import sys

from prometheus_client.openmetrics.parser import text_string_to_metric_families

# Of desks on PostgreSQL, and of those that write to themselves.
ELSEWHERE = {"tidings_wakeups_sent_total", "tidings_wakeups_heard_total", "tidings_canary_ok", "tidings_canary_round_trip_seconds",
             "tidings_canary_last_success_timestamp_seconds"}

families = list(text_string_to_metric_families(sys.stdin.read()))
samples = [[s.name, s.labels, s.value] for family in families for s in family.samples]
undescribed = [family.name for family in families if not family.documentation.endswith(".") and ":" not in family.documentation]
if undescribed:
    sys.exit(f"without a sentence of help: {undescribed}")
known = {name for name, _, _ in samples} | {family.name for family in families}
for path in sys.argv[1:]:
    with open(path, encoding="utf-8") as file:
        text = file.read()
    if path.endswith(".yml"):
        text = "\n".join(re.findall(r"^\s+expr: (.*)$", text, re.M))
    named = set(re.findall(r"\b(?:tidings|process)_[a-z_]+[a-z]", text))
    missing = [family.name for family in families if not any(name.startswith(family.name) for name in named)]
    if not named or named - known - ELSEWHERE:
        sys.exit(f"{path} names {sorted(named - known - ELSEWHERE)}, and a scrape has none of it")
    if path.endswith(".md") and missing:
        sys.exit(f"{path} does not name {missing}")
json.dump(samples, sys.stdout)
