//! The `rnnc` program. Everything is in the library; see `rnnc::cli`.

/// Training allocates and frees large buffers at every step; glibc would give each back to the kernel and fault it in again.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    rnnc::cli::main()
}
