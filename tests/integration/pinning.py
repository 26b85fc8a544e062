#!/usr/bin/env python3
"""Pinning on this machine, seen from inside the measured program: which CPUs it has, where tare is.

usage: pinning.py TARE

What it expects follows from the CPUs this process may use, so it runs on any machine; what takes two
CPUs is skipped on one. Machines that are not here are in tests/unit/pin and tests/cli/topology.txt.
"""

import json
import os
import re
import sys
import time

import process
from process import Sandbox, expect, read_journal

# Leaves one line: the CPUs of the program, and those of tare, which is the parent of the agent.
LOOK = r"""
import os
def status(pid, key):
    with open(f"/proc/{pid}/status") as file:
        return next(line.split()[1] for line in file if line.startswith(key + ":"))
tare = status(os.getppid(), "PPid")
with open("seen", "a") as file:
    file.write(f"{status('self', 'Cpus_allowed_list')} {status(tare, 'Cpus_allowed_list')}\n")
"""

# The CPUs of the main thread and of three others.
THREADS = r"""
import json, os, threading
seen = []
def look():
    seen.append(sorted(os.sched_getaffinity(threading.get_native_id())))
for _ in range(3):
    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
# A process without threads is left alone, so the main thread moves when it starts another.
seen.insert(0, sorted(os.sched_getaffinity(0)))
with open("threads", "w") as file:
    json.dump(seen, file)
"""


def cpus_of(text):
    """ "0-2,5": {0, 1, 2, 5}"""
    found = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        found |= set(range(int(first), int(last or first) + 1))
    return found


def list_of(cpus):
    """As `cpus:` takes it: one alone is a range, too."""
    return ",".join(f"{cpu}-{cpu}" if len(cpus) == 1 else str(cpu) for cpu in sorted(cpus))


def write_suite(box, program, **keys):
    box.write("program.py", program)
    body = {"name": "look", "command": [sys.executable, "program.py"], "invocations": 2,
            "warmup": 0, **keys}
    box.write("suite.yaml", json.dumps({"suite": "pinning", "benchmarks": [body]}))


def look(box, *options, exit_code=0, before=None):
    """Runs the suite: CPUs of the program, CPUs of tare, the case and the whole journal."""
    for name in ("seen", "run.ndjson"):
        if os.path.exists(box.file(name)):
            os.remove(box.file(name))
    running = box.start("run", "-q", "--no-store", "--journal", "run.ndjson", *options, "suite.yaml",
                        preexec_fn=before)
    _, err = running.communicate(timeout=60)
    expect(running.returncode == exit_code, f"ended with {running.returncode}: {err}")
    lines = read_journal(box.file("run.ndjson"))
    seen = {tuple(line.split()) for line in box.read("seen").splitlines()} if exit_code == 0 else {}
    expect(len(seen) <= 1, f"not in one place: {seen}")
    program, tare = (cpus_of(text) for text in seen.pop()) if seen else (set(), set())
    return program, tare, lines, err


def recorded(lines):
    """What the journal says of the case: its CPUs, and how they were chosen."""
    case = lines[0]["cases"][0]
    return cpus_of(case["cpus"]) if case["cpus"] else set(), case.get("placement")


def topology(box, *policies):
    out, _ = box.run("topology", "--format", "json", *policies, exit_code=None)
    return json.loads(out)


def policies_give_what_topology_promises(tare):
    with Sandbox(tare) as box:
        for answer in topology(box)["policies"]:
            write_suite(box, LOOK, cpus=answer["policy"])
            if answer["cpus"] is None:
                _, _, _, err = look(box, exit_code=4)
                expect(answer["reason"] in err, f"{answer['reason']} is not in {err}")
                continue
            program, _, lines, _ = look(box)
            expect(program == cpus_of(answer["cpus"]), f"{answer['policy']}: {program}")
            cpus, placement = recorded(lines)
            expect(cpus == program, f"{answer['policy']}: {cpus} is on record for {program}")
            expect(placement == f"{answer['policy']}: {answer['placement']}", placement)
            ids = [line["id"] for line in lines if line["type"] == "warning"]
            expect(("cpus_shared" in ids) == answer["shares_housekeeping"], f"{ids}")


def tare_is_on_the_housekeeping_core_meanwhile(tare):
    with Sandbox(tare) as box:
        mine = os.sched_getaffinity(0)
        write_suite(box, LOOK, cpus=1)
        program, harness, _, _ = look(box)
        expect(harness == cpus_of(topology(box)["housekeeping"]) & mine, f"tare is on {harness}")
        expect(len(mine) == 1 or not harness & program, f"{harness} and {program}")
        write_suite(box, LOOK)
        program, harness, _, _ = look(box)
        expect(program == mine and harness == mine, f"not pinned: {program}, {harness}")


def the_option_stands_over_the_suite(tare):
    with Sandbox(tare) as box:
        mine = os.sched_getaffinity(0)
        last = {max(mine)}
        write_suite(box, LOOK, cpus=1)
        expect(look(box, "--cpus", "none")[0] == mine, "none")
        expect(look(box, "--cpus", list_of(last))[0] == last, "a list")
        write_suite(box, LOOK, cpus="none")
        expect(len(look(box, "--cpus", "1")[0]) == 1, "a number")


def what_cannot_be_had_names_the_nearest(tare):
    with Sandbox(tare) as box:
        write_suite(box, LOOK, cpus="1000-1001")
        _, _, _, err = look(box, exit_code=4)
        expect("names CPU 1000, which this machine does not have; there are " in err, err)
        write_suite(box, LOOK, cpus=1000)
        _, _, _, err = look(box, exit_code=4)
        expect(re.search(r"suite\.yaml:1:\d+: cpus '1000' asks", err), f"no place in {err}")
        nearest = re.search(r"asks for 1000 cores, and this process may use \d+; the nearest is "
                            r"'(\d+)'", err)
        expect(nearest, err)
        write_suite(box, LOOK, cpus=int(nearest[1]))
        expect(len(look(box)[0]) == int(nearest[1]), "the nearest cannot be had")


def an_affinity_given_to_tare_is_kept_to(tare):
    last = max(os.sched_getaffinity(0))

    def move():
        os.sched_setaffinity(0, {last})

    with Sandbox(tare) as box:
        write_suite(box, LOOK, cpus=1)
        program, harness, lines, _ = look(box, before=move)
        expect(program == {last} and harness == {last}, f"{program}, {harness}")
        expect("shared with tare" in recorded(lines)[1], recorded(lines)[1])
        write_suite(box, LOOK, cpus="none")
        expect(look(box, before=move)[0] == {last}, "none")
        write_suite(box, LOOK, cpus=2)
        _, _, _, err = look(box, exit_code=4, before=move)
        expect("asks for 2 cores, and this process may use 1; the nearest is '1'" in err, err)


def make_cpuset(cpu):
    """A cpuset of one CPU below that of this process, or None where none can be made."""
    root = "/sys/fs/cgroup/cpuset"
    with open("/proc/self/cgroup", encoding="ascii") as file:
        own = re.search(r"^\d+:(?:\w+,)*cpuset(?:,\w+)*:(.*)$", file.read(), re.M)
    if not own:
        return None
    path = f"{root}{own[1].rstrip('/')}/tare-test-{os.getpid()}"
    try:
        os.mkdir(path)
        for name, value in (("cpuset.mems", "0"), ("cpuset.cpus", str(cpu))):
            with open(f"{path}/{name}", "w", encoding="ascii") as file:
                file.write(value)
    except OSError:
        if os.path.isdir(path):
            os.rmdir(path)
        return None
    return path


def remove_cpuset(path):
    """A process that has just ended may still count as one of it."""
    for _ in range(100):
        try:
            os.rmdir(path)
            return
        except OSError:
            time.sleep(0.05)


def a_cpuset_around_tare_is_kept_to(tare):
    mine = os.sched_getaffinity(0)
    path = make_cpuset(max(mine))
    if path is None:
        print("skipped: this process cannot make a cpuset of cgroup v1 here")
        return

    def move():
        with open(f"{path}/cgroup.procs", "w", encoding="ascii") as file:
            file.write(str(os.getpid()))

    try:
        with Sandbox(tare) as box:
            write_suite(box, LOOK, cpus=1)
            expect(look(box, before=move)[0] == {max(mine)}, "not the CPU of the cpuset")
            if len(mine) > 1:
                write_suite(box, LOOK, cpus=list_of({min(mine)}))
                _, _, _, err = look(box, exit_code=4, before=move)
                expect("(its cpuset or affinity leaves it out); there are " in err, err)
    finally:
        remove_cpuset(path)


def threads_get_a_cpu_each(tare):
    both = sorted(os.sched_getaffinity(0))[:2]
    if len(both) < 2:
        print("skipped: one CPU cannot be shared out to two threads")
        return
    with Sandbox(tare) as box:
        for threads, wanted in (("pinned", [[cpu] for cpu in both + both]), ("free", [both] * 4)):
            write_suite(box, THREADS, cpus=list_of(set(both)), threads=threads)
            _, err = box.run("run", "-q", "--no-store", "suite.yaml")
            seen = json.loads(box.read("threads"))
            expect(seen == wanted, f"{threads}: {seen}, not {wanted} {err}")


if __name__ == "__main__":
    sys.exit(process.run_tests([
        policies_give_what_topology_promises,
        tare_is_on_the_housekeeping_core_meanwhile,
        the_option_stands_over_the_suite,
        what_cannot_be_had_names_the_nearest,
        an_affinity_given_to_tare_is_kept_to,
        a_cpuset_around_tare_is_kept_to,
        threads_get_a_cpu_each,
    ], sys.argv[1]))
