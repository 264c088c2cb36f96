//! Checkpoints that are more than a file of floats: an adapter of one, and one in floats of 8 bits.

use crate::corpus::{Tensor, tensors};
use crate::rng::Rng;

/// Rank of the adapter's changes.
const RANK: usize = 2;

/// A tensor to be written: its name, its type as JSON has it, its sizes, its bytes.
type New = (String, &'static str, Vec<usize>, Vec<u8>);

fn safetensors(tensors: &[New]) -> Vec<u8> {
    let (mut header, mut data) = (Vec::new(), Vec::new());
    for (name, dtype, shape, bytes) in tensors {
        let begin = data.len();
        data.extend(bytes);
        header.push(format!("\"{name}\":{{\"dtype\":\"{dtype}\",\"shape\":{shape:?},\"data_offsets\":[{begin},{}]}}", data.len()));
    }
    let header = format!("{{{}}}", header.join(","));
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &data].concat()
}

/// Random weights of the BERT that `config` declares, in halves.
pub fn weights(config: &[u8]) -> Vec<u8> {
    let config = String::from_utf8_lossy(config);
    let size = |key: &str| -> usize {
        let (_, rest) = config.split_once(&format!("\"{key}\":")).unwrap();
        rest.trim_start().split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap()
    };
    let (width, inner) = (size("hidden_size"), size("intermediate_size"));
    let mut shapes: Vec<(String, Vec<usize>)> = Vec::new();
    for (name, rows) in [("word", "vocab_size"), ("position", "max_position_embeddings"), ("token_type", "type_vocab_size")] {
        shapes.push((format!("embeddings.{name}_embeddings.weight"), vec![size(rows), width]));
    }
    let mut parts = vec![("embeddings.LayerNorm".to_owned(), width, None)];
    for layer in (0..size("num_hidden_layers")).map(|layer| format!("encoder.layer.{layer}")) {
        for part in ["self.query", "self.key", "self.value", "output.dense"] {
            parts.push((format!("{layer}.attention.{part}"), width, Some(width)));
        }
        parts.push((format!("{layer}.attention.output.LayerNorm"), width, None));
        parts.push((format!("{layer}.intermediate.dense"), inner, Some(width)));
        parts.push((format!("{layer}.output.dense"), width, Some(inner)));
        parts.push((format!("{layer}.output.LayerNorm"), width, None));
    }
    for (name, outputs, inputs) in parts {
        shapes.push((format!("{name}.weight"), [Some(outputs), inputs].into_iter().flatten().collect()));
        shapes.push((format!("{name}.bias"), vec![outputs]));
    }
    let mut rng = Rng::new(17);
    // Halves between 2^-7 and 2^-4 of either sign.
    let mut half = || (((8 + rng.below(3)) << 10 | rng.below(1024)) as u16 | if rng.below(2) == 0 { 0 } else { 0x8000 }).to_le_bytes();
    let tensor = |(name, shape): (String, Vec<usize>)| {
        let bytes = (0..shape.iter().product()).flat_map(|_| half()).collect();
        (name, "F16", shape, bytes)
    };
    safetensors(&shapes.into_iter().map(tensor).collect::<Vec<New>>())
}

fn is_query(tensor: &Tensor) -> bool {
    tensor.name.ends_with("self.query.weight\"")
}

/// An adapter of the queries of the model whose weights are `file`.
pub fn adapter(file: &[u8]) -> Vec<u8> {
    let mut rng = Rng::new(11);
    let (all, _) = tensors(file);
    let mut new: Vec<New> = Vec::new();
    for tensor in all.iter().filter(|tensor| is_query(tensor)) {
        let stem = tensor.name.trim_matches('"').trim_end_matches(".weight");
        for (part, shape) in [("lora_A", vec![RANK, tensor.shape[1]]), ("lora_B", vec![tensor.shape[0], RANK])] {
            let count: usize = shape.iter().product();
            let bytes = (0..count).flat_map(|_| ((rng.below(200) as f32 - 100.0) / 500.0).to_le_bytes()).collect();
            new.push((format!("base_model.model.{stem}.{part}.weight"), "F32", shape, bytes));
        }
    }
    safetensors(&new)
}

pub const ADAPTER: &[u8] = b"{\"peft_type\": \"LORA\", \"base_model_name_or_path\": \"./m\", \"r\": 2, \"lora_alpha\": 4, \"target_modules\": [\"query\"], \
                             \"rank_pattern\": {}, \"alpha_pattern\": {\"layer.0.attention.self.query\": 1}, \"use_rslora\": false, \"bias\": \"none\"}";

/// The same model, its queries in floats of 8 bits with scales of blocks.
pub fn fp8(file: &[u8]) -> Vec<u8> {
    let mut rng = Rng::new(13);
    let (all, start) = tensors(file);
    let mut new: Vec<New> = Vec::new();
    for tensor in &all {
        let name = tensor.name.trim_matches('"').to_owned();
        if !is_query(tensor) {
            let dtype = if tensor.dtype.contains("BF16") {
                "BF16"
            } else if tensor.dtype.contains("F16") {
                "F16"
            } else {
                "F32"
            };
            new.push((name, dtype, tensor.shape.clone(), file[start + tensor.bytes.0..start + tensor.bytes.1].to_vec()));
            continue;
        }
        let count: usize = tensor.shape.iter().product();
        let bytes = (0..count).map(|_| rng.below(0x7f) as u8 | if rng.below(2) == 0 { 0 } else { 0x80 }).collect();
        let grid: Vec<usize> = tensor.shape.iter().map(|size| size.div_ceil(64)).collect();
        let scales = (0..grid.iter().product()).flat_map(|k: usize| (0.001 + 0.0001 * k as f32).to_le_bytes()).collect();
        new.push((format!("{name}_scale_inv"), "F32", grid, scales));
        new.push((name, "F8_E4M3", tensor.shape.clone(), bytes));
    }
    safetensors(&new)
}

/// `config`, of weights in floats of 8 bits.
pub fn fp8_config(config: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(config);
    let end = text.rfind('}').unwrap();
    let added = ", \"quantization_config\": {\"quant_method\": \"fp8\", \"weight_block_size\": [64, 64], \"activation_scheme\": \"dynamic\"}}";
    format!("{}{added}", text[..end].trim_end()).into_bytes()
}
