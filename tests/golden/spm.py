"""Freezes the tokens that Hugging Face transformers gives odd sentences, with tokenizers that it builds from sentencepiece models
(no tokenizer.json). Trains small models and writes spm.zip: the models, and cases.json with the sentences, and for
each case its files and the tokens. A file that begins with `@` is a model.

    python tests/golden/spm.py      # made with transformers 5.24.0, tokenizers 0.23.3, sentencepiece 0.2.3
    python tests/golden/spm.py old  # then: DeBERTa's and mBART's anew, with transformers 4.57.6, which keeps their normalization
"""

import io
import json
import sys
import tempfile
import zipfile
from pathlib import Path

import sentencepiece
from transformers import AutoTokenizer

if sys.argv[1:] == ["old"]:
    path = Path(__file__).with_suffix(".zip")
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    frozen = json.loads(files["cases.json"])
    for name, case in frozen["cases"].items():
        if name.startswith("deberta") or name.startswith("mbart") and not name.startswith("mbart50"):
            with tempfile.TemporaryDirectory() as folder:
                for file, content in case["files"].items():
                    (Path(folder) / file).write_bytes(files[content[1:]] if content.startswith("@") else content.encode())
                tokenizer = AutoTokenizer.from_pretrained(folder)
            tokens = [tokenizer(sentence)["input_ids"] for sentence in frozen["sentences"]]
            print(name, type(tokenizer).__name__, sum(a != b for a, b in zip(tokens, case["tokens"])), "sentences are read in another way")
            case["tokens"] = tokens
    files["cases.json"] = json.dumps(frozen).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED, 9)
    sys.exit()

SENTENCES = [
    "The cat sat on the mat.", "  Two  spaces, and\ttabs\n", " leading space", "trailing space ", "Élan vital, naïve façade; ÅNGSTRÖM ﬁne",
    "日本語の文 mixed with Latin", "emoji 🙂👩\u200d👩\u200d👧 end", "don't can't I'll 12,345.67 $5 1,2", "``quoted'' \"words\" 'so'",
    "a [MASK] and <mask> </s> <unk> <pad> [SEP] <s>", "<mask>glued[MASK] [CLS]", "İstanbul ẞ ß ŒUVRE", "\u00a0nbsp\u200bzero\ufffd",
    "▁under ▁ ▁▁line", "x" * 60, "<extra_id_5> en_XX __fr__ [INST] <start_of_turn>", "\t\t\n\nlines\r\nand more", "hello", "", " ", "ﬀ ½ ﷺ",
]
TEXT = (SENTENCES[:8] + ["the cats sat on mats and the dogs ran", "naïve cafés", "the princess saw the lawyer that the cats saw"]) * 6
# A few rules of normalization, for models that are small: from and to, in code points.
RULES = "".join(f"{a}\t{b}\n" for a, b in [("FB01", "66 69"), ("A0", "20"), ("200B", "20"), ("BD", "31 2044 32"), ("9", "20")])
models = {}


def train(name, kind, size, **settings):
    out = io.BytesIO()
    with tempfile.NamedTemporaryFile("w", suffix=".tsv") as rules:
        rules.write(RULES)
        rules.flush()
        if "normalization_rule_name" not in settings:
            settings["normalization_rule_tsv"] = rules.name
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(TEXT), model_writer=out, model_type=kind, vocab_size=size, hard_vocab_limit=False,
            minloglevel=2, num_threads=1, **settings)
    models[name] = out.getvalue()
    return "@" + name


def pieces(model):
    processor = sentencepiece.SentencePieceProcessor(model_proto=models[model[1:]])
    return [processor.id_to_piece(i) for i in range(processor.get_piece_size())]


def numbered(model):
    """A vocab.json that has the pieces in another order."""
    named = ["<s>", "<pad>", "</s>", "<unk>"]
    rest = [piece for piece in pieces(model) if piece not in named]
    return json.dumps({piece: i for i, piece in enumerate(named + rest[::2] + rest[1::2])}, ensure_ascii=False)


def token(content, **properties):
    return {"content": content, "lstrip": False, "normalized": False, "rstrip": False, "single_word": False} | properties


def added(content, **properties):
    return {"__type": "AddedToken"} | token(content, normalized=True, **properties)


plain = dict(normalization_rule_name="identity", remove_extra_whitespaces=False)
t5 = train("t5", "unigram", 200, pad_id=0, eos_id=1, unk_id=2, bos_id=-1)
nfkc = train("nfkc", "unigram", 200, pad_id=0, eos_id=1, unk_id=2, bos_id=-1, normalization_rule_name="nmt_nfkc")
bytes_t5 = train("mt5", "unigram", 500, pad_id=0, eos_id=1, unk_id=2, bos_id=-1, byte_fallback=True)
roberta = train("roberta", "unigram", 200)
albert = train("albert", "unigram", 200, pad_id=0, unk_id=1, bos_id=-1, eos_id=-1, control_symbols="[CLS],[SEP],[MASK]")
brackets = dict(pad_piece="[PAD]", bos_piece="[CLS]", eos_piece="[SEP]", unk_piece="[UNK]")
deberta = train("deberta", "unigram", 200, pad_id=0, bos_id=1, eos_id=2, unk_id=3, **brackets)
bpe = train("bpe", "bpe", 300)
llama = train("llama", "bpe", 480, byte_fallback=True, **plain)
owned = train("owned", "bpe", 480, byte_fallback=True, user_defined_symbols="[INST],the,\t\t", control_symbols="<mask>", **plain)
tidy = train("tidy", "bpe", 480, byte_fallback=True, user_defined_symbols="<pad>", split_digits=True)
unigram = train("unigram", "unigram", 500, byte_fallback=True, user_defined_symbols="[INST]", **plain)
gemma = train("gemma", "bpe", 480, byte_fallback=True, pad_id=0, eos_id=1, bos_id=2, unk_id=3, bos_piece="<bos>", eos_piece="<eos>",
              user_defined_symbols="<mask>,<start_of_turn>,\t\t,▁▁", add_dummy_prefix=False, **plain)
bare = train("bare", "bpe", 480, byte_fallback=True, pad_id=0, eos_id=1, bos_id=2, unk_id=3, bos_piece="<bos>", eos_piece="<eos>",
             add_dummy_prefix=False, **plain)
n_deberta, n_llama = len(pieces(deberta)), len(pieces(llama))


def case(model_type, files, settings=None, special=None, added_tokens=None):
    more = {"config.json": {"model_type": model_type}, "tokenizer_config.json": settings,
            "special_tokens_map.json": special, "added_tokens.json": added_tokens}
    return files | {name: json.dumps(content) for name, content in more.items() if content is not None}


spiece, spm, bpe_model, model = "spiece.model", "spm.model", "sentencepiece.bpe.model", "tokenizer.model"
llama_class = {"tokenizer_class": "LlamaTokenizer", "add_bos_token": True, "add_eos_token": False, "bos_token": added("<s>"),
               "eos_token": added("</s>"), "unk_token": added("<unk>"), "pad_token": None, "sp_model_kwargs": {}}
CASES = {
    "t5": case("t5", {spiece: t5}),
    "t5_nfkc": case("t5", {spiece: nfkc}, {"tokenizer_class": "T5Tokenizer", "extra_ids": 100, "eos_token": "</s>", "model_max_length": 512}),
    "mt5": case("mt5", {spiece: bytes_t5}, {"eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>", "extra_ids": 0,
                                            "additional_special_tokens": None, "special_tokens_map_file": "x", "sp_model_kwargs": {}},
                {"eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>"}),
    "xlm_roberta": case("xlm-roberta", {bpe_model: roberta}),
    "xlm_roberta_mask": case("xlm-roberta", {bpe_model: roberta}, {"tokenizer_class": "XLMRobertaTokenizer", "mask_token": added("<mask>", lstrip=True)}),
    "camembert": case("camembert", {bpe_model: roberta}),
    "camembert_saved": case("camembert", {bpe_model: roberta}, {"tokenizer_class": "CamembertTokenizer", "add_prefix_space": True},
                            {"bos_token": "<s>", "mask_token": token("<mask>", lstrip=True)}),
    "albert": case("albert", {spiece: albert}),
    "albert_cased": case("albert", {spiece: albert}, {"do_lower_case": False, "keep_accents": True, "mask_token": added("[MASK]", lstrip=True)}),
    "deberta_v2": case("deberta-v2", {spm: deberta}),
    "deberta_v3": case("deberta-v2", {spm: deberta}, {"do_lower_case": False, "vocab_type": "spm"}),
    "deberta_added": case("deberta-v2", {spm: deberta}, {"do_lower_case": True, "split_by_punct": True}, None, {"[MASK]": n_deberta}),
    "deberta_saved": case("deberta-v2", {spm: deberta}, {
        "tokenizer_class": "DebertaV2Tokenizer",
        "added_tokens_decoder": {str(i): token(name, special=True) for i, name in enumerate(["[PAD]", "[CLS]", "[SEP]", "[UNK]"])}
        | {str(n_deberta): token("[MASK]", special=True), str(n_deberta + 1): token("glued", special=False, normalized=True)}}),
    "mbart": case("mbart", {bpe_model: roberta}),
    "mbart_romanian": case("mbart", {bpe_model: roberta}, {"tokenizer_class": "MBartTokenizer", "src_lang": "ro_RO"}),
    "mbart50": case("mbart", {bpe_model: roberta}, {"tokenizer_class": "MBart50Tokenizer", "src_lang": "fr_XX"}),
    "m2m_100": case("m2m_100", {bpe_model: roberta, "vocab.json": numbered(roberta)}),
    "m2m_100_bpe": case("m2m_100", {bpe_model: bpe, "vocab.json": numbered(bpe)}, {"src_lang": "fr", "tokenizer_class": "M2M100Tokenizer"}),
    "llama": case("llama", {model: llama}, llama_class | {"legacy": False}),
    "llama_legacy": case("llama", {model: llama}, llama_class | {"legacy": True, "add_eos_token": True}),
    "llama_bare": case("llama", {model: llama}),
    "llama_owned": case("llama", {model: owned}, llama_class | {"pad_token": "<pad>"}),
    "llama_saved": case("llama", {model: llama}, llama_class | {"added_tokens_decoder": {
        str(i): token(name, special=True) for i, name in enumerate(["<unk>", "<s>", "</s>"])} | {str(n_llama): token("[INST]", special=True)}}),
    "mistral": case("mistral", {model: llama}, llama_class | {"legacy": True, "added_tokens_decoder": {
        str(i): token(name, special=True, normalized=True) for i, name in enumerate(["<unk>", "<s>", "</s>"])}}),
    "mistral_owned": case("mistral", {model: owned}, {"add_bos_token": True}),
    "mistral_renamed": case("mistral", {model: llama}, {"legacy": False, "added_tokens_decoder": {"9": token("[INST]", special=True), "10": token("glued", special=False)}}),
    "phi3": case("phi3", {model: tidy}, llama_class | {"legacy": False}),
    "stablelm_unigram": case("stablelm", {model: unigram}, {"add_eos_token": True}),
    "gemma": case("gemma", {model: gemma}),
    "gemma2": case("gemma2", {model: gemma}, {"tokenizer_class": "GemmaTokenizer", "add_bos_token": True, "bos_token": "<bos>", "eos_token": "<eos>"}),
    "gemma3": case("gemma3_text", {model: bare}, {"tokenizer_class": "GemmaTokenizerFast", "add_bos_token": True, "add_eos_token": True}),
    "t5_more": case("t5", {spiece: t5}, {"additional_special_tokens": ["cat", "<extra_id_5>", "</s>"]}),
    "t5_sentinels": case("t5", {spiece: t5}, {"additional_special_tokens": [f"<extra_id_{i}>" for i in range(100)]}),
    "xlm_roberta_more": case("xlm-roberta", {bpe_model: roberta}, {"additional_special_tokens": ["[INST]", added("<mask>", lstrip=True)]}),
    "albert_more": case("albert", {spiece: albert}, {"additional_special_tokens": ["[INST]", "glued"]}),
    "deberta_more": case("deberta-v2", {spm: deberta}, {"additional_special_tokens": ["glued", "[INST]"]}, None, {"[MASK]": n_deberta, "glued": n_deberta + 1}),
    "mbart_more": case("mbart", {bpe_model: roberta}, {"additional_special_tokens": ["[INST]"]}),
    "mbart50_more": case("mbart", {bpe_model: roberta}, {"tokenizer_class": "MBart50Tokenizer", "additional_special_tokens": ["[INST]", "en_XX", "<mask>"]}),
    "m2m_100_more": case("m2m_100", {bpe_model: roberta, "vocab.json": numbered(roberta)}, {"additional_special_tokens": ["__af__", "__fr__"]}),
    "llama_more": case("llama", {model: owned}, llama_class | {"additional_special_tokens": ["<start_of_turn>", "the"]}),
    "mistral_more": case("mistral", {model: owned}, llama_class | {"additional_special_tokens": ["<start_of_turn>", "[INST]"]}),
    "mistral_none": case("mistral", {model: owned}, {"add_bos_token": True, "additional_special_tokens": []}),
    "phi3_more": case("phi3", {model: tidy}, llama_class | {"legacy": False, "additional_special_tokens": ["</s>"]}),
    "gemma_more": case("gemma", {model: gemma}, {"additional_special_tokens": ["<start_of_turn>", "[INST]"]}),
}
frozen = {}
for name, files in CASES.items():
    with tempfile.TemporaryDirectory() as folder:
        for file, content in files.items():
            data = models[content[1:]] if content.startswith("@") else content.encode()
            (Path(folder) / file).write_bytes(data)
        tokenizer = AutoTokenizer.from_pretrained(folder)
    frozen[name] = {"files": files, "class": type(tokenizer).__name__, "tokens": [tokenizer(sentence)["input_ids"] for sentence in SENTENCES]}
with zipfile.ZipFile(Path(__file__).with_suffix(".zip"), "w", zipfile.ZIP_DEFLATED) as archive:
    for name, data in {"cases.json": json.dumps({"sentences": SENTENCES, "cases": frozen})} .items():
        archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED, 9)
    for name, data in models.items():
        archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED, 9)
print({name: (case["class"], [len(tokens) for tokens in case["tokens"]]) for name, case in frozen.items()})
