#!/usr/bin/env bash
# Builds and checks everything: the build with its import checks, formatting, the runner's Python tests, the Swift tests
# on real servers. Ends with Swift's own summary; non-zero when anything failed.
#
#   deploy/test.sh [--filter PATTERN]
#
#   --filter PATTERN  run only the Swift tests whose name matches
#
# The tests start one private PostgreSQL and one private RabbitMQ for the whole run, and stop them however it ends. Set
# SLIPWAY_TEST_POSTGRES_URL and SLIPWAY_TEST_AMQP_URL to use other servers.
set -Eeuo pipefail

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=deploy/lib/setup.sh
source "$repository/deploy/lib/setup.sh"

usage() { sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"; }

filter=()
while [[ $# -gt 0 ]]; do
  case $1 in
    --filter)
      [[ $# -ge 2 ]] || fail "--filter needs a pattern"
      filter=(--filter "$2")
      shift
      ;;
    --help | -h)
      usage
      exit 0
      ;;
    *) fail "unknown argument $1; allowed is --filter PATTERN" ;;
  esac
  shift
done

cd "$repository"
log_folder="$repository/.build/test-logs"
mkdir -p "$log_folder"
python="$repository/.build/test-python"

# shellcheck disable=SC2317 # the functions are run by `step`
build() { swift build --build-tests --explicit-target-dependency-import-check error; }
# shellcheck disable=SC2317
lint() { swift format lint --strict --parallel --recursive Sources Tests Package.swift; }
# shellcheck disable=SC2317
python_tests() {
  local folder=deploy/runner/python
  [[ -d $folder/tests ]] || return 0
  (cd "$folder" && "$python/bin/python3" -m pytest -q tests)
}

require_swift
step "packages" install_packages
step "python environment" python_environment "$python" deploy/runner/requirements.txt deploy/test-requirements.txt
step "build (debug, with tests)" build
step "format" lint
step "python tests" python_tests

# A local cluster for the tests of the Kubernetes client. It ends with this script.
cluster_folder=$(mktemp -d)
"$(swift build --show-bin-path)/slipway-localkube" --listen 127.0.0.1:0 --state "$cluster_folder" \
  >"$cluster_folder/output.log" 2>&1 &
cluster=$!
# shellcheck disable=SC2317 # run by the trap
stop_cluster() {
  kill "$cluster" 2>/dev/null || true
  wait "$cluster" 2>/dev/null || true
  rm -rf "$cluster_folder"
}
trap stop_cluster EXIT
for _ in {1..100}; do
  address=$(sed -n 's/^localkube ready address=//p' "$cluster_folder/output.log")
  [[ -z $address ]] || break
  kill -0 "$cluster" 2>/dev/null || break
  sleep 0.1
done
[[ -n ${address:-} ]] || fail "slipway-localkube did not start: $(tail -n 5 "$cluster_folder/output.log")"

# Lines that only say that a test began are left out; the log has them.
echo
export SLIPWAY_TEST_PYTHON_ENV=$python SLIPWAY_TEST_LOCALKUBE=$address
status=0
swift test --skip-build "${filter[@]}" 2>&1 \
  | tee "$log_folder/swift-test.log" \
  | grep --line-buffered -v -E '^◇ |^\[[0-9]+/[0-9]+\]|^Test Suite |^[[:space:]]+Executed 0 tests' || status=${PIPESTATUS[0]}
exit "$status"
