#!/bin/bash
# Compresses a file and prints what tare cannot see from outside: how fast, how much smaller. The
# clock is bash's own, so that no other program starts between the two looks at it.
#
# usage: measure.sh INPUT OUTPUT PROGRAM [ARGUMENT...]
set -eu

input=$1
output=$2
shift 2
# Sizes are read outside of the time that is measured.
input_bytes=$(stat -c %s "$input")
begin=$EPOCHREALTIME
"$@" <"$input" >"$output"
end=$EPOCHREALTIME
output_bytes=$(stat -c %s "$output")

microseconds=$((${end/[.,]/} - ${begin/[.,]/}))
echo "throughput: $((input_bytes * 1000 / microseconds)) kB/s"
thousandths=$((input_bytes * 1000 / output_bytes))
printf 'ratio: %d.%03d x\n' $((thousandths / 1000)) $((thousandths % 1000))
