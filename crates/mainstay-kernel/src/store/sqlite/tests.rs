#[derive(Default)]
pub(super) struct Probe;
impl Probe {
    pub(super) fn before_commit(&self) -> rusqlite::Result<()> {
        Ok(())
    }
}
