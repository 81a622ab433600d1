//! The values that settings hold, and how they are read and shown.

use std::fmt;

use fencepost_log::{ONE, TimestampType};

/// The type of a setting, as DescribeConfigs shows it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum SettingKind {
    Boolean = 1,
    String = 2,
    Int = 3,
    Long = 5,
    Double = 6,
    List = 7,
}

/// A value that a setting can hold.
pub(super) trait Value: Sized {
    const KIND: SettingKind;
    fn parse(text: &str, least: i64) -> Result<Self, String>;
    fn text(&self) -> String;
}

macro_rules! integer {
    ($type:ty, $kind:ident) => {
        impl Value for $type {
            const KIND: SettingKind = SettingKind::$kind;
            fn parse(text: &str, least: i64) -> Result<Self, String> {
                let fits = |number: &$type| i64::from(*number) >= least;
                text.trim().parse().ok().filter(fits).ok_or_else(|| {
                    format!(
                        "a whole number from {} to {}",
                        least.max(<$type>::MIN.into()),
                        <$type>::MAX
                    )
                })
            }
            fn text(&self) -> String {
                self.to_string()
            }
        }
    };
}
integer!(i32, Int);
integer!(i64, Long);

impl Value for bool {
    const KIND: SettingKind = SettingKind::Boolean;
    fn parse(text: &str, _: i64) -> Result<Self, String> {
        match text.trim().to_ascii_lowercase().as_str() {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err("true or false".to_owned()),
        }
    }
    fn text(&self) -> String {
        self.to_string()
    }
}

macro_rules! words {
    ($(#[$doc:meta])* $vis:vis $name:ident : $kind:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        $vis enum $name { $($(#[$variant_doc])* $variant,)* }

        impl Value for $name {
            const KIND: SettingKind = SettingKind::$kind;
            fn parse(text: &str, _: i64) -> Result<Self, String> {
                // Lists may have blanks between their elements.
                let elements: Vec<_> = text.split(',').map(str::trim).collect();
                match elements.join(",").as_str() {
                    $($word => Ok(Self::$variant),)*
                    _ => Err([$($word),*].join(", ")),
                }
            }
            fn text(&self) -> String {
                match self { $(Self::$variant => $word,)* }.to_owned()
            }
        }
    };
}
words!(
    /// What happens to old records.
    pub CleanupPolicy: List {
        /// They go when their time or the log's size is over.
        Delete = "delete",
        /// The last record of each key stays.
        Compact = "compact",
        /// Both.
        CompactDelete = "compact,delete",
        /// Both, the other way round.
        DeleteCompact = "delete,compact",
    }
);
words!(
    /// The codec of stored batches.
    pub(crate) Compression: String {
        Producer = "producer",
        Uncompressed = "uncompressed",
        Gzip = "gzip",
        Snappy = "snappy",
        Lz4 = "lz4",
        Zstd = "zstd",
    }
);
words!(
    /// Whether groups with members change their protocol (GRP-49).
    pub(crate) MigrationPolicy: String {
        Disabled = "disabled",
        Downgrade = "downgrade",
        Upgrade = "upgrade",
        Bidirectional = "bidirectional",
    }
);
impl Value for TimestampType {
    const KIND: SettingKind = SettingKind::String;
    fn parse(text: &str, _: i64) -> Result<Self, String> {
        match text.trim() {
            "CreateTime" => Ok(Self::CreateTime),
            "LogAppendTime" => Ok(Self::LogAppendTime),
            _ => Err("CreateTime or LogAppendTime".to_owned()),
        }
    }
    fn text(&self) -> String {
        match self {
            Self::CreateTime => "CreateTime",
            Self::LogAppendTime => "LogAppendTime",
        }
        .to_owned()
    }
}

words!(
    /// What SASL would be offered; no listener asks for it.
    pub(crate) SaslMechanisms: List { Gssapi = "GSSAPI" }
);
words!(
    /// The message format of 3.9, which takes others and does not heed them.
    pub(crate) FormatVersion: String { V3_0 = "3.0-IV1" }
);
words!(
    /// Who would choose a replica to read from; nobody does.
    pub(crate) ReplicaSelector: String { None = "" }
);

/// A share of one, in billionths.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Ratio(u64);

impl Ratio {
    pub(super) const HALF: Self = Self(ONE / 2);

    pub(crate) const fn parts(self) -> u64 {
        self.0
    }
}

impl Value for Ratio {
    const KIND: SettingKind = SettingKind::Double;
    fn parse(text: &str, _: i64) -> Result<Self, String> {
        let expected = "a decimal from 0 to 1, with 9 digits after the point at most";
        let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), "0"));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(fraction) || fraction.len() > 9 {
            return Err(expected.to_owned());
        }
        let whole = whole.parse::<u64>().ok().and_then(|whole| whole.checked_mul(ONE));
        let parts = whole.zip(format!("{fraction:0<9}").parse::<u64>().ok());
        let parts = parts.map(|(whole, fraction)| whole.saturating_add(fraction));
        parts.filter(|parts| *parts <= ONE).map(Self).ok_or_else(|| expected.to_owned())
    }
    fn text(&self) -> String {
        let fraction = format!("{:09}", self.0 % ONE);
        let fraction = fraction.trim_end_matches('0');
        let fraction = if fraction.is_empty() { "0" } else { fraction };
        format!("{}.{fraction}", self.0 / ONE)
    }
}

/// A number that Kafka lets one choose, and that has no effect here: it stays at Kafka's default.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Fixed<const NUMBER: i64>;

impl<const NUMBER: i64> Value for Fixed<NUMBER> {
    const KIND: SettingKind = SettingKind::Int;
    fn parse(text: &str, _: i64) -> Result<Self, String> {
        let fits = text.trim().parse() == Ok(NUMBER);
        if fits { Ok(Self) } else { Err(format!("{NUMBER}: no other value has an effect here")) }
    }
    fn text(&self) -> String {
        NUMBER.to_string()
    }
}

impl MigrationPolicy {
    /// Whether a classic group may become a KIP-848 group.
    pub(crate) const fn allows_upgrade(self) -> bool {
        matches!(self, Self::Upgrade | Self::Bidirectional)
    }

    /// Whether a KIP-848 group may become a classic group.
    pub(crate) const fn allows_downgrade(self) -> bool {
        matches!(self, Self::Downgrade | Self::Bidirectional)
    }
}

impl CleanupPolicy {
    /// Whether records may be deleted by age, size or DeleteRecords.
    #[must_use]
    pub const fn deletes(self) -> bool {
        matches!(self, Self::Delete | Self::CompactDelete | Self::DeleteCompact)
    }

    /// Whether records need a key (BATCH-11).
    #[must_use]
    pub const fn compacts(self) -> bool {
        !matches!(self, Self::Delete)
    }
}

impl fmt::Display for CleanupPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

/// Replicas whose replication would be throttled; none is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Throttled(String);

impl Throttled {
    pub(super) const NONE: Self = Self(String::new());
}

impl Value for Throttled {
    const KIND: SettingKind = SettingKind::List;
    fn parse(text: &str, _: i64) -> Result<Self, String> {
        let elements: Vec<_> = text.split(',').map(str::trim).collect();
        let is_number =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let is_replica = |text: &&str| {
            text.is_empty()
                || text.split_once(':').is_some_and(|(a, b)| is_number(a) && is_number(b))
        };
        if elements.first() == Some(&"*") || elements.iter().all(is_replica) {
            Ok(Self(elements.join(",")))
        } else {
            Err("* or a list of partition:broker".to_owned())
        }
    }
    fn text(&self) -> String {
        self.0.clone()
    }
}

impl Value for String {
    const KIND: SettingKind = SettingKind::String;
    fn parse(text: &str, _: i64) -> Result<Self, String> {
        Ok(text.to_owned())
    }
    fn text(&self) -> String {
        self.clone()
    }
}
