//! Words of errors.

use crate::text;

/// What to do about weights that were quantised.
pub(super) fn quantised(method: &str) -> String {
    if method == "FP8" || method == "MXFP4" {
        return "put the `quantization_config` of the checkpoint's own config.json back: it says how the scales are meant".to_owned();
    }
    let load = if method.starts_with("MXFP4") {
        "in Python, `from_pretrained(ID, quantization_config=Mxfp4Config(dequantize=True))`, then save_pretrained"
    } else if method.starts_with("bitsandbytes") {
        "in Python, load it with transformers, call `model.dequantize()`, then save_pretrained"
    } else if method.starts_with("compressed-tensors") {
        "in Python, `from_pretrained(ID, quantization_config=CompressedTensorsConfig(run_compressed=False))`, then save_pretrained"
    } else {
        "in Python, load it with the library that made it, write the weights back as floats, then save_pretrained"
    };
    format!(
        "use the model that it was made from: its card names it. Or make floats of it: {load}, remove `quantization_config` from the \
         config.json of the new folder if it is still there, and name that folder"
    )
}

/// `, whose names begin with …`, where there are any.
pub(super) fn whose_names(there: &[String]) -> String {
    if there.is_empty() {
        String::new()
    } else {
        format!(", whose names begin with {}", text::join_and(there))
    }
}

/// Beginnings of names, as they are.
pub(super) fn begin(beginnings: &[String]) -> String {
    let quoted = beginnings.iter().map(|beginning| format!("`{beginning}`"));
    text::join_and(&quoted.collect::<Vec<_>>())
}

/// A reason as the end of a sentence.
pub(super) fn because(reason: Option<&str>) -> String {
    reason.map(|reason| format!(": {reason}")).unwrap_or_default()
}
