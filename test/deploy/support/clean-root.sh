# shellcheck shell=bash
# Clean Debian roots for the trials, and machines that run in them. Sourced by them; needs root and debootstrap.
# A machine is namespaces of its own (mounts, processes, host name), which end with the trial.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
NODE=$ROOT/node_modules/.bin/node
# Before the command of a visitor, and of cameras: in which network they are.
NETWORK=()
CERTIFICATES=/etc/ssl/certs/ca-certificates.crt

fail() {
	printf 'FAILED: %s\n' "$*" >&2
	exit 1
}

# What it took since the last `start_clock`, in seconds.
start_clock() { CLOCK=$(date +%s%N); }
seconds() { awk -v from="$CLOCK" -v to="$(date +%s%N)" 'BEGIN { printf "%.0f", (to - from) / 1e9 }'; }

# make_root FOLDER SUITE: Debian's minimal system without documentation, from the mirror that this machine uses.
make_root() {
	local folder=$1 suite=$2 mirror
	rm -rf "$folder"
	# shellcheck disable=SC2016 # Names of apt's.
	mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 'Component: main' | grep -v security | head -n 1)
	debootstrap --variant=minbase "$suite" "$folder" "$mirror" >"$folder.log" || fail "debootstrap, see $folder.log"
	# As Debian's own images have it.
	printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n' \
		"$mirror" "$suite" >"$folder/etc/apt/sources.list.d/debian.sources"
	rm -rf "$folder"/etc/apt/sources.list "$folder"/usr/share/{doc,man,locale,info}/* "$folder"/var/cache/apt/* "$folder"/var/lib/apt/lists/*
}

# add_repository FOLDER: what is committed, as /srv/vigia.git of the root FOLDER, for `git clone`.
add_repository() {
	git clone --quiet --bare "$ROOT" "$1/srv/vigia.git"
	chmod -R a+rX "$1/srv"
	# Who clones it does not own it.
	printf '[safe]\n\tdirectory = *\n' >"$1/etc/gitconfig"
}

# How this machine reaches npm, as variables for `env`.
npm_access() {
	printf 'NPM_CONFIG_REGISTRY=%s\n' "$(npm config get registry 2>/dev/null)"
	printf 'NPM_CONFIG_CAFILE=/run/certificates.crt\n'
}

# start_machine FOLDER COMMAND...: as process 1 of a machine with FOLDER as its root and this machine's network. Sets OUTER,
# with which it ends, and MACHINE, both process numbers of this machine. With CGROUP, a folder of cgroup2 that there is not
# yet, that is all of them that it sees: systemd starts in no other.
start_machine() {
	local folder=$1
	shift
	# shellcheck disable=SC2016 # The other shell's variables.
	(
		export folder certificates=$CERTIFICATES own_cgroup=${CGROUP:-}
		[ -z "$own_cgroup" ] || { mkdir "$own_cgroup" && echo $BASHPID >"$own_cgroup/cgroup.procs"; }
		exec unshare ${own_cgroup:+--cgroup} --mount --uts --ipc --pid --fork --kill-child --propagation private bash -c '
		set -eu
		mount --bind "$folder" "$folder"
		cd "$folder"
		mkdir -p dev proc sys run old
		mount -t proc proc proc
		mount -t sysfs -o nosuid,nodev,noexec sys sys
		if [ -n "$own_cgroup" ]; then
			# The kernel is this machine'"'"'s, and so are its settings, which systemd would change.
			mount --bind proc/sys proc/sys && mount -o remount,bind,ro proc/sys
			mount -o remount,bind,ro sys
			mount -t cgroup2 cgroup2 sys/fs/cgroup
		else
			mount --rbind /sys/fs/cgroup sys/fs/cgroup
		fi
		mount -t tmpfs -o mode=755 dev dev
		mkdir dev/pts dev/shm dev/net
		# Nodes of its own: of one that was bound, systemd changes the owner and the mode for this machine, too.
		while read -r name major minor; do mknod -m 666 "dev/$name" c "$major" "$minor"; done <<-NODES
			null 1 3
			zero 1 5
			full 1 7
			random 1 8
			urandom 1 9
			tty 5 0
			console 1 3
			net/tun 10 200
		NODES
		mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts dev/pts
		mount -t tmpfs -o mode=1777 shm dev/shm
		ln -s pts/ptmx dev/ptmx
		ln -s /proc/self/fd dev/fd
		mount -t tmpfs -o mode=755 run run
		cp "$certificates" run/certificates.crt
		hostname vigia-trial
		printf "127.0.0.1 localhost\n127.0.1.1 vigia-trial\n" >etc/hosts
		pivot_root . old
		umount -l /old
		exec env -C / -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 "$@"' machine "$@"
	) &
	OUTER=$!
	export MACHINE
	MACHINE=$(process_1 $OUTER)
}

# inside PID COMMAND...: in the machine whose process PID is, by its number here.
inside() {
	local pid=$1
	shift
	nsenter --target "$pid" --mount --uts --ipc --pid --net --root \
		env -C / -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 "$@"
}

# stop_machine: unshare takes no SIGTERM while it waits.
stop_machine() {
	kill -KILL "$OUTER" 2>/dev/null || true
	wait "$OUTER" 2>/dev/null || true
}

# remove_cgroup FOLDER: once the last process in it has ended.
remove_cgroup() {
	local tries
	for ((tries = 0; tries < 50; tries++)); do
		find "$1" -depth -type d -exec rmdir {} + 2>/dev/null || true
		[ -e "$1" ] || return 0
		sleep 0.1
	done
}

# process_1 PID: the one child of PID, once it is no shell any more that prepares the rest.
process_1() {
	local found="" tries
	for ((tries = 0; tries < 50; tries++)); do
		found=$(ps -o pid= --ppid "$1" | tr -d ' ')
		case "$([ -z "$found" ] || ps -o comm= -p "$found" || true)" in "" | bash | env | setpriv | unshare) sleep 0.1 ;; *) break ;; esac
	done
	printf '%s' "$found"
}

# visit COMMAND...: see visit.ts.
visit() { "${NETWORK[@]}" "$NODE" "$ROOT/test/deploy/support/visit.ts" "$@"; }

free_port() {
	"$NODE" -e '
		const server = require("node:net").createServer().listen(0, () => {
			console.log(server.address().port);
			server.close();
		});'
}

# start_cameras COUNT HOST PORT USER LOG: simulated cameras with the password SECRET, as a recorder. Sets CAMERAS.
start_cameras() {
	"${NETWORK[@]}" "$NODE" "$ROOT/camera-sim/src/main.ts" --count "$1" --host "$2" --port "$3" --user "$4" --password-env SECRET >"$5" 2>&1 &
	export CAMERAS=$!
}

# --- The image that stands in for node:24-bookworm-slim, made by buildah below FOLDER/store.

export STORAGE_DRIVER=vfs BUILDAH_ISOLATION=chroot
NODE_BASE=localhost/node-base:24

# storage FOLDER COMMAND...: buildah's.
storage() {
	local folder=$1
	shift
	buildah --root "$folder/store" --runroot "$folder/run" "$@"
}

# make_node_base FOLDER: unless it is there.
make_node_base() {
	local folder=$1 base=$1/base npm container
	[ -z "$(storage "$folder" images --quiet $NODE_BASE 2>/dev/null)" ] || return 0
	make_root "$base" bookworm
	mkdir -p "$base/usr/local/lib/node_modules" "$base/usr/local/etc" "$base/etc/ssl/certs"
	cp "$(readlink -f "$NODE")" "$base/usr/local/bin/node"
	npm=$(readlink -f "$(command -v npm)")
	cp -r "${npm%/bin/*}" "$base/usr/local/lib/node_modules/"
	ln -s ../lib/node_modules/npm/bin/npm-cli.js "$base/usr/local/bin/npm"
	chroot "$base" useradd --uid 1000 --user-group --create-home node
	# How this machine reaches npm.
	cp "$CERTIFICATES" "$base/etc/ssl/certs/"
	printf 'registry=%s\ncafile=%s\n' "$(npm config get registry 2>/dev/null)" "$CERTIFICATES" >"$base/usr/local/etc/npmrc"

	container=$(storage "$folder" from scratch)
	storage "$folder" add --quiet "$container" "$base" / >/dev/null
	storage "$folder" config --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$container"
	storage "$folder" commit --quiet --format docker "$container" $NODE_BASE >/dev/null
	storage "$folder" rm "$container" >/dev/null
}
