#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Other people's programs under brkwatch: stress-ng, gcc, python3, sqlite3,
# redis. While each runs and when it has ended, every account that there is
# must balance, and nothing may have been dropped. Those that end by themselves
# and use no special mappings must show just what exec itself makes as "other".

set -uo pipefail
here=$(dirname "$(readlink -f "$0")")
folder=/sys/kernel/debug/brkwatch
sz_page=$(getconf PAGESIZE)
work=
nr=0 nr_failed=0

# What stands in a line runs at once: seconds at most, then each stressor and its
# rounds, so that a slow machine takes longer but does no less. Only exec takes
# all its time. stress-ng names its processes after them.
limit=60${BRKWATCH_SLOW:+0}
stressors=(
	"$limit brk:100 bigheap:20 mmap:20"
	"$limit mmapmany:30 mmapaddr:20"
	"$limit mremap:1 munmap:500 madvise:1 shm:2 shm-sysv:4"
	"$limit stack:2 vm-segv:10 fork:30 vfork:50 clone:5"
	"4 exec:1"
)

say() {
	sed 's/^/# /'
}

verdict() {
	local result=$1 name=$2 comment=${3-}

	nr=$((nr + 1))
	[ "$result" = ok ] || nr_failed=$((nr_failed + 1))
	echo "$result $nr $name${comment:+ # $comment}"
}

skip() {
	verdict ok "$1" "SKIP $2"
}

stat_of() {
	awk -v key="$1" '$1 == key { print $2 }' "$folder/stats"
}

# A process may end between the list of names and the reading of its file.
balances() {
	{ cat "$folder"/[0-9]* "$folder/ended" 2>/dev/null || true; } |
		awk -f "$here/balance.awk"
}

# The counters are read one after the other while we run ourselves: two reads
# with nothing between them but their own cost cannot agree, so what is
# compared comes from one read of the file.
stats_are_clean() {
	awk '{ value[$1] = $2 }
	     END {
		if (value["events_seen"] != value["events_posted"] + value["events_dropped"]) {
			print "events: seen " value["events_seen"] ", posted " \
				value["events_posted"] ", dropped " value["events_dropped"]
			bad = 1
		}
		for (key in value)
			if ((key ~ /^drop_/ || key ~ /^events_(dropped|mismatched|missed)$/) &&
			    value[key] != 0) {
				print key " " value[key]
				bad = 1
			}
		exit bad
	     }' "$folder/stats"
}

# Retries: an event between the summing of two counters of the same read.
check_stats() {
	local i out

	for i in 1 2 3 4 5; do
		out=$(stats_are_clean) && return
		[ "$i" = 5 ] || sleep 0.1
	done
	echo "$out"
	return 1
}

# Looks again and again while the job runs: a live account must balance, too.
watch_job() {
	local pid=$1 bad=0

	while kill -0 "$pid" 2>/dev/null; do
		balances | say || bad=1
		sleep 1
	done
	return $bad
}

# Runs a program and checks. Its own failure is one.
try() {
	local name=$1 job bad=0 status=0 began ms
	shift
	began=${EPOCHREALTIME/./}

	"$@" >"$work/out" 2>&1 </dev/null &
	job=$!
	watch_job "$job" || bad=1
	wait "$job" || status=$?
	balances | say || bad=1
	check_stats | say || bad=1
	if [ "$status" != 0 ]; then
		say <"$work/out"
		echo "# $name ended with status $status"
		bad=1
	fi
	ms=$(((${EPOCHREALTIME/./} - began) / 1000))
	if [ $bad = 0 ]; then
		verdict ok "$name" "$ms ms"
	else
		verdict "not ok" "$name" "$ms ms"
	fi
}

has() {
	local tool

	for tool in "$@"; do
		command -v "$tool" >/dev/null || return 1
	done
}

# One that is left out, or does not come to its first round, has shown nothing.
all_have_run() {
	local stressor err=0

	for stressor in "$@"; do
		grep -qE "metrc: .* ${stressor%:*} +[1-9]" "$work/out" && continue
		echo "stress-ng has not run ${stressor%:*}"
		err=1
	done
	return $err
}

# As nobody: root's would poison pages of its own and die of them, and exec
# refuses to be root's.
run_stressors() {
	local seconds=$1 stressor args=()
	shift

	for stressor in "$@"; do
		args+=("--${stressor%:*}" 1 "--${stressor%:*}-ops" "${stressor#*:}")
	done
	setpriv --reuid=65534 --regid=65534 --clear-groups --bounding-set=-all \
		stress-ng "${args[@]}" --timeout "$seconds" --metrics-brief --oomable \
		--bigheap-growth 64k --mmap-bytes 256k --mremap-bytes 128k --exec-max 4 \
		--temp-path "$work/stress" &&
		all_have_run "$@"
}

stress() {
	local line words

	mkdir -m 1777 "$work/stress"
	for line in "${stressors[@]}"; do
		read -ra words <<<"$line"
		if has stress-ng; then
			try "stress-ng ${words[*]:1}" run_stressors "${words[@]}"
		else
			skip "stress-ng ${words[*]:1}" "stress-ng is not installed"
		fi
	done
}

# The newest ended account of a program: "events bytes shrink_events" of other.
other_of() {
	awk -v comm="$1" '
		$1 == "abi" { mine = 0 }
		$1 == "comm" { mine = $2 == comm }
		$1 == "state" && $2 != "exited" { mine = 0 }
		mine && /^other_/ { value[$1] = $2 }
		mine && $1 == "missed_events" && !done {
			print value["other_grow_events"], value["other_grow_bytes"],
			      value["other_shrink_events"]
			done = 1
		}' "$folder/ended"
}

# Pages of a program file that exec maps without a file behind them: the part
# of its bss that does not fit into the last page of its data.
bss_pages() {
	readelf -lW "$1" | awk -v sz="$sz_page" '
		function round(n) { return int((n + sz - 1) / sz) }
		function number(hex,    i, n) {
			for (i = 3; i <= length(hex); i++)
				n = n * 16 + index("123456789abcdef", substr(hex, i, 1))
			return n
		}
		$1 == "LOAD" {
			file_end = round(number($3) + number($5))
			mem_end = round(number($3) + number($6))
			if (mem_end > file_end)
				pages += mem_end - file_end
		}
		END { print pages + 0 }'
}

# What exec alone makes, /bin/true shows; a large bss comes on top of it.
check_other() {
	local comm=$1 file=$2 events bytes shrinks base_events base_bytes _ pages
	local is_bss=0

	has readelf || { skip "$comm: other" "readelf is not installed"; return; }
	/bin/true
	read -r base_events base_bytes _ < <(other_of true)
	read -r events bytes shrinks < <(other_of "$comm")
	if [ -z "${events-}" ]; then
		echo "# $comm has no ended account"
		verdict "not ok" "$comm: other"
		return
	fi
	pages=$(bss_pages "$file")
	[ "$pages" = 0 ] || is_bss=1
	if [ "$events" = $((base_events + is_bss)) ] && [ "$shrinks" = 0 ] &&
	   [ "$bytes" = $((base_bytes + pages * sz_page)) ]; then
		verdict ok "$comm: other is what exec makes"
	else
		echo "# other of true: $base_events events, $base_bytes bytes;" \
		     "of $comm: $events, $bytes, shrinks $shrinks; bss: $pages pages"
		verdict "not ok" "$comm: other is what exec makes"
	fi
}

compile() {
	local cc1

	if ! has gcc; then
		skip "gcc" "gcc is not installed"
		return
	fi
	cat >"$work/hello.c" <<-'END'
		#include <stdio.h>
		#include <stdlib.h>
		#include <string.h>
		int main(void) { puts("hello"); return 0; }
	END
	try "gcc" gcc -O2 -c -o "$work/hello.o" "$work/hello.c"
	cc1=$(gcc -print-prog-name=cc1)
	[ -x "$cc1" ] && check_other cc1 "$cc1"
}

python() {
	local python

	python=$(type -P /usr/bin/python3)
	if [ -z "$python" ]; then
		skip "python3" "python3 is not installed"
		return
	fi
	python=$(readlink -f "$python")
	try "python3" "$python" -S -c '
import mmap, threading
blocks = [bytes(n) for n in range(1, 300000, 997)]
def work():
	for n in range(200):
		m = mmap.mmap(-1, 4096 * (n % 7 + 1)); m[0] = 1; m.close()
threads = [threading.Thread(target=work) for _ in range(4)]
for t in threads: t.start()
for t in threads: t.join()
print(sum(map(len, blocks)))'
	check_other "${python##*/}" "$python"
}

sqlite() {
	if ! has sqlite3; then
		skip "sqlite3" "sqlite3 is not installed"
		return
	fi
	try "sqlite3" sqlite3 :memory: '
		create table t(a integer primary key, b text);
		with recursive n(i) as (select 1 union all select i + 1 from n where i < 20000)
		insert into t select i, hex(randomblob(40)) from n;
		create index i on t(b); delete from t where a % 3; vacuum;
		select count(*) from t;'
	check_other sqlite3 "$(type -P sqlite3)"
}

# Answers when the server has come up; a guest without KVM takes its time.
redis_is_up() {
	local i

	for ((i = 0; i < 100; i++)); do
		redis-cli -s "$1" ping 2>/dev/null | grep -q PONG && return
		sleep 0.1
	done
	return 1
}

redis_load() {
	local sock=$work/redis.sock status=0

	redis-server --port 0 --unixsocket "$sock" --save '' --appendonly no \
		--dir "$work" --logfile "$work/redis.log" &
	if redis_is_up "$sock"; then
		redis-benchmark -s "$sock" -q -n 3000 -c 10 -d 2000 -r 1000 -t set,get,lpush ||
			status=1
		redis-cli -s "$sock" bgsave || status=1	# forks
		sleep 1
	else
		status=1
	fi
	redis-cli -s "$sock" shutdown nosave
	wait || status=1
	return $status
}

redis() {
	if ! has redis-server redis-benchmark redis-cli; then
		skip "redis" "redis is not installed"
		return
	fi
	try "redis under redis-benchmark" redis_load
	check_other redis-server "$(readlink -f "$(type -P redis-server)")"
}

main() {
	echo "TAP version 13"
	if [ ! -r "$folder/stats" ]; then
		echo "1..0 # SKIP brkwatch is not loaded, or not root"
		exit 4
	fi
	work=$(mktemp -d "${TMPDIR:-/tmp}/programs.XXXXXX")
	chmod 711 "$work"
	trap 'rm -rf "$work"' EXIT
	stress
	compile
	python
	sqlite
	redis
	echo "1..$nr"
	[ $nr_failed = 0 ]
}

main
