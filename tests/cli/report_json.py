#!/usr/bin/env python3
"""Fails where a json report does not have the keys and types that report/README.md promises.

usage: report_json.py REPORT
"""

import json
import sys

NUMBER = (int, float)
INTERVAL = [NUMBER, NUMBER]


class Optional:
    """A value of this shape, or null."""

    def __init__(self, shape):
        self.shape = shape


class Sometimes:
    """A value of this shape, or no such key."""

    def __init__(self, shape):
        self.shape = shape


class Many:
    """A list of values of this shape."""

    def __init__(self, shape):
        self.shape = shape


class Values:
    """A mapping of any names to values of this shape."""

    def __init__(self, shape):
        self.shape = shape


class One:
    """One of these texts."""

    def __init__(self, *texts):
        self.texts = texts


VERDICT = One("regression", "improvement", "no change", "inconclusive")
SPAN = {"estimate": Optional(NUMBER), "interval": Optional(INTERVAL)}
WEIGHT = {
    "name": str, "probe": Sometimes(str), "dimension": Sometimes(str), "host_ns": Optional(NUMBER),
    "container_ns": Optional(NUMBER), "overhead": Optional(NUMBER), "interval": Optional(INTERVAL),
    "resolution": Optional(NUMBER),
    "verdict": One("equivalent", "overhead", "benefit", "inconclusive", "not measured"),
}
CALIBRATION = {
    "id": str, "fingerprint": str, "made_unix_ns": int, "why_not": Optional(str), "alpha_ns": SPAN,
    "beta": SPAN, "covariance": Optional(NUMBER), "misfit": Optional(NUMBER), "rule": str,
    "dimensions": Many(WEIGHT), "probes": Many(WEIGHT),
}
CORRECTION = {
    "asked_by": str, "corrected_cases": int, "refusal": Optional(str), "calibrations": Many(CALIBRATION),
}
SIDE = {
    "ratio": Optional(NUMBER), "interval": Optional(INTERVAL), "verdict": VERDICT,
    "base_median": Optional(NUMBER), "head_median": Optional(NUMBER),
}
RUN = {
    "id": str, "suite": str, "suite_file": str, "suite_digest": str, "description": str, "release": str,
    "environment": str, "fingerprint": str, "command_line": str, "tare": str, "seed": (int, str),
    "started": str, "started_unix_ns": int, "duration_ns": int, "invocations": int,
    "status": One("complete", "interrupted", "open"),
}
MOVED = {"operation": str, "base": str, "head": str, "metric": str, "delta_percent": Optional(NUMBER),
         "interval": Optional(INTERVAL), "p_adjusted": Optional(NUMBER)}
ADVICE = {
    "risk_level": One("none", "low", "medium", "high"),
    "recommendation": One("approve", "review", "block"), "regressions_found": bool,
    "total_regressions": int, "blocking_regressions": int,
    "performance_regressions": Many(MOVED), "performance_improvements": Many(MOVED),
    "worth_a_look": Many(MOVED),
}
SUMMARY = {
    "headline": str, "total_comparisons": int, "total_regressions": int, "total_improvements": int,
    "total_inconclusive": int, "total_no_change": int, "failed_cases": int,
}
COMPARISON = {
    "case": str, "benchmark": str, "base": str, "head": str, "metric": str, "unit": str,
    "better": One("lower", "higher"), "ratio": Optional(NUMBER), "interval": Optional(INTERVAL),
    "difference": Optional(NUMBER), "difference_interval": Optional(INTERVAL), "base_median": Optional(NUMBER),
    "head_median": Optional(NUMBER), "verdict": One("regression", "improvement", "no change", "inconclusive"),
    "below_margin": bool, "p_value": Optional(NUMBER), "p_adjusted": Optional(NUMBER),
    "p_triage": Optional(NUMBER), "confidence": Optional(NUMBER), "mde": Optional(NUMBER), "spread": Optional(NUMBER), "n": int, "base_n": int, "head_n": int,
    "method": One("paired", "unpaired", "difference", "exact"), "gated": bool, "critical": bool,
    "blocking": bool, "margin": NUMBER, "superiority": Optional(NUMBER), "missing_pairs": int,
    "reason": Optional(str), "sentence": str,
    "undisturbed": Optional({
        "base_disturbed": int, "head_disturbed": int, "n": int, "ratio": Optional(NUMBER),
        "interval": Optional(INTERVAL), "difference": Optional(NUMBER),
        "difference_interval": Optional(INTERVAL),
        "verdict": One("regression", "improvement", "no change", "inconclusive"),
    }),
    "correction": Sometimes({
        "calibration": str, "decides": bool, "base_corrected": bool, "head_corrected": bool, "raw": SIDE,
        "corrected": SIDE,
    }),
}
SET = {
    "base": str, "head": str, "across_runs": bool, "comparisons": int,
    "geomean": Optional({"ratio": Optional(NUMBER), "interval": Optional(INTERVAL), "cases": int,
                         "raw_ratio": Sometimes(NUMBER), "raw_interval": Sometimes(Optional(INTERVAL))}),
    "missing": Many({"case": str, "only_in": One("base", "head")}),
    "environment_differences": Many({"key": str, "base": str, "head": str, "matters": bool}),
}
METRIC = {
    "unit": str, "better": One("lower", "higher"), "gated": bool, "n": int, "total": int, "median": NUMBER,
    "interval": Optional(INTERVAL), "min": NUMBER, "max": NUMBER, "mean": NUMBER, "sd": Optional(NUMBER),
    "samples": Many(Optional(NUMBER)),
    "corrected": Sometimes({
        "median": Optional(NUMBER), "interval": Optional(INTERVAL), "calibration": Optional(str),
        "subtracted_ns": Optional(NUMBER), "divided_by": Optional(NUMBER), "remark": str,
    }),
}
LOOK = {
    "metric": str, "phase": int, "pairs": int, "pairs_planned": int, "scale": One("value", "ratio", "difference"),
    "estimate": Optional(NUMBER), "interval": Optional(INTERVAL), "p_value": Optional(NUMBER),
    "alpha_spent": NUMBER, "boundary": NUMBER,
    "verdict": One("regression", "improvement", "no change", "inconclusive"), "decision": str,
}
CASE = {
    "name": str, "benchmark": str, "parameters": Values(str), "variant": str, "tags": Many(str),
    "command": str, "runner": str, "cpus": str, "placement": str,
    "critical": bool, "status": One("ok", "failed", "pending"),
    "failure": Optional(str), "stderr": Optional(str), "stop_reason": Optional(str), "warmups": int,
    "metrics": Values(METRIC), "looks": Many(LOOK),
    "noise": {"disturbed": int, "by": Values(int), "disturbed_pairs": Many(int)},
    "cost": {"invocations": int, "time_ns": NUMBER, "share": NUMBER, "stopped": str},
}
REPORT = ADVICE | {
    "format": One("tare-report"), "version": int, "run": RUN, "base_run": Optional(RUN),
    "summary": SUMMARY, "gate": Optional({
        "result": One("passed", "failed", "undecided", "not asked"), "failed": int, "gated": int,
        "sentence": str,
    }),
    "warnings": Many({"id": str, "text": str, "why": Optional(str), "advice": str}), "comparisons": Many(COMPARISON),
    "calibration": Sometimes(CALIBRATION), "correction": Sometimes(CORRECTION),
    "base_correction": Sometimes(CORRECTION),
    "comparison_sets": Many(SET), "cases": Many(CASE),
    "cost": {"time_ns": NUMBER, "stops": Many({"stopped": str, "cases": int, "time_ns": NUMBER})},
    "environment": {"fingerprint": str, "facts": Many({"key": str, "value": str, "matters": bool})},
}


def check(value, shape, where):
    """Yields a sentence for everything in value that is not of this shape."""
    if isinstance(shape, Sometimes):
        yield from check(value, shape.shape, where)
    elif isinstance(shape, Optional):
        if value is not None:
            yield from check(value, shape.shape, where)
    elif isinstance(shape, Many):
        if not isinstance(value, list):
            yield f"{where} is no list"
            return
        for index, member in enumerate(value):
            yield from check(member, shape.shape, f"{where}[{index}]")
    elif isinstance(shape, Values):
        for name, member in value.items():
            yield from check(member, shape.shape, f"{where}.{name}")
    elif isinstance(shape, One):
        if value not in shape.texts:
            yield f"{where} is {value!r}"
    elif isinstance(shape, dict):
        for key in shape.keys() - value.keys():
            if not isinstance(shape[key], Sometimes):
                yield f"{where}.{key} is missing"
        for key in value.keys() - shape.keys():
            yield f"{where}.{key} is not in report/README.md"
        for key in shape.keys() & value.keys():
            yield from check(value[key], shape[key], f"{where}.{key}")
    elif isinstance(shape, list):
        if not isinstance(value, list) or len(value) != len(shape):
            yield f"{where} does not have {len(shape)} members"
            return
        for index, member in enumerate(shape):
            yield from check(value[index], member, f"{where}[{index}]")
    elif not isinstance(value, shape) or (isinstance(value, bool) and shape is not bool):
        yield f"{where} is {value!r}"


def check_sums(report):
    """What the figures must be to each other."""
    for case in report["cases"]:
        for name, metric in case["metrics"].items():
            if len(metric["samples"]) != metric["n"] or metric["n"] > metric["total"]:
                yield f"{case['name']}: {name}: n={metric['n']} of {metric['total']}"
            if not metric["min"] <= metric["median"] <= metric["max"]:
                yield f"{case['name']}: {name}: the median is outside"
    if sum(stop["cases"] for stop in report["cost"]["stops"]) != len(report["cases"]):
        yield "the cost does not count the cases"
    if sum(one["comparisons"] for one in report["comparison_sets"]) != len(report["comparisons"]):
        yield "comparison_sets do not share out the comparisons"
    gated = sum(one["gated"] for one in report["comparisons"])
    summary = report["summary"]
    if gated != sum(summary[f"total_{one}"] for one in
                    ("regressions", "improvements", "inconclusive", "no_change")):
        yield f"the summary does not count {gated} gated comparisons"
    for verdict in ("regression", "improvement"):
        told = {(one["case"], one["metric"]) for one in report["comparisons"]
                if one["gated"] and one["verdict"] == verdict}
        listed = report[f"performance_{verdict}s"]
        if told != {(one["operation"], one["metric"]) for one in listed}:
            yield f"performance_{verdict}s are not the gated ones"
    if report["total_regressions"] != len(report["performance_regressions"]):
        yield "total_regressions does not count the list"


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        report = json.load(file)
    problems = list(check(report, REPORT, "report"))
    if not problems:
        problems = list(check_sums(report))
    for problem in problems:
        print(problem)
    print(f"{len(report['cases'])} cases, {len(report['comparisons'])} comparisons, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
