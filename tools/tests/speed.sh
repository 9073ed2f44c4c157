# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# What a reading of 10,000 processes costs top. Sourced by run.sh, whose
# variables and verdict() it uses.

# Milliseconds of processor time that the words took.
cpu_ms()
{
	local TIMEFORMAT='%3U %3S' user system

	read -r user system < <({ time "$@" >/dev/null 2>"$work/err"; } 2>&1)
	echo $((10#${user/./} + 10#${system/./}))
}

# A recorded folder with 2,500 of each of its processes.
make_crowd()
{
	mkdir "$work/crowd"
	{ echo "!copies 2500"; cat "$work/dumps/top_1/snapshot.txt"; } |
		"$maker" >"$work/crowd/snapshot"
	cp "$work/dumps/top_1/stats" "$work/crowd"
}

# A few readings less are what starting takes.
check_speed()
{
	local limit=50 nr=40 first all each

	if [ "$tool" != "${tool%-san}" ]; then
		verdict ok top_10000 "sanitizers take their time"
		return
	fi
	make_crowd
	first=$(cpu_ms "$tool" --dir "$work/crowd" top --batch -d 0.05 -n 1)
	all=$(cpu_ms "$tool" --dir "$work/crowd" top --batch -d 0.05 -n $((nr + 1)))
	each=$((all - first))
	if [ -s "$work/err" ] || [ "$each" -gt $((limit * nr)) ]; then
		verdict "not ok" top_10000
		sed 's/^/# /' "$work/err"
	else
		verdict ok top_10000
	fi
	echo "# 10,000 processes: $((each / nr)).$((each * 10 / nr % 10)) ms of processor time a" \
		"reading, $((each / nr / 10)).$((each / nr % 10)) % of one core at 1 Hz"
}
