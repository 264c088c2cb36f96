"""What `extract_vs_transformers.py` is run on, beside the bundled grammars: a GPT-2 of the small size with random weights (its
tokenizer learnt from STIMULI.csv), and sentences of 3 to 40 words in random order.

    probe generate relative_clause -o relative_clause.csv
    python benches/extract_inputs.py relative_clause.csv FOLDER    # writes FOLDER/gpt2 and FOLDER/lengths.csv
"""

import csv
import random
import sys
from pathlib import Path

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import GPT2Config, GPT2Model, GPT2TokenizerFast

stimuli, folder = Path(sys.argv[1]), Path(sys.argv[2])
folder.mkdir(parents=True, exist_ok=True)
with open(stimuli, newline="") as file:
    sentences = [row["sentence"] for row in csv.DictReader(file)]

tokenizer = Tokenizer(models.BPE())
tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
trainer = trainers.BpeTrainer(vocab_size=2000, special_tokens=["<|endoftext|>"],
                              initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
tokenizer.train_from_iterator(sentences, trainer)
GPT2TokenizerFast(tokenizer_object=tokenizer, pad_token="<|endoftext|>").save_pretrained(folder / "gpt2")
torch.manual_seed(0)
GPT2Model(GPT2Config()).save_pretrained(folder / "gpt2")

random.seed(0)
words = sorted({word.strip(".") for sentence in sentences for word in sentence.split()})
with open(folder / "lengths.csv", "w", newline="") as file:
    rows = csv.writer(file)
    rows.writerow(["sentence", "length"])
    for _ in range(4096):
        length = random.randint(3, 40)
        rows.writerow([" ".join(random.choices(words, k=length)) + ".", length])
