#!/usr/bin/env python3
"""Real programs through the gate: the same twice is never a regression, twice the time always is.

usage: verdicts.py TARE
"""

import json
import sys

import process
from process import Sandbox, expect

SEEDS = (1, 2, 3)


def judge(sandbox, base, head, seed, *more):
    """The exit code of a gated comparison, and the comparison of wall times."""
    tare = sandbox.start("bench", base, head, "--seed", str(seed), "--gate", "regression", "--max-time", "2s",
                         "--quiet", "--export-json", "report.json", *more)
    _, err = tare.communicate(timeout=60)
    with open(sandbox.file("report.json"), encoding="utf-8") as file:
        report = json.load(file)
    wall = [one for one in report["comparisons"] if one["metric"] == "wall"]
    expect(len(wall) == 1, f"{len(wall)} comparisons of wall")
    said = f"{wall[0]['verdict']}: {wall[0]['ratio']:.3f} {wall[0]['interval']} n={wall[0]['n']}"
    print(f"  {base} | {head}, seed {seed}: {said}; exit code {tare.returncode} {err.strip()}")
    return tare.returncode, wall[0]


def the_same_program_twice_is_no_regression(tare):
    """At a margin of 10 %: at the default of 2 % one in some hundred such runs may alarm, by design."""
    with Sandbox(tare) as sandbox:
        for seed in SEEDS:
            code, wall = judge(sandbox, "sleep 0.005", "sleep 0.005", seed, "--margin", "10%")
            expect(code == 0, f"seed {seed} ended with {code}: {wall}")


def twice_the_time_is_a_regression(tare):
    with Sandbox(tare) as sandbox:
        for seed in SEEDS:
            code, wall = judge(sandbox, "sleep 0.01", "sleep 0.02", seed)
            expect(code == 1 and wall["verdict"] == "regression", f"seed {seed} ended with {code}: {wall}")
            expect(1.2 < wall["ratio"] < 3, f"the ratio is {wall['ratio']}")


def half_the_time_is_an_improvement(tare):
    with Sandbox(tare) as sandbox:
        code, wall = judge(sandbox, "sleep 0.02", "sleep 0.01", 1)
        expect(code == 0 and wall["verdict"] == "improvement", f"ended with {code}: {wall}")


def what_is_measured_is_what_was_used(tare):
    """A program that sleeps uses no CPU time, one that computes uses what it takes."""
    with Sandbox(tare) as sandbox:
        sandbox.run("bench", "sleep 0.1", "--invocations", "5", "--quiet", "--export-json", "sleep.json")
        sandbox.run("bench", "python3 -S -c 'sum(range(2000000))'", "--invocations", "5", "--quiet",
                    "--export-json", "work.json")
        metrics, samples = {}, {}
        for name in ("sleep", "work"):
            with open(sandbox.file(f"{name}.json"), encoding="utf-8") as file:
                case = json.load(file)["cases"][0]["metrics"]
                metrics[name] = {key: one["median"] for key, one in case.items()}
                samples[name] = {key: one["samples"] for key, one in case.items()}
        expect(100e6 <= metrics["sleep"]["wall"] < 400e6, f"wall of sleep 0.1: {metrics['sleep']['wall']}")
        expect(metrics["sleep"]["cpu"] < 50e6, f"cpu of sleep: {metrics['sleep']['cpu']}")
        expect(metrics["work"]["cpu"] > 10e6, f"cpu of work: {metrics['work']['cpu']}")
        expect(metrics["work"]["max_rss"] > 4 << 20, f"max_rss of python: {metrics['work']['max_rss']}")
        for one in samples.values():
            # Of each sample: the medians of three metrics may belong to three invocations.
            for cpu, user, system in zip(one["cpu"], one["user"], one["sys"], strict=True):
                expect(abs(cpu - user - system) <= 1e3, f"cpu is not user and sys: {cpu} {user} {system}")


def main():
    return process.run_tests([
        the_same_program_twice_is_no_regression,
        twice_the_time_is_a_regression,
        half_the_time_is_an_improvement,
        what_is_measured_is_what_was_used,
    ], sys.argv[1])


if __name__ == "__main__":
    sys.exit(main())
