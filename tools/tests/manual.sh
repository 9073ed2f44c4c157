# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Part of run.sh: a man page for the tool and for each verb, which has the options
# that the help has, no less and no more, and which formatters have no word about.
#
# Uses of run.sh: verdict, tool, work, here, build; of completion.sh: helped_*.
# shellcheck disable=SC2154

# The options that head a paragraph of the page of verb $1, or of the tool.
paged_options()
{
	mandoc -T ascii "$build/brkwatch${1:+-$1}.8" | col -bx |
		sed -nE 's/^ {7}(-[A-Za-z-]+)( [A-Z]+)?(, (-[a-z-]+))?( +[A-Z].*)?$/\1 \4/p' |
		tr ' ' '\n' | grep -- -
}

# What mandoc says of every page that rst2man makes is of no use to us.
lint_page()
{
	local page="$1"

	mandoc -T lint -W warning "$page" |
		grep -vE 'sp after (SH|SS)|missing date|unknown font.*ft C'
	if command -v groff >/dev/null; then
		groff -man -ww -Tutf8 -z "$page" 2>&1
	fi
}

# What heads two paragraphs about the JSON of verb $1.
paged_twice()
{
	awk '/^===/ { title = last }
		/^    / && last ~ /^[a-z]/ && title == "JSON" {
			nr = split(last, keys, ", ")
			for (i = 1; i <= nr; i++)
				if (keys[i] in seen)
					print keys[i], "is described twice"
				else
					seen[keys[i]]
		}
		{ last = $0 }' "$here/../../Documentation/man/brkwatch${1:+-$1}.8.rst"
}

check_page()
{
	local verb="$1" name="brkwatch${1:+-$1}.8"

	if [ ! -f "$build/$name" ]; then
		verdict "not ok" "page_$name"
		echo "# there is no page"
		return
	fi
	{
		diff <(helped_options "$verb" | sort) <(paged_options "$verb" | sort)
		lint_page "$build/$name"
		paged_twice "$verb"
		[ -z "$verb" ] || mandoc -T ascii "$build/brkwatch.8" | col -bx |
			grep -q "brkwatch-$verb(8)" || echo "brkwatch(8) does not name it"
	} >"$work/err" 2>&1
	if [ -s "$work/err" ]; then
		verdict "not ok" "page_$name"
		sed 's/^/# /' "$work/err"
	else
		verdict ok "page_$name"
	fi
}

check_pages()
{
	local verb page

	if ! command -v rst2man >/dev/null || ! command -v mandoc >/dev/null; then
		verdict ok pages "no rst2man or no mandoc"
		return
	fi
	make -sk -C "$here/.." BUILD="$build" man >"$work/out" 2>&1 || sed 's/^/# /' "$work/out"
	check_page ''
	for verb in $(helped_verbs); do
		check_page "$verb"
	done
	for page in "$here"/../../Documentation/man/brkwatch-*.8.rst; do
		verb=${page##*/brkwatch-}
		helped_verbs | grep -qx "${verb%.8.rst}" || verdict "not ok" "page_without_a_verb_$verb"
	done
}
