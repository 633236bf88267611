# shellcheck shell=bash
# A machine (clean-root.sh) with Debian's own Docker Engine and Compose, a network of its own, and a person with this
# repository. Sourced by the trials of Docker's roads.
#
# The engine has processes, mounts and a network of its own; the way out of that is slirp4netns. The one thing that is not as
# at a user's are the images of others, for no registry is asked. image-trial.sh says what stands in for
# node:24-bookworm-slim, and support/images has those of Caddy, nginx and coturn: Debian's programs, started as theirs are.

# The first Debian whose Compose is the present one.
SUITE=trixie
ENGINE_SECONDS=60
# The machine's address in its network, at which its cameras are.
export ADDRESS=10.0.2.100
# RFC 5737: of nobody. The machine's address outside, and that of who looks from there.
PUBLIC=198.51.100.1
VISITOR=198.51.100.2

# start_docker_machine FOLDER: in a clean root. Sets pid, the process by which `inside` enters it, and NETWORK.
start_docker_machine() {
	local work=$1 second
	make_node_base "$work"
	rm -f "$work/node.tar"
	storage "$work" push --quiet "$NODE_BASE" "docker-archive:$work/node.tar:docker.io/library/node:24-bookworm-slim"
	make_root "$work/root" $SUITE
	# For build_stand_ins.
	tar -C "$work/root" -cf "$work/debian.tar" .
	add_repository "$work/root"
	start_machine "$work/root" sleep infinity
	pid=$MACHINE
	trap end_docker_machine EXIT
	inside "$pid" bash -c 'apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
		docker.io docker-cli docker-buildx docker-compose iptables iproute2 git ca-certificates slirp4netns hostname procps sudo' >"$work/apt.log" 2>&1 || fail "apt-get, see $work/apt.log"
	inside "$pid" useradd --create-home --shell /bin/bash --uid 1001 maria
	# As in the Linux container of ChromeOS.
	echo 'maria ALL=(ALL) NOPASSWD: ALL' >"$work/root/etc/sudoers.d/maria"
	enter_network "$work"
	start_engine "$work"
	inside "$pid" docker load --quiet <"$work/node.tar" || fail "no engine, see $work/dockerd.log"
	grep -E '^ *(Server Version|Storage Driver|Cgroup Version|Security Options)' "$work/info.txt"
	inside "$pid" docker compose version
}

# enter_network FOLDER: another network for all that comes.
enter_network() {
	local work=$1
	nsenter --target "$pid" --mount --uts --ipc --pid --root env -C / unshare --net sleep infinity &
	pid=$(process_1 $!)
	NETWORK=(nsenter --target "$pid" --net)
	nsenter --target "$pid" --mount --pid --root env -C / slirp4netns --configure --mtu=1500 --disable-host-loopback \
		"$(awk '/^NSpid:/ { print $NF }' "/proc/$pid/status")" tap0 >"$work/slirp.log" 2>&1 &
	echo nameserver 10.0.2.3 >"$work/root/etc/resolv.conf"
}

# start_engine FOLDER
start_engine() {
	local work=$1 second
	inside "$pid" dockerd --cgroup-parent=/vigia-trial >>"$work/dockerd.log" 2>&1 &
	for ((second = 0; second < ENGINE_SECONDS; second++)); do
		! inside "$pid" docker info >"$work/info.txt" 2>&1 || break
		sleep 1
	done
}

# It takes its containers along.
stop_engine() {
	# shellcheck disable=SC2016 # The other shell's.
	inside "$pid" sh -c 'kill "$(cat /run/docker.pid)" && while [ -e /run/docker.pid ]; do sleep 0.2; done'
}

# build_stand_ins FOLDER: the images of other people that the variants take.
build_stand_ins() {
	local work=$1 image name
	inside "$pid" docker import - debian:$SUITE-slim <"$work/debian.tar" >"$work/images.log"
	for image in nginx:1-alpine caddy:2-alpine coturn/coturn:4.6-alpine; do
		name=${image%%[:/]*}
		tar -C "$ROOT/test/deploy/support/images" -cf - . |
			inside "$pid" docker build --tag "$image" --file "$name.Dockerfile" - >>"$work/images.log" 2>&1 || fail "see $work/images.log"
	done
}

# start_outside: a network from which the machine is reached as from outside. Sets OUTSIDE, which goes before a command.
start_outside() {
	local tries
	unshare --net sleep infinity &
	OUTSIDER=$!
	for ((tries = 0; tries < 50; tries++)); do
		[ "$(readlink /proc/$OUTSIDER/ns/net)" = "$(readlink /proc/$$/ns/net)" ] || break
		sleep 0.1
	done
	OUTSIDE=(nsenter --target "$OUTSIDER" --net)
	"${NETWORK[@]}" ip link add outside type veth peer name eth0 netns "$OUTSIDER"
	"${NETWORK[@]}" ip address add "$PUBLIC/24" dev outside
	"${NETWORK[@]}" ip link set outside up
	"${OUTSIDE[@]}" ip address add "$VISITOR/24" dev eth0
	"${OUTSIDE[@]}" ip link set lo up
	"${OUTSIDE[@]}" ip link set eth0 up
	# A browser asks the default route for its own address.
	"${OUTSIDE[@]}" ip route add default via "$PUBLIC"
}

end_docker_machine() {
	local folder
	[ -z "${CAMERAS:-}" ] || kill "$CAMERAS"
	[ -z "${OUTSIDER:-}" ] || kill "$OUTSIDER"
	stop_machine
	# The engine's, which nobody else uses here.
	while read -r folder; do remove_cgroup "$folder"; done < <(find /sys/fs/cgroup -maxdepth 2 -type d -name vigia-trial)
}

# person COMMAND: what somebody types who is not root, in the repository's folder.
person() { inside "$pid" runuser --user maria -- env HOME=/home/maria bash -c "cd && { [ ! -d vigia ] || cd vigia; } && $1"; }
