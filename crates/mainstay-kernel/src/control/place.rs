use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use tokio::net::{UnixListener, UnixStream};

use super::failed;
use crate::Result;

/// The longest path of a Unix socket (`sun_path` in unix(7), without its end).
const LONGEST_PATH: usize = 107;

/// The socket's file. Removed when dropped, unless another process has put its own there.
#[derive(Debug)]
pub(super) struct Place {
    path: PathBuf,
    inode: u64,
    owner: u32,
}

impl Place {
    /// Listens at `path`.
    pub(super) fn claim(path: &Path) -> Result<(UnixListener, Self)> {
        let folder = path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let stage = folder.join(format!(".c{:08x}", fastrand::u32(..)));
        let longest = path.as_os_str().len().max(stage.join("s").as_os_str().len());
        if longest > LONGEST_PATH {
            let why =
                format!("its path has {longest} bytes and may have {LONGEST_PATH}: move the project up");
            return Err(failed(path, why));
        }
        prepare(folder).map_err(|error| failed(path, &error).caused_by(error))?;
        refuse_taken(path)?;
        let staged = listen(&stage, path);
        // Empty by now, or the start failed and says why.
        let _ = fs::remove_dir_all(&stage);
        let (listener, inode, owner) = staged.map_err(|error| failed(path, &error).caused_by(error))?;
        Ok((listener, Self { path: path.to_owned(), inode, owner }))
    }

    /// Whether the other side belongs to the user who runs this process, or to root.
    pub(super) fn admits(&self, stream: &UnixStream) -> bool {
        stream.peer_cred().is_ok_and(|peer| may_command(self.owner, peer.uid()))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if fs::symlink_metadata(&self.path).is_ok_and(|it| it.ino() == self.inode) {
            // The next start replaces what is left.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Whether a process of user `peer` may command one of user `owner`.
pub(super) fn may_command(owner: u32, peer: u32) -> bool {
    peer == owner || peer == 0
}

/// Makes the folder, for this user alone; one that is there must be nobody else's to write.
fn prepare(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    if fs::metadata(folder)?.permissions().mode() & 0o022 == 0 {
        return Ok(());
    }
    let folder = folder.display();
    Err(io::Error::other(format!("others may write to its folder {folder}: run `chmod go-w {folder}`")))
}

/// The file of a process that has ended is replaced; one that answers, or is no socket, is not.
fn refuse_taken(path: &Path) -> Result<()> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(path, &error).caused_by(error)),
        Ok(it) if !it.file_type().is_socket() => {
            return Err(failed(path, "there is a file of that name that is no socket: move it away"));
        }
        Ok(_) => {}
    }
    let Ok(answering) = std::os::unix::net::UnixStream::connect(path) else { return Ok(()) };
    let pid = answering
        .set_nonblocking(true)
        .and_then(|()| UnixStream::from_std(answering))
        .and_then(|stream| stream.peer_cred())
        .ok()
        .and_then(|peer| peer.pid());
    let process = pid.map_or_else(String::new, |pid| format!(" ({pid})"));
    Err(failed(path, format!("another process{process} listens there: stop it, or serve with --takeover")))
}

/// Binds where nobody else can enter, and moves the socket into place once its mode is right.
fn listen(stage: &Path, path: &Path) -> io::Result<(UnixListener, u64, u32)> {
    DirBuilder::new().mode(0o700).create(stage)?;
    let staged = stage.join("s");
    let listener = UnixListener::bind(&staged)?;
    fs::set_permissions(&staged, Permissions::from_mode(0o600))?;
    let metadata = fs::symlink_metadata(&staged)?;
    fs::rename(&staged, path)?;
    Ok((listener, metadata.ino(), metadata.uid()))
}
