#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads a scrape on standard input as OpenMetrics, strictly, and prints its samples as JSON: [[name, labels, value]].

With a file of Prometheus rules as its argument it also fails on a metric that the rules name and the scrape has not.
"""
import json
import re
import sys

from prometheus_client.openmetrics.parser import text_string_to_metric_families

families = list(text_string_to_metric_families(sys.stdin.read()))
samples = [[s.name, s.labels, s.value] for family in families for s in family.samples]
undescribed = [family.name for family in families if not family.documentation.endswith(".") and ":" not in family.documentation]
if undescribed:
    sys.exit(f"without a sentence of help: {undescribed}")
for path in sys.argv[1:]:
    with open(path, encoding="utf-8") as rules:
        expressions = re.findall(r"^\s+expr: (.*)$", rules.read(), re.M)
    known = {name for name, _, _ in samples} | {family.name for family in families}
    named = {name for text in expressions for name in re.findall(r"\btidings_[a-z_]+", text)}
    if not named or named - known:
        sys.exit(f"{path} names {sorted(named - known)}, and a scrape has none of it")
json.dump(samples, sys.stdout)
