//! Any bytes are either activations or an error with something to do about it (`fuzz/README.md`).
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| mlem_probe_fuzz::arrays::exercise(bytes));
