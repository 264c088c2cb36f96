"""What `extract_vs_transformers.py` is run on, beside the bundled grammars: models with random weights (a GPT-2 of the small size, its
tokenizer learnt from STIMULI.csv; BERT encoders of MiniLM-L6's and BERT-base's shapes, whose tokens are words), sentences of 10 words
(12 tokens of the encoders), and sentences of 3 to 40 words, in random order.

    probe generate relative_clause -o relative_clause.csv
    python benches/extract_inputs.py relative_clause.csv FOLDER    # writes FOLDER/{gpt2,minilm,bert} and FOLDER/{equal,lengths}.csv
"""

import csv
import random
import sys
from pathlib import Path

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers
from transformers import BertConfig, BertModel, GPT2Config, GPT2Model, GPT2TokenizerFast, PreTrainedTokenizerFast

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

words = sorted({word.strip(".") for sentence in sentences for word in sentence.split()})
special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
tokenizer = Tokenizer(models.WordLevel({token: place for place, token in enumerate(special + words)}, unk_token="[UNK]"))
tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
shapes = {
    "minilm": {"hidden_size": 384, "num_hidden_layers": 6, "intermediate_size": 1536},
    "bert": {"hidden_size": 768, "num_hidden_layers": 12, "intermediate_size": 3072},
}
for name, shape in shapes.items():
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]",
                                   cls_token="[CLS]", sep_token="[SEP]", model_input_names=["input_ids", "attention_mask"])
    fast.save_pretrained(folder / name)
    torch.manual_seed(0)
    config = BertConfig(vocab_size=len(special) + len(words), num_attention_heads=12, **shape)
    BertModel(config, add_pooling_layer=False).save_pretrained(folder / name)


def write(name, lengths, end=""):
    with open(folder / name, "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["sentence", "length"])
        for length in lengths:
            rows.writerow([" ".join(random.choices(words, k=length)) + end, length])


random.seed(0)
write("lengths.csv", (random.randint(3, 40) for _ in range(4096)), ".")
random.seed(0)
write("equal.csv", (10 for _ in range(4096)))
