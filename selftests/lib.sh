# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What the test scripts share: KTAP lines (the framework's own), the module,
# the kernel's log. Sourced, never run; $here is the folder of the tests.

# shellcheck source=/dev/null disable=SC2154 # who sources us sets it
. "$here/../kselftest/ktap_helpers.sh"

folder=/sys/kernel/debug/brkwatch
parameters=/sys/module/brkwatch/parameters

# fail_all REASON: the test cannot even begin. That is never a pass.
fail_all() {
	echo "Bail out! $*"
	exit "$KSFT_FAIL"
}

# check NAME COMMAND...: one test; ktap_test_result would split the words.
check() {
	local name=$1
	shift
	if "$@"; then
		ktap_test_pass "$name"
	else
		ktap_test_fail "$name"
	fi
}

# equals WHAT IS SHOULD
equals() {
	[ "$2" = "$3" ] && return
	ktap_print_msg "$1 is '$2', should be '$3'"
	return 1
}

# at_least WHAT IS LEAST
at_least() {
	[ "$2" -ge "$3" ] && return
	ktap_print_msg "$1 is $2, should be at least $3"
	return 1
}

module_file() {
	local file
	for file in "${BRKWATCH_KO-}" "$here/brkwatch.ko" \
		"$here/../../../../build/$(uname -r)/brkwatch.ko" \
		"/lib/modules/$(uname -r)/extra/brkwatch.ko"; do
		[ -f "$file" ] && echo "$file" && return
	done
	return 1
}

is_loaded() {
	[ -d "$parameters" ]
}

# The runner has loaded the module; a test that is run by hand needs it, too.
need_module() {
	[ "$(id -u)" = 0 ] || fail_all "only root can load a module"
	ko=$(module_file) || fail_all "no brkwatch.ko: set BRKWATCH_KO"
	is_loaded || fail_all "brkwatch is not loaded: insmod $ko"
	[ -r $folder/stats ] || fail_all "cannot read $folder: is debugfs mounted?"
}

# load_module [PARAMETER=VALUE ...]
load_module() {
	insmod "$ko" "$@" 2>/dev/null
}

unload_module() {
	rmmod brkwatch 2>/dev/null
}

# stat_of KEY
stat_of() {
	awk -v key="$1" '$1 == key { print $2 }' $folder/stats
}

# key_of PID KEY
key_of() {
	awk -v key="$2" '$1 == key { print $2 }' "$folder/$1"
}

# size_of PID: bytes of its address space, as proc(5) has them
size_of() {
	awk '$1 == "VmSize:" { print $2 * 1024 }' "/proc/$1/status"
}

# nap SECONDS: as sleep, which is a process that takes a second to begin where all
# is emulated and checked. Nobody writes what it reads.
exec {silence}<> <(:)
nap() {
	read -rt "$1" -u "$silence"
}

# wait_for COMMAND...: for at most 20 seconds, a thousand more where all takes so long
wait_for() {
	local end=$((SECONDS + ${BRKWATCH_SLOW:+10}20))
	while [ $SECONDS -lt $end ]; do
		"$@" && return
		nap 0.02
	done
	return 1
}

# Every account that is live balances; who borrows an address space has no size.
all_balance() {
	local wrong
	wrong=$(awk 'NR == 1 { for (i = 1; i <= NF; i++) column[$i] = i; next }
		     $column["vm_unaccounted_bytes"] !~ /^(0|-)$/' $folder/processes)
	[ -z "$wrong" ] && return
	ktap_print_msg "$wrong"
	return 1
}

# A shell of ours that is told to end before it has become another program would
# clean up for all.
is_sleep() {
	[ "$(<"/proc/$1/comm")" = sleep ]
}

# Sets sleeper: a process that is watched, has a file, and does nothing. The file is
# that of the program, not of the shell that it was before.
start_sleeper() {
	sleep 1000 &
	sleeper=$!
	wait_for grep -qsx 'comm sleep' "$folder/$sleeper"
}

# end_sleeper PID
end_sleeper() {
	{ kill "$1"; wait "$1"; } 2>/dev/null
	true
}

# What debugfs answers of a file that it has removed, here descriptor 7.
answers_eio() {
	LC_ALL=C cat <&7 2>&1 >/dev/null | grep -qxF 'cat: -: Input/output error'
}

# The file of a process that has ended is open: descriptor 7.
open_the_dead() {
	start_sleeper || return
	exec 7<"$folder/$sleeper"
	end_sleeper "$sleeper"
	wait_for test ! -e "$folder/$sleeper" && wait_for answers_eio
}

watched() {
	awk 'NR > 1 { print $1 }' $folder/processes
}

# An account may be a moment late, and who reads the list is in it himself.
no_dead_accounts() {
	local pid gone=()
	for pid in $(watched); do
		[ -d "/proc/$pid" ] || gone+=("$pid")
	done
	for pid in "${gone[@]}"; do
		watched | grep -qxF "$pid" || continue
		return 1
	done
}

nr_processes() {
	awk 'END { print NR - 1 }' $folder/processes
}

group=

mount_cgroups() {
	root=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
	[ -z "$root" ] || return 0
	mount_point=$(mktemp -d)
	root=$mount_point
	mount -t cgroup2 none "$root" 2>/dev/null
}

# make_group BYTES: sets group, a cgroup (v2) that has so much memory, and no swap
make_group() {
	mount_cgroups && echo +memory 2>/dev/null >"$root/cgroup.subtree_control" || return
	group=$root/brkwatch-oom
	mkdir "$group" && echo "$1" >"$group/memory.max" || return
	[ ! -e "$group/memory.swap.max" ] || echo 0 >"$group/memory.swap.max"
}

end_group() {
	[ -z "$group" ] || rmdir "$group"
	[ -z "${mount_point-}" ] || { umount "$mount_point"; rmdir "$mount_point"; } 2>/dev/null
}

# eat_up BYTES: by a process that the OOM killer likes, in the group if there is one
eat_up() {
	{ (
		echo 1000 >/proc/self/oom_score_adj
		[ -z "$group" ] || echo 0 >"$group/cgroup.procs"
		exec "$here/brk_steps" brk:+1M "map:$1" "touch:$1"
	); } 2>/dev/null
}

leak_file=/sys/kernel/debug/kmemleak

# What the kernel's own search finds, if it can search: reports that name the
# module, or code of a module that is gone. What was allocated within the last
# seconds is not looked at, hence the wait. The name of a slab cache that cannot be
# made is leaked by the kernel itself.
leaks() {
	[ -e $leak_file ] || return 0
	for _ in 1 2; do
		sleep 6
		echo scan >$leak_file
	done
	awk 'function tell() {
		if (is_ours && !is_theirs)
			printf "%s", text
		text = ""
		is_ours = is_theirs = 0
	     }
	     /^unreferenced/ { tell() }
	     { text = text $0 "\n" }
	     / sysfs_slab_add\+/ { is_theirs = 1 }
	     /brkw/ || / (0x)?f+c[0-9a-f]+$/ || /\[<0*f+c[0-9a-f]*>\] 0x/ { is_ours = 1 }
	     END { tell() }' $leak_file
}

mark_log() {
	mark="brkwatch-test $$ $RANDOM"
	echo "$mark" >/dev/kmsg
}

log_since_mark() {
	dmesg | awk -v mark="$mark" 'found; index($0, mark) { found = 1 }'
}

# What has been pushed out of the log cannot be looked at.
log_is_clean() {
	local complaints
	complaints=$(dmesg | grep -qF "$mark" || echo "the log holds too little"
		log_since_mark | awk -f "$here/complaints.awk" | head -n 40)
	[ -z "$complaints" ] && return
	ktap_print_msg "$complaints"
	return 1
}

# What the module itself said, without what the kernel says of it.
words_of_module() {
	log_since_mark | grep -F 'brkwatch: ' |
		grep -vE 'taints kernel|module verification failed'
}
