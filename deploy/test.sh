#!/usr/bin/env bash
# Builds and checks everything: the build with its import checks, formatting, the runner's Python tests, those of the Helm
# chart, the dashboard in Chromium, the Swift tests on real servers. Ends with Swift's own summary; non-zero when anything
# failed.
#
#   deploy/test.sh [--only TARGET]
#
#   --only TARGET  run only the Swift tests of one target, such as RunStoreTests; not those of the dashboard
#
# Each target starts a private PostgreSQL and RabbitMQ if it needs them, and stops them however it ends. Set
# SLIPWAY_TEST_POSTGRES_URL and SLIPWAY_TEST_AMQP_URL to use other servers.
set -Eeuo pipefail

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=deploy/lib/setup.sh
source "$repository/deploy/lib/setup.sh"

usage() { sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"; }

only=
while [[ $# -gt 0 ]]; do
  case $1 in
    --only)
      [[ $# -ge 2 && -d $repository/Tests/$2 ]] || fail "--only needs the name of a folder in Tests"
      only=$2
      shift
      ;;
    --help | -h)
      usage
      exit 0
      ;;
    *) fail "unknown argument $1; allowed is --only TARGET" ;;
  esac
  shift
done

cd "$repository"
log_folder="$repository/.build/test-logs"
mkdir -p "$log_folder"
python="$repository/.build/test-python"
objects="$repository/.build/test-s3"
helm="$repository/.build/test-helm"

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

# shellcheck disable=SC2317
python_checks() {
  "$python/bin/ruff" check --no-cache --line-length 120 deploy/dashboard
  "$python/bin/ruff" format --no-cache --line-length 120 --check deploy/dashboard
  cd deploy/runner/python
  "$python/bin/mypy" --cache-dir "$repository/.build/mypy"
  "$python/bin/ruff" check --no-cache .
  "$python/bin/ruff" format --no-cache --check .
  cd "$repository/deploy/chart"
  "$python/bin/mypy" --cache-dir "$repository/.build/mypy"
  "$python/bin/ruff" check --no-cache .
  "$python/bin/ruff" format --no-cache --check .
}

# On a stack of their own, which they stop. What they measured is in the log.
# shellcheck disable=SC2317
dashboard_tests() {
  SLIPWAY_TEST_EXECUTABLES=$(swift build --show-bin-path) \
    "$python/bin/python3" -m pytest -q -s -p no:cacheprovider deploy/dashboard/tests
}

# shellcheck disable=SC2317
chart_tests() { (cd deploy/chart && SLIPWAY_TEST_HELM=$helm "$python/bin/python3" -m pytest -q -p no:cacheprovider tests); }

require_swift
step "packages" install_packages "${required_packages[@]}" "${test_packages[@]}"
step "python environment" python_environment "$python" deploy/runner/requirements.txt deploy/test-requirements.txt
step "s3 server" python_environment "$objects" deploy/test-s3-requirements.txt
step "helm" helm_package "$helm" deploy/test-helm-requirements.txt
step "build (debug, with tests)" build
step "format" lint
step "python types and format" python_checks
step "python tests" python_tests
[[ -n $only ]] || step "chart tests" chart_tests
[[ -n $only ]] || step "dashboard in chromium" dashboard_tests

# A local cluster for the tests of the Kubernetes client. It ends with this script.
cluster_folder=$(mktemp -d)
: >"$cluster_folder/output.log"
"$(swift build --show-bin-path)/slipway-localkube" --listen 127.0.0.1:0 --state "$cluster_folder/state" \
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

# Failures, what a test printed, and the summary; that a test began or passed is in the log.
what_matters() {
  awk '/^✔ Test run/ { print; fflush(); next }
    /^(◇ |✔ (Test|Suite) |Test Suite |↳ (Testing Library|Target Platform)|\[[0-9]+\/)/ || /Executed 0 tests/ { next }
    { print; fflush() }'
}

# One target at a time: suites run side by side within each, and tests that measure time are not starved by the others'.
export SLIPWAY_TEST_PYTHON_ENV=$python SLIPWAY_TEST_S3_ENV=$objects SLIPWAY_TEST_LOCALKUBE=$address
passed=0 failed=0 broken=()
for folder in Tests/*/; do
  target=$(basename "$folder")
  [[ -z $only || $target == "$only" ]] || continue
  echo
  echo "== $target"
  log="$log_folder/$target.log"
  status=0
  swift test --skip-build --filter "^$target\\." 2>&1 | tee "$log" | what_matters || status=${PIPESTATUS[0]}
  [[ $status -eq 0 ]] || broken+=("$target")
  passed=$((passed + $(grep -E '^✔ Test .* passed after' "$log" | grep -v -c '^✔ Test run with' || true)))
  failed=$((failed + $(grep -E '^✘ Test .* failed after' "$log" | grep -v -c '^✘ Test run with' || true)))
done

echo
if [[ ${#broken[@]} -gt 0 ]]; then
  echo "failed: ${broken[*]}; the logs are in $log_folder"
  [[ $failed -gt 0 ]] || failed=1
fi
if [[ -z $only ]]; then
  python3 deploy/lib/scenarios.py Sources/Core/SlipwayCore/SlipwayCore.docc/Reliability.md "$log_folder" \
    "$log_folder/scenarios.md" || broken+=("scenarios")
fi
echo "$passed passed, $failed failed"
[[ ${#broken[@]} -eq 0 && $passed -gt 0 ]]
