#!/usr/bin/env bash
# A long campaign of simulated scenarios, built with optimisation.
#
#   deploy/simulate.sh [--seeds N] [--minutes M] [--first SEED] [--threads T]
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
swift build -c release --product slipway-simulate
exec "$(swift build -c release --show-bin-path)/slipway-simulate" "$@"
