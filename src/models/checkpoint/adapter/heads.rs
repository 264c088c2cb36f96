//! What stands on a model, and is no part of what gives its hidden states.

/// Modules that stand on a model and are no part of what gives its hidden states, by the first or last word of their names.
const HEADS: &[&str] = &[
    "classification_head",
    "classifier",
    "cls",
    "discriminator_predictions",
    "embed_out",
    "generator_lm_head",
    "generator_predictions",
    "lm_head",
    "mask_predictions",
    "pooler",
    "pre_classifier",
    "predictions",
    "qa_outputs",
    "score",
    "sequence_summary",
    "v_head",
    "vocab_projector",
    "vocab_transform",
];

/// Whether a module is one that stands on the model.
pub(super) fn is_head(path: &str) -> bool {
    let mut words = path.split('.').filter(|word| !["weight", "bias"].contains(word));
    let (first, last) = (words.next().unwrap_or_default(), words.next_back());
    // ModernBERT's: two modules beside the model itself. A decoder with layers is a part of a model.
    if first == "head" || (first == "decoder" && last.is_none()) {
        return true;
    }
    HEADS.iter().any(|head| first == *head || last == Some(head))
        || path.split('.').any(|word| word == "pooler" || word == "lm_head")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_told_by_their_names() {
        for head in [
            "lm_head",
            "score",
            "classifier.dense.weight",
            "bert.pooler.dense",
            "cls.predictions.transform.dense",
            "model.lm_head.weight",
            "head.dense",
            "decoder",
            "decoder.bias",
        ] {
            assert!(is_head(head), "{head}");
        }
        for part in [
            "model.layers.0.mlp.up_proj",
            "encoder.layer.0.output.dense.weight",
            "embed_tokens",
            "model.norm.weight",
            "decoder.layers.0.fc1",
            "model.decoder.layers.0.fc1",
        ] {
            assert!(!is_head(part), "{part}");
        }
    }
}
