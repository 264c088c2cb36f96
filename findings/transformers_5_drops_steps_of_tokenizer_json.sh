#!/usr/bin/env bash
# transformers 5.24.0 (tokenizers 0.23.3): a step of tokenizer.json that the class of tokenizer_config.json does not have is lost.
#
# Behaviour   a byte-level tokenizer.json that cuts numbers into single digits first, with the class GPT2Tokenizer beside it (as SmolLM2 is
#             published): the class builds a pre-tokenizer of its own, and numbers are read whole. 4.57.6 keeps the file's.
# Output      tokenizer.json 1 2 3 4, transformers 4.57.6 1 2 3 4, transformers 5.24.0 1234
# Here        tokenizer.json is followed (docs/tokenizers.md).
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/read.py" <<'PYTHON'
import json
import sys

import transformers
from tokenizers import Tokenizer

folder = sys.argv[1]
digits = list("1234")
vocab = {token: k for k, token in enumerate(digits + ["12", "34", "1234", "<|endoftext|>"])}
byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
steps = [{"type": "Digits", "individual_digits": True}, byte_level]
json.dump({
    "version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": None, "post_processor": None, "decoder": None,
    "pre_tokenizer": {"type": "Sequence", "pretokenizers": steps},
    "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": "", "end_of_word_suffix": "",
              "fuse_unk": False, "byte_fallback": False, "vocab": vocab, "merges": [["1", "2"], ["3", "4"], ["12", "34"]]},
}, open(f"{folder}/tokenizer.json", "w"))
json.dump({"tokenizer_class": "GPT2Tokenizer"}, open(f"{folder}/tokenizer_config.json", "w"))
json.dump({"model_type": "llama"}, open(f"{folder}/config.json", "w"))
alone = " ".join(Tokenizer.from_file(f"{folder}/tokenizer.json").encode("1234").tokens)
auto = transformers.AutoTokenizer.from_pretrained(folder)
print(alone, "|", " ".join(auto.convert_ids_to_tokens(auto("1234")["input_ids"])))
PYTHON
for package in transformers==4.57.6 transformers==5.24.0; do
    version=${package#*==}
    python3 -m venv "$work/$version"
    "$work/$version/bin/pip" install --quiet --disable-pip-version-check "$package"
    mkdir "$work/$version/model"
    seen=$(HF_HUB_OFFLINE=1 "$work/$version/bin/python" "$work/read.py" "$work/$version/model" 2>/dev/null)
    echo "transformers $version: tokenizer.json alone | AutoTokenizer: $seen"
    expected="1 2 3 4 | 1 2 3 4"
    [ "$version" = 4.57.6 ] || expected="1 2 3 4 | 1234"
    [ "$seen" = "$expected" ] || { echo "the behaviour has changed" >&2; exit 1; }
done
