//! Which class of Hugging Face transformers reads a tokenizer's files, and what it does with them.
//!
//! The classes and what each has by default are those of transformers 4.57 (`models/*/tokenization_*_fast.py`); which class it
//! is follows 5.24 (`models/auto/tokenization_auto.py`), which puts the class of the settings aside for some types of models.

use super::error::Result;
use super::languages::{MBART, MBART_50, NLLB};
use super::settings::{SETTINGS, Settings};

/// What a class does with what stands in `tokenizer.json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Takes it as it is.
    AsIs,
    /// Sets letter case, accents and Chinese characters of the normalizer.
    Bert,
    /// The same, but for Chinese characters.
    Mpnet,
    /// Sets whether a space is put before the text.
    Prefix,
    /// That, and how offsets are trimmed.
    Roberta,
    /// That of `Prefix`, and what stands around the sentence.
    Neox,
    /// Sets whether a space is put before the text, where the settings say so.
    Llama,
    /// Has sentinels.
    T5,
    /// Puts the end and the language after the sentence.
    Mbart,
    /// Puts the language before the sentence and the end after it.
    Mbart50,
    /// Puts the language before the sentence, or as it was done before 2023.
    Nllb,
    /// Reads the model of sentencepiece, whatever `tokenizer.json` says.
    M2m100,
}

/// Where the mask of a class is looked for, unless the settings say otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Search {
    /// In the text as it is written.
    Written,
    /// After the text is normalized.
    Normalized,
}

/// A class.
#[derive(Debug, Clone, Copy)]
pub(super) struct Class {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// The tokens that it has by their roles.
    pub(super) roles: &'static [(&'static str, &'static str)],
    /// Where the mask is looked for, if it takes in the blank before it.
    pub(super) mask: Option<Search>,
}

/// The roles that tokens can have, in the order in which they are added.
pub(super) const ROLES: [&str; 7] =
    ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"];

const BERT: &[(&str, &str)] = &[
    ("unk_token", "[UNK]"),
    ("sep_token", "[SEP]"),
    ("pad_token", "[PAD]"),
    ("cls_token", "[CLS]"),
    ("mask_token", "[MASK]"),
];
const MPNET: &[(&str, &str)] = &[
    ("bos_token", "<s>"),
    ("eos_token", "</s>"),
    ("unk_token", "[UNK]"),
    ("sep_token", "</s>"),
    ("pad_token", "<pad>"),
    ("cls_token", "<s>"),
    ("mask_token", "<mask>"),
];
const GPT2: &[(&str, &str)] =
    &[("bos_token", "<|endoftext|>"), ("eos_token", "<|endoftext|>"), ("unk_token", "<|endoftext|>")];
const QWEN2: &[(&str, &str)] =
    &[("eos_token", "<|endoftext|>"), ("unk_token", "<|endoftext|>"), ("pad_token", "<|endoftext|>")];
const ROBERTA: &[(&str, &str)] = &[
    ("bos_token", "<s>"),
    ("eos_token", "</s>"),
    ("unk_token", "<unk>"),
    ("sep_token", "</s>"),
    ("pad_token", "<pad>"),
    ("cls_token", "<s>"),
    ("mask_token", "<mask>"),
];
const MBART_50_ROLES: &[(&str, &str)] = &[
    ("eos_token", "</s>"),
    ("unk_token", "<unk>"),
    ("sep_token", "</s>"),
    ("pad_token", "<pad>"),
    ("cls_token", "<s>"),
    ("mask_token", "<mask>"),
];
const LLAMA: &[(&str, &str)] = &[("bos_token", "<s>"), ("eos_token", "</s>"), ("unk_token", "<unk>")];
const GEMMA: &[(&str, &str)] =
    &[("bos_token", "<bos>"), ("eos_token", "<eos>"), ("unk_token", "<unk>"), ("pad_token", "<pad>")];
const COHERE: &[(&str, &str)] =
    &[("bos_token", "<BOS_TOKEN>"), ("eos_token", "<|END_OF_TURN_TOKEN|>"), ("unk_token", "<UNK>")];
const T5: &[(&str, &str)] = &[("eos_token", "</s>"), ("unk_token", "<unk>"), ("pad_token", "<pad>")];
const ALBERT: &[(&str, &str)] = &[
    ("bos_token", "[CLS]"),
    ("eos_token", "[SEP]"),
    ("unk_token", "<unk>"),
    ("sep_token", "[SEP]"),
    ("pad_token", "<pad>"),
    ("cls_token", "[CLS]"),
    ("mask_token", "[MASK]"),
];
const DEBERTA_V2: &[(&str, &str)] = &[
    ("bos_token", "[CLS]"),
    ("eos_token", "[SEP]"),
    ("unk_token", "[UNK]"),
    ("sep_token", "[SEP]"),
    ("pad_token", "[PAD]"),
    ("cls_token", "[CLS]"),
    ("mask_token", "[MASK]"),
];

const fn class(name: &'static str, kind: Kind, roles: &'static [(&'static str, &'static str)]) -> Class {
    Class { name, kind, roles, mask: None }
}

const fn masked(
    name: &'static str,
    kind: Kind,
    roles: &'static [(&'static str, &'static str)],
    mask: Search,
) -> Class {
    Class { name, kind, roles, mask: Some(mask) }
}

/// No class of its own.
const PLAIN: Class = class("PreTrainedTokenizerFast", Kind::AsIs, &[]);

const CLASSES: &[Class] = &[
    PLAIN,
    class("PreTrainedTokenizer", Kind::AsIs, &[]),
    class("TokenizersBackend", Kind::AsIs, &[]),
    class("BloomTokenizer", Kind::AsIs, &[]),
    class("BertTokenizer", Kind::Bert, BERT),
    class("DistilBertTokenizer", Kind::Bert, BERT),
    class("ElectraTokenizer", Kind::Bert, BERT),
    class("MobileBertTokenizer", Kind::Bert, BERT),
    class("ConvBertTokenizer", Kind::Bert, BERT),
    class("SqueezeBertTokenizer", Kind::Bert, BERT),
    class("LxmertTokenizer", Kind::Bert, BERT),
    class("LayoutLMTokenizer", Kind::Bert, BERT),
    masked("MPNetTokenizer", Kind::Mpnet, MPNET, Search::Written),
    class("GPT2Tokenizer", Kind::Prefix, GPT2),
    class("CodeGenTokenizer", Kind::Prefix, GPT2),
    class("GPTNeoXTokenizer", Kind::Neox, GPT2),
    class("Qwen2Tokenizer", Kind::AsIs, QWEN2),
    masked("RobertaTokenizer", Kind::Roberta, ROBERTA, Search::Written),
    masked("LongformerTokenizer", Kind::Roberta, ROBERTA, Search::Written),
    masked("BartTokenizer", Kind::Roberta, ROBERTA, Search::Normalized),
    masked("LEDTokenizer", Kind::Roberta, ROBERTA, Search::Normalized),
    masked("MvpTokenizer", Kind::Roberta, ROBERTA, Search::Written),
    class("LlamaTokenizer", Kind::Llama, LLAMA),
    class("GemmaTokenizer", Kind::AsIs, GEMMA),
    class("CohereTokenizer", Kind::AsIs, COHERE),
    class("T5Tokenizer", Kind::T5, T5),
    class("MT5Tokenizer", Kind::T5, T5),
    masked("XLMRobertaTokenizer", Kind::AsIs, ROBERTA, Search::Written),
    masked("CamembertTokenizer", Kind::AsIs, ROBERTA, Search::Written),
    masked("BarthezTokenizer", Kind::AsIs, ROBERTA, Search::Written),
    masked("AlbertTokenizer", Kind::AsIs, ALBERT, Search::Written),
    class("DebertaV2Tokenizer", Kind::AsIs, DEBERTA_V2),
    masked("MBartTokenizer", Kind::Mbart, ROBERTA, Search::Written),
    masked("MBart50Tokenizer", Kind::Mbart50, MBART_50_ROLES, Search::Written),
    masked("NllbTokenizer", Kind::Nllb, ROBERTA, Search::Normalized),
    class("M2M100Tokenizer", Kind::M2m100, &ROBERTA.split_at(5).0),
];

/// Classes that are programs of their own: they cut words with MeCab, a table of rules or characters, and read other files.
const PROGRAMS: &str = "BartphoTokenizer BertGenerationTokenizer BertJapaneseTokenizer BertweetTokenizer BioGptTokenizer \
    BlenderbotSmallTokenizer ByT5Tokenizer CanineTokenizer ClvpTokenizer CpmAntTokenizer CpmTokenizer CTRLTokenizer DiaTokenizer \
    ErnieMTokenizer EsmTokenizer FlaubertTokenizer FSMTTokenizer GPTNeoXJapaneseTokenizer GPTSanJapaneseTokenizer \
    GPTSw3Tokenizer JukeboxTokenizer MarianTokenizer MgpstrTokenizer MyT5Tokenizer PerceiverTokenizer PhobertTokenizer \
    PLBartTokenizer ProphetNetTokenizer RagTokenizer RoCBertTokenizer SiglipTokenizer Speech2Text2Tokenizer \
    Speech2TextTokenizer SpeechT5Tokenizer TapasTokenizer TapexTokenizer TransfoXLTokenizer VitsTokenizer \
    Wav2Vec2CTCTokenizer Wav2Vec2PhonemeCTCTokenizer XLMProphetNetTokenizer XLMTokenizer";

/// Classes that set more than is known here.
const OTHERS: &str = "BigBirdTokenizer BlenderbotTokenizer CLIPTokenizer CodeLlamaTokenizer DPRContextEncoderTokenizer \
    DPRQuestionEncoderTokenizer DPRReaderTokenizer DebertaTokenizer EsmcTokenizer FNetTokenizer FunnelTokenizer HerbertTokenizer \
    LasrTokenizer LayoutLMv2Tokenizer LayoutLMv3Tokenizer LayoutXLMTokenizer LukeTokenizer MLukeTokenizer MarkupLMTokenizer \
    NougatTokenizer OpenAIGPTTokenizer ParakeetTokenizer PegasusTokenizer Qwen3_5Tokenizer RealmTokenizer ReformerTokenizer \
    RemBertTokenizer RetriBertTokenizer RoFormerTokenizer SeamlessM4TTokenizer Siglip2Tokenizer SplinterTokenizer \
    Tipsv2Tokenizer UdopTokenizer VideoPrismTokenizer WhisperTokenizer XGLMTokenizer XLNetTokenizer";

/// The types of models whose settings are known to name a class that does not fit, or that have none of their own: there
/// `tokenizer.json` is read without one.
const SET_ASIDE: &str = "EvollaModel arctic aria beam bigbird_pegasus camembertv2-base canary chatlm cohere_asr ernie4_5 \
    ernie4_5_moe flex_olmo fuyu glm glm4 glm4_moe glm4_moe_lite glm4v glm4v_moe glm_image glmasr got_ocr2 gpt_bigcode \
    gradium_phonon_tts granite granitemoe granitemoehybrid granitemoeshared h2ovl_chat hyperclovax hyperclovax_vlm internlm2 \
    internlm3 iquestcoder jamba kimi_k25 kimi_linear kosmos-2 llava llava_next mimo_v2_flash minicpm3 minicpm_ocr minicpmv \
    minicpmv4_6 minicpmv4_7 minimax_m2 ministral ministral3 mistral mistral3 mistral_large4 mixtral modernbert \
    modernbert-decoder molmo molmo2 nemo_speechlm nemotron nvfp4 nystromformer olmo2 olmo3 olmo_hybrid omniasr opencua openvla \
    paddleocr_vl pegasus_x persimmon phi3 phi3_v phimoe pix2struct pixtral pocket_tts smolvlm stablelm step3_vl umt5 vipllava \
    voxtral voxtral_realtime xlm-roberta-xl";

/// The class of this name, if it is known what it does.
pub(super) fn named(name: &str) -> Option<Class> {
    CLASSES.iter().find(|class| class.name == name).copied()
}

/// What is said where special tokens are cut like other text.
pub(super) fn split_special_tokens() -> (String, String) {
    ("split_special_tokens = true".to_owned(), SETTINGS[0].to_owned())
}

/// The class of a type of models whose settings name none.
pub(super) fn by_model(model_type: &str) -> Option<&'static str> {
    Some(match model_type {
        "bert" | "distilbert" | "electra" => "BertTokenizer",
        "mpnet" => "MPNetTokenizer",
        "gpt2" | "gpt_neo" | "opt" | "phi" => "GPT2Tokenizer",
        "gpt_neox" | "mamba" | "mamba2" | "falcon_mamba" | "olmo" | "olmoe" => "GPTNeoXTokenizer",
        "roberta" => "RobertaTokenizer",
        "bart" => "BartTokenizer",
        "gemma" | "gemma2" | "gemma3" | "gemma3_text" | "t5gemma" => "GemmaTokenizer",
        "qwen2" | "qwen3" => "Qwen2Tokenizer",
        "t5" | "mt5" => "T5Tokenizer",
        "xlm-roberta" => "XLMRobertaTokenizer",
        "camembert" => "CamembertTokenizer",
        "albert" => "AlbertTokenizer",
        "deberta-v2" => "DebertaV2Tokenizer",
        "mbart" => "MBartTokenizer",
        "m2m_100" => "M2M100Tokenizer",
        _ => return None,
    })
}

/// The class that reads a tokenizer, and how that is known.
pub(super) struct Reader {
    pub(super) class: Class,
    /// How that is known, in words.
    pub(super) because: String,
    /// What is not certain about it.
    pub(super) doubt: Option<String>,
}

/// Which class reads the tokenizer of these settings; `json` is `tokenizer.json`, where there is one.
pub(super) fn reader(settings: &Settings<'_>, json: Option<&str>) -> Result<Reader> {
    let is_listed = |list: &str, name: &str| list.split_whitespace().any(|other| other == name);
    let model_type = settings.model_type.as_str();
    let file = settings.class_file;
    let plain = |because: String| Ok(Reader { class: PLAIN, because, doubt: None });
    let Some(name) = settings.class.as_deref() else {
        let by_model = by_model(model_type).filter(|_| !is_listed(SET_ASIDE, model_type));
        let Some(class) = by_model.and_then(named) else {
            return plain("no file names a class".to_owned());
        };
        return Ok(Reader { class, because: format!("config.json: model_type {model_type}"), doubt: None });
    };
    if is_listed(SET_ASIDE, model_type) {
        return plain(format!("{file} names {name}, which is put aside for model_type {model_type}"));
    }
    // That class knows no bytes; whatever names it then means another.
    if name == "LlamaTokenizer" && json.is_some_and(|json| json.contains("\"ByteLevel\"")) {
        return plain(format!("{file} names {name}, which does not read the bytes of this tokenizer.json"));
    }
    let name = if model_type == "qwen2" { "Qwen2Tokenizer" } else { name };
    if let Some(class) = named(name) {
        return Ok(Reader { class, because: format!("{file} names {name}"), doubt: None });
    }
    if is_listed(PROGRAMS, name) {
        return Err(settings.foreign(
            file,
            format!("{name} is a program of its own, which cuts words in ways that are not followed here"),
        ));
    }
    if is_listed(OTHERS, name) {
        return Err(settings.foreign(file, format!("{name} may read this tokenizer in a way of its own")));
    }
    let doubt = format!(
        "{file} names {name}, which is not of transformers: tokenizer.json is read as it is, and no code of the checkpoint is run"
    );
    Ok(Reader { class: PLAIN, because: format!("{file} names {name}"), doubt: Some(doubt) })
}

impl Class {
    /// The token of a role.
    pub(super) fn role(&self, role: &str) -> Option<&'static str> {
        self.roles.iter().find(|(name, _)| *name == role).map(|(_, token)| *token)
    }

    /// The languages whose codes are tokens.
    pub(super) fn languages(&self) -> Vec<&'static str> {
        match self.kind {
            Kind::Mbart => MBART.to_vec(),
            Kind::Mbart50 => MBART.iter().chain(&MBART_50).copied().collect(),
            Kind::Nllb => NLLB.split_whitespace().collect(),
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_is_in_one_list_and_eighty_four_types_are_put_aside() {
        assert_eq!(SET_ASIDE.split_whitespace().count(), 84);
        let mut names: Vec<&str> = CLASSES.iter().map(|class| class.name).collect();
        names.extend(PROGRAMS.split_whitespace().chain(OTHERS.split_whitespace()));
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
        for class in CLASSES {
            assert!(class.roles.iter().all(|(role, _)| ROLES.contains(role)), "{}", class.name);
        }
    }
}
