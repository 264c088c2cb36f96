"""Extraction against Hugging Face transformers on PyTorch: the same sentences, the same model, in turns.

    cargo build --release
    python benches/extract_vs_transformers.py MODEL_FOLDER STIMULI.csv [--pool mean|last] [--rounds 5] [--batch 64]
                                              [--device cpu|cuda:0]

Prints the best time of each in seconds and in seconds of processor time, the ratios, the largest difference between the
two, and our peak memory. On a machine that others load, the processor's time is the one to believe. Theirs is the loop that
a user would write: batches of sentences, padded to the longest of the batch, every hidden state, the mean over real
tokens or the last of them. Tokenizing and pooling count on both sides; loading does not. On a GPU
(with a program built for it) both run on the same one, and the processor's time says little. Without transformers, it times ours alone.
"""

import argparse
import csv
import json
import resource
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent

parser = argparse.ArgumentParser()
parser.add_argument("model")
parser.add_argument("stimuli")
parser.add_argument("--rounds", type=int, default=5)
parser.add_argument("--batch", type=int, default=64)
parser.add_argument("--pool", choices=["mean", "last"], default="mean")
parser.add_argument("--device", default="cpu")
parser.add_argument("--binary", default=ROOT / "target/release/probe")
arguments = parser.parse_args()
with open(arguments.stimuli, newline="") as file:
    sentences = [row["sentence"] for row in csv.DictReader(file)]


def ours(out):
    """Seconds by the program's own clock, which starts when the model is loaded; processor time with loading; its words."""
    command = [arguments.binary, "extract", arguments.stimuli, "--model", arguments.model, "--pool", arguments.pool,
               "--device", arguments.device, "--no-cache", "--json", "-o", out]
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    run = subprocess.run(command, check=True, capture_output=True, text=True)
    line = run.stderr.strip().splitlines()[-1]
    seconds = json.loads(run.stdout)["seconds"]
    return seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before, line


def load_theirs():
    import torch
    import transformers
    tokenizer = transformers.AutoTokenizer.from_pretrained(arguments.model, padding_side="right")
    model = transformers.AutoModel.from_pretrained(arguments.model, dtype=torch.float32).eval()
    model = model.to(arguments.device)

    def theirs():
        begun, processor = time.perf_counter(), time.process_time()
        pooled = []
        with torch.inference_mode():
            for start in range(0, len(sentences), arguments.batch):
                batch = tokenizer(sentences[start:start + arguments.batch], padding=True, return_tensors="pt")
                batch = batch.to(arguments.device)
                states = model(**batch, output_hidden_states=True).hidden_states
                mask = batch["attention_mask"][:, :, None]
                if arguments.pool == "last":
                    rows, last = torch.arange(len(mask), device=mask.device), mask.sum(1)[:, 0] - 1
                    pooled.append(torch.stack([state[rows, last] for state in states]))
                else:
                    pooled.append(torch.stack([(state * mask).sum(1) / mask.sum(1) for state in states]))
            # On the processor again, as ours are; a GPU is waited for.
            result = torch.cat(pooled, dim=1).cpu()
        return time.perf_counter() - begun, time.process_time() - processor, result

    print(f"transformers {transformers.__version__}, torch {torch.__version__}, {torch.get_num_threads()} threads")
    return theirs


with tempfile.TemporaryDirectory() as folder:
    out = Path(folder) / "ours.safetensors"
    # Before anything large is in this process, whose memory a child would be charged with.
    _, _, line = ours(out)
    print("ours:", line)
    print("our peak memory:", resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024, "MiB")
    try:
        theirs = load_theirs()
    except ImportError:
        theirs = None
    our_times, their_times = [], []
    for _ in range(arguments.rounds):
        our_times.append(ours(out)[:2])
        if theirs:
            *times, result = theirs()
            their_times.append(times)
    for name, times in [("ours", our_times), ("theirs", their_times)]:
        shown = ", ".join(f"{seconds:.2f} ({processor:.2f})" for seconds, processor in times)
        print(f"{name}, seconds (of processor time): {shown}")
    if theirs:
        import safetensors.torch
        found = safetensors.torch.load_file(out)
        largest = max((found[f"layer.{layer}"] - state).abs().max().item() for layer, state in enumerate(result))
        ours_best, theirs_best = (map(min, zip(*times)) for times in (our_times, their_times))
        ratio, of_processor = (theirs / ours for ours, theirs in zip(ours_best, theirs_best))
        print(f"best of {arguments.rounds}: {ratio:.2f} × transformers ({of_processor:.2f} × by processor time)")
        print(f"largest difference: {largest:.1e}")
