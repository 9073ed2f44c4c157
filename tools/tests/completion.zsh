# SPDX-License-Identifier: GPL-2.0
# What zsh offers: for each line of standard input, a command line up to the
# cursor, the words that Tab finds, one a line, and then an empty line. Words are
# taken where they go: into compadd, in a shell that believes in its terminal.
#
#   zsh -f completion.zsh FOLDER WORK    FOLDER has _brkwatch, WORK is scratch

emulate -R zsh
zmodload zsh/zpty || exit 1
work=$2

cat >$work/zshrc <<'END'
fpath=($BRKWATCH_FOLDER $fpath)
autoload -Uz compinit
compinit -u -D
compadd() {
  local -a hits
  # with one of these, words are asked about, not offered
  if [[ -z ${(M)@:#-[OAD]} ]]; then
    builtin compadd -O hits "$@"
    [[ -z $hits ]] || print -rl -- $hits >>$BRKWATCH_WORK/hits
  fi
  builtin compadd "$@"
}
complete_only() {
  _main_complete
  compstate[list]='' compstate[insert]=''
}
offer() {
  : >$BRKWATCH_WORK/hits
  zle complete_only
  BUFFER=''
  mv $BRKWATCH_WORK/hits $BRKWATCH_WORK/found
}
zle -C complete_only list-choices complete_only
zle -N offer
bindkey '^I' offer
END

export BRKWATCH_FOLDER=$1 BRKWATCH_WORK=$2
zpty shell zsh -f -i
zpty -w shell "source $work/zshrc"
while IFS= read -r line; do
  zpty -w -n shell "$line"$'\t'
  for i in {1..1000}; do
    [[ -e $work/found ]] && break
    # what is not read fills the terminal, and all stands still
    zpty -r -t shell screen || sleep 0.02
  done
  cat $work/found && rm $work/found || exit 1
  echo
done
zpty -d shell
