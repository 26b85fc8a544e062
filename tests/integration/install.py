#!/usr/bin/env python3
"""`cmake --install` into an empty folder: everything is there, and the installed tare works.

usage: install.py TARE CMAKE BUILD-FOLDER
"""

import os
import stat
import subprocess
import sys
import tempfile

import process
from process import Sandbox, expect

PROGRAMS = ["bin/tare", "libexec/tare/tare-agent", "libexec/tare/tare-probe",
            "libexec/tare/tare-weight"]
FILES = ["share/tare/suites/smoke.yaml", "share/tare/suites/compression.yaml",
         "share/tare/suites/startup.yaml", "share/tare/suites/sqlite.yaml", "share/tare/suites/self.yaml",
         "share/tare/suites/bare-metal.yaml",
         "share/tare/suites/compression/measure.sh", "share/tare/suites/README.md",
         "share/bash-completion/completions/tare", "share/zsh/site-functions/_tare",
         "share/tare/suite.schema.json", "share/man/man1/tare.1", "share/man/man5/tare-suite.5",
         "share/man/man5/tare-report.5", "share/man/man7/tare-warnings.7"]
FOLDERS = ["share/tare/sql"]
COMMANDS = ["run", "bench", "selftest", "check", "plan", "compare", "report", "list", "show", "history", "store"]


def install(cmake, build, prefix):
    done = subprocess.run([cmake, "--install", build, "--prefix", prefix], check=False, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    expect(done.returncode == 0, done.stdout)


def check_files(prefix):
    missing = [name for name in PROGRAMS + FILES if not os.path.isfile(os.path.join(prefix, name))]
    missing += [name for name in FOLDERS if not os.path.isdir(os.path.join(prefix, name))]
    if not any(name.endswith(".sql") for _, _, names in os.walk(os.path.join(prefix, "share/tare/sql"))
               for name in names):
        missing.append("share/tare/sql/*.sql")
    expect(not missing, f"not installed: {', '.join(missing)}")
    for name in PROGRAMS:
        expect(os.stat(os.path.join(prefix, name)).st_mode & stat.S_IXOTH, f"{name} cannot be executed")
    for folder, folders, names in os.walk(prefix):
        for name in folders + names:
            path = os.path.join(folder, name)
            expect(os.stat(path).st_mode & stat.S_IROTH, f"{path} cannot be read by all")
            expect(not name.startswith("."), f"{path} does not belong there")


def check_man_pages(prefix):
    with open(os.path.join(prefix, "share/man/man1/tare.1"), encoding="utf-8") as file:
        page = file.read()
    for command in COMMANDS:
        expect(f"tare {command}" in page.replace("\\-", "-") or command in page.split(),
               f"tare.1 does not tell of tare {command}")
    for code in ("0", "1", "2", "3", "4", "5", "130"):
        expect(code in page.split(), f"tare.1 does not tell of exit code {code}")


def check_work(prefix):
    with Sandbox(os.path.join(prefix, "bin/tare")) as sandbox:
        out, _ = sandbox.run("bench", "true", "--invocations", "6")
        expect("true" in out, out)
        smoke = os.path.join(prefix, "share/tare/suites/smoke.yaml")
        sandbox.run("run", smoke, "--quiet", "--gate", "regression", exit_code=1)
        for name in ("compression", "startup", "sqlite"):
            sandbox.run("check", os.path.join(prefix, f"share/tare/suites/{name}.yaml"))


def main():
    tare, cmake, build = sys.argv[1:]

    def everything_is_installed_and_works(_):
        with tempfile.TemporaryDirectory(prefix="tare-install-") as folder:
            prefix = os.path.join(folder, "a prefix")
            install(cmake, build, prefix)
            check_work(prefix)
            check_files(prefix)
            check_man_pages(prefix)

    return process.run_tests([everything_is_installed_and_works], tare)


if __name__ == "__main__":
    sys.exit(main())
