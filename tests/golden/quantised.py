"""A tiny Qwen3 and a tiny DeepSeek-like Llama whose weights are in FP8, and the hidden states of transformers' dequantised model.

    python tests/golden/quantised.py             writes tests/golden/quantised.zip

Made with transformers 5.24, accelerate, torch 2.13, safetensors. Scales are of blocks, of rows (as fbgemm_fp8 has them), and of a whole
tensor. The states are of the weights times their scales; where transformers reads the kind on a processor (blocks that divide the
weights, and whole tensors) they are those of its own model, and the script stops if the two differ.
"""
import io, json, os, shutil, tempfile, warnings, zipfile

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["HF_HUB_OFFLINE"] = "1"
warnings.filterwarnings("ignore")
import torch
import transformers
from safetensors.torch import save, save_file
from transformers import AutoModel, LlamaConfig, LlamaForCausalLM, Qwen3Config, Qwen3ForCausalLM

transformers.logging.set_verbosity_error()
torch.set_num_threads(1)
IDS = [[5, 9, 13, 7, 21], [2, 29, 11]]
SIZES = dict(vocab_size=30, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
             head_dim=8, max_position_embeddings=24)
LINEAR = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


def base(family):
    torch.manual_seed(3)
    model = LlamaForCausalLM(LlamaConfig(**SIZES)) if family == "llama" else Qwen3ForCausalLM(Qwen3Config(**SIZES))
    with torch.no_grad():
        for name, p in model.named_parameters():
            p.copy_(((1.0 if p.ndim == 1 else 0.0) + (0.3 if p.ndim > 1 else 0.1) * torch.randn_like(p)).half().float())
    return model.eval()


def blocks(v, height, width, kind=torch.float32):
    rows, columns = -(-v.shape[0] // height), -(-v.shape[1] // width)
    scale, q = torch.zeros(rows, columns), torch.zeros_like(v)
    for i in range(rows):
        for j in range(columns):
            part = v[i * height:(i + 1) * height, j * width:(j + 1) * width]
            s = (part.abs().max() / 448).to(kind).float()
            if kind == torch.float8_e8m0fnu:
                s = 2.0 ** torch.ceil(torch.log2(part.abs().max() / 448))
            scale[i, j] = s
            q[i * height:(i + 1) * height, j * width:(j + 1) * width] = part / s
    full = scale.repeat_interleave(height, 0)[:v.shape[0]].repeat_interleave(width, 1)[:, :v.shape[1]]
    q = q.to(torch.float8_e4m3fn)
    return q, scale.to(kind), q.float() * full


CASES = {
    "blocks": ("qwen3", {"quant_method": "fp8", "fmt": "e4m3", "activation_scheme": "dynamic", "weight_block_size": [16, 8],
                         "modules_to_not_convert": ["lm_head", "model.layers.1.mlp.up_proj"]}, lambda v: blocks(v, 16, 8), "weight_scale_inv", True),
    "ragged": ("llama", {"quant_method": "fp8", "weight_block_size": [20, 12]}, lambda v: blocks(v, 20, 12, torch.bfloat16), "weight_scale_inv", False),
    "powers": ("llama", {"quant_method": "fp8", "weight_block_size": [16, 16], "scale_fmt": "ue8m0"},
               lambda v: blocks(v, 16, 16, torch.float8_e8m0fnu), "weight_scale_inv", True),
    "tensor": ("llama", {"quant_method": "fp8", "weight_block_size": None, "activation_scheme": "static"},
               lambda v: (lambda q, s, w: (q, s.reshape(()), w))(*blocks(v, *v.shape)), "weight_scale_inv", True),
    "rows": ("llama", {"quant_method": "fbgemm_fp8", "activation_scale_ub": 1200.0, "modules_to_not_convert": ["lm_head"]},
             lambda v: blocks(v, 1, v.shape[1]), "weight_scale", False),
}


def states(model):
    with torch.no_grad():
        return {f"{s}.{layer}": h[0].contiguous().clone() for s, ids in enumerate(IDS)
                for layer, h in enumerate(model(input_ids=torch.tensor([ids]), output_hidden_states=True).hidden_states)}


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    out = zipfile.ZipFile(os.path.join(here, "quantised.zip"), "w", zipfile.ZIP_DEFLATED)

    def put(name, data):
        out.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)

    put("ids.json", json.dumps(IDS))
    for case, (family, quantization, quantise, scale_name, reads) in CASES.items():
        model, folder = base(family), tempfile.mkdtemp()
        skipped = [name for name in quantization.get("modules_to_not_convert") or [] if name != "lm_head"]
        stored = {}
        with torch.no_grad():
            for name, value in model.state_dict().items():
                module = name.removesuffix(".weight")
                if module.split(".")[-1] in LINEAR and module not in skipped:
                    q, s, w = quantise(value)
                    stored[name], stored[f"{module}.{scale_name}"] = q, s
                    if quantization.get("activation_scheme") == "static":
                        stored[f"{module}.activation_scale"] = torch.tensor(1.0)
                    value.copy_(w)
                else:
                    stored[name] = value.clone().half()
        config = json.loads(model.config.to_json_string())
        config["quantization_config"] = quantization
        with open(os.path.join(folder, "config.json"), "w") as f:
            json.dump(config, f)
        save_file(stored, os.path.join(folder, "model.safetensors"), metadata={"format": "pt"})
        found = states(model)
        if reads:
            theirs = states(AutoModel.from_pretrained(folder, dtype=torch.float32).eval())
            worst = max(float((theirs[k] - found[k]).abs().max() / found[k].abs().max()) for k in found)
            print(case, f"transformers' own against weights times scales: {worst:.1e}")
            assert worst < 1e-5, case
        put(f"{case}/config.json", json.dumps(config))
        put(f"{case}/model.safetensors", open(os.path.join(folder, "model.safetensors"), "rb").read())
        put(f"{case}/states.safetensors", save(found))
        shutil.rmtree(folder)
    out.close()


if __name__ == "__main__":
    main()
