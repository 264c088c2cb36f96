"""The command of the wheel, and what of it a run made here has the same bytes of."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import mlem_probe as mp
import numpy as np
import pytest

PROBE = [sys.executable, "-m", "mlem_probe"]


def probe(*words, **options):
    return subprocess.run([*PROBE, *map(str, words)], capture_output=True, text=True, **options)


def test_the_script_is_beside_python():
    script = Path(sys.executable).parent / ("probe.exe" if os.name == "nt" else "probe")
    assert subprocess.run([script, "--version"], capture_output=True, text=True).stdout == f"probe {mp.__version__}\n"


def test_the_command_says_what_is_wrong_and_with_which_exit_code():
    done = probe("relative_cluase")
    assert done.returncode == 1 and "relative_clause" in done.stderr
    assert probe("fit", "--folds=x", "a", "b").returncode == 2
    assert json.loads(probe("--json", "relative_cluase").stdout)["error"]["exit_code"] == 1


def test_importing_needs_no_numpy():
    code = "import sys; sys.modules['numpy'] = None; import mlem_probe; print(len(mlem_probe.generate('relative_clause', sample=9)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "9\n"


@pytest.mark.filterwarnings("ignore::mlem_probe.ProbeWarning")
def test_a_run_has_the_bytes_of_the_commands(tmp_path):
    stimuli = mp.generate("relative_clause", sample=96)
    stimuli.save("features.csv")
    activations = mp.extract(stimuli, layers=[0, 2])
    activations.save("activations.safetensors")
    options = ["--null=20", "--bootstrap=10", "--folds=2", "--permutations=2", "--map=20", "--seed=3"]
    done = probe("fit", "features.csv", "activations.safetensors", "-o", "command", *options)
    assert done.returncode == 0, done.stderr
    profile = mp.fit(
        mp.Stimuli.read("features.csv"),
        mp.Activations.open("activations.safetensors"),
        null=20, bootstrap=10, folds=2, permutations=2, map=20, seed=3,
    )
    profile.save("python")
    command, python = Path("command"), Path("python")
    names = sorted(path.name for path in command.iterdir())
    assert names == sorted(path.name for path in python.iterdir()) and "bootstrap.csv" in names
    for name in names:
        if name.endswith(".csv") or name == "stimuli.json":
            assert (command / name).read_bytes() == (python / name).read_bytes(), name
    own = ("command", "seconds", "date", "files", "seal")
    records = [json.loads((folder / "run.json").read_text()) for folder in (command, python)]
    assert [{key: value for key, value in record.items() if key not in own} for record in records][0] == {
        key: value for key, value in records[1].items() if key not in own
    }
    # What is fitted from memory is what is fitted from the file.
    direct = mp.fit(stimuli.features, activations, null=20, folds=2, permutations=2, map=0, seed=3)
    assert direct.importance == profile.importance and direct.scores == profile.scores


def test_a_run_directory_is_kept_unless_it_is_the_same(data):
    features, x = data
    first, second = mp.fit(features, x, map=0), mp.fit(features, x, map=0, folds=2)
    first.save("run")
    first.save("run")
    with pytest.raises(mp.FileError, match="run") as caught:
        second.save("run")
    assert caught.value.hint
    second.save("run", force=True)
    assert mp.read("run").record["options"]["folds"] == 2


def test_any_run_directory_can_be_read(data):
    features, x = data
    np.save("x.npy", x)
    mp.Stimuli(features).save("features.csv")
    assert probe("fit", "features.csv", "x.npy", "-o", "run", "--map=0").returncode == 0
    profile = mp.read("run")
    assert profile.layers == [0] and len(profile.scores) == 10
    Path("run/importance.csv").write_text(Path("run/importance.csv").read_text().replace("main", "main", 1) + "")
    Path("run/scores.csv").write_text(Path("run/scores.csv").read_text().replace("test", "train", 1))
    with pytest.warns(mp.ProbeWarning, match="scores.csv|rows"):
        mp.read("run")


@pytest.mark.skipif(os.name == "nt", reason="signals of Unix")
def test_ctrl_c_stops_at_once_and_leaves_nothing(tmp_path):
    code = """
import mlem_probe as mp, numpy, sys
n = 3000
features = {f"f{i}": numpy.random.default_rng(i).integers(0, 3, n).astype(str).tolist() for i in range(12)}
x = numpy.random.default_rng(0).normal(size=(n, 64)).astype("float32")
print("begun", flush=True)
try:
    mp.fit(features, {layer: x for layer in range(200)}, interactions=True, map=0)
except KeyboardInterrupt:
    print("stopped", flush=True)
"""
    folder = tmp_path / "temporary"
    folder.mkdir()
    child = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env={**os.environ, "TMPDIR": str(folder)}
    )
    assert child.stdout.readline() == "begun\n"
    time.sleep(1.5)
    begun = time.monotonic()
    child.send_signal(signal.SIGINT)
    assert child.stdout.readline() == "stopped\n"
    # The fit takes minutes; a machine that is busy with other things takes its time to say so.
    assert time.monotonic() - begun < 10
    assert child.wait(60) == 0
    assert list(folder.iterdir()) == []
