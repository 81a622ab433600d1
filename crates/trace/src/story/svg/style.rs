//! How the picture looks.

use crate::event::Event;

/// The colours, by day and by night. Amber is open, green committed, orange-red aborted, blue outside
/// transactions; signs and the style of the edges say the same, for those who see no colours.
pub(in crate::story) const STYLE: &str = "\
.page{fill:#fff}text{font:11px Helvetica,Arial,'DejaVu Sans',sans-serif;fill:#1c1c1c}\
text.title{font-size:17px;font-weight:600}text.head{font-weight:600;text-anchor:middle;fill:#fff}\
text.note,text.cell{text-anchor:middle}text.time,text.mark,text.key,text.command{fill:#555}\
text.hit{font-weight:700;fill:#9d1550}text.said{font-size:12px}text.first{font-weight:700}\
text.arrow{paint-order:stroke;stroke:#fff;stroke-width:3px}text.mark{font-size:10px}\
.life{stroke:#c9ccd1}.turn{stroke:#eceef1}rect.head{fill:#555}rect.head.client{fill:#2f4b7c}\
rect.head.transaction{fill:#6b4a92}rect.head.group{fill:#0b6b62}rect.head.partition{fill:#475569}\
.asks,.answers,.says,.late{stroke:#333;stroke-width:1.2;fill:none}.answers{stroke-dasharray:4 3}\
.says{stroke:#6b4a92}.late{stroke:#9d1550;stroke-width:2.4;stroke-dasharray:9 3}\
.stuck{stroke:#9d1550}.cross{stroke:#9d1550;stroke-width:2.4;fill:none}\
.tip{fill:#333;stroke:none}.tip.says{fill:#6b4a92}.tip.late{fill:#9d1550}\
rect.note{fill:#f2f3f5;stroke:#c3c7ce}rect.cell{fill:#f2f3f5;stroke:#888;stroke-width:1.3}\
rect.plain{fill:#d3e3f7;stroke:#4d7cb3}rect.open{fill:#fdeab5;stroke:#a8720c;stroke-dasharray:2 2}\
rect.committed{fill:#c2e8dc;stroke:#00734f}rect.aborted{fill:#fbd3c0;stroke:#b93a06;stroke-dasharray:5 2}\
rect.gone{fill:#fff;stroke-dasharray:1 3}rect.refused,rect.closed{fill:#fff;stroke:#b93a06}\
rect.committed.marker{fill:#00734f}rect.aborted.marker{fill:#b93a06}\
text.marker{fill:#fff;font-weight:700}rect.torn{stroke:#111;stroke-width:2.6;stroke-dasharray:none}\
.pale{opacity:.55}path.lso,path.hw{fill:none;stroke:#6b4a92;stroke-width:3}\
path.hw{stroke:#555;stroke-width:1.6;stroke-dasharray:2 2}text.lso{fill:#6b4a92;font-weight:700}\
rect.key-lso{fill:#6b4a92;stroke:none}rect.key-hw{fill:#fff;stroke:#555;stroke-dasharray:2 2}\
rect.key-late{fill:#fff;stroke:#9d1550}\
rect.band.hit{fill:#fbe1ec}rect.band.command{fill:#eff2f6}rect.said{fill:#eef6f2;stroke:#00734f}\
rect.said.bad{fill:#fdeee7;stroke:#b93a06;stroke-width:1.6}\
@media(prefers-color-scheme:dark){.page{fill:#15171c}text{fill:#e8e8e8}text.head,text.marker{fill:#fff}\
text.time,text.mark,text.key,text.command{fill:#a9adb6}text.arrow{stroke:#15171c}\
text.hit{fill:#ff9cc4}.life{stroke:#3a3e47}.turn{stroke:#23262d}\
.asks,.answers{stroke:#d4d6da}.says{stroke:#c3a6e8}.late,.stuck,.cross{stroke:#ff7fb2}\
.tip{fill:#d4d6da}.tip.says{fill:#c3a6e8}.tip.late{fill:#ff7fb2}\
rect.note,rect.cell{fill:#262a32;stroke:#565c68}rect.plain{fill:#1d3b5e;stroke:#7fb0ea}\
rect.open{fill:#4d3c08;stroke:#e9bd4d}rect.committed{fill:#0d4534;stroke:#4fd3a5}\
rect.aborted{fill:#5b2410;stroke:#ff9066}rect.gone,rect.refused,rect.closed{fill:#15171c}\
rect.refused,rect.closed{stroke:#ff9066}rect.torn{stroke:#fff}\
path.lso{stroke:#c3a6e8}path.hw{stroke:#a9adb6}text.lso{fill:#c3a6e8}rect.key-lso{fill:#c3a6e8}\
rect.key-hw,rect.key-late{fill:#15171c}rect.band.hit{fill:#4a1730}rect.band.command{fill:#20242b}\
rect.said{fill:#102a21;stroke:#4fd3a5}rect.said.bad{fill:#38190d;stroke:#ff9066}}";

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
        Event::BatchAppended(append) if !append.is_transactional => "plain",
        Event::BatchAppended(_) | Event::OffsetPending(_) => "open",
        Event::ProducerFenced { .. }
        | Event::BatchRefused { .. }
        | Event::LogTruncated { .. }
        | Event::LeaderLost { .. }
        | Event::BrokerCrashed { .. } => "refused",
        Event::HighWatermarkMoved { .. } | Event::LastStableOffsetMoved { .. } => "mark",
        Event::TransactionalIdExpired { .. }
        | Event::BatchRepeated(_)
        | Event::OffsetDeleted { .. }
        | Event::GroupChanged { .. }
        | Event::GroupGone { .. }
        | Event::LeaderElected { .. }
        | Event::BrokerStopped { .. }
        | Event::BrokerRestarted { .. } => "other",
    }
}
