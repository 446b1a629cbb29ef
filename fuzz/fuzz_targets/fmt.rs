//! Formatting is done after one time, loses no comment and changes no tree: the formatter asserts the latter two itself.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rnnc::syntax::format::format;

fuzz_target!(|text: &str| {
    if let Some(once) = format(text) {
        assert_eq!(format(&once).as_ref(), Some(&once));
    }
});
