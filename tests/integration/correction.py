#!/usr/bin/env python3
"""Corrections with a real engine: a container of half a core is weighed, and its times are brought
back to the host's, shown beside what was measured, and compared with it; or refused with the reason.

usage: ci/with-docker correction.py TARE [ENGINE]

How well a calibration holds is the machine's to say: on a busy one the host differs from itself by more
than is allowed. Then the refusal is checked, and a copy of the calibration, in whose A/A arm the host
is itself, takes its place; so figures are checked against each other and not for what they are.
"""

import json
import os
import shutil
import subprocess
import sys

import docker
import process
from docker import BOX, ENGINE, Box, expect_no_containers
from process import expect

PATIENCE_S = 500
WORK = """suite: work
correct: container
defaults: {cpus: 1, invocations: 12, warmup: 1}
benchmarks:
- name: count
  command: [busybox, sh, -c, 'i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done']
  variants:
  - {name: host, runner: host}
  - {name: box, runner: ENGINE, image: 'BOX', resources: {cpu_quota: 0.5, user: '0'}}
"""
ONE = """suite: one
defaults: {cpus: 1, invocations: 12, warmup: 1}
benchmarks:
- name: count
  command: [busybox, sh, -c, 'i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done']
"""


class Weighed(Box):
    """A sandbox whose calibrations may take their time, and which reads reports."""

    def run(self, *arguments, exit_code=0, timeout=PATIENCE_S):
        return super().run(*arguments, exit_code=exit_code, timeout=timeout)

    def report(self, *arguments):
        out, _ = self.run("show", *arguments, "--format", "json")
        return json.loads(out)


def calibrate(sandbox):
    """What the report of the calibration says of it."""
    out, err = sandbox.run("calibrate", "--like", "latest:work", "--dimension", "cpu", "--quick",
                           "--quiet", "--seed", "1", "--journal", "weight.ndjson",
                           "--report", "html=weight.html", "--report", "json=weight.json")
    expect("dimension" in out and "by its probe" in out and "beta" in out, out + err)
    with open(sandbox.file("weight.html"), encoding="utf-8") as file:
        expect("What the container costs" in file.read(), "the picture of the calibration")
    with open(sandbox.file("weight.json"), encoding="utf-8") as file:
        told = json.load(file)["calibration"]
    cpu = told["dimensions"][0]
    expect(cpu["name"] == "cpu" and cpu["probe"], cpu)
    expect(told["dimensions"][1]["verdict"] == "not measured", told["dimensions"][1])
    return told


def with_a_host_that_is_itself(sandbox, told):
    """The calibration again, under another id: what was measured again is what was measured."""
    with open(sandbox.file("weight.ndjson"), encoding="utf-8") as file:
        text = file.read().replace(told["id"], told["id"][:-6] + "abcdef")
    lines = [json.loads(line) for line in text.splitlines()]
    cases = lines[0]["cases"]
    host = {case["benchmark"]: index for index, case in enumerate(cases) if case["variant"] == "host"}
    walls = {(line["case"], line["pair"]): line["values"]["wall"] for line in lines
             if line["type"] == "sample"}
    for line in lines:
        if line["type"] == "sample" and cases[line["case"]]["variant"] == "again":
            line["values"]["wall"] = walls[host[cases[line["case"]]["benchmark"]], line["pair"]]
    sandbox.write("mended.ndjson", "".join(json.dumps(line) + "\n" for line in lines))
    sandbox.run("store", "import", "mended.ndjson")
    out, _ = sandbox.run("show", told["id"][:-6] + "abcdef", "--format", "json")
    return json.loads(out)["calibration"]


def refusals_come_before_any_calibration(sandbox):
    """Nothing to correct with: the suite's wish is told of, the command line's is refused."""
    out, _ = sandbox.run("show", "latest:work")
    expect("nothing is corrected, although the suite asks for it: there is no calibration in the "
           "history; tare calibrate makes one" in " ".join(out.split()), out)
    _, err = sandbox.run("show", "latest:work", "--correct", "container", exit_code=3)
    expect("nothing is corrected: there is no calibration in the history" in err, err)
    _, err = sandbox.run("compare", "bare", "boxed", exit_code=3)
    expect("it cannot be corrected: there is no calibration in the history" in err
           and "--mixed-runners" in err, err)
    _, err = sandbox.run("run", "one.yaml", "--baseline", "boxed", exit_code=3)
    expect("it cannot be corrected: there is no calibration" in err, err)


def refuses_a_calibration_that_does_not_hold(sandbox, told):
    """With the sentence of the A/A arm, wherever it is asked for."""
    reason = f"nothing is corrected: calibration {told['id']} cannot be used: its A/A arm failed"
    _, err = sandbox.run("show", "latest:work", "--correct", "container", exit_code=3)
    expect(reason in err, err)
    _, err = sandbox.run("compare", "bare", "boxed", exit_code=3)
    expect("A/A arm failed" in err, err)
    out, _ = sandbox.run("show", "latest:work")
    expect("A/A arm failed" in " ".join(out.split()), out)


def shows_raw_and_corrected(sandbox, told):
    """What is sure to be there is taken off, and it is the same everywhere."""
    low, high = told["beta"]["interval"]
    beta = 1 if low <= 1 <= high else told["beta"]["estimate"]
    report = sandbox.report("latest:work")
    host, box = (case["metrics"]["wall"] for case in report["cases"])
    one = report["comparisons"][0]["correction"]
    expect(box["corrected"]["calibration"] == told["id"], box["corrected"])
    expect(abs(box["corrected"]["divided_by"] - beta) < 1e-9, box["corrected"])
    wanted = (box["median"] - box["corrected"]["subtracted_ns"]) / beta
    expect(abs(box["corrected"]["median"] / wanted - 1) < 1e-9, box["corrected"])
    low, high = box["corrected"]["interval"]
    expect(low < wanted < high and high - low >= (box["interval"][1] - box["interval"][0]) / beta, box)
    expect("corrected" not in host, host)
    expect(one["decides"] and one["head_corrected"] and not one["base_corrected"], one)
    expect(report["comparisons"][0]["ratio"] == one["corrected"]["ratio"], one)
    out, _ = sandbox.run("show", "latest:work")
    expect("by calibration " + told["id"] in " ".join(out.split()) and "raw " in out, out)
    out, _ = sandbox.run("show", "latest:work", "--correct", "none")
    expect(told["id"] not in out, out)
    out, _ = sandbox.run("calibrate", "--correct", "latest:work")
    expect("count@box: raw " in out and ", corrected " in out and "count@host" not in out, out)


def compares_a_container_with_the_host(sandbox, told):
    """Other metrics decide nothing, and a baseline is as good as two runs."""
    out, _ = sandbox.run("compare", "bare", "boxed", "--format", "json")
    report = json.loads(out)
    wall = next(one for one in report["comparisons"] if one["metric"] == "wall")
    user = next(one for one in report["comparisons"] if one["metric"] == "user")
    expect(wall["correction"]["decides"], wall)
    expect(user["verdict"] == "inconclusive" and "knows wall time only" in user["reason"], user)
    _, err = sandbox.run("run", "one.yaml", "--baseline", "boxed", "--release", "again")
    expect("cannot be corrected" not in err, err)
    out, _ = sandbox.run("compare", "bare", "boxed", "--mixed-runners", "--format", "json")
    expect("correction" not in json.loads(out)["comparisons"][0], out[:2000])
    _, err = sandbox.run("compare", "bare", "boxed", "--max-age", "1ms", exit_code=3)
    expect(f"calibration {told['id'][:-6]}" in err and "at most 1 ms are allowed" in err, err)


def refuses_other_limits(sandbox, told):
    """A container without the quota is another one, and the remedy is named."""
    sandbox.write("free.yaml", WORK.replace("suite: work", "suite: free").replace(
        "cpu_quota: 0.5, ", "").replace("BOX", BOX).replace("ENGINE", ENGINE))
    sandbox.run("run", "free.yaml", "--quiet")
    _, err = sandbox.run("show", "latest:free", "--correct", "container", exit_code=3)
    # Where it was mended there are two, and either may be named.
    expect(f"calibration {told['id'][:-6]}" in err and "was made with container.cpu_quota '" in err
           and "tare calibrate --like " in err, err)


def check():
    with Weighed(os.path.abspath(sys.argv[1])) as sandbox:
        sandbox.write("work.yaml", WORK.replace("BOX", BOX).replace("ENGINE", ENGINE))
        sandbox.write("one.yaml", ONE)
        sandbox.write("boxed.yaml", ONE + f"  runner: {ENGINE}\n  image: '{BOX}'\n"
                                          "  resources: {cpu_quota: 0.5, user: '0'}\n")
        sandbox.run("run", "work.yaml", "--seed", "1", "--quiet")
        sandbox.run("run", "one.yaml", "--seed", "1", "--quiet", "--release", "bare")
        sandbox.run("run", "boxed.yaml", "--seed", "1", "--quiet", "--release", "boxed")
        refusals_come_before_any_calibration(sandbox)
        told = calibrate(sandbox)
        if told["why_not"]:
            refuses_a_calibration_that_does_not_hold(sandbox, told)
            told = with_a_host_that_is_itself(sandbox, told)
            expect(told["why_not"] is None, told["why_not"])
        shows_raw_and_corrected(sandbox, told)
        compares_a_container_with_the_host(sandbox, told)
        refuses_other_limits(sandbox, told)
        expect_no_containers()
    print("corrections are made, or refused with the reason")
    return 0


def main():
    if subprocess.run([ENGINE, "version"], capture_output=True).returncode != 0:
        process.skip(f"{ENGINE} does not answer", missing_package=True)
    docker.make_image()
    try:
        return check()
    except process.Failure as failure:
        print(f"failed: {failure}")
        return 1
    finally:
        shutil.rmtree(docker.SOCKETS, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
