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
# shellcheck source=test/deploy/support/clean-root.sh
. "$(dirname "${BASH_SOURCE[0]}")/support/clean-root.sh"

SIZE_LIMIT_MB=350
START_SECONDS=60
STOP_LIMIT_MS=3000

work=${1:-$(mktemp -d /var/tmp/vigia-image-XXXXXX)}
mkdir -p "$work"
start_clock

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

make_node_base "$work"
printf 'base: after %s s\n' "$(seconds)"
storage "$work" build --layers --format docker --build-arg NODE_IMAGE=$NODE_BASE --tag localhost/vigia:trial "$ROOT" >"$work/build.log" 2>&1 ||
	fail "the build, see $work/build.log"
printf 'image: built after %s s\n' "$(seconds)"

container=$(storage "$work" from localhost/vigia:trial)
image_root=$(storage "$work" mount "$container")
# The namespaces of in_image are gone with their processes.
trap 'storage "$work" umount "$container" >/dev/null; storage "$work" rm "$container" >/dev/null' EXIT
megabytes=$(du -sm "$image_root" | cut -f 1)
printf 'image: %s MB\n' "$megabytes"
[ "$megabytes" -lt "$SIZE_LIMIT_MB" ] || fail "it is larger than $SIZE_LIMIT_MB MB"
nodes=$(find "$image_root" -xdev -type f -name node -size +10M | wc -l)
[ "$nodes" = 1 ] || fail "it holds $nodes Nodes"
# Some libraries have their own tests in their packages.
tools=$(
	find "$image_root/app" -name vite -o -name vitest -o -name typescript
	find "$image_root/app" -name node_modules -prune -o -name '*.test.ts' -print
)
[ -z "$tools" ] || fail "it holds tools of development: $tools"
if chroot "$image_root" ldd /usr/bin/ffmpeg | grep 'not found'; then fail "FFmpeg lacks libraries"; fi

install -d -o 1000 -g 1000 -m 700 "$work/data"
port=$(free_port) media_port=$(free_port)
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
