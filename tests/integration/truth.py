#!/usr/bin/env python3
"""What is known of a container beforehand is what tare finds out, with a real engine.

usage: ci/with-docker truth.py TARE TINY

Each test makes a container cost something of one kind, or nothing, and weighs it. Where that can be
had, the CPU is kept for what is measured, so that what else runs on the machine takes a hundredth
of it at most; where the host still disagrees with itself, more is measured, and then it is said that
nothing can be decided, and what holds on any machine is asserted all the same.
"""

import contextlib
import glob
import json
import math
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

import docker
import process
from docker import Box, expect_no_containers
from process import expect, read_journal

docker.ENGINE = "docker"  # and not the second argument
WEIGHT = "libexec/tare/tare-weight"  # beside the folder of the program
UNITS = {"ns": 1.0, "us": 1e3, "ms": 1e6, "s": 1e9}


@contextlib.contextmanager
def quiet_cpu():
    """This process, and containers, before all others: by weight, which a cpu quota leaves alone."""
    root = "/sys/fs/cgroup/cpu"
    weight = "cpu.shares", "262144"
    if not os.path.exists(f"{root}/cpu.shares"):
        root, weight = "/sys/fs/cgroup", ("cpu.weight", "10000")
    mine, boxes = f"{root}/tare-truth-{os.getpid()}", f"{root}/docker"
    was = None
    try:
        os.makedirs(boxes, exist_ok=True)
        with open(f"{boxes}/{weight[0]}", encoding="utf-8") as file:
            was = file.read()
        put(f"{boxes}/{weight[0]}", weight[1])
        os.mkdir(mine)
        put(f"{mine}/{weight[0]}", weight[1])
        put(f"{mine}/cgroup.procs", str(os.getpid()))
    except OSError as reason:
        print(f"the CPU is shared with whatever else runs: {reason}", flush=True)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            put(f"{root}/cgroup.procs", str(os.getpid()))
            os.rmdir(mine)
        with contextlib.suppress(OSError):
            if was:
                put(f"{boxes}/{weight[0]}", was)


def put(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def weight_of(tare):
    return os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(tare))), WEIGHT)


def sign_interval(values):
    """Of 95 %, of the median."""
    rank = max(0, math.floor(len(values) / 2 - 0.98 * math.sqrt(len(values))) - 1)
    ordered = sorted(values)
    return ordered[rank], ordered[-1 - rank]


class Samples:
    """What a journal has of the last run: by benchmark and variant, pairs in order."""

    def __init__(self, sandbox):
        path = max(glob.glob(sandbox.file(".tare/runs/*.ndjson")), key=os.path.getmtime)
        lines = read_journal(path)
        self.cases = {}
        names = [(case["benchmark"], case["variant"]) for case in lines[0]["cases"]]
        for line in lines:
            if line["type"] == "sample" and not line.get("warmup"):
                self.cases.setdefault(names[line["case"]], {})[line["pair"]] = line["values"]

    def walls(self, benchmark, variant):
        return [values["wall"] for values in self.cases[benchmark, variant].values()]

    def share_of_cpu(self, benchmark, variant="host"):
        """How much of the time the program had the CPU."""
        return statistics.median(values["cpu"] / values["wall"]
                                 for values in self.cases[benchmark, variant].values())

    def difference(self, benchmark, variant, base="host"):
        """The median one of pairs, in nanoseconds."""
        one, other = self.cases[benchmark, variant], self.cases[benchmark, base]
        return statistics.median(one[pair]["wall"] - other[pair]["wall"]
                                 for pair in one if pair in other)

    def factor(self, benchmark, variant, base="host"):
        """Estimate and interval of 95 % of the median ratio, by the sign test."""
        one, other = self.cases[benchmark, variant], self.cases[benchmark, base]
        ratios = [one[pair]["wall"] / other[pair]["wall"] for pair in one if pair in other]
        expect(len(ratios) >= 20, f"{benchmark} of {variant} has {len(ratios)} pairs")
        return statistics.median(ratios), *sign_interval(ratios)


def nanoseconds(text):
    value, unit = text.split()
    return float(value) * UNITS[unit]


HALF = ("--cpu-quota", "0.5", "--memory", "64MiB")
LENGTHS = "integer short", "integer middle", "integer long"


def fourth_suite(tare, runs):
    """A length that is none of those the line is fitted to."""
    return ("suite: fourth\n"
            f"defaults: {{cpus: 1, warmup: 1, invocations: {runs}, timeout: 60s}}\n"
            "benchmarks:\n- name: fourth\n  command: ['${weight}', integer, '1400']\n"
            f"  variants:\n  - {{name: host, runner: host, vars: {{weight: '{weight_of(tare)}'}}}}\n"
            f"  - name: box\n    runner: docker\n    image: {docker.BOX}\n"
            "    vars: {weight: /.tare-weight}\n"
            "    resources: {cpu_quota: 0.5, memory: 64MiB, "
            f"volumes: '{weight_of(tare)}:/.tare-weight:ro'}}\n")


def expect_quota_held(samples, benchmarks, variant):
    """On any machine: a quota of half a core is never exceeded by more than a period's share, the
    kernel's tick, and what one period may borrow of the next."""
    for benchmark in benchmarks:
        for values in samples.cases[benchmark, variant].values():
            expect(values["wall"] - 2 * values["cpu"] > -60e6,
                   f"{benchmark}: {values['cpu'] / 1e6} ms of CPU in {values['wall'] / 1e6} ms")


def calibrate_half(sandbox):
    """The interval of beta, and why the calibration may not be used, or ''."""
    for effort in (["--quick"], []):
        sandbox.run("calibrate", *effort, "--quiet", "--dimension", "cpu", "--image", docker.BOX,
                    *HALF, timeout=600)
        out, _ = sandbox.run("list", "calibrations")
        if out.splitlines()[1].endswith("may be used"):
            return ""
        print(f"measured again, and more: {out.splitlines()[1]}", flush=True)
    return out.splitlines()[1]


def half_a_core_takes_twice_the_time(tare):
    with Box(tare) as sandbox:
        why_not = calibrate_half(sandbox)
        samples = Samples(sandbox)
        expect_quota_held(samples, LENGTHS, "container")
        out, _ = sandbox.run("list", "calibrations")
        beta = float(out.splitlines()[1].split()[3])
        if why_not:
            print(f"UNDECIDED: half_a_core_takes_twice_the_time: {why_not}", flush=True)
            expect(1.2 < beta < 2.8, f"beta is {beta}")
            return
        print(f"beta {beta}, the host had the CPU {samples.share_of_cpu('integer long'):.1%} of the "
              "time", flush=True)
        expect(1.9 < beta < 2.1, f"beta is {beta}, expected 2 within 5 %")
        sandbox.write("fourth.yaml", fourth_suite(tare, 20))
        sandbox.run("run", "fourth.yaml", "--quiet", "--seed", "1")
        samples = Samples(sandbox)
        expect_quota_held(samples, ["fourth"], "box")
        host = statistics.median(samples.walls("fourth", "host"))
        out, _ = sandbox.run("calibrate", "--correct", "latest:fourth")
        number = r"([\d.]+ [num]?s)"
        found = re.search(rf"corrected {number} \[{number}, {number}\]", out)
        expect(found, out)
        estimate, low, high = (nanoseconds(text) for text in found.groups())
        print(f"a fourth: host {host / 1e6:.1f} ms, corrected {estimate / 1e6:.1f} ms "
              f"[{low / 1e6:.1f}, {high / 1e6:.1f}]", flush=True)
        # The host's figure is an estimate too.
        host_low, host_high = sign_interval(samples.walls("fourth", "host"))
        print(f"off by {estimate / host - 1:+.1%}; the host's is in [{host_low / 1e6:.1f}, "
              f"{host_high / 1e6:.1f}] ms", flush=True)
        expect(abs(estimate / host - 1) < 0.03, f"corrected: {estimate} ns, on the host {host} ns")
        expect(low <= host_high and host_low <= high,
               f"the interval [{low}, {high}] ns does not meet the host's [{host_low}, {host_high}]")
        expect_no_containers()


def weigh(sandbox, *words, dimensions=("latency", "disk", "network", "start"), effort="--quick"):
    """Factors by probe and variant, of dimensions that an addition may show in."""
    wanted = [word for name in dimensions for word in ("--dimension", name)]
    sandbox.run("calibrate", effort, "--quiet", "--image", docker.BOX, "--memory", "256MiB",
                *wanted, *words)
    samples = Samples(sandbox)
    return {(benchmark, variant): samples.factor(benchmark, variant)
            for benchmark, variant in samples.cases if variant in ("container", "bridge")}


def tell(what, key, changed, plain):
    return "{}: {} takes {:.2f} [{:.2f}, {:.2f}] of the host, and {:.2f} [{:.2f}, {:.2f}] without".format(
        what, key[0], *changed[key], *plain[key])


def expect_nowhere_else(plain, changed, where, what):
    """Noise alone makes wide intervals; an effect has all of its own above all of the other's."""
    for key, (factor, low, _) in changed.items():
        if key != where:
            expect(factor < 1.3 * plain[key][0] or low < 1.1 * plain[key][2],
                   tell(what, key, changed, plain))


def expect_shown(plain, changed, where, what, least, weigh_again):
    """That the probe takes least times as long as without; where it seems not to, by more pairs."""
    if not is_shown(plain, changed, where, least):
        print(f"measured again, and more: {tell(what, where, changed, plain)}", flush=True)
        plain, changed = weigh_again(False), weigh_again(True)
    print(tell(what, where, changed, plain), flush=True)
    wide = [one[where][2] - one[where][1] > (least - 1) * one[where][0] for one in (plain, changed)]
    if is_shown(plain, changed, where, least):
        return
    expect(any(wide) and changed[where][0] > 0.8 * plain[where][0],
           tell(what, where, changed, plain))
    print(f"UNDECIDED: {what}: the machine is too busy to tell", flush=True)


def is_shown(plain, changed, where, least):
    return changed[where][0] > least * plain[where][0] and changed[where][1] > plain[where][0]


def many_argument_rules(path):
    """Whoever asks for its personality is compared with twelve hundred that are refused."""
    refused = [{"names": ["personality"], "action": "SCMP_ACT_ERRNO",
                "args": [{"index": 0, "value": 0x1000 + number, "op": "SCMP_CMP_EQ"}]}
               for number in range(1200)]
    put(path, json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": refused}))


class SlowDisk:
    """A file system of its own, whose disk is slow for containers and for nobody else."""

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="tare-it-", dir="/tmp")
        self.mounted, self.device = False, ""
        try:
            self.make()
        except (subprocess.CalledProcessError, OSError) as reason:
            self.__exit__()
            said = getattr(reason, "stderr", None) or str(reason)
            print(f"LEFT OUT: a slow volume cannot be had here: {said.strip()}", flush=True)
            return None
        return self

    def make(self):
        image, mount = f"{self.folder}/image", f"{self.folder}/mount"
        os.mkdir(mount)
        with open(image, "wb") as file:
            file.truncate(64 << 20)
        self.call("mkfs.ext4", "-q", image)
        self.device = self.call("losetup", "--find", "--show", image).strip()
        self.call("mount", self.device, mount)
        self.mounted = True
        self.path = mount
        # The engine has an option for it, and a suite has none.
        os.mkdir(f"{self.folder}/bin")
        put(f"{self.folder}/bin/docker",
            "#!/bin/sh\nverb=$1\nshift\n"
            f"[ $verb = create ] || [ $verb = run ] && set -- --device-write-bps {self.device}:2mb \"$@\"\n"
            f"exec {shutil.which('docker')} $verb \"$@\"\n")
        os.chmod(f"{self.folder}/bin/docker", 0o755)

    @staticmethod
    def call(*words):
        return subprocess.run(words, check=True, text=True, capture_output=True).stdout

    def __exit__(self, *what):
        if self.mounted:
            subprocess.run(["umount", f"{self.folder}/mount"], check=False)
        if self.device:
            subprocess.run(["losetup", "--detach", self.device], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)


def added(sandbox, plain, what, where, least, dimensions, *words):
    changed = weigh(sandbox, *words, dimensions=dimensions)
    changed = {key: value for key, value in changed.items() if key[1] == "container"}
    expect_nowhere_else(plain, changed, where, what)
    expect_shown(plain, changed, where, what, least,
                 lambda with_it: weigh(sandbox, *(words if with_it else ()), effort="--thorough",
                                       dimensions=dimensions[:1]))


def what_is_added_shows_where_it_belongs_and_nowhere_else(tare):
    with Box(tare) as sandbox:
        plain = weigh(sandbox)
        many_argument_rules(sandbox.file("profile.json"))
        # The kernel takes no filter that costs more than some tenths of a microsecond.
        added(sandbox, plain, "argument rules", ("checked call", "container"), 1.1,
              ("latency", "disk", "network", "start"),
              "--resource", f"security_opt=seccomp={sandbox.file('profile.json')}")
        added(sandbox, plain, "a bridge", ("to the host", "container"), 1.07,
              ("network", "latency"), "--resource", "network=bridge")
        expect_no_containers()


def a_slow_volume_is_slow_and_nothing_else(tare):
    with SlowDisk() as disk:
        if not disk:
            return
        with Box(tare, disk.path) as sandbox:
            plain = weigh(sandbox, dimensions=("disk", "start"))
            kept = sandbox.environment
            slow = {"PATH": f"{disk.folder}/bin:{os.environ['PATH']}"}
            sandbox.environment = lambda: kept() | slow
            changed = weigh(sandbox, dimensions=("disk", "start"))
            what, where = "a slow volume", ("volume", "container")
            expect_nowhere_else(plain, changed, where, what)
            expect(is_shown(plain, changed, where, 2), tell(what, where, changed, plain))
            print(tell(what, where, changed, plain), flush=True)
            expect_no_containers()


def same_suite(tare, tiny):
    """The same programs here, here again, and in a container with nothing to slow it."""
    weight = weight_of(tare)
    here = f"vars: {{weight: '{weight}', tiny: '{tiny}'}}"
    return ("suite: same\ndefaults: {cpus: 1, warmup: 3, timeout: 60s}\nvariants:\n"
            f"- {{name: host, runner: host, {here}}}\n- {{name: again, runner: host, {here}}}\n"
            f"- name: box\n  runner: docker\n  image: {docker.BOX}\n"
            "  vars: {weight: /.weight, tiny: /.tiny}\n"
            f"  resources: {{memory: 64MiB, volumes: ['{weight}:/.weight:ro', '{tiny}:/.tiny:ro']}}\n"
            "benchmarks:\n"
            "- {name: busy, command: ['${weight}', integer, '200'], invocations: 100}\n"
            "- {name: tiny, command: '${tiny}', invocations: 300}\n")


def nothing_added_costs_nothing(tare):
    """A program that only computes takes as long inside, and a tiny one 10 us more at most."""
    with Box(tare) as sandbox:
        sandbox.write("same.yaml", same_suite(tare, os.path.abspath(sys.argv[2])))
        sandbox.run("run", "same.yaml", "--quiet", "--seed", "1")
        samples = Samples(sandbox)
        expect_no_containers()
    same, again_low, again_high = samples.factor("busy", "again")
    factor, low, high = samples.factor("busy", "box")
    told = (f"busy: {factor:.4f} [{low:.4f}, {high:.4f}] of the host, "
            f"which is {same:.4f} [{again_low:.4f}, {again_high:.4f}] of itself")
    print(told, flush=True)
    expect(0.9 < factor < 1.1, told)
    difference, cost = samples.difference("tiny", "again"), samples.difference("tiny", "box")
    also = (f"tiny: {cost / 1e3:+.1f} us on "
            f"{statistics.median(samples.walls('tiny', 'host')) / 1e3:.1f} us of the host, which "
            f"differs from itself by {difference / 1e3:+.1f} us")
    print(also, flush=True)
    expect(abs(cost) < 200e3, also)
    if (again_high - again_low > 0.007 or not again_low <= 1 <= again_high or
            abs(difference) > 3e3):
        print("UNDECIDED: nothing_added_costs_nothing: the host differs from itself", flush=True)
        return
    expect(high - low < 0.01 and low < 1.002 and high > 0.998, told)
    expect(abs(cost) < 10e3, also)


ALL = (half_a_core_takes_twice_the_time,
       nothing_added_costs_nothing,
       what_is_added_shows_where_it_belongs_and_nowhere_else,
       a_slow_volume_is_slow_and_nothing_else)


def main():
    if subprocess.run(["docker", "version"], capture_output=True).returncode != 0:
        process.skip("docker does not answer", missing_package=True)
    docker.make_image()
    try:
        with quiet_cpu():
            return process.run_tests(ALL, sys.argv[1])
    finally:
        shutil.rmtree(docker.SOCKETS, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
