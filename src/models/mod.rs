//! Transformers whose every hidden state is at hand: one trunk, and small declarations that configure it.
