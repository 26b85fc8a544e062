#!/usr/bin/env python3
"""Containers with a real engine: what runs in them, what is recorded of them, what goes wrong.

usage: ci/with-docker docker.py TARE [ENGINE]
"""

import glob
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import process
from process import Sandbox, expect, read_journal, samples_of

ENGINE = sys.argv[2] if len(sys.argv) > 2 else "docker"
BOX = "tare-test-box:1"
DEBIAN = "tare-test-debian:1"
MUSL = "tare-test-musl:1"
# Two threads, so that pinning them would have something to do.
THREADED = r"""
#include <pthread.h>
#include <stdio.h>
static void *thread(void *argument) { return argument; }
int main(void)
{
	pthread_t one;
	if (pthread_create(&one, NULL, thread, NULL) != 0 || pthread_join(one, NULL) != 0)
		return 1;
	puts("threaded");
	return 0;
}
"""
# Where tare makes the folders of its containers' sockets, whose paths must be short.
SOCKETS = tempfile.mkdtemp(prefix="tare-it-")
PATIENCE_S = 120  # for what takes a moment, on a machine that does much else


def engine(*words, check=True):
    done = subprocess.run([ENGINE, *words], text=True, capture_output=True, timeout=PATIENCE_S)
    if check and done.returncode != 0:
        raise process.Failure(f"{ENGINE} {' '.join(words)}: {done.stderr}")
    return done.stdout


class Box(Sandbox):
    """A sandbox whose tare finds the engine, and which any user in a container may read."""

    def __enter__(self):
        super().__enter__()
        os.chmod(self.path, 0o755)
        return self

    def run(self, *arguments, exit_code=0, timeout=PATIENCE_S):
        return super().run(*arguments, exit_code=exit_code, timeout=timeout)

    def environment(self):
        kept = ("DOCKER_HOST", "DOCKER_CONFIG", "CONTAINERS_STORAGE_CONF")
        return super().environment() | {"TMPDIR": SOCKETS} | {
            name: os.environ[name] for name in kept if name in os.environ}

    def journal(self):
        return read_journal(glob.glob(self.file(".tare/runs/*.ndjson"))[0])

    def facts(self):
        return {line["key"]: line["value"] for line in self.journal() if line["type"] == "fact"}


def make_image():
    """busybox with its usual names, and nothing else: no shell comes from the host."""
    with tempfile.TemporaryDirectory() as folder:
        os.makedirs(f"{folder}/bin")
        os.makedirs(f"{folder}/tmp")
        subprocess.run(["cp", "/bin/busybox", f"{folder}/bin/busybox"], check=True)
        for name in ("sh", "true", "sleep", "cat", "nc", "pwd", "env", "touch", "dd", "id"):
            os.symlink("busybox", f"{folder}/bin/{name}")
        shutil.copy("/bin/busybox", f"{folder}/bin/private")
        os.chmod(f"{folder}/bin/private", 0o700)
        import_image(folder, BOX, "--change", "ENV FROM_IMAGE=yes")


def import_image(folder, name, *words):
    os.chmod(folder, 0o755)  # becomes that of the image's root
    tar = subprocess.run(["tar", "-C", folder, "-c", "."], stdout=subprocess.PIPE, check=True)
    subprocess.run([ENGINE, "import", *words, "-", name], input=tar.stdout,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)


def make_debian():
    """This machine's shell with its libraries and a user: dynamic programs, as most images have."""
    with tempfile.TemporaryDirectory() as folder:
        for program in ("/bin/bash", "/usr/bin/id", "/usr/bin/dd"):
            told = subprocess.run(["ldd", program], text=True, capture_output=True, check=True)
            libraries = [word for word in told.stdout.split() if word.startswith("/")]
            for path in [program, *libraries]:
                os.makedirs(folder + os.path.dirname(path), exist_ok=True)
                shutil.copy(os.path.realpath(path), folder + path)
        os.makedirs(f"{folder}/etc")
        os.makedirs(f"{folder}/home/someone")
        with open(f"{folder}/etc/passwd", "w", encoding="utf-8") as file:
            file.write("root:x:0:0::/root:/bin/bash\nsomeone:x:77:77::/home/someone:/bin/bash\n")
        import_image(folder, DEBIAN, "--change", "USER someone")


def make_musl():
    """A dynamic program and its loader of musl, as Alpine has them, and nothing of glibc."""
    loader = "/lib/ld-musl-x86_64.so.1"
    with tempfile.TemporaryDirectory() as folder:
        for name in ("bin", "lib"):
            os.mkdir(f"{folder}/{name}")
        with open(f"{folder}/threaded.c", "w", encoding="utf-8") as file:
            file.write(THREADED)
        subprocess.run(["musl-gcc", "-o", f"{folder}/bin/threaded", f"{folder}/threaded.c"],
                       check=True)
        os.remove(f"{folder}/threaded.c")
        shutil.copy(os.path.realpath(loader), folder + loader)
        import_image(folder, MUSL)


def suite(body, more="", runner=None, image=BOX):
    return (f"suite: boxed\ndefaults:\n  runner: {runner or ENGINE}\n  image: {image}\n"
            f"  warmup: 0\n  invocations: 3\n  timeout: 60s\n{more}benchmarks:\n{body}")


def left():
    """Containers of tare; the engine may have others, which are none of its business."""
    return engine("ps", "--all", "--quiet", "--filter", "label=tare.owner").split()


def expect_no_containers(within_s=0.0):
    end = time.monotonic() + within_s
    while left() and time.monotonic() < end:
        time.sleep(0.05)
    expect(not left(), f"containers left: {engine('ps', '--all')}")
    folders = glob.glob(f"{SOCKETS}/tare-c-*")
    expect(not folders, f"folders left: {folders}")


def run_failing(sandbox, name="boxed.yaml"):
    out, err = sandbox.run("run", name, exit_code=None)
    return out + err


def programs_run_inside_with_the_image_s_environment(tare):
    with Box(tare) as sandbox:
        sandbox.write("boxed.yaml", suite(
            "- name: a\n"
            "  command: [sh, -c, 'echo $FROM_IMAGE $HOME $MINE $(pwd); cat /data/x']\n"
            "  env: {MINE: here}\n"
            "  stdout: capture\n"
            f"  expect: {{stdout: '^yes /root here {sandbox.path}$'}}\n"
            "  resources: {volumes: './data:/data:ro'}\n"
            "- name: b\n"
            "  setup: 'echo 1 >${scratch_dir}/x'\n"
            "  command: [cat, '${scratch_dir}/x']\n"
            "  stdout: capture\n"
            "  expect: {stdout: '^1$'}\n"
            "- name: c\n"
            "  command: 'true'\n"))
        os.mkdir(sandbox.file("data"))
        sandbox.write("data/x", "content\n")
        sandbox.run("run", "boxed.yaml", "--seed", "1")
        expect(all(len(samples_of(sandbox.journal(), i)) == 3 for i in range(3)),
               "not all was measured")
        expect_no_containers()


def what_a_container_costs_and_is_allowed_is_recorded(tare):
    with Box(tare) as sandbox:
        sandbox.write("boxed.yaml", suite(
            "- name: a\n  command: 'true'\n"
            "  resources: {memory: 64MiB, cpus: 0-0, pids: 50, nofile: 1000, network: none}\n"))
        sandbox.run("run", "boxed.yaml", "--seed", "1")
        facts = sandbox.facts()
        value, second = (line["values"] for line in samples_of(sandbox.journal(), 0)[:2])
        expect(1e6 < value["container_start"] < 60e9, f"start: {value}")
        expect(1e5 < value["container_stop"] < 60e9, f"stop: {value}")
        expect(value["image_size"] > 500000, f"size: {value}")
        expect(second.get("container_start") is None,
               "a value in the second row")
        for key, expected in (("container.engine", ENGINE), ("container.memory", "67108864"),
                              ("container.pids", "50"), ("container.nofile", "1000"),
                              ("container.cpus", "0"), ("container.network", "none")):
            expect(facts.get(key) == expected, f"{key}: {facts.get(key)}, not {expected}")
        for key in ("container.version", "container.storage", "container.runtime", "container.seccomp",
                    "host.seccomp", "container.image_id"):
            expect(facts.get(key), f"no {key} in {facts}")


def an_image_is_built_from_nothing(tare):
    with Box(tare) as sandbox:
        os.mkdir(sandbox.file("context"))
        sandbox.write("context/Dockerfile",
                      "FROM scratch\nARG NAME\nENV NAME=$NAME\nCOPY busybox /bin/busybox\n")
        sandbox.write("boxed.yaml",
                      f"suite: built\nbenchmarks:\n- name: a\n  runner: {ENGINE}\n  warmup: 0\n"
                      "  invocations: 2\n"
                      "  build:\n    script: cp /bin/busybox context/busybox\n"
                      "    context: context\n    args: {NAME: from-args}\n"
                      "  command: [/bin/busybox, env]\n  stdout: capture\n"
                      "  expect: {stdout: '^NAME=from-args$'}\n")
        sandbox.run("run", "boxed.yaml")
        value = samples_of(sandbox.journal(), 0)[0]["values"]
        expect(value.get("image_time", 0) > 0, f"building took no time: {value}")
        expect_no_containers()


def a_container_that_cannot_be_started_costs_no_other_case_of_its_image(tare):
    """The first case of an image is the one that its first container is started for."""
    with Box(tare) as sandbox:
        sandbox.write("boxed.yaml", suite(
            "- name: refused\n  command: 'true'\n  resources: {user: no-such-user}\n"
            "- name: good\n  command: 'true'\n"))
        out, err = sandbox.run("run", "boxed.yaml", exit_code=4)
        expect("failed: refused: starting the container: " in out, out + err)
        expect(samples_of(sandbox.journal(), 1), out + err)
        expect_no_containers()


def dynamic_programs_run_as_the_image_s_user(tare):
    make_debian()
    with Box(tare) as sandbox:
        sandbox.write("boxed.yaml", suite(
            "- name: a\n  command: [bash, -c, 'echo $(id -u) $BASH_VERSION']\n"
            "  stdout: capture\n"
            "  expect: {stdout: '^77 [1-9]'}\n", image=DEBIAN))
        sandbox.run("run", "boxed.yaml")
        expect_no_containers()


def programs_of_musl_run(tare):
    """Its loader ends a program over a library of glibc's: threads are left alone, with a word."""
    if os.uname().machine != "x86_64":
        print("  LEFT OUT: the loader's name is another one here")
        return
    make_musl()
    with Box(tare) as sandbox:
        sandbox.write("boxed.yaml", suite(
            "- name: plain\n  command: threaded\n"
            "- name: pinned\n  command: threaded\n  cpus: 1\n  threads: pinned\n",
            more="  stdout: capture\n  expect: {stdout: '^threaded$'}\n", image=MUSL))
        out, err = sandbox.run("run", "boxed.yaml")
        expect("pinned: its threads are not pinned" in out + err, out + err)
        expect_no_containers()


def limits_hold(tare):
    with Box(tare) as sandbox:
        sandbox.write("boxed.yaml", suite(
            "- name: user\n  command: [id, -u]\n  stdout: capture\n"
            "  expect: {stdout: '^1234$'}\n  resources: {user: '1234:1234'}\n"
            "- name: network\n"
            "  shell: '! cat /sys/class/net/*/address | busybox grep -v 00:00:00:00:00:00'\n"
            "  resources: {network: none}\n"
            "- name: tmpfs\n  shell: 'busybox grep \" /fast tmpfs\" /proc/mounts'\n"
            "  resources: {tmpfs: '/fast:size=8m'}\n"
            "- name: nofile\n  shell: '[ $(ulimit -n) = 500 ]'\n  resources: {nofile: 500}\n"))
        sandbox.run("run", "boxed.yaml")


def each_fault_costs_its_case_and_no_other(tare):
    with Box(tare) as sandbox:
        sandbox.write("boxed.yaml", suite(
            "- name: good\n  command: 'true'\n"
            "- name: command\n  command: no-such-command\n"
            "- name: allowed\n  command: [/bin/private, 'true']\n  resources: {user: '1234'}\n"
            "- name: input\n  command: cat\n  stdin: ${scratch_dir}/gone\n"
            "- name: image\n  command: 'true'\n  image: localhost/no-such-image:1\n"
            "- name: memory\n  resources: {memory: 16MiB}\n"
            "  command: [sh, -c, 'x=0123456789; while :; do x=$x$x; done']\n"
            "- name: disk\n  resources: {tmpfs: '/small:size=1m'}\n"
            "  shell: 'dd if=/dev/zero of=/small/x bs=64k count=64'\n"))
        text = run_failing(sandbox)
        expect(len(samples_of(sandbox.journal(), 0)) == 3, f"the good case was not measured:\n{text}")
        for part in (f"command: cannot find 'no-such-command' on PATH in the container of '{BOX}'",
                     "allowed: cannot execute '/bin/private': Permission denied in the container of "
                     f"'{BOX}'; its user must be allowed to",
                     "/gone': No such file or directory\n",
                     "image 'localhost/no-such-image:1': ",
                     "memory: killed by signal 9 (Killed): out of memory, of which its container "
                     "has 16 MiB; raise `memory`",
                     "disk: exit code 1, expected 0", "No space left on device"):
            expect(part in text, f"'{part}' is not in:\n{text}")
        expect_no_containers(30)


def a_container_that_ends_costs_its_case_and_nothing_measured(tare):
    """Two invocations are done and a third hangs when it is removed, or killed."""
    for words, said in ((("rm", "--force"), "the container was removed while it was in use"),
                        (("kill",), "the container ended with status 137")):
        with Box(tare) as sandbox:
            sandbox.write("boxed.yaml", suite(
                "- name: a\n  shell: 'cd ${scratch_dir}; if [ ! -e one ]; then touch one; "
                "elif [ ! -e two ]; then touch two; else touch running; sleep 1000; fi'\n"
                "- name: b\n  command: 'true'\n"))
            running = sandbox.start("run", "boxed.yaml", "--seed", "1")
            wait_for_program(sandbox)
            engine(*words, *left())
            out, err = running.communicate(timeout=PATIENCE_S)
            expect(said in out + err, out + err)
            counts = [len(samples_of(sandbox.journal(), case)) for case in range(2)]
            expect(counts == [2, 3], f"samples: {counts}\n{out}{err}")
            expect_no_containers()


def an_image_that_may_change_and_no_limits_are_warned_of(tare):
    name = BOX.split(":", maxsplit=1)[0]
    engine("tag", BOX, f"{name}:latest")
    with Box(tare) as sandbox:
        sandbox.write("boxed.yaml", suite("- name: a\n  command: 'true'\n", image=name))
        out = " ".join("".join(sandbox.run("run", "boxed.yaml")).split())
        expect(f"the image '{name}' is whatever is the latest" in out, out)
        expect("the container of a may take all of the machine" in out, out)
        sandbox.write("boxed.yaml", suite("- name: a\n  command: 'true'\n"
                                          "  resources: {memory: 64MiB}\n"))
        out = " ".join("".join(sandbox.run("run", "boxed.yaml")).split())
        expect("whatever is the latest" not in out and "all of the machine" not in out, out)
    engine("rmi", f"{name}:latest")


def what_resources_say_holds_inside(tare):
    """As the kernel shows it to a program in there, and to the record of the environment."""
    with Box(tare) as sandbox:
        sandbox.write("boxed.yaml", suite(
            "- name: a\n  stdout: capture\n"
            "  shell: 'cd /sys/fs/cgroup; cat cpu.max cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us "
            "2>/dev/null || true; ulimit -n; echo mine $MINE; busybox df -k /dev/shm; "
            "busybox grep -E \"^(Seccomp|NoNewPrivs|Cpus_allowed_list):\" /proc/self/status'\n"
            "  resources: {cpus: 0-0, memory: 64MiB, cpu_shares: 512, cpu_quota: 0.25,\n"
            "    cpu_period: 20ms, pids: 33, nofile: 222, shm_size: 8MiB, env: {MINE: here},\n"
            "    tmpfs: [/a, '/b:size=1m'], security_opt: [no-new-privileges, seccomp=unconfined]}\n"
            "  expect: {stdout: ['^5000( 20000)?$', '^222$', '^mine here$', '^shm +8192 ',\n"
            "    'NoNewPrivs:.1', 'Seccomp:.0', 'Cpus_allowed_list:.0$']}\n"))
        sandbox.run("run", "boxed.yaml")
        facts = sandbox.facts()
        for key, expected in (("memory", "67108864"), ("cpu_quota", "5000 20000"), ("pids", "33"),
                              ("nofile", "222"), ("cpus", "0"), ("no_new_privs", "1"),
                              ("seccomp", "0")):
            expect(facts.get(f"container.{key}") == expected, f"{key}: {facts}")
        expect(facts.get("container.cpu_weight") in ("512", "20"), f"cpu_weight: {facts}")
        expect(facts.get("host.ssb") and facts.get("container.ssb"), f"ssb: {facts}")


def wait_for_program(sandbox, timeout_s=PATIENCE_S):
    end = time.monotonic() + timeout_s
    while not glob.glob(sandbox.file(".tare/scratch/**/running"), recursive=True):
        expect(time.monotonic() < end, "the program did not start")
        time.sleep(0.02)


def a_signal_ends_all_of_it(tare):
    for number in (signal.SIGINT, signal.SIGTERM):
        with Box(tare) as sandbox:
            sandbox.write("boxed.yaml", suite(
                "- name: a\n  shell: 'touch ${scratch_dir}/running; sleep 1000'\n"))
            running = sandbox.start("run", "boxed.yaml")
            wait_for_program(sandbox)
            running.send_signal(number)
            running.communicate(timeout=PATIENCE_S)
            expect_no_containers()


def the_next_run_sweeps_what_a_killed_one_left(tare):
    with Box(tare) as sandbox:
        sandbox.write("boxed.yaml", suite(
            "- name: a\n  shell: 'touch ${scratch_dir}/running; sleep 1000'\n"))
        sandbox.write("next.yaml", suite("- name: b\n  command: 'true'\n"))
        running = sandbox.start("run", "boxed.yaml")
        wait_for_program(sandbox)
        running.kill()
        running.communicate(timeout=PATIENCE_S)
        end = time.monotonic() + PATIENCE_S
        while engine("ps", "--quiet", "--filter", "label=tare.owner").split():
            expect(time.monotonic() < end, "the container outlives the agent")
            time.sleep(0.05)
        expect(left(), "nothing to sweep, so that this tests nothing")
        sandbox.run("run", "next.yaml")
        expect_no_containers()


def services_run_in_the_container_too(tare):
    with Box(tare) as sandbox:
        sandbox.write("boxed.yaml", suite(
            "- name: a\n"
            "  resources: {network: none}\n"
            "  services:\n"
            "    echo:\n"
            "      command: [sh, -c, 'busybox ip link set lo up; exec nc -ll -p 7777 -e cat']\n"
            "      ready: {command: [sh, -c, 'echo | nc -w 1 127.0.0.1 7777']}\n"
            "  shell: 'echo hello | nc -w 1 127.0.0.1 7777'\n"
            "  stdout: capture\n"
            "  expect: {stdout: hello}\n".replace("network: none", "network: bridge"
                                                  if ENGINE == "docker" else "network: host")
            ))
        sandbox.run("run", "boxed.yaml")
        sandbox.write("tcp.yaml", suite(
            "- name: a\n  resources: {network: none}\n"
            "  services: {s: {command: [sleep, 1000], ready: {tcp: 7777}}}\n"
            "  command: 'true'\n"))
        text = run_failing(sandbox, "tcp.yaml")
        expect("a port of a container with `network: none` cannot be reached" in text, text)
        expect_no_containers()


def counters_see_into_the_container(tare):
    with Box(tare) as sandbox:
        sandbox.write("boxed.yaml", suite(
            "- name: a\n"
            "  shell: 'i=0; while [ $i -lt 3000 ]; do i=$((i+1)); done; busybox true'\n"
            "  counters: [page-faults, perf_sw/page-faults, valgrind/instructions, cpu-pressure]\n"))
        out, _ = sandbox.run("run", "boxed.yaml")
        for reason in ("valgrind: it runs on this machine, and not in a container",
                       "cgroup: a container has a cgroup of its own"):
            expect(reason in " ".join(out.split()), out)
        for sample in samples_of(sandbox.journal(), 0):
            faults = sample["values"]["page-faults"]
            # Where the kernel lets nobody open events, or the guard distrusts them, there are none.
            events = sample["values"].get("perf_sw/page-faults")
            expect(faults > 10, str(sample))
            expect(events is None or abs(events - faults) <= 10, str(sample))
        expect_no_containers()


def host_and_container_are_two_variants(tare):
    with Box(tare) as sandbox:
        sandbox.write("boxed.yaml",
                      "suite: two\nbenchmarks:\n- name: a\n  command: [/bin/busybox, 'true']\n"
                      "  warmup: 1\n  invocations: 10\n  variants:\n    host: {runner: host}\n"
                      f"    boxed: {{runner: {ENGINE}, image: '{BOX}', resources: {{cpus: 0-0}}}}\n")
        out, _ = sandbox.run("run", "boxed.yaml", "--seed", "3")
        expect("boxed against host" in out, out)
        lines = sandbox.journal()
        expect([len(samples_of(lines, i)) for i in range(2)] == [11, 11], out)


def an_engine_that_is_not_there_is_named_with_its_remedy(tare):
    if ENGINE != "docker":
        return
    with Box(tare) as sandbox:
        kept = sandbox.environment
        sandbox.write("boxed.yaml", suite("- name: a\n  command: 'true'\n"
                                          "- name: b\n  runner: host\n  command: 'true'\n"))
        sandbox.environment = lambda: kept() | {"DOCKER_HOST": "unix:///nowhere/docker.sock"}
        text = run_failing(sandbox)
        expect("docker does not answer at unix:///nowhere/docker.sock; start the engine" in text,
               text)
        expect(len(samples_of(sandbox.journal(), 1)) == 3, "the host's case was not measured")
    with Box(tare) as sandbox:
        kept = sandbox.environment
        sandbox.write("boxed.yaml", suite("- name: a\n  command: 'true'\n"))
        sandbox.environment = lambda: kept() | {"PATH": "/nowhere"}
        text = run_failing(sandbox)
        expect("'docker' is not on PATH; install it (Debian: the package docker.io)" in text, text)


def starting_a_container_is_no_part_of_a_sample(tare):
    """That takes hundreds of milliseconds; the fastest of sixty starts of a tiny program, here and
    inside, are far closer than that on any machine. `tare calibrate` measures it properly."""
    with Box(tare) as sandbox:
        sandbox.write("boxed.yaml",
                      "suite: tiny\nbenchmarks:\n- name: a\n  command: [/bin/busybox, 'true']\n"
                      "  warmup: 5\n  invocations: 60\n  resources: {cpus: 0-0}\n  variants:\n"
                      "    host: {runner: host}\n"
                      f"    boxed: {{runner: {ENGINE}, image: '{BOX}'}}\n")
        sandbox.run("run", "boxed.yaml", "--seed", "3")
        lines = sandbox.journal()
        best = [min(line["values"]["wall"] for line in samples_of(lines, i)) for i in range(2)]
        expect(best[1] < best[0] + 50e6, f"the fastest on the host and inside: {best} ns")


def a_container_is_weighed(tare):
    """How much it is, is the machine's to say; here it is that everything was measured, kept, and
    that a correction is made or refused with a reason."""
    with Box(tare) as sandbox:
        out, err = sandbox.run("calibrate", "--quick", "--quiet", "--seed", "1",
                               "--memory", "256MiB", "--runner", ENGINE, "--image", BOX)
        rows = [line for line in out.splitlines() if line[:8].strip() in
                ("cpu", "memory", "latency", "start", "disk", "network")]
        rows = [row for row in rows if not row.startswith("cpu time")]
        expect(len(rows) == 26, f"{len(rows)} rows:\n{out}{err}")
        expect("not measured" not in out, out)
        expect("beta" in out and "A/A" in out and "starting a container takes" in out, out)
        listed, _ = sandbox.run("list", "calibrations")
        expect(len(listed.splitlines()) == 2, listed)
        sandbox.write("boxed.yaml", suite(
            "- name: a\n  command: [sh, -c, 'true']\n  invocations: 10\n"
            "  resources: {memory: 256MiB, user: '0', cpus: 1}\n"))
        sandbox.write("host.yaml", "suite: bare\nbenchmarks:\n- {name: a, command: 'true', "
                      "invocations: 3}\n")
        sandbox.run("run", "boxed.yaml")
        sandbox.run("run", "host.yaml")
        out, err = sandbox.run("calibrate", "--correct", "latest:boxed", exit_code=None)
        expect(("a: raw " in out and ", corrected " in out) or "its A/A arm failed" in err, out + err)
        _, err = sandbox.run("calibrate", "--correct", "latest:bare", exit_code=None)
        expect("no case of run" in err or "its A/A arm failed" in err
               or "container.image_id" in err or "container.engine" in err, err)
        expect_no_containers()


class Engine:
    """The private engine that ci/with-docker started, which may be ended and started again."""

    def __init__(self):
        self.folder = os.path.dirname(os.environ["DOCKER_HOST"].removeprefix("unix://"))
        self.words = self.pid_file = None

    @staticmethod
    def is_ours():
        host = os.environ.get("DOCKER_HOST", "")
        return ENGINE == "docker" and "/tare-docker." in host

    def end(self, number):
        with open(f"{self.folder}/pid", encoding="utf-8") as file:
            pid = int(file.read())
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            self.words = file.read().decode().split("\0")[:-1]
        expect("dockerd" in self.words[0], f"process {pid} is no engine: {self.words}")
        os.kill(pid, number)
        wait_until(lambda: not os.path.exists(f"/proc/{pid}") or is_zombie(pid), "the engine's end")

    def start(self):
        # A part of the engine whose end nobody has noticed yet would be taken for a living one.
        for name in ("pid", "exec/containerd/containerd.pid"):
            if os.path.exists(f"{self.folder}/{name}"):
                os.unlink(f"{self.folder}/{name}")
        with open(f"{self.folder}/log", "ab") as log:
            subprocess.Popen(self.words, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                             start_new_session=True)
        wait_until(lambda: subprocess.run(["docker", "version"], capture_output=True,
                                          timeout=PATIENCE_S).returncode == 0, "the engine")


def is_zombie(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return file.read().rsplit(")", 1)[1].split()[0] in "ZX"
    except OSError:
        return True


def wait_until(holds, what):
    end = time.monotonic() + PATIENCE_S
    while not holds():
        expect(time.monotonic() < end, f"{what} did not come within {PATIENCE_S} s")
        time.sleep(0.05)


def an_engine_that_ends_half_way_costs_what_was_in_it(tare):
    if not Engine.is_ours():
        print("left out: the engine is not one that may be ended")
        return
    for number in (signal.SIGKILL, signal.SIGTERM):
        with Box(tare) as sandbox:
            waits = "touch ${scratch_dir}/running; while [ ! -e go ]; do sleep 0.1; done"
            sandbox.write("boxed.yaml", suite(
                f"- name: a\n  shell: '{waits}'\n- name: b\n  shell: '{waits}'\n"
                "- name: c\n  runner: host\n  command: 'true'\n"))
            sandbox.write("next.yaml", suite("- name: next\n  command: 'true'\n"))
            mine = Engine()
            running = sandbox.start("run", "boxed.yaml", "--seed", "1")
            wait_for_program(sandbox)
            mine.end(number)
            sandbox.write("go", "")
            try:
                out, err = running.communicate(timeout=PATIENCE_S)
            finally:
                mine.start()
            text = out + err
            expect(f": docker does not answer at {os.environ['DOCKER_HOST']}; start" in text, text)
            # Containers outlive an engine that is killed, but not one that is stopped.
            expect(("and so is the engine" in text) == (number == signal.SIGTERM), text)
            done = 3 if number == signal.SIGKILL else 0
            lines = sandbox.journal()
            counts = [len(samples_of(lines, i)) for i in range(2)]
            expect(sorted(counts) == [0, done], f"samples: {counts}\n{text}")
            expect(len(samples_of(lines, 2)) == 3, f"the host's case was not measured:\n{text}")
            expect(lines[-1]["type"] == "end", f"the journal has no end:\n{text}")
            sandbox.run("run", "next.yaml")
            expect_no_containers()


ALL = (programs_run_inside_with_the_image_s_environment,
       what_a_container_costs_and_is_allowed_is_recorded,
       an_image_is_built_from_nothing,
       limits_hold,
       each_fault_costs_its_case_and_no_other,
       a_container_that_ends_costs_its_case_and_nothing_measured,
       what_resources_say_holds_inside,
       an_image_that_may_change_and_no_limits_are_warned_of,
       a_signal_ends_all_of_it,
       the_next_run_sweeps_what_a_killed_one_left,
       services_run_in_the_container_too,
       counters_see_into_the_container,
       host_and_container_are_two_variants,
       an_engine_that_is_not_there_is_named_with_its_remedy,
       starting_a_container_is_no_part_of_a_sample,
       a_container_is_weighed,
       a_container_that_cannot_be_started_costs_no_other_case_of_its_image,
       dynamic_programs_run_as_the_image_s_user,
       programs_of_musl_run,
       an_engine_that_ends_half_way_costs_what_was_in_it)

# What could come out otherwise where an engine has another program; it is the slower one, too.
DIFFERENT = (programs_run_inside_with_the_image_s_environment,
             what_a_container_costs_and_is_allowed_is_recorded,
             an_image_is_built_from_nothing,
             limits_hold,
             each_fault_costs_its_case_and_no_other,
             a_container_that_ends_costs_its_case_and_nothing_measured,
             the_next_run_sweeps_what_a_killed_one_left,
             dynamic_programs_run_as_the_image_s_user)


def main():
    if subprocess.run([ENGINE, "version"], capture_output=True).returncode != 0:
        process.skip(f"{ENGINE} does not answer", missing_package=True)
    make_image()
    try:
        return process.run_tests(ALL if ENGINE == "docker" else DIFFERENT, sys.argv[1])
    finally:
        shutil.rmtree(SOCKETS, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
