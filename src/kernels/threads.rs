//! How many threads the numeric libraries use, told to them before the first one starts.

/// How many threads the kernels share their work among.
pub fn count() -> usize {
    rayon::current_num_threads()
}

/// Runs both, at the same time where a thread is free.
pub fn side_by_side<A: Send, B: Send>(a: impl FnOnce() -> A + Send, b: impl FnOnce() -> B + Send) -> (A, B) {
    rayon::join(a, b)
}

/// Sets the number of threads of rayon and candle: `threads`, or what `RAYON_NUM_THREADS` says, or one a core.
///
/// candle asks the environment at every product and, finding nothing there, counts the cores anew each time, which takes
/// longer than a small product. Its second pool, which spins while it waits, is switched off.
///
/// Call it first thing in `main`.
pub fn configure(threads: Option<usize>) {
    let given = std::env::var("RAYON_NUM_THREADS").ok().and_then(|text| text.parse::<usize>().ok()).filter(|n| *n > 0);
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let threads = threads.or(given).unwrap_or(cores);
    // SAFETY: changing the environment is unsound only while another thread reads it. This runs before the process has
    // started a second one.
    unsafe {
        std::env::set_var("RAYON_NUM_THREADS", threads.to_string());
        std::env::set_var("CANDLE_NUM_THREADS", "1");
    }
}
