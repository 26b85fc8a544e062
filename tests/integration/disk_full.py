#!/usr/bin/env python3
"""A full disk ends a run with exit code 5 and a clear sentence; what was written can be used.

usage: disk_full.py TARE
"""

import os
import shutil
import subprocess
import sys
import tempfile

import process
from process import Sandbox, expect

SUITE = """
suite: full
benchmarks:
- name: many
  replay: {wall: {distribution: normal, center: 10ms, spread: 1%}}
  invocations: 100000
"""
SMALL = """
suite: small
benchmarks:
- name: few
  replay: {wall: [10ms, 11ms, 12ms, 10ms, 11ms, 12ms]}
"""


class SmallDisk:
    """A tmpfs of some kilobytes, with a sandbox on it."""

    def __init__(self, tare, size):
        self.tare = tare
        self.size = size

    def __enter__(self):
        self.point = tempfile.mkdtemp(prefix="tare-disk-")
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={self.size}", "tmpfs", self.point], check=True,
                       capture_output=True)
        self.sandbox = Sandbox(self.tare, self.point)
        return self.sandbox.__enter__()

    def __exit__(self, *what):
        self.sandbox.__exit__(*what)
        subprocess.run(["umount", self.point], check=True)
        os.rmdir(self.point)


def need_a_small_disk():
    if os.geteuid() != 0:
        process.skip("only root may mount a small file system")
    if not shutil.which("mount"):
        process.skip("there is no mount; apt-get install mount", missing_package=True)
    with tempfile.TemporaryDirectory() as point:
        tried = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", point], check=False,
                               capture_output=True, text=True)
        if tried.returncode != 0:
            process.skip(f"a tmpfs cannot be mounted here: {tried.stderr.strip()}")
        subprocess.run(["umount", point], check=True)


def journal(sandbox):
    folder = sandbox.file(".tare/runs")
    names = [name for name in os.listdir(folder) if name.endswith(".ndjson")]
    expect(len(names) == 1, f"journals: {names}")
    return os.path.join(folder, names[0])


def a_journal_that_fills_the_disk_ends_the_run(tare):
    with SmallDisk(tare, "2m") as sandbox:
        sandbox.write("full.yaml", SUITE)
        out, err = sandbox.run("run", "full.yaml", "--seed", "1", exit_code=5)
        expect("No space left on device" in err and "journal" in err, f"{out}{err}")
        expect("incomplete" in out and "1 case measured" in out, f"no report of what there is:\n{out}")
        expect("to go on with this run: tare run --resume .tare/runs/" in err, err)
        path = journal(sandbox)
        written = len(process.samples_of(process.read_journal(path), 0))
        expect(written > 1000, f"only {written} samples were written")
        # What is there can be read, and elsewhere gone on with.
        with Sandbox(tare) as roomy:
            roomy.write("full.yaml", SUITE)
            shutil.copy(path, roomy.file("run.ndjson"))
            roomy.run("show", "run.ndjson")
            roomy.run("run", "full.yaml", "--resume", "run.ndjson", "--quiet", "--no-store")
            samples = process.samples_of(process.read_journal(roomy.file("run.ndjson")), 0)
            expect(len(samples) == 100000, f"{len(samples)} samples after resuming")


def fill(sandbox, left_bytes):
    """Takes all room but this."""
    disk = os.statvfs(sandbox.path)
    with open(sandbox.file("ballast"), "wb") as file:
        file.write(b"x" * (disk.f_bavail * disk.f_frsize - left_bytes))


def a_history_that_fills_the_disk_is_reported_and_the_run_shown(tare):
    with SmallDisk(tare, "1m") as sandbox:
        sandbox.write("small.yaml", SMALL)
        fill(sandbox, 64 << 10)
        out, err = sandbox.run("run", "small.yaml", "--seed", "1", exit_code=5)
        expect("1 case measured" in out and "11.00 ms" in out, f"the run is not shown:\n{out}{err}")
        expect("store" in err and "no space left" in err, f"no clear word of the disk:\n{err}")
        os.unlink(sandbox.file("ballast"))
        out, _ = sandbox.run("store", "import", journal(sandbox))
        expect("added" in out, out)
        sandbox.run("show", "latest")


def a_report_that_does_not_fit_is_reported(tare):
    with SmallDisk(tare, "1m") as sandbox:
        sandbox.write("small.yaml", SMALL)
        sandbox.run("run", "small.yaml", "--seed", "1", "--quiet", "--no-store", "--journal", "run.ndjson")
        fill(sandbox, 8 << 10)
        _, err = sandbox.run("report", "run.ndjson", "--report", "html=page.html", exit_code=5)
        expect("No space left on device" in err, err)
        expect(not os.path.exists(sandbox.file("page.html")), "half a page was left")


def no_room_at_all_measures_nothing(tare):
    with SmallDisk(tare, "128k") as sandbox:
        sandbox.write("small.yaml", SMALL)
        fill(sandbox, 0)
        _, err = sandbox.run("run", "small.yaml", "--seed", "1", exit_code=5)
        expect("No space left on device" in err, err)


def main():
    need_a_small_disk()
    return process.run_tests([
        a_journal_that_fills_the_disk_ends_the_run,
        a_history_that_fills_the_disk_is_reported_and_the_run_shown,
        a_report_that_does_not_fit_is_reported,
        no_room_at_all_measures_nothing,
    ], sys.argv[1])


if __name__ == "__main__":
    sys.exit(main())
