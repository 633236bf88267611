#!/usr/bin/env bash
# Walks the roads with Docker of DEPLOYMENT.md in a clean Debian root, in which Debian's own Docker Engine and Compose run:
# quick-start.sh with typed answers, its menu, `docker compose up` with a .env of the first generation, variants. Not part of
# npm test: it takes about a quarter of an hour.
#
#   apt-get install --no-install-recommends buildah debootstrap python3
#   npm ci && bash test/deploy/docker-trial.sh [FOLDER]
#
# Cameras are simulated. What is not as at a user's: support/docker-machine.sh.
set -euo pipefail
# shellcheck source=test/deploy/support/clean-root.sh
. "$(dirname "${BASH_SOURCE[0]}")/support/clean-root.sh"
# shellcheck source=test/deploy/support/docker-machine.sh
. "$(dirname "${BASH_SOURCE[0]}")/support/docker-machine.sh"

BUILD_SECONDS=900
START_SECONDS=60
# The first check of its health comes within this, see the Dockerfile.
HEALTH_SECONDS=45
STOP_LIMIT_SECONDS=3
USER_NAME=vigilante-7
# shellcheck disable=SC2016 # It is the password.
export SECRET='p@ss:w#rd%/ñ $HOME'
URL=http://127.0.0.1:8000

work=${1:-$(mktemp -d /var/tmp/vigia-docker-XXXXXX)}
mkdir -p "$work"

start_docker_machine "$work"

# types ANSWER... -- COMMAND: the same, with answers on a terminal.
types() {
	local answers=()
	while [ "$1" != -- ]; do
		answers+=("$1")
		shift
	done
	LIMIT_SECONDS=$BUILD_SECONDS python3 "$ROOT/test/deploy/support/hidden-answer.py" "${answers[@]}" -- nsenter --target "$pid" \
		--mount --uts --ipc --pid --net --root env -C /home/maria/vigia runuser --user maria -- \
		env -i PATH=/usr/local/bin:/usr/bin:/bin HOME=/home/maria LANG=C.UTF-8 TERM=dumb bash -c "$2"
}

start_cameras 4 "$ADDRESS" 554 "$USER_NAME" "$work/cameras.log"

# --- quick-start.sh

person "git clone --quiet /srv/vigia.git vigia"
person "bash install-docker-chromeos.sh" | tail -n 3
start_clock
types "$USER_NAME" "hidden:$SECRET" "$ADDRESS" "" "" 4 -- "bash quick-start.sh" >"$work/quick-start.txt" || fail "see $work/quick-start.txt"
visit live $URL 4 $START_SECONDS || fail "see $work/quick-start.txt"
printf 'quick-start.sh: live %s s after its first question, the build of the image included\n' "$(seconds)"
tail -n 4 "$work/quick-start.txt"

person "docker compose logs" >"$work/logs.txt"
visit save $URL "$work/logs.txt" "$ADDRESS" 554 "$USER_NAME" >"$work/saved.json"
visit live $URL 5 $START_SECONDS
person "stat --format '%a %U %n' .env* vigia.yaml*" | tee "$work/modes.txt"
if grep -v -e '^600 maria ' -e ' \.env\.example$' "$work/modes.txt"; then fail "others may read a file with the password"; fi

# --- Where a secret must not be

container=$(person "docker compose ps --quiet vigia")
for ((second = 0; second < HEALTH_SECONDS; second++)); do
	[ "$(inside "$pid" docker inspect --format '{{.State.Health.Status}}' "$container")" != healthy ] || break
	sleep 1
done
inside "$pid" docker inspect --format 'health: {{.State.Health.Status}}, user {{.Config.User}}, read-only: {{.HostConfig.ReadonlyRootfs}}' "$container"
person "docker compose logs" >"$work/logs.txt"
inside "$pid" docker inspect "$container" >"$work/inspect.json"
inside "$pid" docker image inspect vigia:latest >"$work/image.json"
inside "$pid" docker history --no-trunc vigia:latest >"$work/history.txt"
inside "$pid" docker save vigia:latest >"$work/image.tar"
person "docker compose config" >"$work/config.yml"
person "docker compose top" >"$work/top.txt"
# shellcheck disable=SC2016 # The other shell's variables.
inside "$pid" docker exec "$container" sh -c 'for process in /proc/[0-9]*; do cat $process/cmdline $process/environ; done | tr "\0" "\n"' >"$work/processes.txt" 2>/dev/null || true
visit answers $URL >"$work/answers.txt"
visit secrets "$USER_NAME" "$work"/{quick-start.txt,logs.txt,saved.json,inspect.json,image.json,history.txt,image.tar,config.yml,top.txt,processes.txt,answers.txt,dockerd.log}
rm "$work/image.tar"

start_clock
inside "$pid" docker stop "$container" >/dev/null
[ "$(seconds)" -le $STOP_LIMIT_SECONDS ] || fail "it takes $(seconds) s to end"
inside "$pid" docker inspect --format 'stopped: exit code {{.State.ExitCode}}' "$container" | tee "$work/stopped.txt"
grep -q 'exit code 0' "$work/stopped.txt" || fail "it does not end by itself"

# --- The menu

start_clock
types 1 -- "bash quick-start.sh" >"$work/menu-start.txt"
visit live $URL 5 $START_SECONDS
printf 'menu, start: live after %s s\n' "$(seconds)"
types 2 -- "bash quick-start.sh" >"$work/menu-restart.txt"
visit live $URL 5 $START_SECONDS
types 4 -- "bash quick-start.sh" >"$work/menu-logs.txt"
grep -q 'vigia' "$work/menu-logs.txt" || fail "the menu shows no logs"
types 5 y n -- "bash quick-start.sh" >"$work/menu-remove.txt"
[ -z "$(inside "$pid" docker ps --all --quiet)" ] || fail "the menu does not remove the container"

# --- deploy.sh without a user, then Compose by hand: a file of the first generation, and that of the example

person "./deploy.sh" >"$work/deploy.txt" 2>&1 || fail "deploy.sh, see $work/deploy.txt"
tail -n 1 "$work/deploy.txt"
person "rm .env vigia.yaml && printf 'CAM_USER=%s\nCAM_PASS=%s\nCAM_IP=%s\nCAM_PORT=554\nTOTAL_CAMERAS=4\n' '$USER_NAME' '$SECRET' $ADDRESS >.env"
start_clock
person "docker compose up -d" >"$work/up.txt" 2>&1
visit live $URL 4 $START_SECONDS || fail "see $work/up.txt"
printf 'docker compose up -d, first generation: live %s s after the command\n' "$(seconds)"
person "docker compose down" >"$work/down.txt" 2>&1

person "rm .env && cp .env.example .env && chmod 600 .env"
# Whoever types this has another number than the image's user.
person "printf 'VIGIA_UID=1001\nVIGIA_GID=1001\n' >>.env"
person "sed -i -e 's/^CAM_USER=.*/CAM_USER=$USER_NAME/' -e 's|^CAM_PASS=.*|CAM_PASS=$SECRET|' -e 's/^CAM_IP=.*/CAM_IP=$ADDRESS/' -e 's/^TOTAL.*/TOTAL_CAMERAS=4/' .env"
start_clock
person "docker compose up -d" >"$work/up-example.txt" 2>&1
visit live $URL 4 $START_SECONDS || fail "see $work/up-example.txt"
printf 'docker compose up -d, by .env.example: live %s s after the command\n' "$(seconds)"
person "docker compose logs --tail 20 vigia" >"$work/logs-example.txt"

# --- Variants. Those that need further images: variants-trial.sh

person "printf 'RTSP_PORT=8554\n' >>.env"
for command in \
	"docker compose -f docker-compose.yml -f deploy/compose.rtsp.yml up -d" \
	"docker compose -f docker-compose.yml -f deploy/compose.host.yml up -d"; do
	person "$command" >"$work/up-variant.txt" 2>&1 || fail "see $work/up-variant.txt"
	visit live $URL 4 $START_SECONDS || fail "see $work/up-variant.txt"
	printf '%s: live\n' "$command"
done
person "docker compose -f docker-compose.yml -f deploy/compose.host.yml down" >"$work/down.txt" 2>&1

# --- A file that the container's user may not read is said to be so

person "sed -i '/^VIGIA_/d' .env && docker compose up -d" >"$work/up-unreadable.txt" 2>&1
for ((second = 0; second < START_SECONDS; second++)); do
	person "docker compose logs" >"$work/logs-unreadable.txt"
	! grep -q EACCES "$work/logs-unreadable.txt" || break
	sleep 1
done
grep EACCES "$work/logs-unreadable.txt" | head -n 1 || fail "nobody says that .env cannot be read"
person "docker compose down" >"$work/down.txt" 2>&1
printf 'All of it passed. Its files: %s\n' "$work"
