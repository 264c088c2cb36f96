"""Freezes tokens and offsets that the Python tokenizers library gives 27 odd strings, with tokenizers in the layouts of Llama 2 and 3, Qwen,
Gemma, RoBERTa, T5 and XLM-R and with patterns that engines read in different ways; and how many characters Oniguruma has in sets
that are named alike elsewhere. Vocabularies are trained here. Writes tokenizer_texts.zip.

    python tests/golden/tokenizer_texts.py      # made with tokenizers 0.23.3, sentencepiece 0.2.3
"""

import json
import zipfile
from pathlib import Path

import tokenizer_layouts as layouts
from tokenizers import Regex, Tokenizer, normalizers

TEXTS = [
    "The quick brown fox; don't SHOUT, I'll've 12,345.67 $5 1234567890!", "  leading, trailing  ", "tabs\tand\nlines\r\nand\x0bvertical\x0cfeeds",
    "\u00a0nbsp\u202fthin\u3000ideographic\u2003em\u200bzero\u2060width", "Élan vital, naïve façade; ÅNGSTRÖM ﬁne", "e\u0301a\u0300 n\u0303 (decomposed) \u1e9b\u0323",
    "日本語の文、漢字とカナ。 한국어 ไทย", "عربي مع تَشْكِيل و‌فاصل‍ة", "हिन्दी में क्‍ष और क्ष", "emoji 🙂👩\u200d👩\u200d👧🏽 🇫🇷 ☝🏿 end", "²³¹ ½¼¾ Ⅷ ⅻ ① ㊿ ٣٤٥ ৪৫ 𝟘𝟙",
    "İstanbul ıI ẞ ß ŒUVRE ŉ ǆ ﬀ ﬆ", "ſhip Kelvin K Ångström Å 'ſ 'S 'LL", "snake_case kebab-case a__b _x_ ‿⁀ ﹍", "\ufeffBOM \ufffd \ufffe\uffff \U0010ffff \U000e0001tag", "\x00\x01\x1f\x7f\x85 control",
    "a" * 70, "ha" * 30 + " " * 40 + "x", "https://x.y/z?q=1&r=%20#f user@host.tld C:\\dir", "``quotes'' \"x\" «y» „z“ ‚w‘ ’tis", "▁under ▁▁line ▁ ", "math ∑∫√≤≠∞ ℝ ℕ 𝒜𝔅ℭ x²+y²=z²",
    "ⓐⓑ Ⓩ 🅰🅱 ㋐ ꙮ ﷽ ﷺ", "ǅ Ǆ ﬁ ﬂ ﬃ Ǳ", "Zalgo t̸̢͘ë̶̝́x̵̡̌t̷̨͊", "mixed ٱلعَرَبِيَّة and עִבְרִית with\u200fmarks\u200e", "",
]
SETS = [r"\p{L}", r"\p{N}", r"\p{M}", r"\p{P}", r"\p{S}", r"\p{Z}", r"\s", r"\d", r"\w", r"\W", r"\h", r"\p{Lu}", r"\p{Ll}", r"\p{Lt}", r"\p{Lm}", r"\p{Lo}", r"\p{LC}", r"\p{Nd}",
        r"\p{Nl}", r"\p{No}", r"\p{Pc}", r"\p{Zs}", r"\p{Mn}", r"\p{Sc}", r"\p{Cc}", r"\p{Cf}", r"\p{Cn}", r"\p{C}", r"\p{Han}", r"\p{Hiragana}", r"\p{Katakana}", r"\p{Latin}", r"\p{Cyrillic}", r"\p{Greek}",
        r"\p{Arabic}", r"\p{Hebrew}", r"\p{Thai}", r"\p{Hangul}", r"\p{Devanagari}", r"\p{Alphabetic}", r"\p{Alpha}", r"\p{Digit}", r"\p{Space}", r"\p{Word}", r"\p{Punct}",
        r"\p{PosixPunct}", r"\p{Upper}", r"\p{Lower}", r"\p{White_Space}", r"\p{Letter}", r"\p{Any}", r"\p{^L}", r"\P{N}", r"[[:alpha:]]", r"[[:alnum:]]", r"[[:blank:]]",
        r"[[:cntrl:]]", r"[[:digit:]]", r"[[:graph:]]", r"[[:lower:]]", r"[[:print:]]", r"[[:punct:]]", r"[[:space:]]", r"[[:upper:]]", r"[[:xdigit:]]", r"[[:word:]]", r"[[:^alpha:]]", r"[^[:alpha:]]",
        r"[\w&&[^\d]]", r"[^\s\p{L}\p{N}]", r".", r"(?m:.)", r"\N", r"\O", r"[\u4e00-\u9fff]", r"[a-z&&[^b]]", r"(?i:k)", r"(?i:[a-z])", r"(?i:s)"]
PATTERNS = [
    r"\p{N}{1,3}+", r"\p{N}{2}+|\p{L}{2,3}+", r"\w+|[^\w\s]+", r"[[:alpha:]]+|[[:punct:]]", r"\b\w", r"\B.", r"(?<=\s)\S|^\S", r"^\s*|\S+$", r"a(?i)b|c|the", r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|\p{L}+",
    r"\d{1,3}(?=(?:\d{3})*\b)", r"\h+|\H", r"[\p{Han}\p{Katakana}]+|[^\p{Han}]", r"\R|\N+", r"(?>\s+)(?=\S)|\S+", r"\p{L}\p{M}*+", r"\s++|\S", r"a{2}?", r"(?m:x.y)|.", r"[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+",
    r" ?[^(\s|[.,!?…。，、।۔،])]+", r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    r"[\w-]+|[\]\[{}()]|\\", r"(?#any)\S+?(?=\s|$)", r"(?<word>\w)(?'gap'\W)", r"x*y*", r"\Z|\z|\A",
]


def pieces(pattern, text):
    split = {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}
    return Tokenizer.from_str(json.dumps(WHOLE_PIECES | {"pre_tokenizer": split})).encode(text).offsets


layouts.MORE = 700
layouts.TEXT += [text for text in TEXTS if text] * 2
# Every piece is the unknown token: their places are where the pattern has cut.
WHOLE_PIECES = layouts.whole({"type": "WordLevel", "vocab": {"?": 0}, "unk_token": "?"}, [])
wanted = ["llama", "llama_first", "llama3", "qwen", "gemma", "roberta", "t5", "xlmr", "gpt2", "neox", "smollm", "bert_True", "deberta", "bloom", "falcon"]
cases = {}
for base in layouts.bases():
    if base.name in wanted:
        tokenizer = Tokenizer.from_str(json.dumps(base.tokenizer))
        encoded = [tokenizer.encode(text) for text in TEXTS]
        cases[base.name] = {"tokenizer": base.tokenizer, "tokens": [e.ids for e in encoded], "offsets": [e.offsets for e in encoded]}
missing = set(wanted) - set(cases)
assert not missing, missing
patterns = {pattern: [pieces(pattern, text) for text in TEXTS] for pattern in PATTERNS}
characters = "".join(chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000)
counts = {}
for name in SETS:
    left = normalizers.Replace(Regex(name), "").normalize_str(characters)
    gone = sorted(set(characters) - set(left))
    # The count, and a sum that tells two sets of one size apart.
    counts[name] = [len(gone), sum(map(ord, gone)) % 1_000_000_007]
out = Path(__file__).with_suffix(".zip")
with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
    archive.writestr(zipfile.ZipInfo("texts.json"), json.dumps({"texts": TEXTS, "cases": cases, "patterns": patterns, "sets": counts}), zipfile.ZIP_DEFLATED, 9)
print(len(TEXTS), "texts", len(cases), "tokenizers", len(patterns), "patterns", len(counts), "sets", out.stat().st_size, "bytes")
