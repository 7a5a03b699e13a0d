//! A small disk, which can be filled.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

/// How large it is.
const SIZE: &str = "size=48m,mode=700";

/// A file system in memory, unmounted when dropped.
pub(crate) struct SmallDisk(PathBuf);

impl SmallDisk {
    /// `None` where this process may not mount.
    pub(crate) fn mount(at: &Path) -> Result<Option<Self>> {
        fs::create_dir_all(at)?;
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", SIZE, "tmpfs"]).arg(at).output()?;
        Ok(mounted.status.success().then(|| Self(at.to_owned())))
    }

    /// Fills it to the last byte, until `meanwhile` is over.
    pub(crate) fn fill(&self, meanwhile: impl FnOnce()) -> Result<()> {
        let filler = self.0.join("filler");
        let mut file = File::create(&filler)?;
        for size in [1 << 20, 1 << 12, 1] {
            while file.write(&vec![0; size]).is_ok_and(|written| written > 0) {}
        }
        meanwhile();
        Ok(fs::remove_file(filler)?)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _left_mounted = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}
