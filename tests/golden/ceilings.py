"""Noise ceilings of 20 random settings by rsatoolbox 0.3.2 (`boot_noise_ceiling`, Spearman) -> ceilings.json

Needs rsatoolbox==0.3.2, numpy and scipy. Repeats differ in noise, gain and space; in every fifth setting distances are rounded, so that
some are equal.
"""
import json
import pathlib
import warnings

import numpy as np
import rsatoolbox.rdm
from rsatoolbox.inference import boot_noise_ceiling
from scipy.spatial.distance import pdist

warnings.simplefilter("ignore")
settings = []
for seed in range(20):
    rng = np.random.default_rng(seed)
    stimuli, repeats = int(rng.integers(7, 15)), int(rng.integers(2, 9))
    signal = rng.normal(size=(stimuli, 3))
    distances = []
    for _ in range(repeats):
        units = int(rng.integers(4, 40))
        x = signal @ rng.normal(size=(3, units)) + rng.uniform(0.3, 3) * rng.normal(size=(stimuli, units))
        distances.append(np.round(pdist(x * rng.uniform(0.1, 5)), 0 if seed % 5 == 4 else 5))
    # As they are read: in single precision.
    table = np.array(distances).astype("f4").astype("f8")
    lower, upper = boot_noise_ceiling(rsatoolbox.rdm.RDMs(table), "spearman")
    settings.append({"stimuli": stimuli, "lower": float(lower), "upper": float(upper), "repeats": [d.tolist() for d in distances]})
path = pathlib.Path(__file__).with_name("ceilings.json")
path.write_text("[\n" + ",\n".join(json.dumps(setting, separators=(",", ":")) for setting in settings) + "\n]\n")
