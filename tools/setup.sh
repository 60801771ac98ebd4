# Sourced by tools/demo and tools/test: makes .venv and installs into it, only when something changed; says what it does.
# Needs python3 ≥ 3.11; uses apt-get (as root or through sudo) for what Debian splits off or a browser test wants.

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
PIP_QUIET=(--quiet --disable-pip-version-check)

say() { printf '\033[2m%s\033[0m\n' "· $*" >&2; }
die() { printf '%s\n' "$*" >&2; exit 1; }

apt_install() { # packages…: installs them if this user may; returns 1 if not
  local as_root=()
  [ "$(id -u)" = 0 ] || as_root=(sudo -n)
  command -v apt-get >/dev/null || return 1
  [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null || return 1
  say "apt-get install $*"
  "${as_root[@]}" apt-get -qq update >/dev/null &&
    DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get -qq install -y --no-install-recommends "$@" >/dev/null
}

make_venv() {
  local python=${PYTHON:-python3}
  command -v "$python" >/dev/null || die "python3 is missing: install Python 3.11 or newer"
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || die "$("$python" --version) is too old: Python 3.11 or newer is needed"
  [ -x .venv/bin/python ] && .venv/bin/python -c 'import pip' 2>/dev/null && return
  say "making .venv"
  "$python" -m venv .venv 2>/dev/null && return
  rm -rf .venv # half made: Debian splits ensurepip off into python3-venv
  apt_install python3-venv || die "python3 cannot make a virtual environment: run 'sudo apt-get install python3-venv' and try again"
  "$python" -m venv .venv
}

install_project() { # extras: installs the checkout, editable, unless this very state is installed already
  local extras=$1 stamp
  stamp=".venv/installed-${extras//,/-}-$(cat pyproject.toml tools/build_assets.py tools/assets/package-lock.json | sha256sum | cut -c1-16)"
  [ -e "$stamp" ] && return
  say "installing tankwarden[$extras] into .venv (a minute or two the first time)"
  .venv/bin/python -m pip install "${PIP_QUIET[@]}" --editable ".[$extras]" || die "the installation failed: see above"
  touch "$stamp"
}

need_browser() {
  [ -x "$(command -v chromium)" ] && [ -x "$(command -v chromedriver)" ] && return
  apt_install chromium chromium-driver && return
  [ -z "${CI:-}" ] || die "chromium and chromium-driver are missing and cannot be installed"
  say "no chromium: the browser tests are left out (sudo apt-get install chromium chromium-driver)"
}

need_postgresql() {
  compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null && return
  [ -x "$(command -v initdb)" ] && return
  apt_install postgresql && return
  [ -z "${CI:-}" ] || die "postgresql is missing and cannot be installed"
  say "no postgresql: the store's tests run on SQLite alone (sudo apt-get install postgresql)"
}
