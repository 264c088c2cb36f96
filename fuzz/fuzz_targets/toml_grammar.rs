//! Any text is either a grammar that counts, checks and samples, or an error with a place in the text (`fuzz/README.md`).
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| mlem_probe_fuzz::exercise(text, "fuzz.toml"));
