//! What a client knows, on its disk before it sends and after it has an answer.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::history::Line;

/// The log of one client.
pub(crate) struct Log(File);

impl Log {
    /// Begins one in this folder.
    pub(crate) fn begin(folder: &Path, client: usize) -> Result<Self> {
        Ok(Self(File::create(folder.join(format!("client-{client}.jsonl")))?))
    }

    /// Writes a line, which stays.
    pub(crate) fn note(&mut self, line: &Line) -> Result<()> {
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        self.0.write_all(&text)?;
        Ok(self.0.sync_data()?)
    }
}

/// Every line of every client.
pub(crate) fn read(folder: &Path) -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    for file in files(folder)? {
        let text = fs::read_to_string(&file)?;
        for line in text.lines() {
            lines.push(serde_json::from_str(line).with_context(|| format!("{}: {line}", file.display()))?);
        }
    }
    Ok(lines)
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    let logs = entries.into_iter().map(|it| it.path());
    Ok(logs.filter(|it| it.extension().is_some_and(|it| it == "jsonl")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{Answer, Wish};

    #[test]
    fn what_was_noted_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let wish = Wish::Cancel { op: "c".into(), target: "r".into() };
        let lines = [Line::Asks(wish), Line::Heard("c".into(), Answer { status: 200, body: "null".into() })];
        let mut log = Log::begin(folder.path(), 0).unwrap();
        lines.iter().for_each(|line| log.note(line).unwrap());
        assert_eq!(read(folder.path()).unwrap(), lines);
    }
}
