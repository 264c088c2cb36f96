//! Keys that transformers reads for every type of model since 5.2: which side attention sees, and which state is the last.
//!
//! Not every class heeds them. The lists are what transformers 5.24 does, found by running every family with both values.

use serde_json::Value;

use super::config::Config;
use super::names::Declaration;
use super::spec::DistanceBias;
use crate::models::error::Result;

/// Decoders whose attention sees both sides where `is_causal` is false.
const SEE_BOTH: &str = "arcee codegen cohere cohere2 ernie4_5 exaone4 gemma gemma2 gemma3_text glm glm4 gpt2 gpt_bigcode gpt_neox gptj \
    granite helium llama ministral ministral3 mistral modernbert-decoder olmo olmo2 olmo3 opt phi phi3 qwen2 qwen2_5_vl_text \
    qwen2_vl_text qwen3 qwen3_vl_text seed_oss smollm3 starcoder2 xglm";

/// Encoders whose attention sees what stands before alone where `is_causal` is true.
const SEE_BEFORE: &str = "albert bart bert camembert distilbert electra ernie eurobert gte jina_embeddings_v3 m2m_100 mbart \
    nomic_bert roberta roberta-prelayernorm xlm-roberta xlm-roberta-xl";

/// Families whose classes do not read `is_causal` where it is looked for here.
const CAUSAL_UNREAD: &str = "big_bird clip clip_text_model convbert deberta deberta-v2 falcon_mamba flaubert gemma3 gpt_neo idefics3 \
    llava llava_next longformer luke mamba mamba2 megatron-bert mistral3 mpnet nemotron qwen2_5_vl qwen2_vl qwen3_vl rembert roformer \
    siglip stablelm t5gemma xlm";

/// Families with a last norm whose classes do not read `tie_last_hidden_states`.
const LAST_UNREAD: &str = "bloom clip falcon falcon_mamba gemma3 gpt_neo idefics3 llava llava_next longt5 mamba mamba2 mistral3 qwen2_5_vl \
    qwen2_vl qwen3_vl siglip smolvlm t5gemma";

/// Families of which it is not known what they do with a last state before the norm, or after it where they have it before.
const LAST_UNKNOWN: &str = "clip_text_model mpt rwkv7 siglip_text_model";

fn lists(list: &str, model_type: &str) -> bool {
    list.split_whitespace().any(|other| other == model_type)
}

/// `declaration` of a family called `model_type`, with what the general keys of `config` change.
pub(super) fn apply(config: &Config, model_type: &str, declaration: Declaration) -> Result<Declaration> {
    sides(config, model_type)?;
    last(config, model_type, causal(config, model_type, declaration)?)
}

fn causal(config: &Config, model_type: &str, mut declaration: Declaration) -> Result<Declaration> {
    const KEY: &str = "is_causal";
    if config.value(KEY).is_none() {
        return Ok(declaration);
    }
    let spec = &mut declaration.spec;
    let wanted = config.flag_or(KEY, spec.attention.causal)?;
    if wanted == spec.attention.causal {
        return Ok(declaration);
    }
    if lists(CAUSAL_UNREAD, model_type) {
        let sees = if spec.attention.causal { "what stands before" } else { "both sides" };
        config.note(format!(
            "`{KEY}` = {wanted} in config.json is not read by transformers' class of {model_type}, nor here: attention sees {sees}"
        ));
        return Ok(declaration);
    }
    let list = if wanted { SEE_BEFORE } else { SEE_BOTH };
    if !lists(list, model_type) || spec.attention.bias != DistanceBias::None {
        return Err(config.error(KEY, format!("is {wanted}, which is not supported for this family")));
    }
    spec.attention.causal = wanted;
    for block in &mut spec.blocks {
        // A window before a token has the token in it; one on both sides counts the tokens of each.
        block.reach = match block.reach {
            Some(reach) if wanted => Some(reach.saturating_sub(1)),
            reach => reach.map(|reach| reach + 1),
        };
    }
    Ok(declaration)
}

fn last(config: &Config, model_type: &str, mut declaration: Declaration) -> Result<Declaration> {
    const KEY: &str = "tie_last_hidden_states";
    if config.value(KEY).is_none() {
        return Ok(declaration);
    }
    let names = &mut declaration.names;
    let after_norm = config.flag_or(KEY, true)?;
    if lists(LAST_UNREAD, model_type) {
        if !after_norm {
            config.note(format!(
                "`{KEY}` = false in config.json is not read by transformers' class of {model_type}, nor here"
            ));
        }
        return Ok(declaration);
    }
    // The text towers of models of pictures have their last state before the norm.
    let usual = !lists("clip_text_model siglip_text_model", model_type);
    if after_norm == usual || (!after_norm && names.final_norm.is_none() && names.last_projection.is_none()) {
        return Ok(declaration);
    }
    if lists(LAST_UNKNOWN, model_type) || names.last_projection.is_some() {
        return Err(config.error(KEY, format!("is {after_norm}, which is not supported for this family")));
    }
    names.final_norm = None;
    Ok(declaration)
}

/// Refuses what would change a decoder beside an encoder: it is not known what transformers makes of these keys there.
pub(super) fn of_decoder(config: &Config) -> Result<()> {
    for (key, usual) in [("is_causal", None), ("tie_last_hidden_states", Some(true))] {
        if let Some(value) = config.value(key).filter(|value| value.as_bool() != usual || usual.is_none()) {
            return Err(config.error(
                key,
                format!("is {value}, which is not supported for a decoder that reads an encoder"),
            ));
        }
    }
    Ok(())
}

/// A key of decoders made into encoders that only Gemma 3 reads; what others do with it is in code of their own.
fn sides(config: &Config, model_type: &str) -> Result<()> {
    const KEY: &str = "use_bidirectional_attention";
    if lists("gemma3 gemma3_text gemma4 gemma4_text", model_type) {
        return Ok(());
    }
    match config.value(KEY) {
        None | Some(Value::Bool(false)) => Ok(()),
        Some(value) => Err(config.error(
            KEY,
            format!(
                "is {value}, which transformers' class of {model_type} does not read: if attention is to see both sides, say \
                 \"is_causal\": false, and if not, take the key away"
            ),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::declarations::{registry, spec::Spec};

    fn declared(text: &str) -> Result<(Spec, bool, Vec<String>)> {
        let config = Config::parse("x", text)?;
        let (_, declaration) = registry::declare(&config)?;
        Ok((declaration.spec, declaration.names.final_norm.is_some(), config.notes()))
    }

    const SIZES: &str = r#""vocab_size": 10, "hidden_size": 8, "num_attention_heads": 2, "num_hidden_layers": 1, "intermediate_size": 8,
        "max_position_embeddings": 16"#;

    #[test]
    fn attention_sees_the_side_that_the_file_says() {
        let of = |model_type: &str, more: &str| {
            declared(&format!(r#"{{"model_type": "{model_type}", {SIZES}, {more}}}"#))
        };
        let causal = |model_type: &str, more: &str| of(model_type, more).unwrap().0.attention.causal;
        assert!(causal("llama", r#""is_causal": true"#) && !causal("llama", r#""is_causal": false"#));
        assert!(causal("bert", r#""is_causal": true"#) && !causal("bert", r#""is_causal": false"#));
        let window = of("mistral", r#""sliding_window": 4, "is_causal": false"#).unwrap().0;
        assert_eq!(window.blocks[0].reach, Some(4));
        // Not read by its class: said, and not done.
        let (spec, _, notes) = of("nemotron", r#""is_causal": false"#).unwrap();
        assert!(spec.attention.causal && notes.len() == 1, "{notes:?}");
        let error = of("qwen2", r#""use_bidirectional_attention": true"#).unwrap_err().to_string();
        assert!(error.contains("is_causal"), "{error}");
        assert!(causal("qwen2", r#""use_bidirectional_attention": false"#));
        let words = of("llama", r#""is_causal": "no""#).unwrap_err().to_string();
        assert!(words.contains("true or false"), "{words}");
    }

    #[test]
    fn a_slope_by_distance_is_not_turned_round() {
        let bloom = r#"{"model_type": "bloom", "hidden_size": 8, "n_head": 2, "n_layer": 1, "vocab_size": 9, "is_causal": false}"#;
        assert!(declared(bloom).unwrap_err().to_string().contains("`is_causal` is false"));
    }

    #[test]
    fn the_last_state_may_stand_before_the_norm() {
        let of = |model_type: &str, more: &str| {
            declared(&format!(r#"{{"model_type": "{model_type}", {SIZES}, {more}}}"#)).unwrap().1
        };
        assert!(
            !of("qwen3", r#""tie_last_hidden_states": false"#)
                && of("qwen3", r#""tie_last_hidden_states": true"#)
        );
        assert!(!of("bert", r#""tie_last_hidden_states": false"#));
    }

    #[test]
    fn no_family_is_in_two_lists_and_every_one_is_known() {
        for lists in [[SEE_BOTH, SEE_BEFORE, CAUSAL_UNREAD].as_slice(), &[LAST_UNREAD, LAST_UNKNOWN]] {
            let mut all: Vec<&str> = lists.iter().flat_map(|list| list.split_whitespace()).collect();
            let count = all.len();
            all.sort_unstable();
            all.dedup();
            assert_eq!(all.len(), count);
            let known = |name: &&str| registry::families().iter().any(|family| family.model_type == *name);
            assert!(all.iter().all(known), "{all:?}");
        }
    }
}
