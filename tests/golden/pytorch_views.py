"""Two small files of PyTorch whose tensors are not stored as they are: one that is negated when it is read, and one in the format
from before 1.6 whose storage is a part of another. Run with torch installed; it writes pytorch/negated.bin and pytorch/old_view.bin,
and checks that torch reads from them what the tests of the program expect."""

import io
import pickle
import struct
from pathlib import Path

import torch

folder = Path(__file__).parent / "pytorch"

# The imaginary part of a conjugate is a view of the numbers with a mark that their sign is the other.
numbers = torch.complex(torch.arange(6.0).reshape(2, 3), 10 + torch.arange(6.0).reshape(2, 3))
negated = numbers.conj().imag
assert negated.is_neg() and not negated.is_contiguous()
torch.save({"negated": negated, "plain": torch.tensor([1.0, 2.0])}, folder / "negated.bin")
assert torch.equal(torch.load(folder / "negated.bin")["negated"], -(10 + torch.arange(6.0).reshape(2, 3)))


class Storage:
    """What stands for a storage until the pickler asks."""

    def __init__(self, view):
        self.view = view


class Tensor:
    """A tensor of three numbers at the beginning of its storage."""

    def __init__(self, storage):
        self.storage = storage

    def __reduce__(self):
        return torch._utils._rebuild_tensor_v2, (self.storage, 0, (3,), (1,), False, {})


class Pickler(pickle.Pickler):
    def persistent_id(self, value):
        if isinstance(value, Storage):
            return ("storage", torch.FloatStorage, "root", "cpu", 10, value.view)
        return None


out = io.BytesIO()
for value in (0x1950A86A20F9469CFC6C, 1001, {"protocol_version": 1001, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}):
    pickle.dump(value, out, protocol=2)
Pickler(out, protocol=2).dump({"whole": Tensor(Storage(None)), "part": Tensor(Storage(("part", 4, 3)))})
pickle.dump(["root"], out, protocol=2)
out.write(struct.pack("<q10f", 10, *range(10)))
(folder / "old_view.bin").write_bytes(out.getvalue())
read = torch.load(folder / "old_view.bin", weights_only=False)
assert read["whole"].tolist() == [0, 1, 2] and read["part"].tolist() == [4, 5, 6], read
