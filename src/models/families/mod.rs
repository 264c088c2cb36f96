//! One small file per family: a configuration becomes a declaration.

pub(super) mod bert;
