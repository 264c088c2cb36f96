//! What an adapter's tensors are called.

/// What stands before every name: once for peft's model and once for its tuner; compiled and wrapped models have more.
const HEADS: [&str; 3] = ["base_model.model.", "_orig_mod.", "module."];

/// What a tensor of an adapter is, of the module called `path`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// `(rank, inputs)`, of a linear layer.
    A,
    /// `(outputs, rank)`.
    B,
    /// `(outputs,)`.
    BiasOfB,
    /// `(rank, rows)`, of a table.
    TableA,
    /// `(columns, rank)`.
    TableB,
    /// `(outputs,)`, or `(columns,)` of a table.
    Magnitude,
    /// Rows of a table in the place of its own.
    Rows,
    /// A tensor in the place of the base's, whose name is `path`.
    Whole,
    /// The base's, before training.
    Original,
}

/// A name in its parts: the module's path (or the tensor's name), what the tensor is, and what the adapter is called if its name
/// says so. `None` for what is no name of `LoRA`'s.
pub(super) fn parse(name: &str) -> Option<(String, Part, Option<String>)> {
    let plain = without_heads(name);
    let words: Vec<&str> = plain.split('.').collect();
    let kinds = [
        ("lora_A", Part::A),
        ("lora_B", Part::B),
        ("lora_embedding_A", Part::TableA),
        ("lora_embedding_B", Part::TableB),
        ("lora_magnitude_vector", Part::Magnitude),
        ("trainable_tokens_delta", Part::Rows),
    ];
    let found = words.iter().enumerate().find_map(|(at, word)| {
        let kind = kinds.iter().find(|(known, _)| known == word)?;
        Some((at, kind.1.clone()))
    });
    if let Some((at, kind)) = found {
        let mut rest = &words[at + 1..];
        let mut kind = kind;
        match (rest.last(), &kind) {
            (Some(&"weight"), _) => rest = &rest[..rest.len() - 1],
            (Some(&"bias"), Part::B) => {
                rest = &rest[..rest.len() - 1];
                kind = Part::BiasOfB;
            }
            _ => {}
        }
        let adapter = match rest {
            [] => None,
            [adapter] => Some((*adapter).to_owned()),
            _ => return None,
        };
        let path: Vec<&str> = words[..at]
            .iter()
            .copied()
            .filter(|word| !["base_layer", "token_adapter"].contains(word))
            .collect();
        return Some((path.join("."), kind, adapter));
    }
    if words.iter().any(|word| word.starts_with("lora_")) {
        return None;
    }
    if words.contains(&"original_module") {
        return Some((clean(name), Part::Original, None));
    }
    match words.iter().position(|word| *word == "modules_to_save") {
        // The adapter's name, and the tensor's own.
        Some(at) if words.len() > at + 2 => {
            let path = [&words[..at], &words[at + 2..]].concat().join(".");
            Some((path, Part::Whole, Some(words[at + 1].to_owned())))
        }
        Some(at) => Some(([&words[..at], &words[at + 1..]].concat().join("."), Part::Whole, None)),
        None => Some((clean(name), Part::Whole, None)),
    }
}

/// The name of the base's tensor that a name in a model with unmerged adapters stands for.
pub(in crate::models::checkpoint) fn clean(name: &str) -> String {
    let inner = ["base_layer", "original_module", "token_adapter"];
    let words: Vec<&str> = without_heads(name).split('.').filter(|word| !inner.contains(word)).collect();
    words.join(".")
}

/// Whether a tensor is of an adapter and not of its base, in a file that may have both.
pub(in crate::models::checkpoint) fn is_of_adapter(name: &str) -> bool {
    let mut words = name.split('.');
    words.any(|word| {
        word.starts_with("lora_") || word == "modules_to_save" || word == "trainable_tokens_delta"
    })
}

fn without_heads(name: &str) -> &str {
    let mut plain = name;
    while let Some(rest) = HEADS.iter().find_map(|head| plain.strip_prefix(head)) {
        plain = rest;
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_in_many_forms() {
        for (name, path, part, adapter) in [
            ("base_model.model.model.layers.0.q.lora_A.weight", "model.layers.0.q", Part::A, None),
            ("base_model.model.h.0.c.base_layer.lora_B.other.weight", "h.0.c", Part::B, Some("other")),
            ("h.0.c.lora_B.bias", "h.0.c", Part::BiasOfB, None),
            ("base_model.model.wte.lora_embedding_A", "wte", Part::TableA, None),
            ("base_model.model.wte.lora_embedding_B.default", "wte", Part::TableB, Some("default")),
            ("base_model.model.q.lora_magnitude_vector", "q", Part::Magnitude, None),
            (
                "base_model.model.q.lora_magnitude_vector.default.weight",
                "q",
                Part::Magnitude,
                Some("default"),
            ),
            ("base_model.model.wte.token_adapter.trainable_tokens_delta", "wte", Part::Rows, None),
            ("base_model.model.q.base_layer.bias", "q.bias", Part::Whole, None),
            (
                "base_model.model.score.modules_to_save.default.weight",
                "score.weight",
                Part::Whole,
                Some("default"),
            ),
            ("base_model.model.score.modules_to_save.weight", "score.weight", Part::Whole, None),
            ("base_model.model.score.original_module.weight", "score.weight", Part::Original, None),
            ("module.base_model.model.score.weight", "score.weight", Part::Whole, None),
        ] {
            let expected = (path.to_owned(), part, adapter.map(str::to_owned));
            assert_eq!(parse(name), Some(expected), "{name}");
        }
        for name in ["q.lora_E", "q.lora_A.a.b.weight", "q.lora_C.weight"] {
            assert_eq!(parse(name), None, "{name}");
        }
        assert_eq!(clean("base_model.model.model.layers.0.q.base_layer.weight"), "model.layers.0.q.weight");
        assert!(is_of_adapter("a.lora_A.default.weight") && !is_of_adapter("a.base_layer.weight"));
    }
}
