#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A kernel in which a hook's symbol is gone: the module loads, stats names the
# hook and what is lost, the keys that cannot be known print "-", and all others
# say what they say with all hooks. One hook after the other: in a copy of the
# module the symbol has another name, which no kernel has; or that of a function
# that the kernel lets nobody probe. Then all at once that may be gone.

# shellcheck disable=SC2119 # mostly it is loaded without parameters
here=$(dirname "$(readlink -f "$0")")
# shellcheck source=lib.sh
. "$here/lib.sh"

blacklist=/sys/kernel/debug/kprobes/blacklist
work=
whole=
how=auto
becomes=absent	# or barred
steps=(brk:0 brk:+1M brk:-64K brk:0 map:1M touch:1M map:300K unmap:1M map:20K unmap:300K)

# lost_keys HOOK: a pattern of the keys that are lost with it
lost_keys() {
	local sizes='vm_(grown|shrunk|unaccounted)_bytes|(brk|mmap|munmap)_fail_events'
	case $1 in
	sys_brk) echo 'brk_(peak_bytes|calls|same_events|fail_events)' ;;
	brk_grow) echo "$sizes|brk_grow_.*|brk_same_events|other_grow_.*" ;;
	mmap) echo "$sizes|mmap_.*|munmap_.*|other_grow_.*" ;;
	munmap) echo "$sizes|brk_shrink_.*|brk_same_events|mmap_(replaced|fail)_.*|munmap_.*|mremap_(grow|shrink|move)_.*|other_shrink_.*" ;;
	sys_mremap) echo 'mremap_fail_events' ;;
	mremap_grow) echo "$sizes|mremap_(grow|shrink|move)_.*" ;;
	stack) echo "$sizes|stack_grow_.*" ;;
	special) echo "$sizes|other_grow_.*" ;;
	madvise | sys_process_madvise) echo 'madvise_.*' ;;
	fault) echo 'fault_(heap|stack|anon|file|shared|other|remote|minor|major|unattributed).*' ;;
	fault_error) echo 'fault_error_events' ;;
	*) echo nothing ;;
	esac
}

# Those without which the module does not load are tested for that.
required='task_free exit exec fork'

hooks() {
	awk '$1 == "hook" && $5 { print $2 }' $folder/stats
}

symbol_of() {
	awk -v name="$1" '$1 == "hook" && $2 == name { print $3 }' $folder/stats
}

is_armed() {
	[ "$(awk -v name="$1" '$1 == "hook" && $2 == name { print $5 }' $folder/stats)" = 1 ]
}

# barred SYMBOL: another that is on the kernel's blacklist, is the only one of its
# name, and fits in its place; with zero bytes behind it, as sed writes them
barred() {
	local name pad
	name=$(awk -v max=${#1} 'NR == FNR { nr[$3]++; next }
		length($2) <= max && $2 ~ /^[a-z0-9_]+$/ && nr[$2] == 1 { print $2; exit }' \
		/proc/kallsyms $blacklist)
	printf -v pad "%$((${#1} - ${#name}))s" ''
	echo "$name${pad// /\\x00}"
}

# Strings end with a zero byte, which is what sed is told that lines do.
rename_symbol() {
	local symbol=$1 name="~${1#?}"
	[ $becomes = absent ] || name=$(barred "$symbol")
	LC_ALL=C sed -z -i "s/^$symbol\$/$name/" "$ko" && ! cmp -s "$ko" "$whole"
}

block_of_steps() {
	awk -v RS= '/\ncomm brk_steps\n/ { print; exit }' $folder/ended
}

has_block() {
	block_of_steps | grep -q '^state exited'
}

# What the steps did, without what differs from run to run.
run_steps() {
	"$here/brk_steps" "${steps[@]}" && wait_for has_block &&
		block_of_steps | grep -vE '^(pid|comm|abi|state|watched_since_ns|ended_ns|stack_.*|vm_(grown|start)?_?bytes|vma_peak|fault_.*) [0-9]' >"$work/$1"
}

lost_keys_are_unknown() {
	local wrong
	wrong=$(block_of_steps | awk -v lost="^($1)\$" '($1 ~ lost) != ($2 == "-")')
	[ -z "$wrong" ] && return
	ktap_print_msg "not as they should be known or unknown: ${wrong//$'\n'/, }"
	return 1
}

others_are_the_same() {
	local wrong
	wrong=$(diff <(awk -v lost="^($1)\$" '$1 !~ lost' "$work/all") \
		<(awk -v lost="^($1)\$" '$1 !~ lost' "$work/part"))
	[ -z "$wrong" ] && return
	ktap_print_msg "${wrong//$'\n'/, }"
	return 1
}

is_named() {
	grep -q "^hook $1 - " $folder/stats && grep -q "^lost $1 ." $folder/stats &&
		words_of_module | tail -n 5 | grep -q "no hook for $1: not shown: ."
}

reload() {
	unload_module && load_module "attach=$how"
}

# A kernel may have two of a hook's candidates: the next one goes, too.
load_without() {
	cp "$whole" "$ko"
	rename_symbol "$2" || { ktap_print_msg "$2 is not in the module"; return 1; }
	reload || return
	! is_armed "$1" || { rename_symbol "$(symbol_of "$1")" && reload; }
}

is_stopped() {
	grep -q '^State:[[:space:]]*T' "/proc/$1/status"
}

# Who was there before, of whom nothing is posted, changes unseen.
size_is_right_after() {
	local pid err=0
	"$here/brk_steps" map:1M stop: "$@" stop: &
	pid=$!
	wait_for is_stopped $pid && echo 0 >$parameters/enabled && echo 1 >$parameters/enabled &&
		kill -CONT $pid && sleep 0.1 && wait_for is_stopped $pid &&
		equals "vm_bytes after $*" "$(key_of $pid vm_bytes)" "$(size_of $pid)" || err=1
	kill -KILL $pid
	wait $pid 2>/dev/null
	return $err
}

degrades() {
	local name=$1 lost
	lost=$(lost_keys "$name")
	load_without "$name" "$2" && ! is_armed "$name" && is_named "$name" &&
		run_steps part && lost_keys_are_unknown "$lost" && others_are_the_same "$lost" &&
		equals vm_bytes "$(key_of $$ vm_bytes)" "$(size_of $$)" &&
		size_is_right_after unmap:1M && size_is_right_after brk:+1M
}

optional() {
	hooks | grep -vxF "${required// /$'\n'}"
}

# A hook may find another candidate, and goes without that, too.
degrades_wholly() {
	local name names lost=nothing
	cp "$whole" "$ko"
	reload || return
	while names=$(optional); do
		for name in $names; do
			rename_symbol "$(symbol_of "$name")" || return
			lost+="|$(lost_keys "$name")"
		done
		reload || return
		for name in $names; do
			is_armed "$name" || grep -q "^lost $name ." $folder/stats || return
		done
	done
	run_steps part && lost_keys_are_unknown "$lost" && others_are_the_same "$lost" &&
		equals vm_bytes "$(key_of $$ vm_bytes)" "$(size_of $$)"
}

refuses_to_load() {
	cp "$whole" "$ko"
	rename_symbol "$2" && unload_module || return
	if load_module "attach=$how"; then
		ktap_print_msg "loads without $1"
		return 1
	fi
	words_of_module | tail -n 1 | grep -q 'cannot hook .*; are kprobes allowed' || return
	cp "$whole" "$ko"
	load_module "attach=$how"
}

# check_barred NAME SYMBOL; files of debugfs have no size
check_barred() {
	if grep -q . $blacklist; then
		check "where the kernel lets nobody probe $1" degrades "$1" "$2"
	else
		ktap_test_skip "where the kernel lets nobody probe $1: it does not say what"
	fi
}

# shellcheck disable=SC2317 # called by trap
clean_up() {
	ko=$whole
	is_loaded && unload_module
	load_module
	rm -rf "$work"
}

main() {
	local name symbol names symbols=() barred=(munmap fault) barred_symbols=()
	need_module
	whole=$ko
	work=$(mktemp -d)
	trap clean_up EXIT
	ko=$work/brkwatch.ko
	ktap_print_header
	mapfile -t names < <(hooks)
	# one of each sort, unless there is time; a kernel that hunts for bugs takes two
	# minutes for each, and finds none that loading as often would not show
	[[ -n ${BRKWATCH_LONG-} && -z ${BRKWATCH_SLOW-} ]] || names=(sys_brk munmap fault fork)
	for name in "${names[@]}"; do
		symbols+=("$(symbol_of "$name")")
	done
	for name in "${barred[@]}"; do
		barred_symbols+=("$(symbol_of "$name")")
	done
	ktap_set_plan $((${#names[@]} + ${#barred[@]} + 3))
	mark_log
	[ -n "${BRKWATCH_LONG-}" ] || how=kprobe
	check "known steps with all hooks" run_steps all
	for name in "${names[@]}"; do
		symbol=${symbols[0]}
		symbols=("${symbols[@]:1}")
		case " $required " in
		*" $name "*) check "not loaded without $name" refuses_to_load "$name" "$symbol" ;;
		*) check "without $name" degrades "$name" "$symbol" ;;
		esac
		# each ftrace hook that goes waits for all tasks, kprobes do not
		how=kprobe
	done
	check "without all of them but those" degrades_wholly
	becomes=barred
	for name in "${barred[@]}"; do
		check_barred "$name" "${barred_symbols[0]}"
		barred_symbols=("${barred_symbols[@]:1}")
	done
	check "the kernel's log is clean" log_is_clean
	ktap_finished
}

main
