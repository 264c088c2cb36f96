#!/usr/bin/env bash
# transformers 5.24.0 (sentencepiece 0.2.3): DebertaV2Tokenizer from a model of sentencepiece alone drops the model's normalization.
#
# Behaviour   a model that was trained with nmt_nfkc (the default of sentencepiece) reads `½` as 1⁄2 and full-width letters as plain ones.
#             Without a tokenizer.json, 5.24.0 builds a tokenizer without the model's map of characters: they become unknown.
# Output      pieces of a full-width `ａｂ`: sentencepiece ▁ab, transformers 4.57.6 ▁ab, transformers 5.24.0 ▁ [UNK]
# Here        the model's normalization is kept (docs/tokenizers.md).
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/read.py" <<'PYTHON'
import io
import json
import sys

import sentencepiece
import transformers

folder = sys.argv[1]
out = io.BytesIO()
sentencepiece.SentencePieceTrainer.train(
    sentence_iterator=iter(["ab ab cd abcd"] * 20), model_writer=out, vocab_size=16, hard_vocab_limit=False, minloglevel=2, num_threads=1,
    pad_id=0, bos_id=1, eos_id=2, unk_id=3, pad_piece="[PAD]", bos_piece="[CLS]", eos_piece="[SEP]", unk_piece="[UNK]")
open(f"{folder}/spm.model", "wb").write(out.getvalue())
json.dump({"model_type": "deberta-v2"}, open(f"{folder}/config.json", "w"))
text = "\uff41\uff42"
own = sentencepiece.SentencePieceProcessor(model_proto=out.getvalue()).encode(text)
auto = transformers.AutoTokenizer.from_pretrained(folder)
read = auto(text)["input_ids"][1:-1]
print("kept" if read == own else "lost", "unknown" if auto.unk_token_id in read else "known")
PYTHON
for version in 4.57.6 5.24.0; do
    python3 -m venv "$work/$version"
    "$work/$version/bin/pip" install --quiet --disable-pip-version-check "transformers==$version" sentencepiece==0.2.3 protobuf
    mkdir "$work/$version/model"
    seen=$(HF_HUB_OFFLINE=1 "$work/$version/bin/python" "$work/read.py" "$work/$version/model" 2>/dev/null)
    echo "transformers $version: $seen"
    expected="kept known"
    [ "$version" = 4.57.6 ] || expected="lost unknown"
    [ "$seen" = "$expected" ] || { echo "the behaviour has changed" >&2; exit 1; }
done
