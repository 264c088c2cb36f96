//! The one table of what is supported: a row per `model_type` of `config.json`.

use super::config::Config;
use super::families::{
    albert, bart, bert, bloom, deberta, distilbert, electra, falcon, gemma, gpt_neo, gpt_neox, gpt2, llama,
    mamba, modernbert, mpnet, olmo, opt, phi, roberta, rwkv7, t5, wrapped,
};
use super::names::Declaration;
use crate::models::error::{Error, Result};

/// A supported architecture.
#[derive(Debug, Clone, Copy)]
pub struct Family {
    /// `model_type` in `config.json`.
    pub model_type: &'static str,
    /// The architecture's name.
    pub name: &'static str,
    /// The frozen models of `tests/golden/hidden_states/` that are compared with Hugging Face transformers, state by state.
    pub golden: &'static [&'static str],
    /// Reads the configuration.
    pub(in crate::models) declare: fn(&Config) -> Result<Declaration>,
}

/// The table, by `model_type`.
const FAMILIES: &[Family] = &[
    Family {
        model_type: "albert",
        name: "ALBERT",
        golden: &["albert", "albert_gelu"],
        declare: albert::declare,
    },
    Family { model_type: "bart", name: "BART (encoder)", golden: &["bart", "bart_odd"], declare: bart::bart },
    Family {
        model_type: "bert",
        name: "BERT",
        golden: &["bert", "bert_odd", "bert_f16", "bert_bf16"],
        declare: bert::declare,
    },
    Family { model_type: "bloom", name: "BLOOM", golden: &["bloom", "bloom_heads"], declare: bloom::declare },
    Family {
        model_type: "camembert",
        name: "CamemBERT",
        golden: &["camembert", "camembert_odd"],
        declare: roberta::declare,
    },
    Family {
        model_type: "deberta-v2",
        name: "DeBERTa v2 and v3",
        golden: &["deberta_v3", "deberta_v2", "deberta_v2_conv", "deberta_v2_groups", "deberta_v3_short"],
        declare: deberta::declare,
    },
    Family {
        model_type: "distilbert",
        name: "DistilBERT",
        golden: &["distilbert", "distilbert_odd"],
        declare: distilbert::declare,
    },
    Family {
        model_type: "electra",
        name: "ELECTRA (discriminator)",
        golden: &["electra", "electra_square"],
        declare: electra::declare,
    },
    Family {
        model_type: "eurobert",
        name: "EuroBERT",
        golden: &["eurobert", "eurobert_grouped"],
        declare: llama::eurobert,
    },
    Family {
        model_type: "falcon",
        name: "Falcon",
        golden: &["falcon", "falcon_new", "falcon_rw"],
        declare: falcon::declare,
    },
    Family {
        model_type: "falcon_mamba",
        name: "Falcon Mamba",
        golden: &["falcon_mamba", "falcon_mamba_odd", "falcon_mamba_given"],
        declare: mamba::falcon_mamba,
    },
    Family {
        model_type: "gemma",
        name: "Gemma",
        golden: &["gemma", "gemma_grouped", "gemma_relu"],
        declare: gemma::gemma,
    },
    Family {
        model_type: "gemma2",
        name: "Gemma 2",
        golden: &["gemma2", "gemma2_odd"],
        declare: gemma::gemma2,
    },
    Family {
        model_type: "gemma3",
        name: "Gemma 3 (text of the models that see)",
        golden: &["gemma3_wrapped", "gemma3_wrapped_odd"],
        declare: wrapped::gemma3,
    },
    Family {
        model_type: "gemma3_text",
        name: "Gemma 3 (text)",
        golden: &["gemma3", "gemma3_odd", "gemma3_both_sides"],
        declare: gemma::gemma3,
    },
    Family {
        model_type: "gpt2",
        name: "GPT-2",
        golden: &["gpt2", "gpt2_odd", "gpt2_by_depth"],
        declare: gpt2::declare,
    },
    Family {
        model_type: "gpt_neo",
        name: "GPT-Neo",
        golden: &["gpt_neo", "gpt_neo_odd"],
        declare: gpt_neo::declare,
    },
    Family {
        model_type: "gpt_neox",
        name: "GPT-NeoX (Pythia)",
        golden: &["gpt_neox", "gpt_neox_serial", "gpt_neox_uneven"],
        declare: gpt_neox::declare,
    },
    Family {
        model_type: "granite",
        name: "Granite",
        golden: &["granite", "granite_odd"],
        declare: llama::granite,
    },
    Family {
        model_type: "llama",
        name: "Llama",
        golden: &["llama", "llama3", "llama_linear"],
        declare: llama::llama,
    },
    Family {
        model_type: "m2m_100",
        name: "M2M-100 and NLLB (encoder)",
        golden: &["m2m_100", "m2m_100_odd"],
        declare: bart::m2m_100,
    },
    Family { model_type: "mamba", name: "Mamba", golden: &["mamba", "mamba_odd"], declare: mamba::mamba },
    Family {
        model_type: "mamba2",
        name: "Mamba-2",
        golden: &["mamba2", "mamba2_odd"],
        declare: mamba::mamba2,
    },
    Family {
        model_type: "mbart",
        name: "mBART (encoder)",
        golden: &["mbart", "mbart_odd"],
        declare: bart::mbart,
    },
    Family {
        model_type: "ministral",
        name: "Ministral",
        golden: &["ministral", "ministral_odd"],
        declare: llama::ministral,
    },
    Family {
        model_type: "ministral3",
        name: "Ministral 3",
        golden: &["ministral3", "ministral3_odd"],
        declare: llama::ministral3,
    },
    Family {
        model_type: "mistral",
        name: "Mistral",
        golden: &["mistral", "mistral_window"],
        declare: llama::mistral,
    },
    Family {
        model_type: "mistral3",
        name: "Mistral 3 and Ministral 3 (text of the models that see)",
        golden: &["mistral3", "mistral3_ministral3"],
        declare: wrapped::mistral3,
    },
    Family {
        model_type: "modernbert",
        name: "ModernBERT (Ettin)",
        golden: &["modernbert", "modernbert_odd"],
        declare: modernbert::declare,
    },
    Family {
        model_type: "mpnet",
        name: "MPNet",
        golden: &["mpnet", "mpnet_odd", "mpnet_padding"],
        declare: mpnet::declare,
    },
    Family { model_type: "mt5", name: "mT5 (encoder)", golden: &["mt5", "mt5_odd"], declare: t5::mt5 },
    Family {
        model_type: "olmo",
        name: "OLMo",
        golden: &["olmo", "olmo_grouped", "olmo_clipped"],
        declare: olmo::olmo,
    },
    Family { model_type: "olmo2", name: "OLMo 2", golden: &["olmo2", "olmo2_grouped"], declare: olmo::olmo2 },
    Family {
        model_type: "opt",
        name: "OPT",
        golden: &["opt", "opt_odd", "opt_projected"],
        declare: opt::declare,
    },
    Family {
        model_type: "phi",
        name: "Phi-1.5 and Phi-2",
        golden: &["phi", "phi_odd", "phi_normed"],
        declare: phi::phi,
    },
    Family { model_type: "phi3", name: "Phi-3", golden: &["phi3", "phi3_long"], declare: phi::phi3 },
    Family {
        model_type: "qwen2",
        name: "Qwen 2 and 2.5",
        golden: &["qwen2", "qwen2_yarn"],
        declare: llama::qwen2,
    },
    Family { model_type: "qwen3", name: "Qwen 3", golden: &["qwen3", "qwen3_odd"], declare: llama::qwen3 },
    Family {
        model_type: "roberta",
        name: "RoBERTa",
        golden: &["roberta", "roberta_odd"],
        declare: roberta::declare,
    },
    Family {
        model_type: "rwkv7",
        name: "RWKV-7 (against float64)",
        golden: &["rwkv7", "rwkv7_odd"],
        declare: rwkv7::declare,
    },
    Family {
        model_type: "smollm3",
        name: "SmolLM 3",
        golden: &["smollm3", "smollm3_odd"],
        declare: llama::smollm3,
    },
    Family {
        model_type: "stablelm",
        name: "StableLM",
        golden: &["stablelm", "stablelm_parallel", "stablelm_normed", "stablelm_normed_serial"],
        declare: llama::stablelm,
    },
    Family {
        model_type: "t5",
        name: "T5, T5 v1.1 and Flan-T5 (encoder)",
        golden: &["t5", "t5_gated", "t5_encoder"],
        declare: t5::t5,
    },
    Family {
        model_type: "t5gemma",
        name: "T5Gemma (encoder)",
        golden: &["t5gemma", "t5gemma_odd"],
        declare: gemma::t5gemma,
    },
    Family {
        model_type: "xlm-roberta",
        name: "XLM-RoBERTa",
        golden: &["xlm_roberta", "xlm_roberta_odd"],
        declare: roberta::declare,
    },
    Family {
        model_type: "xlm-roberta-xl",
        name: "XLM-RoBERTa-XL",
        golden: &["xlm_roberta_xl", "xlm_roberta_xl_odd"],
        declare: roberta::xl,
    },
];

/// Every architecture that can be loaded.
#[must_use]
pub fn families() -> &'static [Family] {
    FAMILIES
}

/// The family of a configuration.
pub(in crate::models) fn family(config: &Config) -> Result<&'static Family> {
    let model_type = config.string("model_type")?;
    FAMILIES.iter().find(|family| family.model_type == model_type).ok_or_else(|| {
        Error::UnsupportedModelType {
            id: config.id().to_owned(),
            model_type,
            supported: FAMILIES.iter().map(|family| family.model_type).collect(),
        }
    })
}
