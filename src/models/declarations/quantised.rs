//! What `quantization_config` says of how weights are stored.
//!
//! FP8 is a way of writing numbers down: each is exact, times the scale of its block; and so is MXFP4. Other methods are refused by their
//! names: what
//! they compute is no property of the file alone, or takes more than reading to get back.

use serde_json::{Value, json};

use super::config::Config;
use crate::models::error::{Error, Result};

/// How the weights of linear layers are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::models) enum Quantised {
    /// As floats.
    #[default]
    No,
    /// As floats of 8 bits, each to be multiplied by a scale: that of its block of (outputs, inputs), where the configuration says how
    /// large a block is.
    Fp8 {
        /// Outputs and inputs of a block.
        block: Option<(usize, usize)>,
    },
    /// The experts as floats of 4 bits, of which each 32 share a power of two.
    Mxfp4,
}

/// The keys of a configuration that say how weights are stored. The first is transformers'.
const KEYS: [&str; 3] = ["quantization_config", "compression_config", "quantization"];

/// How methods are written in `quant_method`, and how they are called.
const METHODS: &[(&str, &str)] = &[
    ("aqlm", "AQLM"),
    ("auto-round", "AutoRound"),
    ("awq", "AWQ"),
    ("bitnet", "BitNet"),
    ("eetq", "EETQ"),
    ("fp_quant", "FP-Quant"),
    ("gptq", "GPTQ"),
    ("higgs", "HIGGS"),
    ("hqq", "HQQ"),
    ("modelopt", "ModelOpt"),
    ("nvfp4", "NVFP4"),
    ("quanto", "quanto"),
    ("quark", "Quark"),
    ("sinq", "SINQ"),
    ("spqr", "SpQR"),
    ("torchao", "torchao"),
    ("vptq", "VPTQ"),
];

/// How the weights that `config` describes are stored.
pub(in crate::models) fn read(config: &Config) -> Result<Quantised> {
    for key in &KEYS[1..] {
        if !config.has(KEYS[0])
            && let Some(value) = config.value(key)
        {
            let method = if *key == "quantization" { "MLX's method" } else { "compressed-tensors" };
            return Err(refusal(config, method.to_owned(), key, value));
        }
        config.ignore(key);
    }
    let Some(value) = config.value(KEYS[0]) else { return Ok(Quantised::No) };
    let Some(part) = config.part(KEYS[0])? else { return Ok(Quantised::No) };
    let method = part.string_or("quant_method", "")?;
    match method.as_str() {
        "fp8" => fp8(&part),
        "fbgemm_fp8" => {
            // A bound of what is computed on the way, of which no weight is.
            part.ignore("activation_scale_ub");
            finish(&part)?;
            Ok(Quantised::Fp8 { block: None })
        }
        "mxfp4" if config.string_or("model_type", "")? == "gpt_oss" => {
            // What a program that loads it does with it.
            part.ignore("dequantize");
            part.ignore("modules_to_convert");
            finish(&part)?;
            Ok(Quantised::Mxfp4)
        }
        // How the numbers of others are laid out is said nowhere.
        "mxfp4" => Err(refusal(config, "MXFP4, which is read of gpt_oss alone".to_owned(), KEYS[0], value)),
        _ => Err(refusal(config, name(&method, value), KEYS[0], value)),
    }
}

/// FP8 as transformers' `FineGrainedFP8Config` has it.
fn fp8(part: &Config) -> Result<Quantised> {
    // How a GPU rounds what goes into a layer; here nothing is rounded.
    part.ignore("activation_scheme");
    part.ignore("dequantize");
    part.ignore("modules_to_convert");
    part.ignore("scale_fmt");
    if let Some(format) =
        part.value("fmt").filter(|format| !["e4m3", "float8_e4m3fn"].iter().any(|known| *format == known))
    {
        return Err(part.error("fmt", format!("is {format}; only \"e4m3\" is read")));
    }
    part.only("expert_dtype", &json!("fp8"))?;
    let block = match part.value("weight_block_size") {
        None => None,
        Some(value) => {
            let sides: Option<Vec<usize>> = value.as_array().and_then(|sides| {
                let side = |side: &Value| usize::try_from(side.as_u64()?).ok().filter(|&side| side > 0);
                sides.iter().map(side).collect()
            });
            if let Some(&[rows, columns]) = sides.as_deref() {
                Some((rows, columns))
            } else {
                let message = format!("is {value}, which are not the two sides of a block");
                return Err(part.error("weight_block_size", message));
            }
        }
    };
    finish(part)?;
    Ok(Quantised::Fp8 { block })
}

/// Passes over what changes no weight, and refuses what is not known.
fn finish(part: &Config) -> Result<()> {
    for key in [
        "quant_method",
        "modules_to_not_convert",
        "ignored_layers",
        "ignore",
        "_load_in_4bit",
        "_load_in_8bit",
    ] {
        part.ignore(key);
    }
    part.finish()
}

/// What a method is called, with what tells its variants apart.
fn name(method: &str, value: &Value) -> String {
    let flag = |key: &str| value.get(key).and_then(Value::as_bool) == Some(true);
    let bits = |name: &str| match value.get("bits").or_else(|| value.get("w_bit")).and_then(Value::as_u64) {
        Some(bits) => format!("{name} ({bits} bit)"),
        None => name.to_owned(),
    };
    match method {
        "bitsandbytes" | "" if flag("load_in_4bit") => "bitsandbytes (4 bit)".to_owned(),
        "bitsandbytes" | "" if flag("load_in_8bit") => "bitsandbytes (8 bit)".to_owned(),
        "bitsandbytes" => "bitsandbytes".to_owned(),
        "bitsandbytes_4bit" => "bitsandbytes (4 bit)".to_owned(),
        "bitsandbytes_8bit" => "bitsandbytes (8 bit)".to_owned(),
        "compressed-tensors" => match value.get("format").and_then(Value::as_str) {
            Some(format) => format!("compressed-tensors ({})", format.escape_default()),
            None => "compressed-tensors".to_owned(),
        },
        "" if value.get("group_size").is_some() && value.get("bits").is_some() => bits("MLX's method"),
        "" => "a method that it does not name".to_owned(),
        other => match METHODS.iter().find(|(known, _)| *known == other) {
            Some((_, name)) => bits(name),
            None => bits(&format!("`{}`", other.escape_default())),
        },
    }
}

fn refusal(config: &Config, method: String, key: &str, value: &Value) -> Error {
    let mut shown = value.to_string();
    if shown.chars().count() > 120 {
        shown = shown.chars().take(120).chain(['…']).collect();
    }
    Error::Quantised {
        id: config.id().to_owned(),
        method,
        because: format!("config.json: `{key}` = {shown}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(quantization: &Value) -> Result<Quantised> {
        let config = Config::parse("x", &json!({ "quantization_config": quantization }).to_string()).unwrap();
        let read = read(&config);
        assert!(config.finish().is_ok());
        read
    }

    #[test]
    fn fp8_is_read_to_the_last_key() {
        let plain = json!({"quant_method": "fp8", "fmt": "e4m3", "activation_scheme": "dynamic", "weight_block_size": [128, 64],
                           "modules_to_not_convert": ["lm_head"]});
        assert_eq!(of(&plain).unwrap(), Quantised::Fp8 { block: Some((128, 64)) });
        assert_eq!(
            of(&json!({"quant_method": "fp8", "weight_block_size": null})).unwrap(),
            Quantised::Fp8 { block: None }
        );
        assert_eq!(of(&Value::Null).unwrap(), Quantised::No);
        for (key, value) in [
            ("weight_block_size", json!([0, 128])),
            ("weight_block_size", json!(128)),
            ("fmt", json!("e5m2")),
            ("expert_dtype", json!("fp4")),
            ("rotate", json!(true)),
        ] {
            let mut odd = plain.clone();
            odd[key] = value;
            let error = of(&odd).unwrap_err().to_string();
            assert!(error.contains(&format!("quantization_config.{key}")), "{error}");
        }
    }

    #[test]
    fn mxfp4_is_read_of_the_models_that_were_published_so() {
        let of = |model_type: &str, more: &str| {
            let text = format!(
                r#"{{"model_type": "{model_type}", "quantization_config": {{"quant_method": "mxfp4"{more}}}}}"#
            );
            read(&Config::parse("x", &text).unwrap())
        };
        assert_eq!(of("gpt_oss", r#", "modules_to_not_convert": ["lm_head"]"#).unwrap(), Quantised::Mxfp4);
        assert!(of("gpt_oss", r#", "rounding": 1"#).unwrap_err().to_string().contains("rounding"));
        assert!(of("llama", "").unwrap_err().to_string().contains("MXFP4, which is read of gpt_oss alone"));
    }

    #[test]
    fn other_methods_are_called_by_their_names() {
        for (quantization, name) in [
            (json!({"quant_method": "gptq", "bits": 4}), "GPTQ (4 bit)"),
            (json!({"quant_method": "awq", "bits": 4}), "AWQ (4 bit)"),
            (json!({"load_in_4bit": true}), "bitsandbytes (4 bit)"),
            (
                json!({"quant_method": "bitsandbytes", "load_in_8bit": true, "load_in_4bit": false}),
                "bitsandbytes (8 bit)",
            ),
            (
                json!({"quant_method": "compressed-tensors", "format": "int-quantized"}),
                "compressed-tensors (int-quantized)",
            ),
            (json!({"quant_method": "hqq"}), "HQQ"),
            (json!({"quant_method": "mxfp4"}), "MXFP4, which is read of gpt_oss alone"),
            (json!({"quant_method": "new-one", "bits": 3}), "`new-one` (3 bit)"),
            (json!({"group_size": 64, "bits": 4}), "MLX's method (4 bit)"),
            (json!({}), "a method that it does not name"),
        ] {
            let error = of(&quantization).unwrap_err();
            assert!(error.to_string().contains(&format!("quantised with {name} (")), "{error}");
            assert!(error.hint().unwrap().contains("made from"), "{:?}", error.hint());
        }
        let config = Config::parse("x", r#"{"quantization": {"group_size": 64, "bits": 4}}"#).unwrap();
        assert!(read(&config).unwrap_err().to_string().contains("MLX"));
    }
}
