#!/usr/bin/env bash
# Builds the image, and with a Docker Hub user pushes it as USER/vigia:VERSION and :latest. See --help.
set -euo pipefail

# As in sysexits.h: the command is not understood.
EXIT_USAGE=64
# Processors that an image is pushed for, where Docker can build for both.
PLATFORMS="linux/amd64 linux/arm64"
BUILDER=vigia

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
	say "Usage: ./deploy.sh [dockerhub-user]

Builds Vigía's image and tags it with its version and as latest. With a Docker Hub user it pushes both, for amd64 and
arm64 where Docker can build for both. It never asks for a password: log in by 'docker login' first." \
		"Uso: ./deploy.sh [usuario-de-dockerhub]

Construye la imagen de Vigía y la etiqueta con su versión y como latest. Con un usuario de Docker Hub sube las dos, para
amd64 y arm64 si Docker puede construir para ambos. Nunca pide contraseñas: inicie sesión antes con 'docker login'."
}

need_docker() {
	command -v docker >/dev/null 2>&1 ||
		fail "Docker is not installed. On ChromeOS and Debian: bash install-docker-chromeos.sh" \
			"Docker no está instalado. En ChromeOS y Debian: bash install-docker-chromeos.sh"
	docker info >/dev/null 2>&1 ||
		fail "Docker does not answer: start it (sudo systemctl start docker), or let you use it (sudo usermod -aG docker \$USER, then log in again)." \
			"Docker no responde: arránquelo (sudo systemctl start docker), o dese permiso (sudo usermod -aG docker \$USER y vuelva a entrar)."
}

# What `docker login` left, whether the password itself is kept there or by a helper.
need_login() {
	grep -q 'index\.docker\.io\|"docker\.io"' "${DOCKER_CONFIG:-$HOME/.docker}/config.json" 2>/dev/null ||
		fail "You are not logged in to Docker Hub. Run: docker login -u $1" \
			"No ha iniciado sesión en Docker Hub. Ejecute: docker login -u $1"
}

has_buildx() {
	docker buildx version >/dev/null 2>&1
}

# The processors, of those that we want, that this machine can build for.
buildable_platforms() {
	local platform known list=""
	docker buildx inspect "$BUILDER" >/dev/null 2>&1 ||
		docker buildx create --name "$BUILDER" --driver docker-container >/dev/null
	known=$(docker buildx inspect "$BUILDER" --bootstrap | sed -n 's/^Platforms: *//p' | tr -d ' *')
	for platform in $PLATFORMS; do
		case ",$known," in *",$platform,"*) list=${list:+$list,}$platform ;; esac
	done
	printf '%s' "$list"
}

push_by_buildx() {
	local repository=$1 version=$2 platforms
	shift 2
	platforms=$(buildable_platforms)
	[ -n "$platforms" ] || fail "buildx tells no processor that it builds for: see docker buildx inspect $BUILDER --bootstrap" \
		"buildx no dice para qué procesadores construye: vea docker buildx inspect $BUILDER --bootstrap"
	[ "$platforms" = "${PLATFORMS// /,}" ] ||
		say "Only for $platforms: for the others this machine needs QEMU (docker run --privileged --rm tonistiigi/binfmt --install all)." \
			"Solo para $platforms: para los demás hace falta QEMU (docker run --privileged --rm tonistiigi/binfmt --install all)."
	docker buildx build --builder "$BUILDER" --platform "$platforms" "$@" \
		--tag "$repository:$version" --tag "$repository:latest" --push .
}

push_plainly() {
	local repository=$1 version=$2
	shift 2
	say "Docker has no buildx: only for this machine's processor." "Docker no tiene buildx: solo para el procesador de esta máquina."
	docker build "$@" --tag "$repository:$version" --tag "$repository:latest" .
	docker push "$repository:$version"
	docker push "$repository:latest"
}

main() {
	local user="" version revision
	case "${1:-}" in
		-h | --help)
			usage
			return
			;;
		-*)
			usage >&2
			return $EXIT_USAGE
			;;
	esac
	if [ $# -gt 1 ]; then
		usage >&2
		return $EXIT_USAGE
	fi
	user=${1:-}
	if [ $# -eq 1 ] && ! [[ $user =~ ^[a-z0-9]+([._-][a-z0-9]+)*$ ]]; then
		say "A Docker Hub user has lower-case letters and digits only." "Un usuario de Docker Hub solo lleva minúsculas y cifras." >&2
		return $EXIT_USAGE
	fi
	cd "$(dirname "${BASH_SOURCE[0]}")"
	version=$(sed -n 's/^[[:space:]]*"version":[[:space:]]*"\([^"]*\)".*/\1/p' package.json | head -n 1)
	[ -n "$version" ] || fail "package.json has no version." "package.json no tiene versión."
	revision=$(git rev-parse HEAD 2>/dev/null || printf unknown)
	need_docker
	# Dockers before 23 build by BuildKit, which the Dockerfile needs, only if they are told.
	export DOCKER_BUILDKIT=1
	set -- --build-arg "VERSION=$version" --build-arg "REVISION=$revision"

	if [ -z "$user" ]; then
		docker build "$@" --tag "vigia:$version" --tag vigia:latest .
		say "Built: vigia:$version and vigia:latest. To push it: ./deploy.sh <dockerhub-user>" \
			"Construida: vigia:$version y vigia:latest. Para subirla: ./deploy.sh <usuario-de-dockerhub>"
		return
	fi
	need_login "$user"
	if [ -n "$(git status --porcelain 2>/dev/null)" ]; then
		say "There are changes that are not committed: the image will hold them." \
			"Hay cambios sin confirmar en git: la imagen los llevará."
	fi
	if has_buildx; then push_by_buildx "$user/vigia" "$version" "$@"; else push_plainly "$user/vigia" "$version" "$@"; fi
	say "Pushed: $user/vigia:$version and $user/vigia:latest. Elsewhere, in .env: VIGIA_IMAGE=$user/vigia:$version" \
		"Subida: $user/vigia:$version y $user/vigia:latest. En otra máquina, en .env: VIGIA_IMAGE=$user/vigia:$version"
}

main "$@"
