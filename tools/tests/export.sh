# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Asks those who read metrics about them: promtool about the form of Prometheus,
# its Python client about OpenMetrics; and tests --textfile. Sourced by run.sh,
# whose variables and verdict() it uses.

# The metrics that a case prints, by its name in expected/.
metrics_of()
{
	sed -e 1d -e '/^--- stderr/,$d' "$here/expected/$1"
}

judge()
{
	local name="$1"
	shift
	if "$@" >"$work/judged" 2>&1; then
		verdict ok "$name"
	else
		verdict "not ok" "$name"
		sed 's/^/# /' "$work/judged"
	fi
}

ask_promtool()
{
	metrics_of "$1" | promtool check metrics
}

ask_client()
{
	metrics_of "$1" | "$2" -c '
import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
nr = sum(len(f.samples) for f in text_string_to_metric_families(sys.stdin.read()))
sys.exit(0 if nr > 3 else "no samples")'
}

# The first Python that has the client: that of Debian may not be the first.
find_python()
{
	local python

	for python in python3 /usr/bin/python3; do
		if "$python" -c 'import prometheus_client.openmetrics' 2>/dev/null; then
			echo "$python"
			return
		fi
	done
}

check_judges()
{
	local name python

	python=$(find_python)

	for name in export_prometheus export_unknown_old; do
		if command -v promtool >/dev/null; then
			judge "promtool_$name" ask_promtool "$name"
		else
			verdict ok "promtool_$name" "no promtool: selftests/fetch-promtool, or BRKWATCH_LONG=1 make check"
		fi
	done
	for name in usual names unknown empty all cgroup; do
		if [ "$python" ]; then
			judge "openmetrics_export_$name" ask_client "export_$name" "$python"
		else
			verdict ok "openmetrics_export_$name" "no python3-prometheus-client"
		fi
	done
}

# Whoever has opened the old file reads the old one to its end; the new one has
# another inode, everybody may read it, and nothing is left beside it.
check_textfile()
{
	local dir="$work/textfile" before after

	mkdir "$dir"
	echo old >"$dir/brkwatch.prom"
	before=$(stat -c %i "$dir/brkwatch.prom")
	exec 3<"$dir/brkwatch.prom"
	(umask 077 && "$tool" --dir "$work/dumps/usual" export --textfile "$dir/brkwatch.prom")
	after=$(stat -c '%i %a' "$dir/brkwatch.prom")
	"$tool" --dir "$work/dumps/usual" export --format prometheus |
		cmp -s - "$dir/brkwatch.prom" && [ "$(cat <&3)" = old ] &&
		[ "${after#* }" = 644 ] && [ "${after% *}" != "$before" ] &&
		[ "$(ls "$dir")" = brkwatch.prom ]
}

# What a link points to is replaced, and what cannot be stays as it is.
check_textfile_odd()
{
	local dir="$work/textfile_odd" said

	mkdir "$dir" "$dir/behind"
	echo old >"$dir/behind/file"
	ln -s behind/file "$dir/link"
	mkfifo "$dir/fifo"
	"$tool" --dir "$work/dumps/usual" export --textfile "$dir/link" || return
	[ -L "$dir/link" ] && grep -q brkwatch_processes "$dir/behind/file" || return
	said=$("$tool" --dir "$work/dumps/usual" export --textfile "$dir/fifo" 2>&1)
	[ "$?" = 1 ] && [ -p "$dir/fifo" ] && [[ $said = *': not a regular file, '* ]]
}

# A reading that fails leaves the old file.
check_textfile_kept()
{
	local file="$work/textfile/brkwatch.prom"

	cp "$file" "$work/before"
	! "$tool" --dir "$work/dumps/foreign_abi" export --textfile "$file" 2>/dev/null &&
		cmp -s "$work/before" "$file"
}

# So many lines and no more, whatever there is.
check_bound()
{
	local nr

	nr=$("$tool" --dir "$work/dumps/usual" export --top 2 | grep -c '^brkwatch_process_')
	[ "$nr" = 36 ]
}

check_export()
{
	check_judges
	judge export_textfile check_textfile
	judge export_textfile_kept check_textfile_kept
	judge export_textfile_odd check_textfile_odd
	judge export_bound check_bound
}
