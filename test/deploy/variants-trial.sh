#!/usr/bin/env bash
# Runs the variants of docker-compose.yml that need other people's programs, with Debian's Docker Engine and Compose in a clean
# root: nginx, Caddy, coturn. They are looked at from another network, in Chromium too. Not part of npm test: it takes about
# ten minutes, three of them for the image.
#
#   apt-get install --no-install-recommends buildah chromium coturn curl debootstrap iproute2
#   npm ci && bash test/deploy/variants-trial.sh [FOLDER]
#
# Cameras are the demo's sixteen. What is not as at a user's: support/docker-machine.sh. No public certificate is asked for.
set -euo pipefail
# shellcheck source=test/deploy/support/clean-root.sh
. "$(dirname "${BASH_SOURCE[0]}")/support/clean-root.sh"
# shellcheck source=test/deploy/support/docker-machine.sh
. "$(dirname "${BASH_SOURCE[0]}")/support/docker-machine.sh"

START_SECONDS=60
URL=https://$PUBLIC
CAMERAS_OF_DEMO=16
# They may stand in a configuration: no character that has a meaning there.
TURN_PASSWORD=only-for-this-trial
MEDIA_PORT=8555

work=${1:-$(mktemp -d /var/tmp/vigia-variants-XXXXXX)}
mkdir -p "$work"
start_docker_machine "$work"
start_outside
build_stand_ins "$work"

person "git clone --quiet /srv/vigia.git vigia"
person "bash install-docker-chromeos.sh" >"$work/install.txt" 2>&1 || fail "see $work/install.txt"
# As quick-start.sh does.
person "(umask 077 && printf 'VIGIA_UID=%s\nVIGIA_GID=%s\n' \$(id -u) \$(id -g) >.env)"
person "docker compose build" >"$work/build.log" 2>&1 || fail "the build, see $work/build.log"

compose() { printf 'docker compose -f docker-compose.yml -f deploy/compose.%s.yml' "$1"; }
# up COMMAND: with -f, as COMPOSE_FILE would do (docker-trial.sh), since the variants take turns here.
up() {
	start_clock
	person "$1" >"$work/up.txt" 2>&1 || fail "$1, see $work/up.txt"
}
# down VARIANT
down() {
	person "$(compose "$1") logs" >"$work/$1.log" 2>&1
	person "$(compose "$1") down --volumes" >"$work/down.txt" 2>&1
}
visit_outside() { NODE_NO_WARNINGS=1 NODE_EXTRA_CA_CERTS=$work/authority.pem "${OUTSIDE[@]}" "$NODE" "$ROOT/test/deploy/support/visit.ts" "$@"; }
# status FILE ARGUMENT...: curl's, outside, by that authority's certificate.
status() { "${OUTSIDE[@]}" curl --silent --cacert "$work/authority.pem" --output "$work/answer.txt" --write-out '%{http_version} %{http_code} %{redirect_url}' "$@"; }
# expect WANTED SEEN WHAT
expect() { [ "$2" = "$1" ] || fail "$3: not '$1' but '$2'"; }

# show VARIANT SERVICE: how a container runs.
show() {
	local container
	container=$(person "$(compose "$1") ps --quiet $2")
	inside "$pid" docker inspect --format \
		"$2: user {{.Config.User}}, read-only {{.HostConfig.ReadonlyRootfs}}, dropped {{.HostConfig.CapDrop}}, added {{.HostConfig.CapAdd}}, restarts {{.RestartCount}}" "$container"
	inside "$pid" docker top "$container" -eo pid,user,args | tail -n +2
}

# see_through VARIANT: the page, its media and its rights, through the proxy.
see_through() {
	local variant=$1 token
	visit_outside live "$URL" $CAMERAS_OF_DEMO $START_SECONDS || fail "$variant, see $work/up.txt"
	printf '%s: live %s s after the command\n' "$variant" "$(seconds)"
	show "$variant" "$variant"
	visit_outside watch "$URL" webrtc
	# All of it through the proxy: a WebSocket, and many requests.
	visit_outside watch "$URL/?protocol=mse" mse
	visit_outside watch "$URL/?protocol=hls" hls
	expect "2 200 " "$(status "$URL/")" "the page over HTTP/2"
	case "$(status "http://$PUBLIC/?protocol=mse")" in "1.1 30"[18]" $URL/?protocol=mse") ;; *) fail "HTTP does not lead to HTTPS" ;; esac
	case "$(status "http://$PUBLIC:8000/" || true)" in *" 000 ") ;; *) fail "the page is reached past the proxy" ;; esac
	# Vigía takes what the proxy says of the visitor, and nobody outside for the machine itself.
	expect "2 403 " "$(status --header 'X-Forwarded-For: 127.0.0.1' --header 'X-Forwarded-Host: localhost' "$URL/api/settings/cameras")" "who says to be local"
	token=$(person "$(compose "$variant") logs vigia" | sed -n 's/.*#settings=\([A-Za-z0-9_-]*\).*/\1/p' | tail -n 1)
	expect "2 204 " "$(status --dump-header "$work/headers.txt" --header 'Content-Type: application/json' --header "Origin: $URL" --data "{\"token\":\"$token\"}" "$URL/api/settings/access")" "the token"
	grep -qi '^set-cookie:.*; *secure' "$work/headers.txt" || fail "Vigía does not know that the visitor came over HTTPS"
}

# --- nginx, with the certificate that DEPLOYMENT.md makes

person "mkdir -p deploy/nginx/certs && cd deploy/nginx/certs && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 \
	-noenc -days 825 -subj /CN=vigia -addext subjectAltName=DNS:localhost,IP:$PUBLIC -keyout privkey.pem -out fullchain.pem" 2>"$work/openssl.log"
person "stat --format '%a %n' deploy/nginx/certs/privkey.pem"
cp "$work/root/home/maria/vigia/deploy/nginx/certs/fullchain.pem" "$work/authority.pem"
up "docker compose -f docker-compose.yml -f deploy/compose.nginx.yml up -d"
see_through nginx
person "$(compose nginx) exec -T nginx nginx -s reload" 2>"$work/reload.txt" || fail "nginx is not told of a new certificate"
person "$(compose nginx) up -d --force-recreate vigia" >"$work/up.txt" 2>&1
visit_outside live "$URL" $CAMERAS_OF_DEMO $START_SECONDS || fail "nginx does not find the new container of Vigía"
# As after the machine's own restart.
stop_engine
start_engine "$work"
visit_outside live "$URL" $CAMERAS_OF_DEMO $START_SECONDS || fail "nginx and Vigía are not back with the engine"
down nginx

# --- Caddy. Nobody gives a certificate for an address of nobody but Caddy's own authority.

person "printf 'VIGIA_SITE=%s\n' $PUBLIC >>.env"
# It may hold the hash of a password.
person "chmod 600 deploy/caddy/Caddyfile"
up "docker compose -f docker-compose.yml -f deploy/compose.caddy.yml up -d"
for ((second = 0; second < START_SECONDS; second++)); do
	! person "$(compose caddy) exec -T caddy cat /data/caddy/pki/authorities/local/root.crt" >"$work/authority.pem" 2>"$work/authority.log" || break
	sleep 1
done
see_through caddy
down caddy

# --- coturn, for somebody outside whose network lets no UDP through

# turn USER PASSWORD PEER PORT ANSWER [OPTION]: asks it for a relay to there, over TCP.
turn() {
	"${OUTSIDE[@]}" timeout 10 turnutils_uclient "${6:--t}" -v -u "$1" -w "$2" -e "$3" -r "$4" -n 1 "$PUBLIC" >"$work/turn.txt" 2>&1 || true
	grep -E "$5" "$work/turn.txt" | head -n 1 || fail "coturn says no '$5', see $work/turn.txt"
}

person "cp deploy/coturn/turnserver.conf.example deploy/coturn/turnserver.conf"
person "chmod 600 deploy/coturn/turnserver.conf"
person "sed -i 's/CHANGE-ME/$TURN_PASSWORD/' deploy/coturn/turnserver.conf"
person "printf 'ICE_SERVERS=turn:vigia:%s@%s:3478?transport=tcp\n' $TURN_PASSWORD $PUBLIC >>.env"
inside "$pid" iptables -t raw -I PREROUTING -i outside -p udp -j DROP
up "docker compose -f docker-compose.yml -f deploy/compose.turn.yml up -d"
visit_outside live "http://$PUBLIC:8000" $CAMERAS_OF_DEMO $START_SECONDS || fail "see $work/up.txt"
show turn coturn
show turn vigia
visit_outside watch "http://$PUBLIC:8000" webrtc
turn vigia $TURN_PASSWORD 172.31.255.10 $MEDIA_PORT "Received relay addr"
turn vigia $TURN_PASSWORD "$PUBLIC" 22 "403 \(Forbidden IP\)"
# A relay for TCP would lead to the page, past a proxy's login.
turn vigia $TURN_PASSWORD 172.31.255.10 8000 "error 4|Cannot complete Allocation" -T
turn vigia another 172.31.255.10 $MEDIA_PORT "Cannot complete Allocation"
person "$(compose turn) logs coturn" >"$work/coturn.log" 2>&1
if grep -E 'Cannot (create|open)' "$work/coturn.log"; then fail "coturn cannot write"; fi
# shellcheck disable=SC2016 # The other shell's.
inside "$pid" sh -c 'docker inspect $(docker ps --quiet)' >"$work/inspect.json"
if grep -l "$TURN_PASSWORD" "$work/inspect.json" "$work/coturn.log"; then fail "the password of TURN is shown"; fi
# With a proxy, as a machine on the Internet has it.
cp "$work/root/home/maria/vigia/deploy/nginx/certs/fullchain.pem" "$work/authority.pem"
person "$(compose turn) -f deploy/compose.nginx.yml up -d" >"$work/up.txt" 2>&1 || fail "nginx and coturn, see $work/up.txt"
visit_outside watch "$URL" webrtc

# Without its file it would relay for everybody.
person "VIGIA_UID=1000 $(compose turn) up -d --no-deps coturn" >"$work/up.txt" 2>&1
for ((second = 0; second < START_SECONDS; second++)); do
	person "$(compose turn) logs coturn" >"$work/coturn.log" 2>&1
	! grep -q "Permission denied" "$work/coturn.log" || break
	sleep 1
done
tail -n 1 "$work/coturn.log"
turn anybody anything 172.31.255.10 $MEDIA_PORT "refused|No route|timed out"
person ": >deploy/coturn/turnserver.conf && $(compose turn) up -d --no-deps coturn" >"$work/up.txt" 2>&1
for ((second = 0; second < START_SECONDS; second++)); do
	! (turn anybody anything 172.31.255.10 $MEDIA_PORT "401 \(Unauthorized\)") 2>/dev/null || break
	sleep 1
done
[ "$second" -lt $START_SECONDS ] || fail "coturn with an empty file, see $work/turn.txt"
person "$(compose turn) -f deploy/compose.nginx.yml down --volumes" >"$work/down.txt" 2>&1
printf 'All of it passed. Its files: %s\n' "$work"
