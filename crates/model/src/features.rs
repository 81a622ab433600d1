//! Finalized features (KIP-584): the levels that decide which protocols clients use.

use fencepost_wire::Release;

/// A feature's name and the levels that a release supports.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct SupportedFeature {
    pub(crate) name: &'static str,
    pub(crate) min: i16,
    pub(crate) max: i16,
}

/// The feature of KIP-890 and KIP-1228.
pub(crate) const TRANSACTION_VERSION: &str = "transaction.version";
/// The feature of KIP-966.
const ELIGIBLE_LEADER_REPLICAS_VERSION: &str = "eligible.leader.replicas.version";
/// The level of the controller's records.
pub(crate) const METADATA_VERSION: &str = "metadata.version";
/// The feature of KIP-848.
pub(crate) const GROUP_VERSION: &str = "group.version";

/// The finalized levels of a cluster; they start at the release's defaults and an admin may
/// change them (FEAT-01, FEAT-05).
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Features {
    /// Rises with every change, so that clients notice (API-13).
    pub(crate) epoch: i64,
    levels: Vec<(SupportedFeature, i16)>,
}

impl Features {
    /// The levels of a new cluster of a release (FEAT-02, CONF-58), as brokers of 3.9.1, 4.0.1,
    /// 4.1.1, 4.2.2, 4.3.1 and 4.4.0 tell them; those of share and Streams groups stay at 0, since these are not
    /// served.
    pub(crate) fn new(release: Release, transaction_version: i16) -> Self {
        let feature = |name, min, max, level| (SupportedFeature { name, min, max }, level);
        // metadata.version: the first level of KRaft without migration, and the release's own.
        let since_4_2 = |metadata_version, share_version| {
            vec![
                feature(ELIGIBLE_LEADER_REPLICAS_VERSION, 0, 1, 1),
                feature(GROUP_VERSION, 0, 1, 1),
                feature("kraft.version", 0, 1, 0),
                feature(METADATA_VERSION, 7, metadata_version, metadata_version),
                feature("share.version", 0, share_version, 0),
                feature("streams.version", 0, 1, 0),
                feature(TRANSACTION_VERSION, 0, 2, transaction_version),
            ]
        };
        let levels = match release {
            Release::V3_9 => {
                vec![feature("kraft.version", 0, 1, 0), feature(METADATA_VERSION, 1, 21, 21)]
            }
            Release::V4_0 => vec![
                feature(ELIGIBLE_LEADER_REPLICAS_VERSION, 0, 1, 0),
                feature(GROUP_VERSION, 0, 1, 1),
                feature("kraft.version", 0, 1, 0),
                feature(METADATA_VERSION, 7, 25, 25),
                feature(TRANSACTION_VERSION, 0, 2, transaction_version),
            ],
            Release::V4_1 => vec![
                feature(ELIGIBLE_LEADER_REPLICAS_VERSION, 0, 1, 1),
                feature(GROUP_VERSION, 0, 1, 1),
                feature("kraft.version", 0, 1, 0),
                feature(METADATA_VERSION, 7, 27, 27),
                feature("share.version", 0, 1, 0),
                feature(TRANSACTION_VERSION, 0, 2, transaction_version),
            ],
            Release::V4_2 => since_4_2(29, 1),
            Release::V4_3 => since_4_2(30, 1),
            Release::V4_4 => since_4_2(33, 2),
        };
        Self { epoch: 0, levels }
    }

    /// Every supported feature with its finalized level.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (SupportedFeature, i16)> {
        self.levels.iter().copied()
    }

    /// The finalized level of a feature; 0 if the release has no such feature.
    pub(crate) fn level(&self, name: &str) -> i16 {
        self.levels.iter().find(|(feature, _)| feature.name == name).map_or(0, |(_, level)| *level)
    }

    /// The level of `transaction.version`.
    pub(crate) fn transaction_version(&self) -> i16 {
        self.level(TRANSACTION_VERSION)
    }

    /// Whether the KIP-848 group protocol is on.
    pub(crate) fn has_consumer_groups(&self) -> bool {
        self.level(GROUP_VERSION) >= 1
    }

    /// Whether replicas that left the in-sync set while it was small stay electable (KIP-966).
    pub(crate) fn has_eligible_leader_replicas(&self) -> bool {
        self.level(ELIGIBLE_LEADER_REPLICAS_VERSION) >= 1
    }

    /// Whether the release has a feature.
    pub(crate) fn knows(&self, name: &str) -> bool {
        self.levels.iter().any(|(feature, _)| feature.name == name)
    }

    /// Finalizes a level; false if the feature or the level is not supported.
    pub(crate) fn set(&mut self, name: &str, level: i16) -> bool {
        let Some((feature, current)) =
            self.levels.iter_mut().find(|(feature, _)| feature.name == name)
        else {
            return false;
        };
        if level < feature.min || level > feature.max {
            return false;
        }
        *current = level;
        self.epoch += 1;
        true
    }
}
