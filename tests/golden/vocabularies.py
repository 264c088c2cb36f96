"""Freezes the tokens that Hugging Face transformers gives odd sentences, with tokenizers that it builds from the files of a
vocabulary (no tokenizer.json). Writes vocabularies.json: the sentences, and for each case its files and the tokens.

    python tests/golden/vocabularies.py      # made with transformers 5.24.0, tokenizers 0.23.3
"""

import json
import tempfile
from pathlib import Path

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
from transformers import AutoTokenizer

SENTENCES = [
    "The cat sat on the mat.", "  Two  spaces, and\ttabs\n", "Élan vital, naïve façade; ÅNGSTRÖM ﬁne",
    "日本語の文 mixed with Latin", "emoji 🙂👩\u200d👩\u200d👧 end", "don't can't I'll 12,345.67 $5",
    "a [MASK] and <mask> </s> <|endoftext|> [SEP]", "İstanbul ẞ ß ŒUVRE", "\u00a0nbsp\u200bzero\ufffd", "x" * 120, "hello", "",
]
TEXT = SENTENCES * 3 + ["the cats sat on mats and the dogs ran", "naïve cafés"] * 5


def word_pieces(lowercase):
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lowercase)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    trainer = trainers.WordPieceTrainer(vocab_size=220, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator(TEXT, trainer)
    vocabulary = tokenizer.get_vocab()
    return {"vocab.txt": "\n".join(sorted(vocabulary, key=vocabulary.get)) + "\n"}


def byte_pairs(special):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=340, special_tokens=special, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(TEXT, trainer)
    model = json.loads(tokenizer.to_str())["model"]
    merges = "".join(f"{a} {b}\n" for a, b in model["merges"])
    return {"vocab.json": json.dumps(model["vocab"], ensure_ascii=False), "merges.txt": "#version: 0.2\n" + merges}


def case(model_type, vocabulary, settings=None, special=None, added=None):
    files = {"config.json": {"model_type": model_type}, "tokenizer_config.json": settings,
             "special_tokens_map.json": special, "added_tokens.json": added}
    return vocabulary | {name: json.dumps(content) for name, content in files.items() if content is not None}


def token(content, **properties):
    return {"content": content, "lstrip": False, "normalized": False, "rstrip": False, "single_word": False} | properties


lower, cased = word_pieces(True), word_pieces(False)
last = lower["vocab.txt"].count("\n")
gpt2, opt = byte_pairs(["<|endoftext|>"]), byte_pairs(["<s>", "<pad>", "</s>", "<unk>"])
roberta = byte_pairs(["<s>", "<pad>", "</s>", "<unk>", "<mask>"])
names = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
mask = token("<mask>", lstrip=True, normalized=True)
CASES = {
    "bert": case("bert", lower),
    "bert_cased": case("bert", cased, {"do_lower_case": False}),
    "bert_accents": case("bert", lower, {"strip_accents": False, "tokenize_chinese_chars": False,
                                         "tokenizer_class": "BertTokenizer"}),
    "bert_saved": case("bert", lower, {
        "added_tokens_decoder": {str(i): token(name, special=True) for i, name in enumerate(names)}
        | {str(last): token("Latin", special=False, normalized=True)},
        "do_basic_tokenize": True, "never_split": None, "strip_accents": None, "tokenizer_class": "BertTokenizer"},
        {"cls_token": "[CLS]", "mask_token": "[MASK]", "pad_token": "[PAD]", "sep_token": "[SEP]", "unk_token": "[UNK]"}),
    "bert_added": case("bert", lower, {}, None, {"Latin": last}),
    "distilbert": case("distilbert", lower, {"do_lower_case": True}),
    "electra": case("electra", lower, {"do_lower_case": True}),
    "gpt2": case("gpt2", gpt2),
    "gpt2_prefix": case("gpt2", gpt2, {"add_prefix_space": True}),
    "gpt2_both_ends": case("gpt2", gpt2, {"add_bos_token": True, "add_eos_token": True}),
    "gpt_neo": case("gpt_neo", gpt2, {"tokenizer_class": "GPT2Tokenizer",
                                      "bos_token": {"__type": "AddedToken"} | token("<|endoftext|>", normalized=True)}),
    "opt": case("opt", opt, {"add_bos_token": True, "bos_token": "</s>", "eos_token": "</s>", "unk_token": "</s>",
                             "pad_token": "<pad>", "tokenizer_class": "GPT2Tokenizer"}),
    "roberta": case("roberta", roberta),
    "roberta_mask": case("roberta", roberta, {"add_prefix_space": True, "trim_offsets": False,
                                              "mask_token": {"__type": "AddedToken"} | mask}),
    "roberta_map": case("roberta", roberta, {}, {"bos_token": "<s>", "mask_token": mask}),
    "bart": case("bart", roberta),
}
frozen = {}
for name, files in CASES.items():
    with tempfile.TemporaryDirectory() as folder:
        for file, content in files.items():
            (Path(folder) / file).write_text(content, encoding="utf-8")
        tokenizer = AutoTokenizer.from_pretrained(folder)
    frozen[name] = {"files": files, "tokens": [tokenizer(sentence)["input_ids"] for sentence in SENTENCES]}
out = Path(__file__).with_suffix(".json")
out.write_text(json.dumps({"sentences": SENTENCES, "cases": frozen}, indent=0) + "\n")
print({name: [len(tokens) for tokens in case["tokens"]] for name, case in frozen.items()})
