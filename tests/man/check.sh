#!/bin/sh
# The man pages name every command and option of --help, and every key of the suite language.
#
# usage: check.sh TARE MAN_FOLDER
set -eu

tare=$1
man=$2
missing=$(mktemp)
trap 'rm -f "$missing"' EXIT

commands=$("$tare" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p')
[ -n "$commands" ] || {
	echo "tare --help names no commands"
	exit 1
}
for command in $commands; do
	grep -qE "^\.(It )?Cm (.*[ |])?$command\b" "$man/tare.1" || echo "tare.1: command $command"
	"$tare" "$command" --help | grep -oE '^ +(-[a-zA-Z], )?--[a-z-]+' | grep -oE '[a-z][a-z-]+$' |
		while read -r option; do
			[ "$option" = help ] || grep -qE "^\.It Fl (. , )?-$option( |$)" "$man/tare.1" ||
				echo "tare.1: option --$option of $command"
		done
done >>"$missing"
# Exit codes are numbers at the beginning of a line there, and items here.
"$tare" --help | sed -n '/^Exit codes:/,$s/^ *\([0-9][0-9]*\)  .*/\1/p' | while read -r code; do
	grep -q "^\.It $code$" "$man/tare.1" || echo "tare.1: exit code $code"
done >>"$missing"

# shellcheck disable=SC2016 # $defs is the name of a key
keys=$("$tare" schema | python3 -c '
import json, sys
schema = json.load(sys.stdin)
definitions = schema.get("$defs", {})
keys = set(schema["properties"])
for name in ("benchmark", "variant", "environment", "defaults"):
    keys |= set(definitions.get(name, {}).get("properties", {}))
print("\n".join(sorted(keys)))')
for key in $keys; do
	grep -qE "^\.It Cm (.* , )?$key( |$)" "$man/tare-suite.5" || echo "tare-suite.5: key $key"
done >>"$missing"

if [ -s "$missing" ]; then
	echo "not in the man pages:"
	sort -u "$missing"
	exit 1
fi
echo "$(echo "$commands" | wc -w) commands and $(echo "$keys" | wc -w) keys are in the man pages"
