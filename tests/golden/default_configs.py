"""Freezes the configuration that Hugging Face transformers writes for every supported type of models, with nothing set.

    python tests/golden/default_configs.py

Run once with transformers 4.57 and once with 5.24 (each keeps what the other wrote): the default of each class, as save_pretrained
writes it to config.json (a text, which may have Python's Infinity), and its attribute_map. A class that a release does not have is left out.
"""

import json
import re
import tempfile
from pathlib import Path

import transformers
from transformers.models.auto.configuration_auto import CONFIG_MAPPING

HERE = Path(__file__).parent
FILE = HERE / "default_configs.json"


def main():
    registry = (HERE.parents[1] / "src/models/declarations/rows.rs").read_text()
    release = ".".join(transformers.__version__.split(".")[:2])
    frozen = json.loads(FILE.read_text()) if FILE.exists() else {}
    frozen[release] = {}
    for model_type in re.findall(r'row\(\s*"([^"]+)"', registry):
        try:
            configuration = CONFIG_MAPPING[model_type]
        except KeyError:
            continue
        with tempfile.TemporaryDirectory() as folder:
            configuration().save_pretrained(folder)
            text = (Path(folder) / "config.json").read_text()
        other = configuration.attribute_map
        frozen[release][model_type] = {"config": json.dumps(json.loads(text), separators=(",", ":")), "attribute_map": other}
    rows = ",\n".join(
        f'"{release}": {{\n' + ",\n".join(f'"{name}": {json.dumps(of)}' for name, of in types.items()) + "\n}"
        for release, types in sorted(frozen.items()))
    FILE.write_text("{\n" + rows + "\n}\n")


main()
