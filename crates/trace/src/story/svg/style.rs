//! How the picture looks.

use crate::event::Event;

/// The colours: amber is open, green committed, red aborted, blue outside transactions.
pub(super) const STYLE: &str = "\
.page{fill:#fff}text{font:11px Helvetica,Arial,'DejaVu Sans',sans-serif;fill:#222}\
text.head{font-weight:600;text-anchor:middle;fill:#fff}text.note{text-anchor:middle}\
text.time{fill:#777}text.hit{font-weight:600;fill:#8c1d2c}text.command{fill:#444}\
.life{stroke:#ddd}rect.head{fill:#555}rect.head.client{fill:#2f4b7c}\
rect.head.transaction{fill:#7a4fa3}rect.head.group{fill:#0f766e}rect.head.partition{fill:#475569}\
.asks,.answers,.marks{stroke:#333;marker-end:url(#tip)}.answers{stroke-dasharray:4 3}\
.marks{stroke:#7a4fa3}\
rect.note{fill:#f4f4f5;stroke:#d4d4d8}rect.plain{fill:#cfe0f5;stroke:#7f9fc8}\
rect.open{fill:#fbe3a6;stroke:#d9a021}rect.committed{fill:#bfe5cb;stroke:#3f9463}\
rect.aborted{fill:#f6c1c7;stroke:#c5405a}rect.refused,rect.closed{fill:#fff;stroke:#c5405a}\
rect.mark{fill:#fff;stroke:none}rect.band.hit{fill:#fde8ea}rect.band.command{fill:#f1f5f9}";

/// The colour of an event that is no batch.
pub(super) fn class_of(event: &Event) -> &'static str {
    match event {
        Event::TransactionChanged { to, .. } => match &**to {
            "Ongoing" => "open",
            "PrepareCommit" | "CompleteCommit" => "committed",
            "PrepareAbort" | "CompleteAbort" => "aborted",
            _ => "other",
        },
        Event::MarkerAppended { commits: true, .. }
        | Event::OffsetMaterialised(_)
        | Event::OffsetCommitted(_) => "committed",
        Event::MarkerAppended { commits: false, .. } | Event::OffsetDropped(_) => "aborted",
        Event::OffsetPending(_) => "open",
        Event::ProducerFenced { .. }
        | Event::BatchRefused { .. }
        | Event::LogTruncated { .. }
        | Event::LeaderLost { .. }
        | Event::BrokerCrashed { .. } => "refused",
        Event::HighWatermarkMoved { .. } | Event::LastStableOffsetMoved { .. } => "mark",
        Event::TransactionalIdExpired { .. }
        | Event::BatchAppended(_)
        | Event::BatchRepeated(_)
        | Event::OffsetDeleted { .. }
        | Event::GroupChanged { .. }
        | Event::GroupGone { .. }
        | Event::LeaderElected { .. }
        | Event::BrokerStopped { .. }
        | Event::BrokerRestarted { .. } => "other",
    }
}
