#!/bin/sh
# What measuring costs: a bare vfork/exec/wait4 loop, `tare bench` and `hyperfine -N` start the same
# 3-instruction program, in turn, in one run. Prints each round, then the median over the rounds of
# each one's median time and total wall time, and how they compare with the loop's.
#
#	tests/bench/floor.sh BUILD_DIR [COUNT [ROUNDS]]
#
# hyperfine is left out, with a word, where it is not installed.
set -eu

build=${1:?usage: floor.sh BUILD_DIR [COUNT [ROUNDS]]}
count=${2:-2000}
rounds=${3:-7}
tiny=$build/tests/bench/tiny
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Runs the command, its output in $work/out; prints how long it took, in nanoseconds.
timed() {
	begin=$(date +%s%N)
	"$@" >"$work/out" 2>"$work/err" || {
		cat "$work/err" >&2
		return 1
	}
	end=$(date +%s%N)
	echo $((end - begin))
}

# The first number after the key in a JSON file.
first_number() {
	sed -n "s/.*\"$1\": *\([0-9.eE+-]*\).*/\1/p" "$2" | head -n 1
}

note() { # name, median in us, total in ns
	echo "$2" >>"$work/$1.median"
	echo "$3" >>"$work/$1.total"
	awk -v name="$1" -v us="$2" -v ns="$3" \
		'BEGIN { printf "  %-9s median %8.2f us   total %8.1f ms\n", name, us, ns / 1e6 }'
}

run_loop() {
	total=$(timed "$build/tests/bench/bench_floor" loop "$count")
	note loop "$(sed -n 's/.*median \([0-9.]*\) us.*/\1/p' "$work/out")" "$total"
}

run_tare() {
	total=$(timed "$build/bin/tare" bench --warmup 0 --invocations "$count" --quiet \
		--export-json "$work/tare.json" "$tiny")
	sed -n '/"wall"/,$p' "$work/tare.json" >"$work/wall.json"
	note tare "$(first_number median "$work/wall.json" | awk '{ print $1 / 1e3 }')" "$total"
}

run_hyperfine() {
	total=$(timed hyperfine -N --warmup 0 --runs "$count" --style none \
		--export-json "$work/hyperfine.json" "$tiny")
	note hyperfine "$(first_number median "$work/hyperfine.json" | awk '{ print $1 * 1e6 }')" \
		"$total"
}

median() {
	sort -n "$1" | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

names="loop tare"
if command -v hyperfine >/dev/null; then
	names="$names hyperfine"
else
	echo "hyperfine is not installed: left out"
fi
round=1
while [ "$round" -le "$rounds" ]; do
	echo "round $round of $rounds, $count invocations each"
	for name in $names; do
		"run_$name"
	done
	round=$((round + 1))
done

echo "medians over $rounds rounds"
loop_us=$(median "$work/loop.median")
loop_ns=$(median "$work/loop.total")
for name in $names; do
	awk -v name="$name" -v us="$(median "$work/$name.median")" -v loop_us="$loop_us" \
		-v ns="$(median "$work/$name.total")" -v loop_ns="$loop_ns" 'BEGIN {
		printf "  %-9s median %8.2f us (%+.2f us)   total %8.1f ms (%.2f times)\n",
			name, us, us - loop_us, ns / 1e6, ns / loop_ns }'
done
