#!/bin/sh
# tare-weight does each of its kinds of work, and refuses what it does not know.
#
# usage: weight.sh TARE-WEIGHT
set -u
weight=$1
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT

fail() {
	echo "failed: $*"
	exit 1
}

for kind in nothing integer floating bandwidth chase faults call argument pipe spawn loopback; do
	"$weight" $kind 1 || fail "$kind"
done
"$weight" file 2 "$folder" || fail file
[ -z "$(ls "$folder")" ] || fail "file leaves files"
"$weight" file 1 "$folder/none" 2>"$folder/said" && fail "file in no folder"
[ "$(cat "$folder/said")" = "tare-weight: file: No such file or directory" ] ||
	fail "$(cat "$folder/said")"
# Nobody listens here, and no address of this machine's is called so.
"$weight" connect 1 127.0.0.1 || fail connect
"$weight" connect 1 localhost 2>"$folder/said" && fail "connect to no address"
[ "$(cat "$folder/said")" = "tare-weight: connect: Invalid argument" ] ||
	fail "$(cat "$folder/said")"
for words in "" "integer" "integer 0" "integer -1" "integer 1x" "integer 1000001" "none 1" \
	"integer 1 $folder" "file 1" "connect 1"; do
	# shellcheck disable=SC2086 # words are several
	"$weight" $words 2>/dev/null
	[ $? -eq 2 ] || fail "taken: $words"
done
