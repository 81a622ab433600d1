//! What to wait for.

use clap::Args;

#[derive(Args)]
pub(super) struct TransactionUntil {
    /// Wait until it is in this state, as in `CompleteCommit`
    #[arg(long, requires = "id")]
    state: Option<String>,
    /// Wait for so many milliseconds at most [default: 10000]
    #[arg(long, requires = "state", value_parser = clap::value_parser!(u64).range(..=25_000))]
    within_ms: Option<u64>,
}

#[derive(Args)]
pub(super) struct GroupUntil {
    /// Wait until it is in this state, as in `Stable`
    #[arg(long, requires = "id")]
    state: Option<String>,
    /// Wait until it has so many members
    #[arg(long, requires = "id")]
    members: Option<u16>,
    /// Wait for so many milliseconds at most [default: 10000]
    #[arg(long, requires = "id", value_parser = clap::value_parser!(u64).range(..=25_000))]
    within_ms: Option<u64>,
}

#[derive(Args)]
pub(super) struct PartitionUntil {
    /// Wait until this broker leads it
    #[arg(long, requires = "partition")]
    leader: Option<u32>,
    /// Wait until so many replicas are in sync, or more
    #[arg(long, requires = "partition")]
    in_sync: Option<u16>,
    /// Wait until the high watermark is there, or beyond it
    #[arg(long, requires = "partition")]
    high_watermark: Option<u64>,
    /// Wait until the last stable offset is there, or beyond it
    #[arg(long, requires = "partition")]
    last_stable_offset: Option<u64>,
    /// Wait until the log ends there, or beyond it
    #[arg(long, requires = "partition")]
    log_end_offset: Option<u64>,
    /// Wait for so many milliseconds at most [default: 10000]
    #[arg(long, requires = "partition", value_parser = clap::value_parser!(u64).range(..=25_000))]
    within_ms: Option<u64>,
}

impl TransactionUntil {
    pub(super) fn query(&self) -> String {
        query([("state", self.state.clone()), ("within_ms", text(self.within_ms))])
    }
}

impl GroupUntil {
    pub(super) fn query(&self) -> String {
        query([
            ("state", self.state.clone()),
            ("members", text(self.members)),
            ("within_ms", text(self.within_ms)),
        ])
    }
}

impl PartitionUntil {
    pub(super) fn query(&self) -> String {
        query([
            ("leader", text(self.leader)),
            ("in_sync", text(self.in_sync)),
            ("high_watermark", text(self.high_watermark)),
            ("last_stable_offset", text(self.last_stable_offset)),
            ("log_end_offset", text(self.log_end_offset)),
            ("within_ms", text(self.within_ms)),
        ])
    }
}

fn text(number: Option<impl ToString>) -> Option<String> {
    number.map(|number| number.to_string())
}

fn query<const N: usize>(parameters: [(&str, Option<String>); N]) -> String {
    let given = parameters
        .into_iter()
        .filter_map(|(name, value)| Some(format!("{name}={}", super::command::escaped(&value?))));
    let given: Vec<_> = given.collect();
    if given.is_empty() { String::new() } else { format!("?{}", given.join("&")) }
}
