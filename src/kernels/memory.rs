//! How the allocator treats the large buffers that every step takes and gives back.

use libmimalloc_sys::{mi_option_set, mi_option_t};

/// `mi_option_purge_delay` of mimalloc 2 and 3, which the bindings leave out: milliseconds until freed memory goes back to
/// the system, or -1 for never.
const PURGE_DELAY: mi_option_t = 15;

/// Keeps freed memory in the process. A training step frees as much as the next one takes; giving it back to the system
/// in between costs a quarter of the step in page faults.
///
/// Call it first thing in `main`. It changes nothing where mimalloc is not the allocator.
pub fn keep() {
    // SAFETY: sets one number in a table of the allocator; any number is valid, and no other thread is running yet.
    unsafe { mi_option_set(PURGE_DELAY, -1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_is_that_of_the_purge_delay() {
        // SAFETY: reads one number of the allocator's table.
        let value = || unsafe { libmimalloc_sys::mi_option_get(PURGE_DELAY) };
        // mimalloc documents the default of this option, and of no neighbour of it, as 10 ms or more.
        assert!(value() >= 10, "{}", value());
        keep();
        assert_eq!(value(), -1);
    }
}
