#!/usr/bin/env python3
"""tare doctor on this machine: its JSON, its exit code, and that nothing is left behind.

usage: doctor.py TARE
"""

import json
import os
import sys
import time

import process
from process import Sandbox, expect

LEVELS = ("fine", "note", "warning", "unfit")
# It promises 5 s; a machine that runs other tests at the same time may take longer.
LIMIT_S = 60


def gives_every_finding_a_remedy(tare):
    with Sandbox(tare) as sandbox:
        began = time.monotonic()
        out, _ = sandbox.run("doctor", "--format", "json", exit_code=None, timeout=LIMIT_S)
        print(f"tare doctor took {time.monotonic() - began:.1f} s")
        visit = json.loads(out)
        expect(visit["format"] == "tare-doctor" and visit["version"] == 1, f"it says {visit}")
        ids = [finding["id"] for finding in visit["findings"]]
        expect(len(set(ids)) == len(ids), f"ids repeat: {ids}")
        for finding in visit["findings"]:
            expect(finding["level"] in LEVELS and finding["text"], f"finding {finding}")
            expect((finding["remedy"] is None) == (finding["level"] == "fine"),
                   f"remedy of {finding}")
        unfit = [finding for finding in visit["findings"] if finding["level"] == "unfit"]
        expect(visit["fit"] == (not unfit), f"fit is {visit['fit']} with {unfit}")
        expect([cpu["cpu"] for cpu in visit["cpus"]] == sorted(os.sched_getaffinity(0)),
               f"gauged {visit['cpus']}")
        for cpu in visit["cpus"]:
            expect(0 <= cpu["lost_share"] <= 1 and cpu["frequency_hz"] > 1e7, f"gauge {cpu}")
        sandbox.expect_nothing_left()
        expect(os.listdir(sandbox.path) == [], f"it left {os.listdir(sandbox.path)}")


def ends_with_1_where_the_machine_is_unfit(tare):
    with Sandbox(tare) as sandbox:
        agentless = sandbox.environment() | {"TARE_AGENT": sandbox.file("no-agent")}
        sandbox.environment = lambda: agentless
        out, _ = sandbox.run("doctor", exit_code=1, timeout=LIMIT_S)
        lines = out.splitlines()
        expect(any(line.startswith("unfit    agent ") and "no-agent" in line for line in lines),
               f"it says {out}")
        expect(lines[-1].startswith("this machine is unfit for measuring now: "),
               f"it ends with {lines[-1]}")


def counts_with_what_is_there(tare):
    """As `tare list counters` says it, also where no simulator is installed."""
    with Sandbox(tare) as sandbox:
        os.mkdir(sandbox.file("bin"))
        bare = sandbox.environment() | {"PATH": sandbox.file("bin")}
        sandbox.environment = lambda: bare
        listed, _ = sandbox.run("list", "counters", "--format", "json", timeout=LIMIT_S)
        out, _ = sandbox.run("doctor", "--format", "json", exit_code=None, timeout=LIMIT_S)
        texts = {finding["id"]: finding["text"] for finding in json.loads(out)["findings"]}
        counted = {}
        for part in texts["counters"].removeprefix("no hardware counters; ").split("; "):
            names, _, provider = part.rpartition(" by ")
            counted |= dict.fromkeys(names.split(", "), provider)
        for counter in json.loads(listed)["counters"]:
            provider = counted.get(counter["name"])
            expect(provider == counter["provider"], f"{counter} is counted by {provider}")
            expect(counter["provider"] or counter["name"] in texts["not-counted"],
                   f"{counter} is not in {texts['not-counted']}")
        expect("there is no 'valgrind' on PATH" in texts["not-counted"], texts["not-counted"])


if __name__ == "__main__":
    sys.exit(process.run_tests([gives_every_finding_a_remedy,
                                ends_with_1_where_the_machine_is_unfit,
                                counts_with_what_is_there], sys.argv[1]))
