//! What a scenario is played at: a release, and its level of `transaction.version`.

use std::fmt;
use std::str::FromStr;

use fencepost_wire::Release;

/// A release of Kafka with a finalized level of `transaction.version`, such as `4.2-tv2`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Target {
    /// The release line.
    pub release: Release,
    /// The finalized level.
    pub level: i16,
}

impl Target {
    /// Every target that has transcripts.
    pub const ALL: &[Self] = &[
        Self { release: Release::V3_9, level: 0 },
        Self { release: Release::V4_0, level: 2 },
        Self { release: Release::V4_1, level: 2 },
        Self { release: Release::V4_2, level: 1 },
        Self { release: Release::V4_2, level: 2 },
        Self { release: Release::V4_3, level: 2 },
        Self { release: Release::V4_4, level: 1 },
        Self { release: Release::V4_4, level: 2 },
    ];
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-tv{}", self.release, self.level)
    }
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let error = || format!("`{text}` is no target: give one such as 4.2-tv2");
        let (release, level) = text.split_once("-tv").ok_or_else(error)?;
        let release = release.parse::<Release>().map_err(|unknown| unknown.to_string())?;
        let level = level.parse().map_err(|_| error())?;
        if !release.transaction_versions().contains(&level) {
            return Err(format!("Kafka {release} has no transaction.version {level}"));
        }
        Ok(Self { release, level })
    }
}
