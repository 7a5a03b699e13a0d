use std::borrow::Cow;
use std::collections::BTreeMap;

use mainstay_kernel::work::{NewTask, TaskId};
use mainstay_kernel::{Caller, Error, Result, nearest};

use crate::meta::Meta;
use crate::operation::OperationPath;
use crate::{Work, WorkerEntry};

impl Work {
    /// A task that nobody's transaction left behind: for the worker of this name or the operation that this path calls,
    /// such as `users.get.42`, with this input as JSON. It runs for the framework itself.
    ///
    /// # Errors
    /// Bad request, when nothing is named so, or the input does not fit.
    pub fn task_by_hand(&self, called: &str, input: String) -> Result<NewTask> {
        let (entry, params) = self.called(called)?;
        (entry.reads)(entry.spec.name, &input).map_err(|error| refused(error.to_string()))?;
        let mut meta = Meta::of(&Caller::System);
        meta.params = params;
        meta.version = entry.spec.version;
        Ok(NewTask {
            id: TaskId::new(),
            queue: Cow::Borrowed(entry.spec.queue),
            name: Cow::Borrowed(entry.spec.name),
            key: None,
            priority: 100,
            body: input,
            meta: meta.write()?,
            due: None,
        })
    }

    fn called(&self, called: &str) -> Result<(WorkerEntry, BTreeMap<String, String>)> {
        let all: Vec<WorkerEntry> =
            self.workers.iter().copied().chain(self.crons.iter().map(|it| it.worker)).collect();
        if let Some(entry) = all.iter().find(|it| it.spec.name == called) {
            if called.contains('$') {
                let message =
                    format!("`{called}` stands for many: write a value in place of each `$parameter`");
                return Err(refused(message));
            }
            return Ok((*entry, BTreeMap::new()));
        }
        let mut paths: Vec<_> =
            all.iter().filter_map(|it| Some((OperationPath::read(it.spec.name).ok()?, it))).collect();
        paths.sort_by_key(|(path, _)| std::cmp::Reverse(path.words()));
        let found = paths.into_iter().find_map(|(path, entry)| Some((*entry, path.matches(called)?)));
        found.ok_or_else(|| {
            let near = nearest(called, all.iter().map(|it| it.spec.name));
            let hint = near.map(|near| format!(", did you mean `{near}`?")).unwrap_or_default();
            refused(format!("no worker and no operation is named `{called}`{hint}"))
        })
    }
}

fn refused(message: String) -> Error {
    Error::bad_request("bad_request", message)
}
