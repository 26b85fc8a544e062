#!/bin/sh
# Makes one input of suites/compression.yaml: the same bytes on every machine and with every awk,
# because the numbers come from the generator below and not from awk's own.
#
# usage: input.sh text|random BYTES FILE
set -eu

kind=$1
bytes=$2
file=$3
[ -f "$file" ] && exit 0

# Park and Miller's minimal standard generator: its products stay below 2^53, so doubles are exact.
case $kind in
text)
	# Words of letters as frequent as in English, taken from a small vocabulary, some far more often
	# than others.
	program='
	function random() { state = (state * 16807) % 2147483647; return state / 2147483647 }
	BEGIN {
		state = 42
		letters = "eeeeeeeeeeeetttttttttaaaaaaaaoooooooiiiiiiinnnnnnnsssssshhhhhhrrrrrrddddllll"
		letters = letters "cccuuummmwwwffggyyppbbvk"
		for (word = 0; word < 6000; word++)
			for (left = 2 + int(9 * random()); left > 0; left--)
				words[word] = words[word] \
					substr(letters, 1 + int(length(letters) * random()), 1)
		while (done < bytes) {
			place = random()
			text = words[int(6000 * place * place * place)] (random() < 0.08 ? ".\n" : " ")
			printf "%s", text
			done += length(text)
		}
	}'
	;;
random)
	program='
	BEGIN {
		state = 7
		for (done = 0; done < bytes; done++) {
			state = (state * 16807) % 2147483647
			printf "%c", int(state / 8388608) % 256
		}
	}'
	;;
*)
	echo "input.sh: unknown kind '$kind'; expected text or random" >&2
	exit 1
	;;
esac
# Whole or not at all: another run may have been cut off, or be at it now.
LC_ALL=C awk -v bytes="$bytes" "$program" >"$file.$$"
mv "$file.$$" "$file"
