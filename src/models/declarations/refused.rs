//! Architectures that are known and cannot be had.

/// By `model_type`, and why.
const REFUSED: &[(&str, &str)] = &[
    ("canine", "its hidden states are of two lengths, of characters and of groups of them"),
    ("funnel", "its hidden states are of several lengths: from block to block fewer tokens are left"),
    (
        "zamba",
        "its blocks of attention read the embeddings again beside the residual stream, which is not computed here",
    ),
    ("t5gemma2", "its encoder, which also sees, is not computed here"),
    ("llama4", "its attention in chunks, and norms after the rotation, are not computed here"),
    ("llama4_text", "its attention in chunks, and norms after the rotation, are not computed here"),
    (
        "xlnet",
        "its last token has a segment of its own that takes part in every score, and segments are not given here",
    ),
];

/// Why the architecture `model_type` cannot be had, where that is known.
#[must_use]
pub fn reason(model_type: &str) -> Option<&'static str> {
    REFUSED.iter().find(|(refused, _)| *refused == model_type).map(|&(_, reason)| reason)
}
