//! The installation's secret on a laptop: made once, kept beside the data.

use std::io;
use std::path::Path;

/// The secret of this data directory: read, or made at random and written so that only its owner can read it.
///
/// # Errors
/// When the file cannot be read or written, or is not 32 bytes long.
pub fn secret(dir: &Path) -> io::Result<[u8; 32]> {
    let path = dir.join("secret");
    match std::fs::read(&path) {
        Ok(bytes) => {
            bytes.try_into().map_err(|_| io::Error::other(format!("{} is not 32 bytes long", path.display())))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            std::fs::create_dir_all(dir)?;
            let secret = env::random();
            write(&path, &secret)?;
            Ok(secret)
        }
        Err(error) => Err(error),
    }
}

fn write(path: &Path, secret: &[u8]) -> io::Result<()> {
    use std::io::Write;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_of_a_directory_stays_the_same() {
        let dir = tempfile::tempdir().unwrap();
        let first = secret(dir.path()).unwrap();
        assert_eq!(secret(dir.path()).unwrap(), first);
        std::fs::write(dir.path().join("secret"), b"short").unwrap();
        assert!(secret(dir.path()).is_err());
    }
}
