#!/bin/sh
# Makes what suites/docker.yaml builds its image from: this machine's compressors with their libraries,
# and an input, so that host and container run the same bytes on the same bytes.
#
# usage: image.sh FOLDER
set -eu
folder=$1
rm -rf "$folder/image"
mkdir -p "$folder/image/root"

for name in gzip bzip2 xz zstd; do
	program=$(command -v "$name") || {
		echo "$name is not installed; it is a package of that name (xz: xz-utils)" >&2
		exit 1
	}
	for file in $(readlink -f "$program") $(ldd "$program" | grep -o '/[^ ]*'); do
		mkdir -p "$folder/image/root$(dirname "$file")"
		cp -L "$file" "$folder/image/root$file"
	done
done
cat >"$folder/image/Dockerfile" <<END
FROM scratch
COPY root /
ENV PATH=/usr/bin:/bin
END

# Text that repeats as programs and logs do, the same on every machine.
[ -s "$folder/input" ] || {
	seq 1 60000 | awk '{ print "line", $1, "of", $1 % 97, "is", $1 * 7919 % 1000003 }' \
		>"$folder/input.new"
	mv "$folder/input.new" "$folder/input"
}
