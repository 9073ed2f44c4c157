# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Part of run.sh: what Tab offers in bash and in zsh, for the same command lines.
# Every verb and option that the help names has to be offered, and some words
# more. Needs no module.
#
# Uses of run.sh: verdict, tool, work, here.
# shellcheck disable=SC2154

# The verbs that the help of the tool names.
helped_verbs()
{
	"$tool" --help | sed -n '/^Verbs:/,/^$/s/^  \([a-z]*\) .*/\1/p'
}

# The options that the help of verb $1 names, or of the tool.
helped_options()
{
	"$tool" ${1:+"$1"} --help | sed -n '/^Options:/,/^$/p' |
		grep -oE '^  (-., |    )--[a-z-]+|^  -.' | grep -oE -- '--?[A-Za-z-]+'
}

# A command line that ends at the cursor, and after a bar some of what has to be
# offered; after a second bar what must not be.
completion_lines()
{
	local verb plain

	echo "brkwatch |$(helped_verbs | paste -sd ' ')"
	echo "brkwatch -|$(helped_options '' | grep -- -- | paste -sd ' ')|--lines"
	echo "brkwatch --dir dumps --bytes |list show|dumps"
	for verb in $(helped_verbs); do
		echo "brkwatch $verb --|$(helped_options "$verb" | grep -- -- | paste -sd ' ')|--sysroot --complete"
		echo "brkwatch $verb -|$(helped_options "$verb" | paste -sd ' ')|$verb"
	done
	cat <<-END
	brkwatch --dir usual list --li|--lines|--sort
	brkwatch list --sort brk_|brk_bytes brk_calls|vm_bytes
	brkwatch list --sort=brk_|brk_bytes brk_calls|vm_bytes
	brkwatch list -o |pid comm vm_bytes|--sort
	brkwatch list -n |
	brkwatch list |
	brkwatch export --format |openmetrics prometheus json csv|pid
	brkwatch show $$|$$|1
	brkwatch show ba|bash|$$
	brkwatch watch $$|$$|1
	brkwatch watch $$ ||$$
	brkwatch record -p $$|$$|1
	brkwatch report us|usual|list
	brkwatch list --dir us|usual|list
	brkwatch lis|list|--json
	brkwatch list --lines 3 --j|--json
	brkwatch run --output x mkdi|mkdir|--output
	brkwatch run -- mkdi|mkdir|--output
	brkwatch record mkdi|mkdir|--output
	END
	# for zsh, what stands before the sign or the last comma is not of the word
	[ "$1" = bash ] || plain=''
	cat <<-END
	brkwatch list -o pid,brk_c|${plain-pid,}brk_calls|vm_bytes
	brkwatch list -o +brk_c|${plain-+}brk_calls|vm_bytes
	brkwatch list --sort -brk_c|${plain--}brk_calls|vm_bytes
	END
}

# Offers of bash for the lines of standard input, as completion.zsh has them.
# Words are cut where readline does; the command needs no path in front.
offers_of_bash()
{
	# shellcheck disable=SC2016 # for the inner shell
	PATH=$work/bin:$PATH bash --norc -c '
		. "$1" || exit
		while IFS= read -r line; do
			read -ra COMP_WORDS <<<"${line//=/ = }"
			case $line in
			*[\ =]) COMP_WORDS+=("") ;;
			esac
			COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
			_brkwatch brkwatch
			[ ${#COMPREPLY[@]} = 0 ] || printf "%s\n" "${COMPREPLY[@]}"
			echo
		done' - "$here/../completion/brkwatch.bash"
}

offers_of_zsh()
{
	PATH=$work/bin:$PATH zsh -f "$here/completion.zsh" "$here/../completion" "$work/zsh"
}

# The next of what was offered, up to the empty line.
read_offer()
{
	local word

	while IFS= read -r word && [ -n "$word" ]; do
		printf '%s\n' "$word"
	done
}

# Says what is wrong with the offers for one line.
judge_offer()
{
	local line="$1" wanted="$2" unwanted="$3" offered="$4" word

	for word in $wanted; do
		grep -qxF -- "$word" <<<"$offered" || echo "$line: lacks $word"
	done
	for word in $unwanted; do
		! grep -qxF -- "$word" <<<"$offered" || echo "$line: has $word"
	done
}

# All lines in one shell: zsh takes its time to start.
check_shell()
{
	local shell="$1" line wanted unwanted

	mkdir -p "$work/$shell"
	completion_lines "$shell" >"$work/lines"
	(
		cd "$work/dumps" || exit
		cut -d '|' -f 1 "$work/lines" | "offers_of_$shell"
	) >"$work/offers" 2>"$work/err" || echo "$shell gave up" >>"$work/err"
	while IFS='|' read -r line wanted unwanted <&3; do
		judge_offer "$line" "$wanted" "$unwanted" "$(read_offer <&4)" >>"$work/err"
	done 3<"$work/lines" 4<"$work/offers"
	if [ -s "$work/err" ]; then
		verdict "not ok" "completion_$shell"
		sed 's/^/# /' "$work/err"
	else
		verdict ok "completion_$shell"
	fi
}

check_completion()
{
	mkdir -p "$work/bin"
	ln -sf "$tool" "$work/bin/brkwatch"
	check_shell bash
	if command -v zsh >/dev/null; then
		check_shell zsh
	else
		verdict ok completion_zsh "no zsh"
	fi
}
