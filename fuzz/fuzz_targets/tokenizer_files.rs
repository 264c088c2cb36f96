//! Any files are either a tokenizer or an error with something to do about it (`fuzz/README.md`).
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| mlem_probe_fuzz::tokenizer::exercise(bytes));
