# SPDX-License-Identifier: Apache-2.0
# Completion for bash. The words are the program's own: what `--help` lists is what is offered, so it is never out of date.

# What `tidings WORD... --help` lists: commands, or options as "--name" or "--name=ARGUMENT".
_tidings_listed() {
  "${COMP_WORDS[0]}" "$@" --help 2>/dev/null |
    sed -nE '/^  tidings /d; s/^  (-h, )?(--[a-z0-9-]+(=[^ ]+)?)( .*)?$/\2/p; s/^  ([a-z][a-z0-9-]*) .*/\1/p'
}

_tidings() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} i listed argument
  local -a call=()
  COMPREPLY=()
  # The command, and its own command where it has some: the words before this one that are no options.
  for ((i = 1; i < COMP_CWORD && ${#call[@]} < 2; i++)); do
    [[ ${COMP_WORDS[i]} == [a-z]* ]] || break
    [[ ${#call[@]} == 0 ]] || _tidings_listed "${call[@]}" | grep -qx -- "${COMP_WORDS[i]}" || break
    call+=("${COMP_WORDS[i]}")
  done
  listed=$(_tidings_listed "${call[@]}")
  # "--desk=DIR" comes in as three words, "--desk DIR" as two.
  [[ $before == = ]] && before=${COMP_WORDS[COMP_CWORD - 2]}
  [[ $word == = ]] && before=${COMP_WORDS[COMP_CWORD - 1]} word=
  argument=$(sed -n "s/^${before//[^a-z0-9-]/}=//p" <<<"$listed")
  case $argument in
    DIR) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$word"); return ;;
    FILE) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;
    ?*) return ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$(sed 's/=.*//' <<<"$listed")" -- "$word")
  # A file's name where the command takes one.
  if [[ $word != -* && ${#COMPREPLY[@]} == 0 ]]; then
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -f -- "$word")
  fi
}

complete -F _tidings tidings
