//! Methods of quantisation, told by what they call their tensors.

/// Endings of tensors' names (or, with a `*`, parts of them) and the method that has them; where several tell, the first does.
const ENDINGS: &[(&str, &str)] = &[
    (".SCB", "bitsandbytes (8 bit)"),
    ("*.quant_state.bitsandbytes__", "bitsandbytes (4 bit)"),
    (".weight.absmax", "bitsandbytes (4 bit)"),
    (".g_idx", "GPTQ"),
    (".qweight", "GPTQ or AWQ"),
    (".weight_packed", "compressed-tensors"),
    (".weight_scale_inv", "FP8"),
    (".qscale_weight", "FP8"),
    (".weight_scale_2", "ModelOpt"),
    (".weight_scale", "compressed-tensors, or FP8 of another kind"),
    (".codebooks", "AQLM"),
    (".W_q", "HQQ"),
    (".weight_scales", "EETQ"),
    (".weight._data", "quanto"),
    ("_blocks", "MXFP4"),
];

/// The method that one of `names` tells, and the name.
pub(super) fn told<'a>(names: impl Iterator<Item = &'a str> + Clone) -> Option<(&'static str, &'a str)> {
    let is = |name: &str, ending: &str| match ending.strip_prefix('*') {
        Some(part) => name.contains(part),
        None => name.ends_with(ending),
    };
    let by_ending = ENDINGS.iter().find_map(|(ending, method)| {
        let name = names.clone().find(|name| is(name, ending))?;
        // The blocks of MXFP4 have scales beside them; other blocks are something else.
        let scales = name.strip_suffix("_blocks").map(|stem| format!("{stem}_scales"));
        scales.is_none_or(|scales| has(names.clone(), &scales)).then_some((*method, name))
    });
    by_ending.or_else(|| {
        // Every weight of MLX's has scales and biases of its groups.
        let mut scaled = names.clone().filter_map(|name| Some((name, name.strip_suffix(".scales")?)));
        let (name, _) = scaled.find(|(_, stem)| has(names.clone(), &format!("{stem}.biases")))?;
        Some(("MLX's method", name))
    })
}

fn has<'a>(mut names: impl Iterator<Item = &'a str>, wanted: &str) -> bool {
    names.any(|name| name == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_is_told_by_its_tensors() {
        for (names, method) in [
            (&["a.weight", "a.SCB"] as &[&str], Some("bitsandbytes (8 bit)")),
            (&["a.weight", "a.weight.quant_state.bitsandbytes__nf4"], Some("bitsandbytes (4 bit)")),
            (&["a.qweight", "a.qzeros", "a.scales", "a.g_idx"], Some("GPTQ")),
            (&["a.qweight", "a.qzeros", "a.scales"], Some("GPTQ or AWQ")),
            (&["a.weight", "a.weight_scale_inv"], Some("FP8")),
            (&["x.down_proj_scales", "x.down_proj_blocks"], Some("MXFP4")),
            (&["x.down_blocks"], None),
            (&["a.weight", "a.scales", "a.biases"], Some("MLX's method")),
            (&["a.weight", "a.bias", "norm.scale"], None),
            (&[], None),
        ] {
            assert_eq!(told(names.iter().copied()).map(|(method, _)| method), method, "{names:?}");
        }
    }
}
