#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| mainstay_web::fuzz_query(data));
