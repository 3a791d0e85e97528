# shellcheck shell=bash
# What the other scripts share; sourced, not run.

# fail says on standard error why the script cannot go on, each further argument
# on a line of its own (what to try), and ends it.
fail() {
  printf '%s: %s\n' "$(basename "$0")" "$1" >&2
  shift
  [ $# -eq 0 ] || printf '  %s\n' "$@" >&2
  exit 1
}

# state_dir prints the folder of logs and of small programs that are compiled.
state_dir() {
  local dir="${XDG_STATE_HOME:-$HOME/.local/state}/palette-ecr"
  mkdir -p "$dir"
  echo "$dir"
}

# slowly runs a command whose output matters only when it fails, and says what
# is being done if it takes longer than two seconds.
#
#   slowly "compiling fixtures/images/cmd/images" LOG command...
slowly() {
  local what="$1" log="$2" started=$SECONDS teller status=0
  shift 2
  (sleep 2 >/dev/null 2>&1 && echo "$what ..." >&2) & # sleep outlives it, and must hold no pipe
  teller=$!
  "$@" >"$log" 2>&1 </dev/null || status=$?
  if kill "$teller" 2>/dev/null; then
    wait "$teller" 2>/dev/null || true
  else
    echo "$what: took $((SECONDS - started))s" >&2
  fi
  if [ "$status" != 0 ]; then
    tail -n 15 "$log" >&2
    fail "$what failed" "The whole log: $log"
  fi
}
