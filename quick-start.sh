#!/usr/bin/env bash
# Asks for the recorder, tests it, writes .env, starts the wall. With a .env already there: start, restart, update, logs,
# remove. Runs by Docker where it is there, by npm otherwise. English, or Spanish by locale; see --help.
set -euo pipefail

# As in sysexits.h: the command is not understood.
EXIT_USAGE=64
# A recorder that takes longer than this to open a connection is not there.
CONNECT_SECONDS=5
# The first start loads FFmpeg and asks sixteen cameras, on an SD card too.
START_SECONDS=60
# The user of the image (Dockerfile).
IMAGE_UID=1000
# That of docker-compose.yml, without VIGIA_IMAGE.
BUILT_IMAGE=vigia:latest
MAX_CAMERAS=256
# Names of CAM_TEMPLATE: server/src/config/camera-template.ts, docs/settings.md.
VENDORS="dahua amcrest lorex imou hikvision annke hilook hikvision-old reolink reolink-preview uniview uniview-camera axis tvt tapo vigi hanwha hanwha-sensors hanwha-nvr foscam vivotek vivotek-old milesight"

case "${LC_ALL:-${LC_MESSAGES:-${LANG:-}}}" in
	es | es_* | es.* | es@*) LANGUAGE_CODE=es ;;
	*) LANGUAGE_CODE=en ;;
esac

# text ENGLISH SPANISH
text() {
	if [ "$LANGUAGE_CODE" = es ]; then printf '%s' "$2"; else printf '%s' "$1"; fi
}
say() {
	text "$@"
	printf '\n'
}
complain() {
	say "$@" >&2
}
fail() {
	complain "$@"
	exit 1
}

usage() {
	say "Usage: bash quick-start.sh [--help]

Asks for the user, password, address, port, maker and number of cameras of a recorder (NVR), tests whether it
answers, writes .env beside this script (only you may read it) and starts the wall, by Docker or else by npm. If .env
is there already, it offers: start, restart, update, logs, remove. What is asked is read from standard input." \
		"Uso: bash quick-start.sh [--help]

Pregunta usuario, contraseña, dirección, puerto, fabricante y número de cámaras de un grabador (NVR), comprueba que
responde, escribe .env junto a este script (solo usted puede leerlo) y arranca el mural, con Docker o si no con npm. Si
.env ya existe, ofrece: arrancar, reiniciar, actualizar, registros, borrar. Las respuestas se leen de la entrada estándar."
}

# --- Asking

# ask VARIABLE DEFAULT ENGLISH SPANISH: a line of standard input, spaces at its ends included. VARIABLE is none of its own.
ask() {
	local variable=$1 preset=$2 typed
	shift 2
	text "$@"
	[ -z "$preset" ] || printf ' [%s]' "$preset"
	printf ': '
	IFS= read -r typed || [ -n "$typed" ] || no_more_input
	printf -v "$variable" '%s' "${typed:-$preset}"
}

# The same, and what is typed is not shown.
ask_hidden() {
	local variable=$1 typed
	shift
	text "$@"
	printf ': '
	if [ -t 0 ]; then
		IFS= read -rs typed || no_more_input
		printf '\n'
	else
		IFS= read -r typed || [ -n "$typed" ] || no_more_input
	fi
	printf -v "$variable" '%s' "$typed"
}

no_more_input() {
	printf '\n'
	fail "The input ended before everything was answered: nothing was changed." \
		"La entrada terminó antes de responder a todo: no se cambió nada."
}

# agrees ENGLISH SPANISH: a question to which yes is the exception.
agrees() {
	local answer
	ask answer "" "$1 [y/N]" "$2 [s/N]"
	case "$answer" in [yYsS]*) return 0 ;; *) return 1 ;; esac
}

is_number_in() {
	local number=$1 least=$2 most=$3
	[[ $number =~ ^[0-9]{1,5}$ ]] && ((10#$number >= least && 10#$number <= most))
}

# As the settings take it: a name or an address, without scheme, port and path.
is_host() {
	local host=$1
	if [[ $host == *:* ]]; then
		[[ $host =~ ^[0-9A-Fa-f:]*:[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*$ ]]
	else
		[[ $host =~ ^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?$ && $host != *..* ]]
	fi
}

is_vendor() {
	local vendor=$1 known
	if [[ $vendor == /* ]]; then
		[[ $vendor == *"{channel"* && $vendor != *[[:space:]]* && $vendor != *[[:cntrl:]]* ]]
		return
	fi
	for known in $VENDORS; do [ "$vendor" != "$known" ] || return 0; done
	return 1
}

has_control_characters() {
	[[ $1 == *[[:cntrl:]]* ]]
}

ask_user_and_password() {
	while true; do
		ask CAM_USER "${CAM_USER:-admin}" "User of the recorder" "Usuario del grabador"
		has_control_characters "$CAM_USER" || break
		complain "A user name has no tabs or other control characters." "Un usuario no lleva tabuladores ni otros caracteres de control."
	done
	while true; do
		ask_hidden CAM_PASS "Password (not shown)" "Contraseña (no se muestra)"
		if has_control_characters "$CAM_PASS"; then
			complain "A password has no tabs or other control characters." "Una contraseña no lleva tabuladores ni otros caracteres de control."
		elif [ -n "$CAM_PASS" ] || agrees "No password: is that right?" "Sin contraseña: ¿es correcto?"; then
			break
		fi
	done
}

ask_place() {
	while true; do
		ask CAM_IP "${CAM_IP:-}" "Address of the recorder, e.g. 192.168.1.108" "Dirección del grabador, p. ej. 192.168.1.108"
		! is_host "$CAM_IP" || break
		CAM_IP=""
		complain "Only the address is wanted, without rtsp:// and without the port: 192.168.1.108 or a name." \
			"Solo la dirección, sin rtsp:// y sin el puerto: 192.168.1.108 o un nombre."
	done
	while true; do
		ask CAM_PORT "${CAM_PORT:-554}" "RTSP port" "Puerto RTSP"
		! is_number_in "$CAM_PORT" 1 65535 || break
		CAM_PORT=""
		complain "A port is a whole number from 1 to 65535; nearly always it is 554." \
			"Un puerto es un número entero de 1 a 65535; casi siempre es el 554."
	done
}

ask_kind() {
	while true; do
		ask CAM_TEMPLATE "${CAM_TEMPLATE:-dahua}" "Maker ($VENDORS) or a path with {channel}" "Fabricante ($VENDORS) o una ruta con {channel}"
		! is_vendor "$CAM_TEMPLATE" || break
		CAM_TEMPLATE=""
		complain "This maker is not known: choose one of the list, or give the path from the recorder's manual with {channel} in it." \
			"Ese fabricante no se conoce: elija uno de la lista, o ponga la ruta del manual del grabador con {channel} dentro."
	done
	while true; do
		ask TOTAL_CAMERAS "${TOTAL_CAMERAS:-16}" "Number of cameras" "Número de cámaras"
		! is_number_in "$TOTAL_CAMERAS" 1 $MAX_CAMERAS || break
		TOTAL_CAMERAS=""
		complain "The number of cameras is a whole number from 1 to $MAX_CAMERAS." "El número de cámaras es un entero de 1 a $MAX_CAMERAS."
	done
}

# --- .env

# env_line NAME VALUE: a line that Vigía (server/src/config/env-file.ts) and compose read alike. Compose takes `$` for a
# variable, but between single quotes, and there `\'` for a quote.
env_line() {
	local name=$1 value=$2
	if [[ $value =~ ^[A-Za-z0-9@:/%.,_+=-]*$ ]]; then
		printf '%s=%s\n' "$name" "$value"
	elif [[ $value != *"'"* && $value != *\\ ]]; then
		printf "%s='%s'\n" "$name" "$value"
	else
		value=${value//\\/\\\\}
		value=${value//\"/\\\"}
		value=${value//\$/\\\$}
		printf '%s="%s"\n' "$name" "$value"
	fi
}

# env_value NAME DEFAULT: what stands in .env, without its quotes. Not for passwords, which may have quotes within.
env_value() {
	local name=$1 preset=$2 line found=""
	if [ -r .env ]; then
		while IFS= read -r line || [ -n "$line" ]; do
			[[ ${line%$'\r'} =~ ^[[:space:]]*(export[[:space:]]+)?${name}[[:space:]]*=[[:space:]]*(.*)$ ]] || continue
			found=${BASH_REMATCH[2]}
			case "$found" in
				\"*\"*) found=${found#\"} found=${found%%\"*} ;;
				\'*\'*) found=${found#\'} found=${found%%\'*} ;;
				*)
					found=${found%%[[:space:]]#*}
					found=${found%"${found##*[![:space:]]}"}
					;;
			esac
		done <.env
	fi
	printf '%s' "${found:-$preset}"
}

settings() {
	text "# Written by quick-start.sh. All settings: docs/settings.md" "# Escrito por quick-start.sh. Todos los ajustes: docs/settings.md"
	printf '\n'
	env_line CAM_USER "$CAM_USER"
	env_line CAM_PASS "$CAM_PASS"
	env_line CAM_IP "$CAM_IP"
	env_line CAM_PORT "$((10#$CAM_PORT))"
	env_line TOTAL_CAMERAS "$((10#$TOTAL_CAMERAS))"
	env_line CAM_TEMPLATE "$CAM_TEMPLATE"
	[ -z "${PORT:-}" ] || env_line PORT "$PORT"
	[ -z "${WEBRTC_PORT:-}" ] || env_line WEBRTC_PORT "$WEBRTC_PORT"
}

# Writes the settings into the folder $1: whole or not at all, and never readable by others.
write_settings() {
	local unfinished
	unfinished=$(umask 077 && mktemp "$1/.env.XXXXXX")
	UNFINISHED_FILE=$unfinished
	settings >"$unfinished"
	chmod 600 "$unfinished"
	mv -f "$unfinished" "$1/.env"
	UNFINISHED_FILE=""
}

# The container's user must be able to read .env, which nobody else may.
share_with_container() {
	local owned=.env owner
	[ "$(env_value VIGIA_UID none)" = none ] || return 0
	if docker info --format '{{.SecurityOptions}}' 2>/dev/null | grep -q rootless; then
		# There the container's root is whoever runs Docker.
		set_container_user 0 0
		return
	fi
	# As its folder's owner it can replace vigia.yaml, too.
	if [ -n "$(env_value VIGIA_DATA "")" ]; then
		owned=$(env_value VIGIA_DATA "")
	elif [ "$(id -u)" = 0 ] && [ "$(stat -c %u .env)" = 0 ]; then
		chown --reference=. .env
	fi
	owner=$(stat -c %u "$owned")
	[ "$owner" = "$IMAGE_UID" ] || set_container_user "$owner" "$(stat -c %g "$owned")"
}

set_container_user() {
	# A last line without its end would swallow the first one of these.
	[ -z "$(tail -c 1 .env)" ] || printf '\n' >>.env
	printf 'VIGIA_UID=%s\nVIGIA_GID=%s\n' "$1" "$2" >>.env
}

# --- Testing the recorder

# answers HOST PORT SECONDS: somebody takes a TCP connection there.
answers() {
	# shellcheck disable=SC2016 # Its own arguments.
	timeout "$3" bash -c 'exec 3<>"/dev/tcp/$1/$2"' answers "$1" "$2" 2>/dev/null
}

# The first camera as the settings describe it; the password stands in a file, never among arguments.
picture_comes() {
	local code=0
	./bin/vigia --version >/dev/null 2>&1 || return 0
	say "Looking at camera 1, which takes some seconds..." "Mirando la cámara 1, tarda unos segundos..."
	TEST_FOLDER=$(mktemp -d) && write_settings "$TEST_FOLDER" || return
	local vigia=$PWD/bin/vigia
	(cd "$TEST_FOLDER" && "$vigia" probe cam1 --lang "$LANGUAGE_CODE") </dev/null || code=$?
	rm -rf "$TEST_FOLDER"
	TEST_FOLDER=""
	# 1 is a picture with a remark.
	[ "$code" -le 1 ]
}

recorder_works() {
	say "Testing $CAM_IP, port $CAM_PORT..." "Probando $CAM_IP, puerto $CAM_PORT..."
	if ! answers "$CAM_IP" "$CAM_PORT" "$CONNECT_SECONDS"; then
		complain "Nothing answers at $CAM_IP, port $CAM_PORT. Is the recorder on, in this network, and is RTSP switched on in it?" \
			"Nada responde en $CAM_IP, puerto $CAM_PORT. ¿Está encendido el grabador, en esta red, y con RTSP activado?"
		return 1
	fi
	say "It answers." "Responde."
	picture_comes
}

# --- Running

# Sets ROAD to docker or npm, and COMPOSE to the command that is there.
choose_road() {
	ROAD="" COMPOSE=()
	if command -v docker >/dev/null 2>&1; then
		if docker compose version >/dev/null 2>&1; then
			COMPOSE=(docker compose)
		elif command -v docker-compose >/dev/null 2>&1; then
			COMPOSE=(docker-compose)
			complain "This is the old docker-compose: it works, but gets no more repairs. Better: the package docker-compose-plugin." \
				"Este es el docker-compose antiguo: funciona, pero ya no recibe arreglos. Mejor: el paquete docker-compose-plugin."
		else
			complain "Docker is there, but its compose is not: install the package docker-compose-plugin (or docker-compose)." \
				"Docker está, pero le falta compose: instale el paquete docker-compose-plugin (o docker-compose)."
		fi
		if [ ${#COMPOSE[@]} -gt 0 ]; then
			if docker info >/dev/null 2>&1; then
				ROAD=docker
				return
			fi
			complain "Docker does not answer: start it (sudo systemctl start docker), or let you use it (sudo usermod -aG docker \$USER, then log in again)." \
				"Docker no responde: arránquelo (sudo systemctl start docker), o dese permiso (sudo usermod -aG docker \$USER y vuelva a entrar)."
		fi
	fi
	if command -v npm >/dev/null 2>&1; then
		say "Running without Docker, by npm." "Sin Docker, con npm."
		ROAD=npm
		return
	fi
	fail "Neither Docker nor npm can be used here. On ChromeOS and Debian: bash install-docker-chromeos.sh; then start this again." \
		"Aquí no se puede usar ni Docker ni npm. En ChromeOS y Debian: bash install-docker-chromeos.sh; después, repita esto."
}

service_is_there() {
	command -v systemctl >/dev/null 2>&1 && systemctl cat vigia >/dev/null 2>&1
}

# uses NAME: deploy/compose.NAME.yml is one of the variants of .env.
uses() {
	[ "$ROAD" = docker ] && [[ $(env_value COMPOSE_FILE "") == *"compose.$1.yml"* ]]
}

# Of the page, a line each.
addresses() {
	local host
	for host in $(page_hosts); do url_of "$host"; done
}

# url_of HOST
url_of() {
	local host=$1 scheme=http port path
	port=:$(env_value PORT 8000)
	path=$(env_value BASE_PATH "")
	[ -z "$(env_value TLS_CERT "")" ] || scheme=https
	if uses caddy || uses nginx; then scheme=https port=""; fi
	case "$host" in *:*) host="[$host]" ;; esac
	printf '%s://%s%s%s\n' "$scheme" "$host" "$port" "${path:+$path/}"
}

# The hosts by which the page is reached.
page_hosts() {
	local bind address
	if uses caddy; then
		env_value VIGIA_SITE localhost
		return
	fi
	bind=$(bound_address)
	case "$bind" in
		"" | 0.0.0.0 | ::) ;;
		*)
			printf '%s\n' "$bind"
			return
			;;
	esac
	printf 'localhost\n'
	# ChromeOS knows its Linux container by this name.
	[ ! -e /dev/.cros_milestone ] || printf 'penguin.linux.test\n'
	for address in $(hostname -I 2>/dev/null || true); do
		case "$address" in
			# Docker's own networks, and what is not for typing.
			172.1[7-9].* | 172.2?.* | 172.3[01].* | *:*) ;;
			*) printf '%s\n' "$address" ;;
		esac
	done
}

# The one address of this machine that the page is at, or none: at all of them.
bound_address() {
	local name=HOST bind
	# A proxy is at all of them, and HOST means the container's addresses, if it has some of its own.
	if uses nginx; then return; elif [ "$ROAD" = docker ] && ! uses host; then name=VIGIA_BIND; fi
	bind=$(env_value "$name" "")
	bind=${bind#[}
	printf '%s' "${bind%]}"
}

print_addresses() {
	local address
	say "Open in the browser:" "Abra en el navegador:"
	addresses | while IFS= read -r address; do printf '  %s\n' "$address"; done
}

# The address with the token of this start. It is for whoever sits here: it goes into no file and no argument.
print_settings_address() {
	local first token
	first=$(addresses)
	first=${first%%$'\n'*}
	token=$("${COMPOSE[@]}" logs --no-color vigia 2>/dev/null | sed -n 's/.*#settings=\([A-Za-z0-9_-]\{1,\}\).*/\1/p' | tail -n 1) || true
	if [ -z "$token" ]; then
		say "Cameras are set in the page by an address that stands in the log: ${COMPOSE[*]} logs vigia" \
			"Las cámaras se configuran en la página con una dirección que está en el registro: ${COMPOSE[*]} logs vigia"
		return
	fi
	say "To set cameras in the page, from here or with another of these addresses (good once; if it was used, a restart gives a new one):" \
		"Para configurar cámaras en la página, desde aquí o con otra de estas direcciones (vale una vez; si ya se usó, al reiniciar hay otra):"
	printf '  %s/#settings=%s\n' "${first%/}" "$token"
}

# Asked in the container, since behind a proxy the page has no port of this machine's. A wall without any picture answers 503.
wall_answers() {
	local said
	said=$("${COMPOSE[@]}" exec -T vigia node /app/deploy/healthcheck.ts </dev/null 2>/dev/null || true)
	[[ $said =~ ^https?://[^[:space:]]+[[:space:]][1-5][0-9][0-9]:[[:space:]] ]]
}

await_wall() {
	local second
	for ((second = 0; second < START_SECONDS; second++)); do
		! wall_answers || return 0
		sleep 1
	done
	"${COMPOSE[@]}" logs --tail 20 vigia || true
	fail "The wall does not answer yet; its last lines stand above." "El mural aún no responde; arriba están sus últimas líneas."
}

start_by_docker() {
	share_with_container
	# Old dockers and composes build by it only if they are told.
	export DOCKER_BUILDKIT=1 COMPOSE_DOCKER_CLI_BUILD=1
	"${COMPOSE[@]}" up -d "$@" || fail "Docker did not start it: the reason stands above. A taken port: PORT=8001 in .env." \
		"Docker no lo arrancó: el motivo está arriba. Si el puerto está ocupado: PORT=8001 en .env."
	await_wall
	print_addresses
	print_settings_address
}

# npm leaves out what the system's Node is too old for, vite's program among it: then another npm does it, with another Node.
install_packages() {
	local processor=x64
	[ "$(uname -m)" != aarch64 ] || processor=arm64
	case "$(node --version)" in
		v[0-9].* | v1[0-9].* | v20.[0-9].* | v20.1[0-8].*) npx --yes -p "node-linux-$processor@24" -p npm@11 npm ci ;;
		*) npm ci ;;
	esac
}

start_by_npm() {
	if service_is_there; then
		systemctl restart vigia
		print_addresses
		return
	fi
	[ -d node_modules ] || install_packages
	print_addresses
	say "Ctrl-C stops it. As a service: deploy/systemd/vigia.service" "Ctrl-C lo para. Como servicio: deploy/systemd/vigia.service"
	exec npm start </dev/null
}

start() {
	if [ "$ROAD" = docker ]; then start_by_docker; else start_by_npm; fi
}

restart() {
	# A new container also takes a changed port.
	if [ "$ROAD" = docker ]; then start_by_docker --force-recreate; else start_by_npm; fi
}

update() {
	if [ -d .git ] && command -v git >/dev/null 2>&1; then
		git pull --ff-only || fail "The new version could not be fetched: nothing was changed." "No se pudo obtener la versión nueva: no se cambió nada."
	fi
	if [ "$ROAD" = npm ]; then
		install_packages
		! service_is_there || npm run build
	elif grep -q '^[[:space:]]*VIGIA_IMAGE=.' .env; then
		"${COMPOSE[@]}" pull
	else
		DOCKER_BUILDKIT=1 COMPOSE_DOCKER_CLI_BUILD=1 "${COMPOSE[@]}" build --pull
	fi
	start
}

logs() {
	if [ "$ROAD" = docker ]; then
		"${COMPOSE[@]}" logs --tail 100 vigia
	elif service_is_there; then
		journalctl -u vigia -n 100 --no-pager
	else
		say "Without Docker its log stands in the terminal in which it runs." "Sin Docker, su registro está en la terminal en la que se ejecuta."
	fi
}

remove() {
	local folder=. file files=()
	agrees "Remove the wall from this machine?" "¿Quitar el mural de esta máquina?" || return 0
	if [ "$ROAD" = docker ]; then
		"${COMPOSE[@]}" down --volumes
		remove_image
		folder=$(env_value VIGIA_DATA .)
	elif service_is_there; then
		systemctl disable --now vigia
	fi
	for file in .env "$folder/.env" "$folder/vigia.yaml"; do
		file=${file#./}
		if [ -e "$file" ] && [[ " ${files[*]} " != *" $file "* ]]; then files+=("$file"); fi
	done
	if agrees "Delete the settings too, with their passwords (${files[*]})?" "¿Borrar también los ajustes, con sus contraseñas (${files[*]})?"; then
		rm -f -- "${files[@]}"
		say "Removed." "Quitado."
	else
		say "Removed. These stay, with their passwords: ${files[*]}" "Quitado. Estos se quedan, con sus contraseñas: ${files[*]}"
	fi
}

# The one that was built here; one of a registry, or with a name of its owner's, only if wanted.
remove_image() {
	local image
	image=$(env_value VIGIA_IMAGE "")
	[ -z "$image" ] || agrees "Delete the image $image too?" "¿Borrar también la imagen $image?" || return 0
	image=${image:-$BUILT_IMAGE}
	# Another container may use it: Docker says so, and the rest is removed all the same.
	! docker image inspect "$image" >/dev/null 2>&1 || docker image rm "$image" || true
}

# --- The two ways through

menu() {
	local choice
	say "There is a .env already: settings are changed there (docs/settings.md)." "Ya hay un .env: los ajustes se cambian en él (docs/settings.md)."
	if [ ! -O .env ] && [ "$(id -u)" != 0 ]; then
		fail ".env belongs to somebody else. Make it yours: sudo chown \$USER .env" ".env es de otro usuario. Hágalo suyo: sudo chown \$USER .env"
	fi
	# Others of this machine could read the password in what an editor wrote.
	chmod 600 .env
	choose_road
	say "1) start   2) restart   3) update   4) logs   5) remove   0) nothing" \
		"1) arrancar   2) reiniciar   3) actualizar   4) registros   5) quitar   0) nada"
	while true; do
		ask choice 1 "Your choice" "Su elección"
		case "$choice" in
			1) start ;;
			2) restart ;;
			3) update ;;
			4) logs ;;
			5) remove ;;
			0) ;;
			*)
				complain "A number from 0 to 5." "Un número de 0 a 5."
				continue
				;;
		esac
		return
	done
}

first_run() {
	local choice=1
	say "Vigía: your cameras as one live wall. Enter takes what stands in brackets." \
		"Vigía: sus cámaras en un mural en directo. Intro acepta lo que está entre corchetes."
	while true; do
		if [ "$choice" = 1 ]; then
			ask_user_and_password
			ask_place
			ask_kind
		fi
		! recorder_works || break
		while true; do
			ask choice 1 "1) correct   2) test again   3) save it as it is   0) stop" "1) corregir   2) probar otra vez   3) guardar así   0) dejarlo"
			case "$choice" in [0-3]) break ;; *) complain "A number from 0 to 3." "Un número de 0 a 3." ;; esac
		done
		case "$choice" in
			3) break ;;
			0) fail "Nothing was written." "No se escribió nada." ;;
		esac
	done
	write_settings .
	say "Saved in .env, which only you can read." "Guardado en .env, que solo usted puede leer."
	choose_road
	start
}

clean_up() {
	[ -z "$UNFINISHED_FILE" ] || rm -f "$UNFINISHED_FILE"
	[ -z "$TEST_FOLDER" ] || rm -rf "$TEST_FOLDER"
}

main() {
	case "${1:-}" in
		"") ;;
		-h | --help)
			usage
			return
			;;
		*)
			usage >&2
			return $EXIT_USAGE
			;;
	esac
	cd "$(dirname "${BASH_SOURCE[0]}")"
	# The file is what counts: a variable of this shell would be taken before it, now and not the next time.
	unset CAM_USER CAM_PASS CAM_IP CAM_PORT CAM_SCHEME CAM_TLS CAM_TEMPLATE TOTAL_CAMERAS COMPOSE_FILE
	UNFINISHED_FILE="" TEST_FOLDER=""
	trap clean_up EXIT
	if [ -e .env ]; then menu; else first_run; fi
}

# Its parts are tested one by one.
if [ "${BASH_SOURCE[0]}" = "$0" ]; then main "$@"; fi
