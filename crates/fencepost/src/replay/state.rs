//! The state of a cluster at one moment, as text.

use std::fmt::{self, Write};

use fencepost_model::{Cluster, PartitionState};

/// Brokers, partitions, transactional ids and groups, each on its line.
pub(super) fn show(cluster: &Cluster) -> String {
    let mut text = String::new();
    // Text takes whatever is written.
    let _ = write(cluster, &mut text);
    text
}

fn write(cluster: &Cluster, text: &mut String) -> fmt::Result {
    for broker in &cluster.config().brokers {
        let state = if cluster.is_running(broker.id) { "up" } else { "down" };
        writeln!(text, "broker {} {state}", broker.id)?;
    }
    for topic in cluster.topics() {
        for partition in cluster.topic_state(&topic.name).unwrap_or_default() {
            // The 50 partitions of an internal topic are mostly empty.
            let is_empty = partition.offsets.is_some_and(|offsets| offsets.log_end.0 == 0);
            if !(topic.is_internal && is_empty) {
                write!(text, "partition {}-{}", topic.name, partition.partition)?;
                write_partition(text, &partition)?;
            }
        }
    }
    for id in cluster.transactions().transactions {
        write!(text, "transactional id {} {}", id.transactional_id, id.state)?;
        if let Some(pending) = &id.pending {
            write!(text, ", pending {pending:?}")?;
        }
        write!(text, ", producer {} epoch {}", id.producer_id, id.producer_epoch)?;
        write!(text, ", coordinator {} epoch {}", id.coordinator, id.coordinator_epoch)?;
        for partition in &id.partitions {
            write!(text, " {partition}")?;
        }
        writeln!(text)?;
    }
    for group in cluster.groups().groups {
        write!(text, "group {} {} {}", group.group, group.kind, group.state)?;
        write!(text, ", epoch {}, coordinator {}", group.epoch, group.coordinator)?;
        writeln!(text, ", {} members", group.members.len())?;
        for offset in &group.committed {
            writeln!(text, "  committed {} {}", offset.partition, offset.offset)?;
        }
        for offset in &group.pending {
            write!(text, "  pending {} {}", offset.partition, offset.offset)?;
            writeln!(text, " of producer {}", offset.producer_id)?;
        }
    }
    Ok(())
}

fn write_partition(text: &mut String, partition: &PartitionState) -> fmt::Result {
    match partition.leader {
        Some(leader) => write!(text, " leader {leader}")?,
        None => write!(text, " no leader")?,
    }
    write!(text, " epoch {}, in sync", partition.leader_epoch)?;
    for broker in &partition.in_sync {
        write!(text, " {broker}")?;
    }
    if let Some(offsets) = &partition.offsets {
        write!(text, ", records {}..{}", offsets.log_start, offsets.log_end)?;
        write!(text, ", LSO {}", offsets.last_stable)?;
        write!(text, ", high watermark {}", offsets.high_watermark)?;
    }
    writeln!(text)
}
