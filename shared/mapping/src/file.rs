//! Loads a mapping from a file; nothing else in this crate touches files.

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::{error::MappingError, mapping::Mapping};

/// A file that is not a valid mapping.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file cannot be read.
    #[error("the mapping `{}` cannot be read: {error}", path.display())]
    Unread {
        /// The file's path.
        path: PathBuf,
        /// The reason.
        error: io::Error,
    },
    /// The file's content is wrong.
    #[error("`{}`: {error}", path.display())]
    Wrong {
        /// The file's path.
        path: PathBuf,
        /// What is wrong, and where.
        error: MappingError,
    },
}

/// Loads a mapping from a file.
///
/// # Errors
/// If the file cannot be read or is wrong; the error names its path and the place in it.
pub fn load(path: &Path) -> Result<Mapping, LoadError> {
    let bytes = std::fs::read(path).map_err(|error| LoadError::Unread {
        path: path.to_owned(),
        error,
    })?;
    Mapping::parse(&bytes).map_err(|error| LoadError::Wrong {
        path: path.to_owned(),
        error,
    })
}
