# shellcheck shell=bash
# Debian packages for the other scripts; sourced, not run, after script.sh.
#
#   need_debian "building the node image" debootstrap libseccomp-dev
#
# installs the packages that are missing. It does so only as root on Debian (or
# what descends from it); anywhere else it says what to install and fails.

# missing_debian prints those of the packages that are not installed.
missing_debian() {
  local package
  for package in "$@"; do
    dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || echo "$package"
  done
}

need_debian() {
  local why="$1" missing
  shift
  command -v dpkg-query >/dev/null || fail "$why needs programs that this machine lacks" \
    "This is not Debian, so they are not installed here. On Debian the packages are: $*"
  missing=$(missing_debian "$@" | xargs)
  [ -n "$missing" ] || return 0
  [ "$(id -u)" = 0 ] || fail "$why needs Debian packages that are missing: $missing" \
    "Only root may install them. Try: sudo apt-get install --no-install-recommends $missing"
  # shellcheck disable=SC2086 # one word a package
  slowly "installing Debian packages ($missing)" "$(state_dir)/apt.log" apt_install $missing
}

# apt_install waits for another apt-get that is at work.
apt_install() {
  export DEBIAN_FRONTEND=noninteractive
  apt-get -o DPkg::Lock::Timeout=300 update &&
    apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "$@"
}
