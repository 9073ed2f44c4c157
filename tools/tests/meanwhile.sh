# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# What is done to the tool, or to what it reads, while it runs. Sourced by run.sh,
# whose variables and functions it uses.

deaf()
{
	env --ignore-signal=CHLD "$tool" "$@"
}

# Who ignores SIGCHLD hands that on to whom he executes.
check_deaf()
{
	deaf --dir "$work/dumps/usual" run -- sh -c 'exit 42'
	[ "$?" = 42 ] || return
	(cd "$work/dumps" && deaf --sysroot sys_load_deaf list -n 1)
}

# The command gets it as it was.
check_deaf_command()
{
	deaf --dir "$work/dumps/usual" run -- grep '^SigIgn' /proc/self/status | grep '1....$'
}

# during COMMAND WORD...: what the tool says to the words, and how it ends, when the
# command is run after it has printed something; $pid is the tool
during()
{
	local what="$1" pid status
	shift

	: >"$work/out"
	"$tool" "$@" >"$work/out" 2>"$work/err" &
	pid=$!
	until [ -s "$work/out" ]; do
		sleep 0.02
	done
	(cd "$work" && eval "$what")
	wait $pid
	status=$?
	tail -n 5 "$work/out"
	cat "$work/err"
	return $status
}

# What the tool prints soon, which is as long as it takes, up to 10 s.
prints()
{
	for _ in {1..100}; do
		grep -q "$1" "$work/out" && return
		sleep 0.1
	done
	return 1
}

# watched COMMAND...: what watch says, and how it ends, when that happens to watched/
watched()
{
	ln -sfn dumps/usual "$work/watched"
	during "$*" --dir "$work/watched" watch 1234 0.05
}

give_way()
{
	rm watched
}

# The module has gone, and took nobody with it.
check_watch_gone()
{
	! watched give_way && grep -q 'there is no such folder' "$work/err"
}

# others FOLDER: another one in its place at once
others()
{
	ln -s "dumps/$1" next
	mv -T next watched
}

check_watch_off()
{
	! watched others off && grep -q 'pid 1234: the module has been switched off' "$work/err"
}

check_watch_end()
{
	watched others empty && grep -q '^brkwatch: pid 1234: it has ended$' "$work/err"
}

# followed STATE: what watch says of process 77 when a second account has its pid; the
# first is in that state, or "forgotten"
followed()
{
	local new="$work/dumps/sys_followed" files=sys/kernel/debug/brkwatch

	rm -rf "$new"
	cp -R "$work/dumps/sys_ns" "$new"
	echo 0::/second.scope >"$new/proc/77/cgroup"
	[ "$1" = forgotten ] || {
		sed "s/^state .*/state $1/; s/^ended_ns .*/ended_ns 4800000000/" "$new/$files/77"
		echo
		cat "$work/dumps/sys_ns/$files/ended"
	} >"$new/$files/ended"
	sed -i 's/^comm .*/comm second/; s/^watched_since_ns .*/watched_since_ns 4900000000/' \
		"$new/$files/77"
	ln -sfn dumps/sys_ns "$work/watched"
	during "others sys_followed; prints 'second\|exited'; ! grep -q second out || kill \$pid" \
		--sysroot "$work/watched" watch -o comm,state,cgroup 77 0.3 100
}

# The last line is how the first ended, and where it was.
check_watch_new_owner()
{
	followed exited && ! grep -q second "$work/out" &&
		tail -n 1 "$work/out" | grep '^systemd-journal *exited */system.slice/journald.service$' &&
		grep -q '^brkwatch: pid 77: it has ended$' "$work/err"
}

# It goes on, as after exec, or when the module was switched off and on.
check_watch_goes_on()
{
	followed "$1"
	grep -q '^second *live */second.scope$' "$work/out" && [ ! -s "$work/err" ]
}

# move PATH: process 77 is in that cgroup at once
move()
{
	echo "0::$1" >next
	mv next dumps/sys_moved/proc/77/cgroup
}

# moved COMMAND WORD...: what the words print when that happens to sys_moved/
moved()
{
	rm -rf "$work/dumps/sys_moved"
	cp -R "$work/dumps/sys_ns" "$work/dumps/sys_moved"
	during "$1; kill \$pid" --sysroot "$work/dumps/sys_moved" "${@:2}"
}

check_top_moved()
{
	moved "move /moved.scope; prints '/moved.scope$'" top -b -d 0.05 -o pid,cgroup -f 77
	grep -q '/journald.service$' "$work/out" && grep -q '/moved.scope$' "$work/out"
}

# Who comes is shown from then on, who goes is not.
check_top_filter_moved()
{
	moved "move /moved.scope; prints 77" top -b -d 0.05 -o pid -f /moved
	grep -q 'brkwatch: 0 of' "$work/out" && grep -q 77 "$work/out" || return
	moved "move /moved.scope; prints 'brkwatch: 0 of'" top -b -d 0.05 -o pid -f /journald
	grep -q 77 "$work/out" && grep -q 'brkwatch: 0 of' "$work/out"
}

# Where nothing can be read, it is where it was.
check_watch_moved()
{
	moved "move /moved.scope; prints '^/moved.scope$'; rm dumps/sys_moved/proc/77/cgroup
		sleep 0.3" watch -o cgroup 77 0.05
	grep -q '^/moved.scope$' "$work/out" && ! grep -q '^-$' "$work/out"
}

# Reading it fails as debugfs lets it fail when the process ends just then.
check_removed()
{
	local root="$work/dumps/sys_removed"

	cp -R "$work/dumps/sys_load_page" "$root" && mkdir -p "$root/sys/module/brkwatch" &&
		mkdir -p "$root/sys/kernel/debug/brkwatch" &&
		cp "$work/dumps/usual/"* "$root/sys/kernel/debug/brkwatch" &&
		ln -sf /proc/self/mem "$root/sys/kernel/debug/brkwatch/1234" &&
		"$tool" --sysroot "$root" show 1234 &&
		"$tool" --sysroot "$root" watch 1234 0.01 1
}

check_why_container()
{
	"$tool" --sysroot "$work/dumps/sys_container" why --no-stop $$ | grep 'this is a container'
}

check_why_not_exact()
{
	"$tool" --dir "$work/dumps/not_exact" why 1234 2>&1 >/dev/null | grep 'not exact'
}

check_meanwhile()
{
	if env --ignore-signal=CHLD true 2>/dev/null; then
		judge run_sigchld_ignored check_deaf
		judge run_sigchld_ignored_by_command check_deaf_command
	else
		verdict ok run_sigchld_ignored "env knows no --ignore-signal"
	fi
	judge watch_module_gone check_watch_gone
	judge watch_module_off check_watch_off
	judge watch_end check_watch_end
	judge watch_pid_of_another check_watch_new_owner
	judge watch_exec check_watch_goes_on replaced
	judge watch_account_anew check_watch_goes_on forgotten
	judge top_moved_to_another_cgroup check_top_moved
	judge top_filter_by_another_cgroup check_top_filter_moved
	judge watch_moved_to_another_cgroup check_watch_moved
	judge show_removed_while_read check_removed
	judge why_in_container check_why_container
	judge why_not_exact check_why_not_exact
}
