//! `cargo gate`: what must hold before each commit. Form, lints, tests; the first failure ends it with its exit code.

use std::process::{Command, ExitCode};
use std::time::Instant;

/// The steps, cheapest first. `.ci/run` takes the same.
const STEPS: [&[&str]; 3] = [
    &["fmt", "--all", "--check"],
    &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"],
    &["test", "--workspace"],
];

fn main() -> ExitCode {
    for arguments in STEPS {
        let shown = format!("cargo {}", arguments.join(" "));
        eprintln!("gate: {shown}");
        let begun = Instant::now();
        let status = Command::new("cargo").args(arguments).status();
        let seconds = begun.elapsed().as_secs();
        match status {
            Ok(status) if status.success() => eprintln!("gate: {shown}: {seconds} s"),
            Ok(status) => {
                eprintln!("gate: {shown}: failed after {seconds} s ({status})");
                return exit(status.code());
            }
            Err(error) => {
                eprintln!("gate: {shown}: could not be started: {error}");
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}

/// The step's own code, or plain failure where it has none: it was killed, or its code does not fit a byte.
fn exit(code: Option<i32>) -> ExitCode {
    code.and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_step_never_looks_like_success() {
        assert_eq!(exit(Some(101)), ExitCode::from(101));
        for none in [None, Some(-1), Some(256)] {
            assert_eq!(exit(none), ExitCode::FAILURE, "{none:?}");
        }
    }
}
