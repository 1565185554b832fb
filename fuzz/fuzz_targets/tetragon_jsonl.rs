#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| assay_fuzz::report(assay_sources::sniff::Format::TetragonJsonl, bytes));
