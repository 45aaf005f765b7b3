//! A mapping from its file: the one place here that touches one.

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::{Mapping, MappingError};

/// A file that is no mapping.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// It cannot be read.
    #[error("the mapping `{}` cannot be read: {error}", path.display())]
    Unread {
        /// Which file.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// Something in it is wrong.
    #[error("`{}`: {error}", path.display())]
    Wrong {
        /// Which file.
        path: PathBuf,
        /// What, and where in it.
        error: MappingError,
    },
}

/// Reads a mapping from a file.
///
/// # Errors
/// With the file's path, and the place in it that is wrong.
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
