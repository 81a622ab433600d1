use std::fmt;

use krafka::Compression;

use crate::scope::{Failure, Scope};
use crate::{admin, fencing, numbered, pipeline, round_trip, visibility};

/// One item of the common list, in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scenario {
    /// `round-trip-none` and its like.
    RoundTrip(Compression),
    /// `idempotent-10000`
    Idempotent,
    /// `commit-and-abort`
    CommitAndAbort,
    /// `interleaved-producers`
    InterleavedProducers,
    /// `open-transaction-holds-back`
    OpenTransactionHoldsBack,
    /// `zombie-fenced`
    ZombieFenced,
    /// `consume-transform-produce`
    ConsumeTransformProduce,
    /// `consume-transform-produce-consumer-protocol`
    ConsumeTransformProduceConsumerProtocol,
    /// `killed-mid-transaction`
    KilledMidTransaction,
    /// `transaction-timeout`
    TransactionTimeout,
    /// `transaction-100000`
    LargeTransaction,
    /// `fifty-producers`
    FiftyProducers,
    /// `admin`
    Admin,
}

impl Scenario {
    /// Every scenario.
    pub const ALL: [Self; 17] = [
        Self::RoundTrip(Compression::None),
        Self::RoundTrip(Compression::Gzip),
        Self::RoundTrip(Compression::Snappy),
        Self::RoundTrip(Compression::Lz4),
        Self::RoundTrip(Compression::Zstd),
        Self::Idempotent,
        Self::CommitAndAbort,
        Self::InterleavedProducers,
        Self::OpenTransactionHoldsBack,
        Self::ZombieFenced,
        Self::ConsumeTransformProduce,
        Self::ConsumeTransformProduceConsumerProtocol,
        Self::KilledMidTransaction,
        Self::TransactionTimeout,
        Self::LargeTransaction,
        Self::FiftyProducers,
        Self::Admin,
    ];

    /// The scenario of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scenario| scenario.to_string() == name)
    }

    /// The part of it that krafka has no call for.
    #[must_use]
    pub fn left_out(self) -> Option<&'static str> {
        (self == Self::Admin).then_some("without fencing producers: no such call in AdminClient")
    }

    /// Runs it to its end.
    ///
    /// # Errors
    /// What was not as it should be.
    pub async fn run(self, scope: &Scope) -> Result<(), Failure> {
        match self {
            Self::RoundTrip(codec) => round_trip::run(scope, codec).await,
            Self::Idempotent => numbered::idempotent(scope).await,
            Self::CommitAndAbort => visibility::commit_and_abort(scope).await,
            Self::InterleavedProducers => visibility::interleaved_producers(scope).await,
            Self::OpenTransactionHoldsBack => visibility::open_transaction_holds_back(scope).await,
            Self::ZombieFenced => fencing::zombie_fenced(scope).await,
            Self::ConsumeTransformProduce => pipeline::classic(scope).await,
            Self::ConsumeTransformProduceConsumerProtocol => pipeline::consumer(scope).await,
            Self::KilledMidTransaction => fencing::killed_mid_transaction(scope).await,
            Self::TransactionTimeout => fencing::transaction_timeout(scope).await,
            Self::LargeTransaction => numbered::large_transaction(scope).await,
            Self::FiftyProducers => numbered::fifty_producers(scope).await,
            Self::Admin => admin::run(scope).await,
        }
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RoundTrip(Compression::Gzip) => "round-trip-gzip",
            Self::RoundTrip(Compression::Snappy) => "round-trip-snappy",
            Self::RoundTrip(Compression::Lz4) => "round-trip-lz4",
            Self::RoundTrip(Compression::Zstd) => "round-trip-zstd",
            Self::RoundTrip(_) => "round-trip-none",
            Self::Idempotent => "idempotent-10000",
            Self::CommitAndAbort => "commit-and-abort",
            Self::InterleavedProducers => "interleaved-producers",
            Self::OpenTransactionHoldsBack => "open-transaction-holds-back",
            Self::ZombieFenced => "zombie-fenced",
            Self::ConsumeTransformProduce => "consume-transform-produce",
            Self::ConsumeTransformProduceConsumerProtocol => {
                "consume-transform-produce-consumer-protocol"
            }
            Self::KilledMidTransaction => "killed-mid-transaction",
            Self::TransactionTimeout => "transaction-timeout",
            Self::LargeTransaction => "transaction-100000",
            Self::FiftyProducers => "fifty-producers",
            Self::Admin => "admin",
        })
    }
}
