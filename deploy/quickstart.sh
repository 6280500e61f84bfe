#!/usr/bin/env bash
# From a fresh checkout to a finished run: installs what is missing, builds Slipway, starts it on this machine and runs
# TPC-H query 1 on it.
#
#   deploy/quickstart.sh [--once] [--state DIR]
#
#   --once       stop everything at the end; without it Slipway keeps running
#   --state DIR  where servers, data and logs are kept (default: SLIPWAY_STATE, else a folder of the user or the system)
#
# Needs Debian 12 or a relative, root or sudo, and Swift. A second start takes seconds.
set -Eeuo pipefail

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=deploy/lib/setup.sh
source "$repository/deploy/lib/setup.sh"

usage() { sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"; }

is_once=no
state=$(standard_state_folder)
while [[ $# -gt 0 ]]; do
  case $1 in
    --once) is_once=yes ;;
    --state)
      [[ $# -ge 2 ]] || fail "--state needs a folder"
      state=$(realpath -m "$2")
      shift
      ;;
    --help | -h)
      usage
      exit 0
      ;;
    *) fail "unknown argument $1; allowed are --once and --state DIR" ;;
  esac
  shift
done

mkdir -p "$state"
chmod go-rw "$state"
log_folder="$state/setup-logs"
mkdir -p "$log_folder"
export SLIPWAY_STATE=$state
python="$state/python"
data="$state/data/tpch-0.1"
cd "$repository"

build() { swift build -c release --static-swift-stdlib; }

make_data() {
  [[ ! -f $data/complete ]] || return 0
  rm -rf "$data"
  mkdir -p "$data"
  "$python/bin/tpchgen-cli" parquet -s 0.1 --output-dir="$data"
  touch "$data/complete"
}

stop() {
  [[ $is_once == no ]] || "$slipway" dev down
}

require_swift
step "packages" install_packages "${required_packages[@]}"
step "python environment" python_environment "$python" deploy/runner/requirements.txt
step "build (release)" build
step "data: TPC-H, scale 0.1" make_data
slipway="$(swift build -c release --show-bin-path)/slipway"

trap stop EXIT
"$slipway" dev up --python-environment "$python"
echo
"$slipway" job apply deploy/examples/tpch-q1.yaml
"$slipway" run create tpch-q1 --variable data="$data" --follow
echo
if [[ $is_once == no ]]; then
  echo "Slipway keeps running. Use it with:   export SLIPWAY_STATE=$state PATH=\"$(dirname "$slipway"):\$PATH\""
  echo "Stop it with:                         slipway dev down"
fi
