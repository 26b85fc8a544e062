#!/bin/sh
# Makes what suites/self.yaml reads: a suite of COUNT benchmarks for the replay runner, and the
# journals of two runs of it. Kept for the next time unless tare is newer.
#
# usage: inputs.sh TARE COUNT SUITE BASE_JOURNAL HEAD_JOURNAL
set -eu

tare=$(command -v "$1")
count=$2
suite=$3
base=$4
head=$5
[ -z "$(find "$head" -newer "$tare" 2>/dev/null)" ] || exit 0

seq "$count" | awk '
	BEGIN {
		print "suite: replay"
		print "defaults: {runner: replay, invocations: 30}"
		print "benchmarks:"
	}
	{
		printf "  - name: benchmark %d\n    tags: t%d\n    replay:\n", $1, $1 % 10
		printf "      wall: {distribution: normal, center: %dms, spread: 1%%}\n", $1
	}' >"$suite"

# In a folder of its own, because a run keeps its state where it is started.
cd "$(dirname "$suite")"
rm -f "$base" "$head"
"$tare" run --quiet --no-store --seed 1 --journal "$base" "$suite"
"$tare" run --quiet --no-store --seed 2 --journal "$head" "$suite"
