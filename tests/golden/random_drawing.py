"""What the draws of random configurations share: heads, rotations, sizes."""


def heads(r, head=None):
    kv = r.choice([1, 2, 3])
    n = kv * r.choice([1, 2, 3])
    head = head or 2 * r.choice([1, 2, 3, 4, 5])
    return dict(num_attention_heads=n, num_key_value_heads=kv), n, head


def rope(r, head, part=1.0):
    pairs = int(head * part) // 2
    theta = r.choice([100.0, 10000.0, 500000.0, 1234.5])
    kind = r.choice(["default", "default", "linear", "dynamic", "yarn", "llama3", "longrope"])
    more = dict(
        default={}, linear=dict(factor=2.5), dynamic=dict(factor=2.0),
        yarn=dict(factor=4.0, original_max_position_embeddings=r.choice([8, 16]), **r.choice([
            {}, dict(truncate=False), dict(attention_factor=1.2), dict(beta_fast=16.0, beta_slow=2.0),
            dict(mscale=0.8, mscale_all_dim=0.5)])),
        llama3=dict(factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=16),
        longrope=dict(short_factor=[1.0 + 0.3 * i for i in range(pairs)], long_factor=[2.0] * pairs, factor=2.0,
                      original_max_position_embeddings=32))[kind]
    return dict(rope_parameters=dict(rope_type=kind, rope_theta=theta, **more) | (
        {} if part == 1.0 else dict(partial_rotary_factor=part)))


def maybe(r, chance=0.5, **keys):
    return {key: value for key, value in keys.items() if r.random() < chance}


def base(r, head=None, own_head=True, part=1.0, turn=True):
    """Sizes, heads and rotation."""
    of_heads, n, head = heads(r, head)
    size = n * head if not own_head else r.choice([10, 14, 18, 21, 24, 30])
    out = dict(hidden_size=size, num_hidden_layers=r.choice([1, 2, 3, 4, 5]), intermediate_size=r.choice([7, 13, 22, 33]),
               max_position_embeddings=64) | of_heads
    if own_head:
        out["head_dim"] = head
    if turn:
        out |= rope(r, head, part)
    return out | maybe(r, rms_norm_eps=r.choice([1e-3, 1e-6, 1e-5]), hidden_act=r.choice(["gelu", "silu", "relu"]))
