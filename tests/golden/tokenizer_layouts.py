"""Layouts of a tokenizer's files, drawn at random over the tokenizer classes of the supported families, and the tokens that Hugging Face
transformers reads from them. Two releases are asked; a layout counts where they agree.

    python tests/golden/tokenizer_layouts.py make DIR                 # the folders; `--count N --seed S`
    python tests/golden/tokenizer_layouts.py read DIR old.json        # in an environment with transformers 4.57.6 (sentencepiece, protobuf)
    python tests/golden/tokenizer_layouts.py read DIR new.json        # in one with transformers 5.24.0
    python tests/golden/tokenizer_layouts.py compare DIR old.json new.json PROBE      # `probe tokens --json` on each
    python tests/golden/tokenizer_layouts.py freeze DIR old.json new.json             # writes tokenizer_layouts.zip, for the default tests
"""

import argparse
import collections
import copy
import io
import json
import os
import random
import subprocess
import sys
import tempfile
import warnings
import zipfile
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
warnings.filterwarnings("ignore")

SENTENCES = [
    "The cats sat on the mats.", " Leading space, and 12345 67", "Élan naïve CAFÉ façade", "a [MASK] and <mask> cat", "the<mask>dog<ent>s <ent> [ENT]",
    "日本語の文 mixed", "the [MASK]cat </s> <s> [SEP] <pad>", "<|endoftext|>the <|padding|> dog", "en_XX the de_DE eng_Latn cats fra_Latn",
    "two  spaces\tand\nlines ", "<extra_id_5> the <ENT> dog newtok", "the NewTok cats don't", "",
]
TEXT = ["The cats sat on the mats and the dogs ran", "Élan naïve CAFÉ façade cafe elan", "日本語の文 mixed 12345 67 don't", "two spaces and lines newtok"] * 8
MBART = ("ar_AR cs_CZ de_DE en_XX es_XX et_EE fi_FI fr_XX gu_IN hi_IN it_IT ja_XX kk_KZ ko_KR lt_LT lv_LV my_MM ne_NP nl_XX ro_RO ru_RU si_LK tr_TR "
         "vi_VN zh_CN").split()
MBART50 = MBART + ("af_ZA az_AZ bn_IN fa_IR he_IL hr_HR id_ID ka_GE km_KH mk_MK ml_IN mn_MN mr_IN pl_PL ps_AF pt_XX sv_SE sw_KE ta_IN te_IN th_TH "
                   "tl_XX uk_UA ur_PK xh_ZA gl_ES sl_SI").split()
NLLB = "eng_Latn deu_Latn fra_Latn zho_Hant".split()
LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
QWEN = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")


# How many pieces more the vocabularies of sentencepiece have.
MORE = 0
# A few rules of normalization, for files that are small; `None` for all of NMT's.
RULES = None


def few_rules():
    """The file of a few rules, in a folder of its own."""
    global RULES
    RULES = Path(tempfile.mkdtemp()) / "rules.tsv"
    rules = [("FB01", "66 69"), ("A0", "20"), ("200B", "20"), ("BD", "31 2044 32"), ("9", "20"), ("A", "20"), ("65 301", "E9")]
    RULES.write_text("".join(f"{a}\t{b}\n" for a, b in rules))


# ---- tokenizer.json, as published tokenizers have it


def token(content, **flags):
    return {"content": content, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True} | flags


def special(name):
    return {"SpecialToken": {"id": name, "type_id": 0}}


def template(before, after, ids):
    single = [*map(special, before), {"Sequence": {"id": "A", "type_id": 0}}, *map(special, after)]
    pair = single + [{"Sequence": {"id": "B", "type_id": 1}}]
    return {"type": "TemplateProcessing", "single": single, "pair": pair,
            "special_tokens": {t: {"id": t, "ids": [ids[t]], "tokens": [t]} for t in before + after}}


def whole(model, added, normalizer=None, pre=None, post=None):
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": added, "normalizer": normalizer, "pre_tokenizer": pre,
            "post_processor": post, "decoder": None, "model": model}


def word_pieces(names, lower):
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lower)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.train_from_iterator(TEXT, trainers.WordPieceTrainer(vocab_size=200, special_tokens=names, show_progress=False))
    return json.loads(tokenizer.to_str())["model"]


def byte_pairs(names):
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(vocab_size=380, special_tokens=names, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
    tokenizer.train_from_iterator(TEXT, trainer)
    model = json.loads(tokenizer.to_str())["model"]
    return model | {"continuing_subword_prefix": "", "end_of_word_suffix": ""}


def sentencepieces(kind, **settings):
    import sentencepiece
    out = io.BytesIO()
    if RULES and "normalization_rule_name" not in settings:
        settings["normalization_rule_tsv"] = str(RULES)
    sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(TEXT), model_writer=out, model_type=kind, vocab_size=settings.pop("size", 180) + MORE,
                                             hard_vocab_limit=False, minloglevel=2, num_threads=1, **settings)
    processor = sentencepiece.SentencePieceProcessor(model_proto=out.getvalue())
    return out.getvalue(), [(processor.id_to_piece(i), processor.get_score(i)) for i in range(processor.get_piece_size())]


def unigram(vocab, unk):
    return {"type": "Unigram", "unk_id": unk, "byte_fallback": False, "vocab": [list(pair) for pair in vocab]}


def spm_bpe(pieces, unk):
    ids = {piece: i for i, (piece, _) in enumerate(pieces)}
    merges = [[piece[:k], piece[k:]] for piece in ids for k in range(1, len(piece)) if piece[:k] in ids and piece[k:] in ids]
    return {"type": "BPE", "dropout": None, "unk_token": unk, "continuing_subword_prefix": None, "end_of_word_suffix": None, "fuse_unk": True,
            "byte_fallback": True, "ignore_merges": False, "vocab": ids, "merges": merges}


def charsmap(proto):
    import base64
    position, found = 0, b""

    def varint(data, at):
        number = shift = 0
        while True:
            byte = data[at]
            at += 1
            number |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return number, at

    def fields(data):
        at = 0
        while at < len(data):
            key, at = varint(data, at)
            if key & 7 == 2:
                size, at = varint(data, at)
                yield key >> 3, data[at:at + size]
                at += size
            elif key & 7 == 0:
                _, at = varint(data, at)
            else:
                at += 4 if key & 7 == 5 else 8

    for field, data in fields(proto):
        if field == 3:
            for inner, value in fields(data):
                if inner == 2:
                    found = value
    return {"type": "Precompiled", "precompiled_charsmap": base64.b64encode(found).decode()}


BYTE_LEVEL = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
REPLACE = {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}


def metaspace(scheme="always", split=True):
    return {"type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": split}


def sequence(*steps):
    return {"type": "Sequence", "pretokenizers": list(steps)}


class Base:
    """A published layout: tokenizer.json, the other files of its vocabulary, and who reads it."""

    def __init__(self, name, kinds, classes, tokenizer, roles, files=None, group="plain"):
        self.name, self.kinds, self.classes, self.tokenizer, self.roles = name, kinds, classes, tokenizer, roles
        self.files, self.group = files or {}, group


def specials(model, names, **flags):
    vocab = model["vocab"]
    ids = vocab if isinstance(vocab, dict) else {piece: i for i, (piece, _) in enumerate(vocab)}
    return ids, [{"id": ids[t]} | token(t, **flags.get(t.strip("<>[]"), {})) for t in names if t in ids]


def bases():
    out = []
    names = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    for lower in (True, False):
        model = word_pieces(names, lower)
        ids, added = specials(model, names)
        normalizer = {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": lower}
        tokenizer = whole(model, added, normalizer, {"type": "BertPreTokenizer"}, template(["[CLS]"], ["[SEP]"], ids))
        files = {"vocab.txt": "\n".join(sorted(ids, key=ids.get)) + "\n"}
        roles = dict(zip(["pad_token", "unk_token", "cls_token", "sep_token", "mask_token"], names))
        out.append(Base(f"bert_{lower}", ["bert", "distilbert", "electra"], ["BertTokenizer", "DistilBertTokenizer", "ElectraTokenizer"],
                        tokenizer, roles, files, "bert"))
    names = ["<s>", "<pad>", "</s>", "[UNK]", "<mask>"]
    model = word_pieces(names, True)
    ids, added = specials(model, names, mask={"lstrip": True})
    tokenizer = whole(model, added, normalizer | {"lowercase": True}, {"type": "BertPreTokenizer"},
                      {"type": "RobertaProcessing", "sep": ["</s>", ids["</s>"]], "cls": ["<s>", ids["<s>"]], "trim_offsets": True, "add_prefix_space": False})
    roles = {"bos_token": "<s>", "eos_token": "</s>", "sep_token": "</s>", "cls_token": "<s>", "unk_token": "[UNK]", "pad_token": "<pad>", "mask_token": "<mask>"}
    out.append(Base("mpnet", ["mpnet"], ["MPNetTokenizer"], tokenizer, roles, {"vocab.txt": "\n".join(sorted(ids, key=ids.get)) + "\n"}, "bert"))

    def bytewise(model):
        return {"vocab.json": json.dumps(model["vocab"], ensure_ascii=False),
                "merges.txt": "#version: 0.2\n" + "\n".join(m if isinstance(m, str) else " ".join(m) for m in model["merges"]) + "\n"}

    names = ["<|endoftext|>"]
    model = byte_pairs(names)
    ids, added = specials(model, names)
    roles = {"bos_token": names[0], "eos_token": names[0], "unk_token": names[0]}
    post = {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": False, "use_regex": True}
    gpt2 = whole(model, added, None, BYTE_LEVEL, post)
    out.append(Base("gpt2", ["gpt2", "gpt_neo"], ["GPT2Tokenizer"], gpt2, roles, bytewise(model), "bytes"))
    out.append(Base("codegen", ["phi"], ["CodeGenTokenizer", "GPT2Tokenizer"], gpt2, roles, bytewise(model), "bytes"))
    digits = sequence({"type": "Digits", "individual_digits": True}, BYTE_LEVEL)
    out.append(Base("smollm", ["llama"], ["GPT2Tokenizer"], whole(model, added, None, digits, None), roles, bytewise(model), "bytes"))
    out.append(Base("granite", ["granite"], ["GPT2Tokenizer"], whole(model, added, None, digits, post), roles, bytewise(model), "aside"))
    out.append(Base("falcon", ["falcon"], ["PreTrainedTokenizerFast"], whole(model, added, None, sequence(
        {"type": "Punctuation", "behavior": "Contiguous"}, BYTE_LEVEL, {"type": "Digits", "individual_digits": False}), None), roles, group="bytes"))
    qwen = whole(model, added, {"type": "NFC"}, sequence({"type": "Split", "pattern": {"Regex": QWEN}, "behavior": "Isolated", "invert": False},
                                                         BYTE_LEVEL | {"use_regex": False}), BYTE_LEVEL | {"use_regex": False, "trim_offsets": False})
    out.append(Base("qwen", ["qwen2", "qwen3"], ["Qwen2Tokenizer"], qwen, {"eos_token": names[0], "pad_token": names[0], "unk_token": None, "bos_token": None},
                    bytewise(model), "bytes"))
    names = ["<|endoftext|>", "<|padding|>"]
    model = byte_pairs(names)
    ids, added = specials(model, names)
    neox = whole(model, added, {"type": "NFC"}, BYTE_LEVEL, BYTE_LEVEL)
    out.append(Base("neox", ["gpt_neox", "mamba", "mamba2", "falcon_mamba", "olmo"], ["GPTNeoXTokenizer"], neox, roles, bytewise(model), "bytes"))
    out.append(Base("stablelm", ["stablelm", "olmo2"], ["GPTNeoXTokenizer"], neox, roles, bytewise(model), "aside"))
    names = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    model = byte_pairs(names)
    roles = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "sep_token": "</s>", "pad_token": "<pad>", "cls_token": "<s>", "mask_token": "<mask>"}
    ids, added = specials(model, names, mask={"lstrip": True})
    post = {"type": "RobertaProcessing", "sep": ["</s>", 2], "cls": ["<s>", 0], "trim_offsets": True, "add_prefix_space": False}
    roberta = whole(model, added, None, BYTE_LEVEL, post)
    out.append(Base("roberta", ["roberta"], ["RobertaTokenizer"], roberta, roles, bytewise(model), "bytes"))
    out.append(Base("bart", ["bart"], ["BartTokenizer"], roberta, roles, bytewise(model), "bytes"))
    some = {role: roles[role] for role in ["bos_token", "eos_token", "unk_token", "pad_token"]}
    opt = whole(model, [t for t in added if t["content"] != "<mask>"], None, BYTE_LEVEL, template(["</s>"], [], ids))
    out.append(Base("opt", ["opt"], ["GPT2Tokenizer"], opt, some | {"bos_token": "</s>", "unk_token": "</s>"}, bytewise(model), "bytes"))
    out.append(Base("bloom", ["bloom"], ["BloomTokenizer"], whole(model, [t for t in added if t["content"] != "<mask>"], None, sequence(
        {"type": "Split", "pattern": {"Regex": " ?[^(\\s|[.,!?…。，、।۔،])]+"}, "behavior": "Isolated", "invert": False}, BYTE_LEVEL | {"use_regex": False}),
        BYTE_LEVEL), some, group="bytes"))
    names = ["<|begin_of_text|>", "<|end_of_text|>", "<|mask|>"]
    model = byte_pairs(names)
    ids, added = specials(model, names)
    split = {"type": "Split", "pattern": {"Regex": LLAMA3}, "behavior": "Isolated", "invert": False}
    post = {"type": "Sequence", "processors": [BYTE_LEVEL, template(names[:1], [], ids)]}
    llama3 = whole(model | {"ignore_merges": True}, added, None, sequence(split, BYTE_LEVEL | {"use_regex": False}), post)
    roles = {"bos_token": names[0], "eos_token": names[1]}
    out.append(Base("llama3", ["llama", "smollm3"], ["PreTrainedTokenizerFast"], llama3, roles, group="bytes"))
    out.append(Base("llama3_named", ["llama", "mistral"], ["LlamaTokenizer"], llama3, roles, group="aside"))
    out.append(Base("eurobert", ["eurobert"], ["PreTrainedTokenizerFast"],
                    llama3 | {"post_processor": template(names[:1], names[1:2], ids)}, roles | {"mask_token": names[2]}, group="bytes"))
    names = ["[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]"]
    model = byte_pairs(names)
    ids, added = specials(model, names, MASK={"lstrip": True})
    modern = whole(model, added, {"type": "NFC"}, BYTE_LEVEL, template(["[CLS]"], ["[SEP]"], ids))
    roles = dict(zip(["unk_token", "cls_token", "sep_token", "pad_token", "mask_token"], names))
    out.append(Base("modernbert", ["modernbert"], ["PreTrainedTokenizerFast"], modern, roles, group="bytes"))

    plain = dict(normalization_rule_name="identity", remove_extra_whitespaces=False)
    proto, pieces = sentencepieces("bpe", size=480, byte_fallback=True, **plain)
    model = spm_bpe(pieces, "<unk>")
    ids, added = specials(model, ["<unk>", "<s>", "</s>"])
    roles = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}
    legacy = {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "▁"}, REPLACE]}
    llama = whole(model, added, legacy, None, template(["<s>"], [], ids))
    first = whole(model, added, None, metaspace("first", False), template(["<s>"], [], ids))
    never = whole(model, added, {"type": "Sequence", "normalizers": [REPLACE]}, None, template(["<s>"], [], ids))
    for name, layout in (("llama", llama), ("llama_first", first), ("llama_never", never)):
        out.append(Base(name, ["llama"], ["LlamaTokenizer"], layout, roles, {"tokenizer.model": proto}, "llama"))
    out.append(Base("mistral", ["mistral", "phi3", "ministral"], ["LlamaTokenizer"], llama, roles, group="aside"))
    proto, pieces = sentencepieces("bpe", size=480, byte_fallback=True, pad_id=0, eos_id=1, bos_id=2, unk_id=3, bos_piece="<bos>", eos_piece="<eos>",
                                   user_defined_symbols="<mask>,<start_of_turn>", add_dummy_prefix=False, **plain)
    model = spm_bpe(pieces, "<unk>")
    names = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>", "<start_of_turn>"]
    ids, added = specials(model, names)
    roles = {"bos_token": "<bos>", "eos_token": "<eos>", "unk_token": "<unk>", "pad_token": "<pad>"}
    gemma = whole(model, added, REPLACE, {"type": "Split", "pattern": {"String": " "}, "behavior": "MergedWithPrevious", "invert": False}, template(["<bos>"], [], ids))
    out.append(Base("gemma", ["gemma", "gemma2", "gemma3_text", "t5gemma"], ["GemmaTokenizer"], gemma, roles, {"tokenizer.model": proto}, "gemma"))

    white = sequence({"type": "WhitespaceSplit"}, metaspace())
    proto, pieces = sentencepieces("unigram", pad_id=0, eos_id=1, unk_id=2, bos_id=-1)
    sentinels = [f"<extra_id_{i}>" for i in range(100)]
    model = unigram(pieces + [(s, 0.0) for s in reversed(sentinels)], 2)
    ids, added = specials(model, ["<pad>", "</s>", "<unk>"] + sentinels[::-1])
    t5 = whole(model, added, charsmap(proto), white, template([], ["</s>"], ids))
    roles = {"eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>"}
    out.append(Base("t5", ["t5", "mt5"], ["T5Tokenizer"], t5, roles, {"spiece.model": proto}, "t5"))
    out.append(Base("umt5", ["umt5"], ["T5Tokenizer"], t5, roles, group="aside"))
    proto, pieces = sentencepieces("unigram")
    fairseq = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)] + pieces[3:]
    roles = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "sep_token": "</s>", "pad_token": "<pad>", "cls_token": "<s>", "mask_token": "<mask>"}
    model = unigram(fairseq + [("<mask>", 0.0)], 3)
    ids, added = specials(model, list(dict.fromkeys(roles.values())), mask={"lstrip": True})
    xlmr = whole(model, added, charsmap(proto), white, template(["<s>"], ["</s>"], ids))
    file = {"sentencepiece.bpe.model": proto}
    out.append(Base("xlmr", ["xlm-roberta", "bert"], ["XLMRobertaTokenizer"], xlmr, roles, file, "unigram"))
    out.append(Base("xlmr_xl", ["xlm-roberta-xl"], ["XLMRobertaTokenizer"], xlmr, roles, group="aside"))
    odd = [("<s>NOTUSED", 0.0), ("<pad>", 0.0), ("</s>NOTUSED", 0.0), ("<unk>", 0.0), ("<unk>NOTUSED", -100.0)] + pieces[1:] + [("<mask>", 0.0)]
    model = unigram(odd, 3)
    ids, added = specials(model, ["<s>NOTUSED", "<pad>", "</s>NOTUSED", "<unk>", "<unk>NOTUSED", "<s>", "</s>", "<mask>"], mask={"lstrip": True})
    out.append(Base("camembert", ["camembert"], ["CamembertTokenizer"], whole(model, added, charsmap(proto), white, template(["<s>"], ["</s>"], ids)), roles, file, "unigram"))
    many = {"mbart": (MBART, "MBartTokenizer", [], ["</s>", "en_XX"], white), "mbart50": (MBART50, "MBart50Tokenizer", ["en_XX"], ["</s>"], metaspace())}
    for name, (languages, cls, before, after, pre) in many.items():
        model = unigram(fairseq + [(code, 0.0) for code in languages] + [("<mask>", 0.0)], 3)
        normalizer = {"type": "Sequence", "normalizers": [charsmap(proto), {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "}]}
        ids, added = specials(model, ["<s>", "<pad>", "</s>", "<unk>"] + languages + ["<mask>"], mask={"lstrip": True})
        out.append(Base(name, ["mbart"], [cls], whole(model, added, normalizer if name == "mbart50" else None, pre, template(before, after, ids)), roles, file, "languages"))
    proto2, pieces2 = sentencepieces("bpe", size=300)
    model = spm_bpe([("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)] + pieces2[3:], "<unk>") | {"byte_fallback": False}
    last = max(model["vocab"].values()) + 1
    ids, added = specials(model, ["<s>", "<pad>", "</s>", "<unk>"])
    added += [{"id": last + k} | token(code) for k, code in enumerate(NLLB + ["<mask>"])]
    ids = ids | {t["content"]: t["id"] for t in added}
    out.append(Base("nllb", ["m2m_100"], ["NllbTokenizer"], whole(model, added, {"type": "Sequence", "normalizers": [charsmap(proto2), {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "}]}, metaspace(), template(["eng_Latn"], ["</s>"], ids)), roles, group="languages"))
    proto, pieces = sentencepieces("unigram", pad_id=0, unk_id=1, bos_id=-1, eos_id=-1, control_symbols="[CLS],[SEP],[MASK]")
    ids, added = specials(unigram(pieces, 1), ["<pad>", "<unk>", "[CLS]", "[SEP]", "[MASK]"], MASK={"lstrip": True})
    roles = {"bos_token": "[CLS]", "eos_token": "[SEP]", "unk_token": "<unk>", "sep_token": "[SEP]", "pad_token": "<pad>", "cls_token": "[CLS]", "mask_token": "[MASK]"}
    normalizer = {"type": "Sequence", "normalizers": [{"type": "Replace", "pattern": {"String": "``"}, "content": '"'},
                                                      {"type": "Replace", "pattern": {"String": "''"}, "content": '"'},
                                                      {"type": "NFKD"}, {"type": "StripAccents"}, {"type": "Lowercase"}, charsmap(proto)]}
    out.append(Base("albert", ["albert"], ["AlbertTokenizer"], whole(unigram(pieces, 1), added, normalizer, white, template(["[CLS]"], ["[SEP]"], ids)),
                    roles, {"spiece.model": proto}, "unigram"))
    brackets = dict(pad_piece="[PAD]", bos_piece="[CLS]", eos_piece="[SEP]", unk_piece="[UNK]")
    proto, pieces = sentencepieces("unigram", pad_id=0, bos_id=1, eos_id=2, unk_id=3, normalization_rule_name="identity", **brackets)
    ids, added = specials(unigram(pieces, 3), ["[PAD]", "[CLS]", "[SEP]", "[UNK]"])
    added += [{"id": len(pieces)} | token("[MASK]")]
    roles = {"bos_token": "[CLS]", "eos_token": "[SEP]", "unk_token": "[UNK]", "sep_token": "[SEP]", "pad_token": "[PAD]", "cls_token": "[CLS]", "mask_token": "[MASK]"}
    normalizer = {"type": "Sequence", "normalizers": [{"type": "Replace", "pattern": {"Regex": "\\s{2,}|[\\n\\r\\t]"}, "content": " "}, {"type": "NFC"},
                                                      {"type": "Strip", "strip_left": False, "strip_right": True}]}
    out.append(Base("deberta", ["deberta-v2"], ["DebertaV2Tokenizer"], whole(unigram(pieces, 3), added, normalizer, sequence(metaspace()),
                                                                            template(["[CLS]"], ["[SEP]"], ids)), roles, {"spm.model": proto}, "unigram"))
    return out


# ---- what people have beside it


def typed(content, **flags):
    entry = {"__type": "AddedToken"} | token(content, **flags)
    entry.pop("special")
    return entry


def draw(base, rng):
    """The files of one layout, and in words what is odd in it."""
    said, maybe = [], lambda p: rng.random() < p
    tokenizer = copy.deepcopy(base.tokenizer)
    vocab = tokenizer["model"]["vocab"]
    known = set(vocab) if isinstance(vocab, dict) else {piece for piece, _ in vocab}
    config = {"model_type": rng.choice(base.kinds)}
    settings = {}
    whose = rng.random()
    cls = rng.choice(base.classes)
    if whose < 0.6:
        settings["tokenizer_class"] = cls + ("Fast" if maybe(0.4) and not cls.endswith("Fast") else "")
    elif whose < 0.72:
        config["tokenizer_class"] = cls
    elif whose < 0.82:
        settings["tokenizer_class"] = "PreTrainedTokenizerFast"
    said.append(settings.get("tokenizer_class") or f"config {config.get('tokenizer_class')}")
    # what stands in tokenizer.json's own list
    kind = rng.random()
    if kind < 0.15:
        dropped = rng.choice(tokenizer["added_tokens"])["content"]
        if dropped in known:
            tokenizer["added_tokens"] = [t for t in tokenizer["added_tokens"] if t["content"] != dropped]
            said.append(f"json lacks {dropped}")
    elif kind < 0.22 and all(t["content"] in known for t in tokenizer["added_tokens"]):
        tokenizer["added_tokens"] = []
        said.append("json lacks all")
    elif kind < 0.3:
        rng.choice(tokenizer["added_tokens"]).update(rng.choice([{"lstrip": True}, {"rstrip": True}, {"single_word": True}, {"normalized": True}]))
        said.append("odd flags in json")
    listed = {t["content"]: t for t in tokenizer["added_tokens"]}
    # tokens with a role
    for role, content in base.roles.items():
        chance = rng.random()
        if chance < 0.55:
            settings[role] = content
        elif chance < 0.62 and content:
            settings[role] = typed(content, **rng.choice([{}, {"lstrip": True}, {"normalized": True}, {"rstrip": True}]))
            said.append(f"{role} with flags")
    if maybe(0.05) and base.roles.get("mask_token"):
        settings["mask_token"] = "<ent>"
        said.append("another mask")
    # more tokens
    extra = rng.choice(["<ent>", "[ENT]", "newtok", "<ENT>"])
    if maybe(0.12):
        settings["additional_special_tokens"] = [extra] if maybe(0.6) else [typed(extra, lstrip=True)]
        said.append(f"additional {extra}")
    elif maybe(0.08):
        settings["extra_special_tokens"] = [extra] if maybe(0.5) else {"entity_token": extra}
        said.append(f"extra {extra}")
    if maybe(0.3):
        decoder = {str(t["id"]): {key: value for key, value in t.items() if key != "id"} for t in listed.values()}
        if maybe(0.5):
            size = max([len(vocab)] + [int(i) + 1 for i in decoder])
            decoder[str(size)] = token(extra, **rng.choice([{}, {"special": False}, {"special": False, "normalized": True}, {"lstrip": True}, {"single_word": True}]))
            said.append(f"decoder adds {extra}")
        if decoder and maybe(0.3):
            rng.choice(list(decoder.values())).update(rng.choice([{"lstrip": True}, {"rstrip": True}, {"single_word": True}]))
            said.append("decoder has other flags")
        settings["added_tokens_decoder"] = decoder
    files = {}
    if maybe(0.25):
        mapped = {role: content for role, content in base.roles.items() if content and maybe(0.6)}
        if maybe(0.3) and mapped:
            role = rng.choice(list(mapped))
            mapped[role] = {key: value for key, value in token(mapped[role], lstrip=maybe(0.5)).items() if key != "special"}
        if maybe(0.2):
            mapped["additional_special_tokens"] = [extra]
        files["special_tokens_map.json"] = mapped
        said.append("special_tokens_map.json")
        for role in mapped:
            if maybe(0.5):
                settings.pop(role, None)
    if maybe(0.1):
        inside = sorted(known - set(listed))
        size = max([len(vocab)] + [t["id"] + 1 for t in listed.values()])
        files["added_tokens.json"] = {extra: size} if maybe(0.6) or not isinstance(vocab, dict) else {(chosen := rng.choice(inside)): vocab[chosen]}
        said.append(f"added_tokens.json {files['added_tokens.json']}")
    if maybe(0.06):
        settings["split_special_tokens"] = True
        said.append("split_special_tokens")
    # what the classes heed
    def flag(name, values, chance=0.4):
        if maybe(chance):
            settings[name] = rng.choice(values)
            said.append(f"{name}={settings[name]}")
    if base.group == "bert":
        flag("do_lower_case", [True, False])
        flag("strip_accents", [True, False, None], 0.3)
        flag("tokenize_chinese_chars", [True, False], 0.2)
        if maybe(0.15):
            tokenizer["normalizer"]["strip_accents"] = rng.choice([True, False])
            said.append("json strips accents or not")
    if base.group in ("bytes", "aside"):
        flag("add_prefix_space", [True, False, True], 0.4)
        flag("trim_offsets", [True, False], 0.1)
        if maybe(0.2) and tokenizer["pre_tokenizer"] and tokenizer["pre_tokenizer"]["type"] == "ByteLevel":
            tokenizer["pre_tokenizer"]["add_prefix_space"] = True
            said.append("json adds a space")
    if base.group in ("llama", "aside", "bytes", "gemma"):
        flag("add_bos_token", [True, False], 0.3)
        flag("add_eos_token", [True, False], 0.2)
    if base.group == "llama":
        flag("legacy", [True, False], 0.4)
        flag("add_prefix_space", [True, False, None], 0.3)
    if base.group == "unigram":
        flag("do_lower_case", [True, False], 0.2)
        flag("keep_accents", [True, False], 0.2)
        flag("split_by_punct", [True, False], 0.2)
        flag("add_prefix_space", [True, False], 0.1)
    if base.group == "t5":
        flag("extra_ids", [100, 0], 0.4)
    if base.group == "languages":
        mine = NLLB if base.name == "nllb" else MBART if base.name == "mbart" else MBART50
        flag("src_lang", mine[:4] + [None], 0.6)
        flag("tgt_lang", mine[:4], 0.3)
        if base.name == "nllb":
            flag("legacy_behaviour", [True, False], 0.4)
        if maybe(0.3):
            ids = {t["content"]: t["id"] for t in base.tokenizer["added_tokens"]}
            code = rng.choice(mine[:4])
            tokenizer["post_processor"] = template([], ["</s>", code], ids) if maybe(0.5) else template([code], ["</s>"], ids)
            said.append(f"json's template has {code}")
    files["tokenizer.json"] = tokenizer
    alone = base.files and base.group != "aside" and maybe(0.12)
    if base.files and (alone or maybe(0.4)):
        files |= base.files
        said.append("vocabulary beside it")
        if alone:
            del files["tokenizer.json"]
            said.append("no tokenizer.json")
    files["config.json"] = config
    if maybe(0.92) or settings.get("tokenizer_class"):
        files["tokenizer_config.json"] = settings
    return files, said


def make(folder, count, seed):
    few_rules()
    rng = random.Random(seed)
    every = bases()
    told = {}
    for k in range(count):
        base = every[k % len(every)]
        files, said = draw(base, rng)
        place = folder / f"{k:04}_{base.name}"
        place.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            data = content if isinstance(content, bytes) else content.encode() if isinstance(content, str) else json.dumps(content, ensure_ascii=False).encode()
            (place / name).write_bytes(data)
        told[place.name] = f"{files['config.json']['model_type']}: " + "; ".join(map(str, said))
    (folder / "told.json").write_text(json.dumps(told, indent=0, ensure_ascii=False))


def read(folder, out):
    import logging
    import transformers
    transformers.logging.set_verbosity_error()
    logging.disable(logging.CRITICAL)
    found = {}
    for place in sorted(folder.iterdir()):
        if place.is_dir():
            try:
                tokenizer = transformers.AutoTokenizer.from_pretrained(place)
                found[place.name] = {"class": type(tokenizer).__name__, "tokens": [tokenizer(s)["input_ids"] for s in SENTENCES]}
            except Exception as error:  # whatever it is: this release does not read the layout
                found[place.name] = {"error": f"{type(error).__name__}: {str(error)[:200]}"}
    out.write_text(json.dumps({"transformers": transformers.__version__, "found": found}))


def agreed(old, new):
    """Layouts with the tokens of the sentences that both releases read alike; `None` for another."""
    for name in sorted(new["found"]):
        a, b = old["found"][name], new["found"][name]
        if "tokens" in a and "tokens" in b:
            tokens = [x if x == y else None for x, y in zip(a["tokens"], b["tokens"])]
            if any(t is not None for t in tokens[:-1]):
                yield name, tokens


def compare(folder, old, new, program, extra=()):
    told = json.loads((folder / "told.json").read_text())
    counts, refused = collections.Counter(), collections.Counter()
    agree = dict(agreed(old, new))
    if True:
        for name in sorted(new["found"]):
            run = subprocess.run([program, "tokens", str(folder / name), "--json", *(s for s in SENTENCES)], capture_output=True, text=True)
            expected = agree.get(name)
            both = expected is not None
            if run.returncode:
                said = run.stderr.strip().replace(str(folder / name), "DIR")
                counts["refused where they agree" if both else "refused elsewhere"] += 1
                refused[said.splitlines()[0] if said else "?"] += 1
                if "hint:" not in said or "error:" not in said:
                    print(name, "REFUSED WITHOUT A HINT", said)
                continue
            tokens = [[token["id"] for token in sentence["tokens"]] for sentence in json.loads(run.stdout)["sentences"]]
            if both:
                apart = [k for k, want in enumerate(expected) if want is not None and tokens[k] != want]
                counts["WRONG" if apart else "right"] += 1
                counts["right, and they agree on every sentence"] += not apart and None not in expected
                counts["sentences compared"] += sum(want is not None for want in expected)
                for k in apart[:1]:
                    print(f"{name}: {told[name]}\n   {SENTENCES[k]!r}\n     probe        {tokens[k]}\n     transformers {expected[k]}")
            if not both or None in expected:
                a, b = old["found"][name], new["found"][name]
                which = "as 4" if tokens == a.get("tokens") else "as 5" if tokens == b.get("tokens") else "as neither"
                counts[f"they disagree: {which}" + (" (4 fails)" if "error" in a else "") + (" (5 fails)" if "error" in b else "")] += 1
                if "--neither" in extra and which == "as neither" and "error" not in a:
                    k = next(k for k in range(len(tokens)) if tokens[k] != a["tokens"][k])
                    print(f"NEITHER {name}: {told[name]}\n   {SENTENCES[k]!r}\n     probe {tokens[k]}\n     4 {a['tokens'][k]}\n     5 {b.get('tokens', [[]] * 20)[k]}")
    print(json.dumps(counts, indent=1), json.dumps(refused, indent=1))
    sys.exit(counts["WRONG"] > 0)


def freeze(folder, old, new, most=150):
    """As many layouts of every kind as fit, with what both releases read."""
    chosen, per = [], collections.Counter()
    for name, tokens in agreed(old, new):
        kind = name.split("_", 1)[1]
        if per[kind] < most // 30:
            per[kind] += 1
            chosen.append((name, tokens))
    out = Path(__file__).with_suffix(".zip")
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        def write(name, data):
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED, 9)
        write("cases.json", json.dumps({"sentences": SENTENCES, "cases": dict(chosen)}))
        for name, _ in chosen:
            for file in sorted((folder / name).iterdir()):
                write(f"{name}/{file.name}", file.read_bytes())
    print(len(chosen), "layouts", out.stat().st_size, "bytes")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("verb", choices=["make", "read", "compare", "freeze"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("rest", nargs="*")
    parser.add_argument("--count", type=int, default=720)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--neither", action="store_true")
    args = parser.parse_args()
    loaded = lambda path: json.loads(Path(path).read_text())
    if args.verb == "make":
        make(args.folder, args.count, args.seed)
    elif args.verb == "read":
        read(args.folder, Path(args.rest[0]))
    elif args.verb == "compare":
        compare(args.folder, loaded(args.rest[0]), loaded(args.rest[1]), args.rest[2], ["--neither"] if args.neither else [])
    else:
        freeze(args.folder, loaded(args.rest[0]), loaded(args.rest[1]))
