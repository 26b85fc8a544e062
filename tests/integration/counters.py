#!/usr/bin/env python3
"""Counters of real programs, by every provider that this machine has.

usage: counters.py TARE COUNT_TO
"""

import functools
import glob
import json
import os
import shutil
import sys

import process
from process import Sandbox, expect

# Touches so many pages and sleeps so often, which leaves faults and switches to be counted.
PAGES, NAPS = 6000, 7
PROGRAM = f"""
import mmap, time
room = mmap.mmap(-1, {PAGES} * mmap.PAGESIZE)
for at in range(0, len(room), mmap.PAGESIZE):
    room[at] = 1
for nap in range({NAPS}):
    time.sleep(0.001)
"""


def listed(sandbox, *names):
    """Provider of each name, None where there is none."""
    document = json.loads(sandbox.run("list", "counters", *names, "--format", "json")[0])
    for counter in document["counters"]:
        expect((counter["provider"] is None) != (counter["reason"] is None),
               f"{counter['name']} has a provider and a reason, or neither")
    return {counter["name"]: counter["provider"] for counter in document["counters"]}


def has(sandbox, name):
    found = listed(sandbox, name)[name] is not None
    if not found:
        print(f"  without {name}: {sandbox.run('list', 'counters', name)[0].strip()}")
    return found


def measure(sandbox, suite, *arguments, exit_code=0):
    """The report as a document, and what was printed."""
    sandbox.write("suite.yaml", suite)
    out, err = sandbox.run("run", "suite.yaml", "--seed", "1", "--report", "json=report.json",
                           *arguments, exit_code=exit_code, timeout=120)
    return json.loads(sandbox.read("report.json")), out + err


def samples(case, metric):
    return case["metrics"].get(metric, {}).get("samples", [])


def suite_of(counters, command, more=""):
    return f"""
suite: counted
defaults: {{invocations: 4, warmup: 1}}
benchmarks:
- name: subject
  command: {command}
  counters: [{", ".join(counters)}]
{more}"""


def says_of_every_name_who_counts_it(tare):
    with Sandbox(tare) as sandbox:
        names = listed(sandbox)
        expect(len(names) > 30, f"only {len(names)} names")
        expect(names["user-time"] == "rusage", f"user-time is counted by {names['user-time']}")
        text = sandbox.run("list", "counters")[0]
        for word in ("perf_sw", "valgrind", "groups: branch, cache, faults, ipc, memory, tlb"):
            expect(word in text, f"'{word}' is not in:\n{text}")


def counts_by_the_record(tare):
    counters = ["page-faults", "task-clock", "context-switches", "user-time", "system-time"]
    with Sandbox(tare) as sandbox:
        sandbox.write("program.py", PROGRAM)
        report, text = measure(sandbox, suite_of(counters, "[python3, program.py]"))
        case = report["cases"][0]
        for name in counters:
            expect(case["counters"][name]["provider"] == "rusage", f"{name}: {case['counters']}")
            expect(case["counters"][name]["coverage"] == 1, f"{name}: {case['counters']}")
            expect(len(samples(case, name)) == 4, f"{name}: {case['metrics']}")
        expect(min(samples(case, "page-faults")) >= PAGES, str(samples(case, "page-faults")))
        expect(min(samples(case, "context-switches")) >= NAPS,
               str(samples(case, "context-switches")))
        expect("ru_minflt" in text, text)


def counts_by_events(tare):
    counters = [f"perf_sw/{name}" for name in ("page-faults", "task-clock", "context-switches",
                                               "cpu-migrations")]
    with Sandbox(tare) as sandbox:
        if not all(has(sandbox, name) for name in counters):
            return
        sandbox.write("program.py", PROGRAM)
        # A shell and its child: events are inherited.
        report, _ = measure(sandbox, suite_of(counters, '[sh, -c, "python3 program.py; true"]'))
        case = report["cases"][0]
        expect(case["counters"][counters[0]]["scope"] == "program and its descendants",
               str(case["counters"]))
        expect(min(samples(case, counters[0])) >= PAGES, str(samples(case, counters[0])))
        expect(min(samples(case, counters[2])) >= NAPS, str(samples(case, counters[2])))
        # On a busy machine the guard may have refused one or the other.
        for name in counters:
            about = case["counters"][name]
            expect(about["used"] + about["invalid"] == 4 and about["used"] > 0, str(about))
            expect(len(samples(case, name)) == about["used"], str(case["metrics"]))


def distrusts_events_of_a_set_user_id_program(tare, count_to):
    with Sandbox(tare) as sandbox:
        if not has(sandbox, "perf_sw/page-faults"):
            return
        if os.geteuid() != 0 or os.statvfs(sandbox.path).f_flag & os.ST_NOSUID:
            print("  without a set-user-ID program: it takes root and a file system that allows it")
            return
        os.chmod(sandbox.path, 0o755)
        shutil.copy(count_to, sandbox.file("changes_user"))
        os.chown(sandbox.file("changes_user"), 65534, 65534)
        os.chmod(sandbox.file("changes_user"), 0o4755)
        report, text = measure(sandbox, suite_of(
            ["perf_sw/page-faults", "page-faults"], "[./changes_user, '50000000']"))
        case = report["cases"][0]
        expect(case["counters"]["perf_sw/page-faults"]["invalid"] == 4, str(case["counters"]))
        expect(not samples(case, "perf_sw/page-faults"), str(case["metrics"]))
        expect(len(samples(case, "page-faults")) == 4, str(case["metrics"]))
        expect("not used: 4 whose task clock is not the program's CPU time" in text, text)
        journal = open(glob.glob(sandbox.file(".tare/runs/*.ndjson"))[0], encoding="utf-8").read()
        expect(journal.count('"counters":"invalid"') == 5, journal)


def counts_by_the_cgroup(tare, count_to):
    with Sandbox(tare) as sandbox:
        if not has(sandbox, "cgroup-cpu-time"):
            return
        report, _ = measure(sandbox, suite_of(
            ["cgroup-cpu-time", "task-clock"], f"[{count_to}, '50000000']"))
        case = report["cases"][0]
        for whole, part in zip(samples(case, "cgroup-cpu-time"), samples(case, "task-clock")):
            # The agent is in it, so it is no less but for how finely both are kept.
            expect(whole >= 0.9 * part, f"the cgroup {whole} ns, the program {part} ns")
        expect(case["counters"]["cgroup-cpu-time"]["quality"] == "accounted",
               str(case["counters"]))


def gates_simulated_instructions_at_a_thousandth(tare, count_to):
    with Sandbox(tare) as sandbox:
        if not has(sandbox, "valgrind/instructions"):
            return
        suite = f"""
suite: exact
variants: [base, head]
gate: {{fail_on: [regression, inconclusive]}}
defaults:
  invocations: 2
  warmup: 0
  counters: [valgrind/instructions]
  counters_required: true
  margin: {{valgrind/instructions: 0.1%}}
  metrics: {{wall: {{gate: false}}}}
benchmarks:
- name: loop
  vars: {{count: "1000000"}}
  command: [{count_to}, "${{count}}"]
  variants:
  - name: base
  - {{name: head, vars: {{count: "COUNT"}}}}
"""
        # 6 instructions or so in a loop: some 0.05 % more, and 0.3 %.
        for count, verdict, code in (("1000000", "no change", 0), ("1000400", "no change", 0),
                                     ("1003000", "regression", 1)):
            report, text = measure(sandbox, suite.replace("COUNT", count), exit_code=code)
            gated = [one for one in report["comparisons"] if one["gated"]]
            expect(len(gated) == 1 and gated[0]["method"] == "exact", str(gated))
            expect(gated[0]["verdict"] == verdict, f"{count}: {gated[0]}")
            if count == "1000000":
                expect(abs(gated[0]["ratio"] - 1) < 1e-4, f"it differs from itself: {gated[0]}")
            for case in report["cases"]:
                expect(case["counters"]["valgrind/instructions"]["quality"] == "simulated",
                       str(case["counters"]))
                expect(case["metrics"]["valgrind/instructions"]["median"] > 3e6,
                       str(case["metrics"]))
                # Simulations are no invocations: they are not timed.
                expect(case["metrics"]["wall"]["n"] == 2, str(case["metrics"]["wall"]))
        expect("simulated" in text, text)
        expect(not glob.glob(sandbox.file(".tare/valgrind*")), "the simulator's files are left")


def every_set_has_its_turn_in_short_programs(tare):
    """Which are measured many at a time, so that one set could take all of a case."""
    names = ["task-clock", "cpu-clock", "page-faults", "minor-faults", "major-faults",
             "context-switches"]
    with Sandbox(tare) as sandbox:
        if not has(sandbox, "perf_sw/page-faults"):
            return
        report, _ = measure(sandbox, """
suite: turns
defaults: {invocations: 6, warmup: 0, counters: [first, second], command: "true"}
counter_groups:
  first: {counters: [%s]}
  second: {counters: [%s]}
benchmarks:
- name: one
- name: two
""" % (", ".join(f"perf_sw/{name}" for name in names),
            ", ".join(f"perf::{name.upper()}" for name in names)))
        for case in report["cases"]:
            for metric in "perf_sw/page-faults", "perf::PAGE-FAULTS":
                about = case["counters"][metric]
                # On a busy machine the guard may refuse what was counted.
                expect(about["used"] + about["invalid"] > 0, f"{case['name']}: {about}")


def derives_metrics_of_a_group(tare):
    with Sandbox(tare) as sandbox:
        sandbox.write("program.py", PROGRAM)
        report, _ = measure(sandbox, suite_of(["faults"], "[python3, program.py]"))
        case = report["cases"][0]
        expect(case["counters"]["faults-per-cpu-ms"]["quality"] == "derived",
               str(case["counters"]))
        clock = samples(case, "task-clock")
        for i, faults in enumerate(samples(case, "page-faults")):
            derived = samples(case, "faults-per-cpu-ms")[i]
            expect(abs(derived - faults / (clock[i] / 1e6)) < 1e-6 * derived,
                   f"{derived} is not {faults} in {clock[i]} ns")


def counts_on_the_cpus_of_the_case(tare):
    """The program's faults are among those of its CPU; and they are said to be of the CPU."""
    cpu = max(os.sched_getaffinity(0))
    with Sandbox(tare) as sandbox:
        suite = suite_of(["perf_sw/page-faults", "perf_sw/task-clock"],
                         json.dumps([sys.executable, "-c", PROGRAM]),
                         f"  cpus: {cpu}-{cpu}\n  counter_scope: cpus\n")
        report, text = measure(sandbox, suite)
        case = report["cases"][0]
        expect("perf_sw/task-clock" not in case["metrics"], str(case["metrics"].keys()))
        expect("a clock of processes" in text, text)
        if "perf_sw/page-faults" not in case["metrics"]:
            expect("or less is needed" in text, text)
            print("  the kernel does not permit events of CPUs here")
            return
        faults = samples(case, "perf_sw/page-faults")
        expect(len(faults) == 4 and all(one >= PAGES for one in faults), str(faults))
        expect("whatever runs there" in json.dumps(case), str(case)[:500])


def warns_of_what_it_lacks_or_refuses(tare):
    with Sandbox(tare) as sandbox:
        suite = suite_of(["page-faults", "NO_SUCH_EVENT"], "[true]")
        report, text = measure(sandbox, suite)
        expect("not counted here: NO_SUCH_EVENT (no provider knows it" in text, text)
        # A busy machine has warnings of its own.
        expect("counters_missing" in [one["id"] for one in report["warnings"]],
               str(report["warnings"]))
        expect(len(samples(report["cases"][0], "page-faults")) == 4, str(report["cases"][0]))
        sandbox.write("suite.yaml", suite + "  counters_required: true\n")
        _, text = sandbox.run("run", "suite.yaml", exit_code=5)
        expect("required counters cannot be had here: NO_SUCH_EVENT (" in text, text)


def with_program(test, program):
    """The test with its second argument, under its own name."""
    @functools.wraps(test)
    def bound(tare):
        test(tare, program)
    return bound


def main():
    count_to = os.path.abspath(sys.argv[2])
    return process.run_tests([
        says_of_every_name_who_counts_it,
        counts_by_the_record,
        counts_by_events,
        with_program(distrusts_events_of_a_set_user_id_program, count_to),
        with_program(counts_by_the_cgroup, count_to),
        with_program(gates_simulated_instructions_at_a_thousandth, count_to),
        every_set_has_its_turn_in_short_programs,
        derives_metrics_of_a_group,
        counts_on_the_cpus_of_the_case,
        warns_of_what_it_lacks_or_refuses,
    ], sys.argv[1])


if __name__ == "__main__":
    sys.exit(main())
