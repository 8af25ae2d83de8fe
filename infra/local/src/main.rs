//! The `holdfast` command.

mod cli;

/// A thousand clients at once leave the system's allocator with twice the memory that is in use, and it is slower.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> std::process::ExitCode {
    cli::run().await
}
