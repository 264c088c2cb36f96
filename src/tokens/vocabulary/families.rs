//! Which class of tokenizers reads a sentencepiece model, and what it makes of it.
//!
//! Each follows the class of that name in Hugging Face transformers 5.24 (`models/*/tokenization_*.py`, `convert_from_spm` of
//! `convert_slow_tokenizer.py`).

use super::super::languages::{M2M_100, MBART, MBART_50};
use super::super::settings::Settings;
use super::added::ROBERTA;

/// A class of tokenizers that reads a sentencepiece model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    T5,
    XlmRoberta,
    Camembert,
    Albert,
    DebertaV2,
    Mbart,
    Mbart50,
    M2m100,
    Llama,
    Gemma,
    /// No class of its own: as sentencepiece itself reads the model.
    Plain,
}

impl Family {
    /// By the class that the settings name, else by the model; `None` where neither reads a sentencepiece model in a known way.
    pub(super) fn of(settings: &Settings<'_>) -> Option<Self> {
        let by_model = match settings.model_type.as_str() {
            "t5" | "mt5" => Some(Self::T5),
            "xlm-roberta" => Some(Self::XlmRoberta),
            "camembert" => Some(Self::Camembert),
            "albert" => Some(Self::Albert),
            "deberta-v2" => Some(Self::DebertaV2),
            "mbart" => Some(Self::Mbart),
            "m2m_100" => Some(Self::M2m100),
            "gemma" | "gemma2" | "gemma3" | "gemma3_text" | "t5gemma" => Some(Self::Gemma),
            // Whatever class the settings name: it is known to be wrong there.
            "mistral" | "ministral" | "ministral3" | "mistral3" | "phi3" | "stablelm" | "granite"
            | "olmo2" | "umt5" => return Some(Self::Plain),
            "llama" | "smollm3" | "eurobert" => Some(Self::Plain),
            _ => None,
        };
        match settings.class.as_deref() {
            None => by_model,
            Some("T5Tokenizer" | "MT5Tokenizer") => Some(Self::T5),
            Some("XLMRobertaTokenizer") if settings.model_type != "xlm-roberta-xl" => Some(Self::XlmRoberta),
            Some("CamembertTokenizer") => Some(Self::Camembert),
            Some("AlbertTokenizer") => Some(Self::Albert),
            Some("DebertaV2Tokenizer") => Some(Self::DebertaV2),
            Some("MBartTokenizer") => Some(Self::Mbart),
            Some("MBart50Tokenizer") => Some(Self::Mbart50),
            Some("M2M100Tokenizer") => Some(Self::M2m100),
            Some("LlamaTokenizer") => Some(Self::Llama),
            Some("GemmaTokenizer") => Some(Self::Gemma),
            Some("PreTrainedTokenizer" | "TokenizersBackend") if by_model == Some(Self::Plain) => by_model,
            Some(_) => None,
        }
    }

    /// The files that it wants.
    pub(super) fn files(self) -> &'static [&'static str] {
        match self {
            Self::T5 | Self::Albert => &["spiece.model"],
            Self::DebertaV2 => &["spm.model"],
            Self::XlmRoberta | Self::Camembert | Self::Mbart | Self::Mbart50 => &["sentencepiece.bpe.model"],
            Self::M2m100 => &["sentencepiece.bpe.model", "vocab.json"],
            Self::Llama | Self::Gemma | Self::Plain => &["tokenizer.model"],
        }
    }

    /// The special tokens that the class has unless the settings say otherwise, by their roles.
    pub(super) fn specials(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::T5 => &[("eos_token", "</s>"), ("unk_token", "<unk>"), ("pad_token", "<pad>")],
            Self::XlmRoberta | Self::Camembert | Self::Mbart => ROBERTA,
            // Without a beginning.
            Self::Mbart50 => &ROBERTA[1..],
            // Up to the padding.
            Self::M2m100 => &ROBERTA[..5],
            // Up to the unknown.
            Self::Llama => &ROBERTA[..3],
            Self::Albert => &[
                ("bos_token", "[CLS]"),
                ("eos_token", "[SEP]"),
                ("unk_token", "<unk>"),
                ("sep_token", "[SEP]"),
                ("pad_token", "<pad>"),
                ("cls_token", "[CLS]"),
                ("mask_token", "[MASK]"),
            ],
            Self::DebertaV2 => &[
                ("bos_token", "[CLS]"),
                ("eos_token", "[SEP]"),
                ("unk_token", "[UNK]"),
                ("sep_token", "[SEP]"),
                ("pad_token", "[PAD]"),
                ("cls_token", "[CLS]"),
                ("mask_token", "[MASK]"),
            ],
            Self::Gemma => &[
                ("bos_token", "<bos>"),
                ("eos_token", "<eos>"),
                ("unk_token", "<unk>"),
                ("pad_token", "<pad>"),
                ("mask_token", "<mask>"),
            ],
            // Those of the model itself; see `Build::role`.
            Self::Plain => &[],
        }
    }

    /// Whether the mask takes in the blank before it, unless the settings say otherwise.
    pub(super) fn mask_takes_blank(self) -> bool {
        matches!(self, Self::Camembert | Self::Mbart | Self::Mbart50)
    }

    /// The languages whose codes are tokens, in the order of their ids.
    pub(super) fn languages(self) -> Vec<String> {
        let named = |more: &[&str]| MBART.iter().chain(more).map(|&code| code.to_owned()).collect();
        match self {
            Self::Mbart => named(&[]),
            Self::Mbart50 => named(&MBART_50),
            Self::M2m100 => M2M_100.split_whitespace().map(|code| format!("__{code}__")).collect(),
            _ => Vec::new(),
        }
    }
}
