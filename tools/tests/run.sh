#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# Golden tests of the tool: each line of cases is run on recorded folders, and
# what it prints must be what expected/ has. Needs neither root nor a kernel.
#
#   tools/tests/run.sh [BUILD]              run all; BUILD is the build folder
#   tools/tests/run.sh --accept NAME [BUILD]  take what NAME prints now
#
# BRKWATCH names another tool to test (one with sanitizers, say).
set -u

here=$(cd "$(dirname "$0")" && pwd)
accept=
if [ "${1:-}" = --accept ]; then
	accept=${2:?which test?}
	shift 2
fi
build=${1:-$here/../../build}
build=$(mkdir -p "$build" && cd "$build" && pwd) || exit 2
tool=${BRKWATCH:-$build/brkwatch}
maker=$build/tools/tests/mksnapshot
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
nr=0 passed=0 failed=0 skipped=0
LC_ALL=C
PATH=$here/bin:$PATH
export LC_ALL PATH
unset BRKWATCH BRKWATCH_NO_LOAD

verdict()
{
	local word="$1" name="$2" note="${3:-}"

	nr=$((nr + 1))
	echo "$word $nr $name${note:+ # SKIP $note}"
	case "$word$note" in
	ok) passed=$((passed + 1)) ;;
	ok*) skipped=$((skipped + 1)) ;;
	*) failed=$((failed + 1)) ;;
	esac
}

# One line of variants.
vary()
{
	local new="$work/dumps/$1" old="$work/dumps/$2" path="$3" text="$4"

	[ -d "$new" ] || cp -R "$old" "$new" || return 1
	rm -rf "${new:?}/$path"
	case $text in
	'') ;;
	DIR) mkdir -p "$new/$path" ;;
	@*) cp "$work/dumps/${text#@}" "$new/$path" ;;
	*) echo "$text" >"$new/$path" ;;
	esac
}

# The recorded folders with their binary snapshots, in $work/dumps.
prepare()
{
	local new old path text

	make -s -C "$here/.." BUILD="$build" SANITIZE= mksnapshot || return 1
	cp -R "$here/dumps" "$work/dumps" || return 1
	while read -r new old path text; do
		case $new in
		'' | '#'*) continue ;;
		esac
		vary "$new" "$old" "$path" "$text" || return 1
	done <"$here/variants"
	find "$work/dumps" -name snapshot.txt >"$work/texts" || return 1
	while read -r text; do
		"$maker" <"$text" >"${text%.txt}" || return 1
	done <"$work/texts"
}

# All that one case did, in $work/got.
record()
{
	local name="$1" words="$2" status

	(
		cd "$work/dumps" || exit 2
		eval "set -- $words"
		exec "$tool" "$@"
	) >"$work/out" 2>"$work/err" </dev/null
	status=$?
	case $name in
	watch_*) sed -i 's/"ts_ns":[0-9]*/"ts_ns":0/' "$work/out" ;;
	run_page*) sed -i 's/(pid [0-9]*)/(pid N)/; s/"pid":[0-9]*/"pid":0/' "$work/out" "$work/err" ;;
	esac
	{
		echo "\$ brkwatch${words:+ $words}"
		cat "$work/out"
		echo "--- stderr"
		cat "$work/err"
		echo "--- exit $status"
	} >"$work/got"
}

check_case()
{
	local name="$1" words="$2" want="$here/expected/$1"

	record "$name" "$words"
	if [ "$name" = "$accept" ] || [ "$accept" = all ]; then
		cp "$work/got" "$want"
	fi
	if cmp -s "$want" "$work/got"; then
		verdict ok "$name"
		return
	fi
	verdict "not ok" "$name"
	diff -u "$want" "$work/got" | sed 's/^/# /'
	echo "# to accept: tools/tests/run.sh --accept $name"
}

# Every JSON that we expect is JSON.
check_json()
{
	local name="$1"

	if ! command -v jq >/dev/null; then
		verdict ok "valid_$name" "no jq"
	elif sed -e 1d -e '/^--- stderr/,$d' "$here/expected/$name" | jq -e . >/dev/null; then
		verdict ok "valid_$name"
	else
		verdict "not ok" "valid_$name"
	fi
}

# What no recording can show: standard output that does not take it all.
check_output()
{
	local dir="$work/dumps/usual" err

	if [ ! -c /dev/full ]; then
		verdict ok output_full "no /dev/full"
	elif "$tool" --dir "$dir" list >/dev/full 2>"$work/err" || [ ! -s "$work/err" ]; then
		verdict "not ok" output_full
	else
		verdict ok output_full
	fi
	err=$( (
		trap '' PIPE
		"$tool" --dir "$dir" list 2>&1 >&3
		echo "exit $?"
	) 3>&1 >"$work/err" | true; cat "$work/err")
	if [ "$err" = "exit 0" ]; then
		verdict ok output_closed_pipe
	else
		verdict "not ok" output_closed_pipe
		echo "# $err"
	fi
}

# The page of the last run is there until there is one of this.
check_run_output()
{
	local dir="$work/dumps/usual"

	yes old | head -n 10000 >"$work/page"
	cp "$work/page" "$work/old"
	"$tool" --dir "$dir" run -o "$work/page" "$work/no-such-command"
	[ $? = 127 ] && cmp "$work/page" "$work/old" || return
	"$tool" --dir "$dir" run -o "$work/page" true
	cmp "$work/page" "$work/old" || return
	(
		cd "$work/dumps" || return
		exec "$tool" --dir run_page run --json -o "$work/page" -- \
			sh -c 'sed "s/^pid .*/pid $$/" run_page/block >run_page/ended'
	)
	[ "$(wc -l <"$work/page")" -lt 1000 ] && ! grep old "$work/page"
}

# What root cannot be refused: root becomes nobody for it.
check_unreadable()
{
	local as=() dir="$work/dumps/unreadable" cure='chmod it, or run brkwatch as root'

	if [ "$(id -u)" = 0 ]; then
		if ! command -v setpriv >/dev/null; then
			verdict ok list_unreadable "no setpriv"
			return
		fi
		as=(setpriv --reuid=65534 --clear-groups)
	fi
	chmod 755 "$work"
	cp "$tool" "$work/brkwatch"
	cp -R "$work/dumps/usual" "$dir"
	chmod 0 "$dir/snapshot"
	"${as[@]}" "$work/brkwatch" --dir "$dir" list >"$work/out" 2>"$work/err"
	if [ "$?,$(wc -l <"$work/err")" = 1,1 ] && grep -q "$cure" "$work/err"; then
		verdict ok list_unreadable
	else
		verdict "not ok" list_unreadable
		sed 's/^/# /' "$work/err"
	fi
}

# shellcheck source=bare.sh
. "$here/bare.sh"
# shellcheck source=export.sh
. "$here/export.sh"
# shellcheck source=heap.sh
. "$here/heap.sh"
# shellcheck source=meanwhile.sh
. "$here/meanwhile.sh"
# shellcheck source=page.sh
. "$here/page.sh"
# shellcheck source=record.sh
. "$here/record.sh"
# shellcheck source=speed.sh
. "$here/speed.sh"
# shellcheck source=top.sh
. "$here/top.sh"
# shellcheck source=completion.sh
. "$here/completion.sh"
# shellcheck source=manual.sh
. "$here/manual.sh"
# shellcheck source=install.sh
. "$here/install.sh"

prepare || { echo "Bail out! the recorded folders cannot be made"; exit 2; }
while read -r name words; do
	case $name in
	'' | '#'*) continue ;;
	esac
	check_case "$name" "$words"
done <"$here/cases"
for file in "$here"/expected/*json*; do
	check_json "${file##*/}"
done
check_output
judge run_output check_run_output
check_unreadable
check_heaps
check_export
check_meanwhile
check_record
check_top
check_completion
check_pages
check_install
check_speed
check_rendering
check_bare
for file in "$here"/expected/*; do
	grep -q "^${file##*/}\([[:space:]]\|\$\)" "$here/cases" ||
		verdict "not ok" "expected_but_no_case_${file##*/}"
done
echo "1..$nr"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
