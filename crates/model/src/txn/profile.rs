//! In what the releases of Kafka differ as transaction coordinator, and which rules are in force.

use fencepost_ids::{Rule, Rules};
use fencepost_wire::Release;

use crate::host::Host;

/// The behaviours that changed between releases, by the names of the spec's D01 to D15.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct TxnProfile {
    /// What a fence does to the epoch in TV2 (D01, D02, D03, D04).
    pub(crate) fence: FenceBump,
    /// Previous and next producer id are written to the log (D05).
    pub(crate) logs_neighbour_ids: bool,
    /// Every transition sets the previous producer id, not only those to Empty and the TV2
    /// completions (D06).
    pub(crate) every_transition_sets_previous_id: bool,
    /// Markers of TV2 transactions carry their version, and leaders judge their epochs strictly
    /// (D07, KIP-1228).
    pub(crate) strict_marker_epochs: bool,
    /// A timeout of 2147483647 ms means a two-phase commit that never times out (D10).
    pub(crate) two_phase_commit: bool,
    /// A transaction keeps the version that its client proved (D14, ADDP-04).
    pub(crate) keeps_client_version: bool,
    /// A pending transition is looked at before the identity of who adds partitions (D15,
    /// KAFKA-18660).
    pub(crate) pending_before_adder: bool,
    /// A load skips records with an unknown value version instead of stopping (D11).
    pub(crate) skips_unknown_values: bool,
    /// InitProducerId leaves the start of the last transaction in memory (D13).
    pub(crate) keeps_last_start: bool,
    /// The safety rules in force.
    pub(crate) in_force: Rules,
}

/// What a timeout or a newcomer's InitProducerId does to the epoch of an open TV2 transaction
/// (END-10).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum FenceBump {
    /// 4.0.0: two epochs, the first of which stays in memory when the append fails.
    Twice,
    /// 4.0.1 to 4.2: one epoch, up to the last one.
    Once,
    /// From 4.3: one epoch; past the last one the producer id is replaced.
    OnceOrRotate,
}

impl TxnProfile {
    /// The behaviour of the cluster's release under its rules.
    pub(crate) fn of(host: &Host<'_>) -> Self {
        let release = match host.config.release {
            Release::V3_9 => Self::V3_9,
            Release::V4_0 => Self::V4_0,
            Release::V4_1 => Self::V4_1,
            Release::V4_2 => Self::V4_2,
            Release::V4_3 | Release::V4_4 => Self::V4_3,
        };
        Self { in_force: host.config.rules, ..release }
    }

    pub(crate) const fn is_on(self, rule: Rule) -> bool {
        self.in_force.is_on(rule)
    }

    /// Kafka 3.9, which knows no TV2; what it shares with 4.0 behaves as there.
    pub(crate) const V3_9: Self =
        Self { keeps_client_version: false, pending_before_adder: false, ..Self::V4_0 };

    /// Kafka 4.0.0, whose double bump was withdrawn in 4.0.1 (KAFKA-19367).
    #[cfg(test)]
    pub(crate) const V4_0_0: Self = Self { fence: FenceBump::Twice, ..Self::V4_0 };

    /// Kafka 4.0.1 and later patches.
    pub(crate) const V4_0: Self = Self {
        fence: FenceBump::Once,
        logs_neighbour_ids: false,
        every_transition_sets_previous_id: false,
        strict_marker_epochs: false,
        two_phase_commit: false,
        keeps_client_version: true,
        pending_before_adder: true,
        skips_unknown_values: false,
        keeps_last_start: true,
        in_force: Rules::ALL_IN_FORCE,
    };

    /// Kafka 4.1.
    pub(crate) const V4_1: Self = Self {
        every_transition_sets_previous_id: true,
        two_phase_commit: true,
        keeps_last_start: false,
        ..Self::V4_0
    };

    /// Kafka 4.2.
    pub(crate) const V4_2: Self = Self { strict_marker_epochs: true, ..Self::V4_1 };

    /// Kafka 4.3, the first that writes the neighbouring producer ids (KAFKA-20310).
    pub(crate) const V4_3: Self = Self {
        fence: FenceBump::OnceOrRotate,
        logs_neighbour_ids: true,
        skips_unknown_values: true,
        ..Self::V4_2
    };
}
