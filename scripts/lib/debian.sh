# Debian packages for the other scripts; sourced, not run.
#
#   need_debian "building the node image" debootstrap libseccomp-dev
#
# installs the packages that are missing. It may do so only as root on Debian
# (or a child of it); anywhere else it says what to install and fails. Output of
# apt-get goes to a log, whose end is shown when it fails.

# state_dir prints where logs and small programs of these scripts live.
state_dir() {
  local dir="${XDG_STATE_HOME:-$HOME/.local/state}/palette-ecr"
  mkdir -p "$dir"
  echo "$dir"
}

# fail prints its arguments, one a line, and ends the script.
fail() {
  printf '%s: %s\n' "$(basename "$0")" "$1" >&2
  shift
  [ $# -eq 0 ] || printf '  %s\n' "$@" >&2
  exit 1
}

# missing_debian prints those of the packages that are not installed.
missing_debian() {
  local package
  for package in "$@"; do
    dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || echo "$package"
  done
}

need_debian() {
  local why="$1" log missing started=$SECONDS
  shift
  command -v dpkg-query >/dev/null || fail "$why needs programs that this machine lacks" \
    "This is not Debian, so they are not installed here. On Debian the packages are: $*"
  missing=$(missing_debian "$@" | xargs)
  [ -n "$missing" ] || return 0
  [ "$(id -u)" = 0 ] || fail "$why needs Debian packages that are missing: $missing" \
    "Only root may install them. Try: sudo apt-get install --no-install-recommends $missing"

  log="$(state_dir)/apt.log"
  echo "installing Debian packages: $missing" >&2
  # shellcheck disable=SC2086 # one word a package
  if ! { apt-get -o DPkg::Lock::Timeout=300 update &&
    DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends $missing; } \
    >"$log" 2>&1 </dev/null; then
    tail -n 15 "$log" >&2
    fail "installing Debian packages failed: $missing" "The whole log: $log" \
      "Is Debian's mirror reachable? Try: apt-get update && apt-get install $missing"
  fi
  echo "installed Debian packages in $((SECONDS - started))s" >&2
}
