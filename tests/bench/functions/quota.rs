//! Limits a process to the CPU that Lambda gives a function of 128 MB, by a kernel control group.
//!
//! Lambda gives a whole CPU at 1769 MB and a share of it below
//! (<https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html>), in periods of 20 ms. The
//! limit leaves out a function's start, which has a whole CPU whatever its memory.

use std::{fs, io, path::PathBuf};

const PERIOD_MICROSECONDS: u32 = 20_000;
const QUOTA_MICROSECONDS: u32 = PERIOD_MICROSECONDS * 128 / 1769;

const UNIFIED: &str = "/sys/fs/cgroup";
const LEGACY: &str = "/sys/fs/cgroup/cpu";

/// A control group with the quota, which is removed when dropped.
#[derive(Debug)]
pub(crate) struct Quota(PathBuf);

impl Quota {
    /// Creates the control group, version 2 or 1; needs root.
    pub(crate) fn new() -> Result<Self, String> {
        let name = format!("opportunity-bridge-bench-{}", std::process::id());
        let is_unified = fs::exists(format!("{UNIFIED}/cgroup.controllers")).unwrap_or_default();
        let (parent, settings) = if is_unified {
            // The controller may already be on, and then we may lack the right to turn it on.
            let _ = fs::write(format!("{UNIFIED}/cgroup.subtree_control"), "+cpu");
            let both = format!("{QUOTA_MICROSECONDS} {PERIOD_MICROSECONDS}");
            (UNIFIED, vec![("cpu.max", both)])
        } else {
            let (period, quota) = (PERIOD_MICROSECONDS, QUOTA_MICROSECONDS);
            let period = ("cpu.cfs_period_us", period.to_string());
            (
                LEGACY,
                vec![period, ("cpu.cfs_quota_us", quota.to_string())],
            )
        };
        let group = Self(PathBuf::from(parent).join(name));
        fs::create_dir(&group.0).map_err(|error| group.failed("", &error))?;
        for (file, value) in settings {
            fs::write(group.0.join(file), value).map_err(|error| group.failed(file, &error))?;
        }
        Ok(group)
    }

    /// Moves a process into the group, with all its threads.
    pub(crate) fn take(&self, process: u32) {
        fs::write(self.0.join("cgroup.procs"), process.to_string()).expect("a process to be moved");
    }

    fn failed(&self, file: &str, error: &io::Error) -> String {
        format!("`{}`: {error}, expected root", self.0.join(file).display())
    }
}

impl Drop for Quota {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.0);
    }
}
