# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Drives top in a terminal of tmux, and compares what is on the screen with
# screens/. Sourced by run.sh, whose variables and verdict() it uses.
#
# The folder that is read is swapped below it, as if time went on: dumps/top_1,
# top_2 (2 s later, some grew), top_3 (1 s later, two have ended).

screens=$here/screens
live=$work/live
nr_servers=0	# one for each start: the last one may still be on its way out

in_tmux()
{
	env -u TMUX LC_ALL=C.UTF-8 tmux -u -S "$work/tmux$nr_servers" -f /dev/null "$@"
}

keys()
{
	in_tmux send-keys -t top "$@"
}

resize()
{
	in_tmux resize-window -t top -x "$1" -y "$2"
}

# Take the folder away, or put another one in its place.
swap()
{
	rm -rf "$work/old" "$work/next"
	[ "$1" = nothing ] || cp -R "$work/dumps/$1" "$work/next"
	[ ! -d "$live" ] || mv "$live" "$work/old"
	[ "$1" = nothing ] || mv "$work/next" "$live"
}

# The screen as text.
capture()
{
	in_tmux capture-pane -p -t top | sed 's/ *$//' >"$work/got"
}

# What is on the screen soon, which is as long as it takes, up to 10 s.
check_screen()
{
	local name="$1" want="$screens/$1" tries

	if [ "$name" = "$accept" ] || [ "$accept" = all ]; then
		sleep 1
		capture
		mkdir -p "$screens"
		cp "$work/got" "$want"
	fi
	for tries in {1..100}; do
		capture
		if cmp -s "$want" "$work/got"; then
			verdict ok "$name"
			return
		fi
		sleep 0.1
	done
	verdict "not ok" "$name"
	diff -u "$want" "$work/got" | sed 's/^/# /'
	echo "# after $tries looks; to accept: tools/tests/run.sh --accept $name"
}

# The words are what the environment of top is to have. What ncurses does not
# free, after it knew no terminal, is no leak of ours.
start_top()
{
	local leaks="LSAN_OPTIONS=suppressions=$work/leaks:print_suppressions=0"

	nr_servers=$((nr_servers + 1))
	echo leak:libtinfo >"$work/leaks"
	swap top_1
	in_tmux new-session -d -s top -x 80 -y 16 -c "$work" \
		"env $leaks $* '$tool' --dir live top -d 0.1; echo exit \$?; read -r _"
}

drive_top()
{
	start_top TERM=screen NO_COLOR=1
	check_screen screen_start
	swap top_2
	check_screen screen_rates
	keys t
	check_screen screen_by_rate
	keys r
	check_screen screen_reversed
	keys r /
	keys -l stea
	check_screen screen_asking
	keys Enter
	check_screen screen_filtered
	keys Escape
	check_screen screen_all
	keys Enter
	check_screen screen_detail
	swap top_3
	check_screen screen_ended
	keys End
	check_screen screen_ended_below
	keys q
	check_screen screen_without_it
	resize 40 6
	check_screen screen_small
	resize 12 2
	check_screen screen_tiny
	resize 1 1
	keys Down Up
	resize 100 16
	keys h
	check_screen screen_help
	keys q b
	check_screen screen_bytes
	swap nothing
	check_screen screen_gone
	mv "$work/old" "$live"
	check_screen screen_back
	keys q
	check_screen screen_over
	in_tmux kill-server
}

# Terminals that can do little; and the end by a signal.
drive_poor()
{
	start_top TERM=vt100 LC_ALL=C
	check_screen screen_vt100
	keys C-c
	check_screen screen_vt100_over
	in_tmux kill-server
	start_top TERM=vt100 LC_ALL=C
	check_screen screen_vt100
	keys 'C-\'
	check_screen screen_vt100_over
	in_tmux kill-server
	start_top TERM=no-such-terminal
	check_screen screen_no_terminal
	in_tmux kill-server
}

check_top()
{
	if ! command -v tmux >/dev/null; then
		verdict ok screens "no tmux"
	elif "$tool" --dir nowhere top 2>&1 </dev/null | grep -q ncurses; then
		verdict ok screens "built without ncurses"
	else
		drive_top
		drive_poor
	fi
}
