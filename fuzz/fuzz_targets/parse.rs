//! Every text has a tree, and every finding a place in the text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rnnc::source::FileId;

fuzz_target!(|text: &str| {
    let (_, errors) = rnnc::syntax::parse(FileId(0), text);
    for error in errors {
        assert!(text.get(error.primary.span.start as usize..error.primary.span.end as usize).is_some(), "{error:?}");
    }
});
