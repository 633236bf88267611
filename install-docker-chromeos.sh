#!/usr/bin/env bash
# Installs Docker with compose in the Linux container of ChromeOS, or on any Debian or Ubuntu. See --help.
set -euo pipefail

# As in sysexits.h: the command is not understood.
EXIT_USAGE=64
# The key that Docker signs its packages with.
FINGERPRINT=9DC858229FC7DD38854AE2D88D81803C0EBFCD88
PACKAGES=(docker-ce docker-ce-cli containerd.io docker-buildx-plugin docker-compose-plugin)
# Packages of the distribution in whose place these come.
RIVALS="docker.io docker-compose docker-doc podman-docker containerd runc"
# As for other installers: another root than this machine's, for tests.
ROOT=${DESTDIR:-}
KEYRING=/etc/apt/keyrings/docker.asc
SOURCES=/etc/apt/sources.list.d/docker.sources
OLD_SOURCES=/etc/apt/sources.list.d/docker.list

case "${LC_ALL:-${LC_MESSAGES:-${LANG:-}}}" in
	es | es_* | es.* | es@*) LANGUAGE_CODE=es ;;
	*) LANGUAGE_CODE=en ;;
esac

# say ENGLISH SPANISH
say() {
	if [ "$LANGUAGE_CODE" = es ]; then printf '%s\n' "$2"; else printf '%s\n' "$1"; fi
}
fail() {
	say "$@" >&2
	exit 1
}

usage() {
	say "Usage: bash install-docker-chromeos.sh [--help]

Installs Docker and compose from Docker's own packages, in the Linux container of ChromeOS or on any Debian or Ubuntu, and
lets you use it. Nothing else is upgraded or removed. Running it again does no harm." \
		"Uso: bash install-docker-chromeos.sh [--help]

Instala Docker y compose desde los paquetes de Docker, en el contenedor Linux de ChromeOS o en cualquier Debian o Ubuntu,
y le da permiso para usarlo. No actualiza ni quita nada más. Se puede repetir sin peligro."
}

# As root, or by sudo.
as_root() {
	if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# Sets DISTRIBUTION, CODENAME and ARCHITECTURE.
detect() {
	local release=$ROOT/etc/os-release
	[ -r "$release" ] || fail "This is no Debian: /etc/os-release is missing." "Esto no es Debian: falta /etc/os-release."
	DISTRIBUTION=$(sed -n 's/^ID="\{0,1\}\([a-z]*\)"\{0,1\}$/\1/p' "$release")
	CODENAME=$(sed -n 's/^VERSION_CODENAME="\{0,1\}\([a-z]*\)"\{0,1\}$/\1/p' "$release")
	case "$DISTRIBUTION" in
		debian | ubuntu) ;;
		# Of 64 bits it takes Debian's packages.
		raspbian) DISTRIBUTION=debian ;;
		*) fail "This is for Debian and Ubuntu; for others see https://docs.docker.com/engine/install" \
			"Esto es para Debian y Ubuntu; para otros mira https://docs.docker.com/engine/install" ;;
	esac
	[ -n "$CODENAME" ] || fail "The release has no name (VERSION_CODENAME in /etc/os-release): Docker has no packages for it." \
		"La versión no tiene nombre (VERSION_CODENAME en /etc/os-release): Docker no tiene paquetes para ella."
	ARCHITECTURE=$(dpkg --print-architecture)
	case "$ARCHITECTURE" in
		amd64 | arm64) ;;
		*) fail "Vigía's image is for amd64 and arm64; this machine is $ARCHITECTURE." \
			"La imagen de Vigía es para amd64 y arm64; esta máquina es $ARCHITECTURE." ;;
	esac
}

is_installed() {
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null || true)" = installed ]
}

everything_is_there() {
	command -v docker >/dev/null 2>&1 && docker compose version >/dev/null 2>&1
}

# They cannot stand beside each other, and to take one away is not for a script to decide.
refuse_rivals() {
	local rival found=""
	for rival in $RIVALS; do
		if is_installed "$rival"; then found="$found $rival"; fi
	done
	[ -z "$found" ] || fail "Other packages of Docker are installed:$found. Remove them first, images and containers stay: sudo apt-get remove$found" \
		"Hay otros paquetes de Docker instalados:$found. Quítelos antes; las imágenes y contenedores se quedan: sudo apt-get remove$found"
}

install_keyring() {
	local key=$1
	curl --fail --silent --show-error --location --output "$key" "https://download.docker.com/linux/$DISTRIBUTION/gpg" ||
		fail "Docker's key could not be fetched: is there a way to the Internet?" "No se pudo obtener la clave de Docker: ¿hay Internet?"
	grep -q 'BEGIN PGP PUBLIC KEY BLOCK' "$key" ||
		fail "What came is not Docker's key: something on the way answers in its place." "Lo que llegó no es la clave de Docker: algo responde en su lugar."
	if command -v gpg >/dev/null 2>&1; then
		gpg --show-keys --with-colons "$key" 2>/dev/null | grep -q "^fpr:.*:$FINGERPRINT:" ||
			fail "The key that came is not the one Docker signs with." "La clave que llegó no es con la que Docker firma."
	fi
	as_root install -m 0755 -d "$ROOT${KEYRING%/*}"
	as_root install -m 0644 "$key" "$ROOT$KEYRING"
}

install_sources() {
	local wanted=$1
	printf '%s\n' "Types: deb" "URIs: https://download.docker.com/linux/$DISTRIBUTION" "Suites: $CODENAME" "Components: stable" \
		"Architectures: $ARCHITECTURE" "Signed-By: $KEYRING" >"$wanted"
	# Two files with different keys for one place stop apt.
	if [ -e "$ROOT$OLD_SOURCES" ]; then
		as_root mv -f "$ROOT$OLD_SOURCES" "$ROOT$OLD_SOURCES.save"
		say "The old $OLD_SOURCES is now $OLD_SOURCES.save." "El antiguo $OLD_SOURCES es ahora $OLD_SOURCES.save."
	fi
	cmp -s "$wanted" "$ROOT$SOURCES" || as_root install -m 0644 "$wanted" "$ROOT$SOURCES"
}

install_packages() {
	say "Installing Docker for $DISTRIBUTION $CODENAME, $ARCHITECTURE..." "Instalando Docker para $DISTRIBUTION $CODENAME, $ARCHITECTURE..."
	refuse_rivals
	if ! command -v curl >/dev/null 2>&1 || ! is_installed ca-certificates; then
		as_root apt-get update
		as_root apt-get install -y --no-install-recommends ca-certificates curl
	fi
	FOLDER=$(mktemp -d)
	trap 'rm -rf "$FOLDER"' EXIT
	curl --fail --silent --show-error --location --output "$FOLDER/Release" "https://download.docker.com/linux/$DISTRIBUTION/dists/$CODENAME/Release" ||
		fail "Docker has no packages for $DISTRIBUTION $CODENAME, or there is no way to the Internet." \
			"Docker no tiene paquetes para $DISTRIBUTION $CODENAME, o no hay Internet."
	install_keyring "$FOLDER/docker.asc"
	install_sources "$FOLDER/docker.sources"
	as_root apt-get update
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y "${PACKAGES[@]}"
}

let_user_in() {
	local user=${SUDO_USER:-$(id -un)}
	MUST_LOG_IN_AGAIN=""
	[ "$user" != root ] || return 0
	case " $(id -nG "$user") " in *" docker "*) return ;; esac
	as_root usermod -aG docker "$user"
	MUST_LOG_IN_AGAIN=yes
}

start_service() {
	[ -d "$ROOT/run/systemd/system" ] || return 0
	as_root systemctl enable --now docker ||
		fail "Docker is installed and does not start: see sudo journalctl -u docker" "Docker está instalado y no arranca: vea sudo journalctl -u docker"
}

say_what_next() {
	say "Docker is there." "Docker está listo."
	if [ -n "$MUST_LOG_IN_AGAIN" ]; then
		say "Next: log in again, so that you may use it. On ChromeOS: right click on Terminal, 'Shut down Linux', open it again." \
			"Ahora: vuelva a iniciar sesión, para poder usarlo. En ChromeOS: clic derecho en Terminal, 'Apagar Linux', y ábralo otra vez."
	fi
	say "Then: bash quick-start.sh" "Después: bash quick-start.sh"
	if [ -e "$ROOT/dev/.cros_milestone" ]; then
		say "For viewers on other devices: Settings > About ChromeOS > Developers > Linux > Port forwarding: TCP 8000 and UDP 8555." \
			"Para verlo desde otros equipos: Configuración > Información de ChromeOS > Desarrolladores > Linux > Redirección de puertos: TCP 8000 y UDP 8555."
	fi
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
	detect
	if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null 2>&1; then
		fail "Run this as root, or install sudo." "Ejecute esto como root, o instale sudo."
	fi
	if everything_is_there; then
		say "Docker and compose are installed already." "Docker y compose ya están instalados."
	else
		install_packages
	fi
	let_user_in
	start_service
	say_what_next
}

main "$@"
