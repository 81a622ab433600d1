//! The safety rules that can be switched off, to show why they exist.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// Declares the rules in the order of the specification: variant, id, what it keeps from going wrong.
macro_rules! rules {
    ($($(#[doc = $meaning:literal])+ $variant:ident = $id:literal,)+) => {
        /// A safety rule of the broker, named as in the specification. All are on by default.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum Rule {
            $($(#[doc = $meaning])+ $variant,)+
        }

        impl Rule {
            /// Every rule, in the order of the specification.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The rule's id in the specification.
            #[must_use]
            pub const fn id(self) -> &'static str {
                match self {
                    $(Self::$variant => $id,)+
                }
            }

            /// What the rule says, and what happens without it.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self {
                    $(Self::$variant => concat!($($meaning),+).trim_start(),)+
                }
            }
        }
    };
}

rules! {
    // log.md
    /// A request with transactional batches names a transactional id, or is refused whole.
    /// Off: only the guard of each partition is left, and the plain batches beside it go through.
    TransactionalIdGate = "IDEM-02",
    /// The transactional batches of one request are of one producer id and epoch.
    /// Off: the coordinator is asked about one of them, and the others are appended on its word.
    OneProducerGate = "IDEM-03",
    /// Acks are -1, 0 or 1.
    /// Off: a producer that asks for two acknowledgements is answered by the leader alone.
    AcksGate = "IDEM-04",
    /// A failed request with acks=0 closes its connection.
    /// Off: the producer goes on and never learns that records are lost.
    UnansweredFailure = "IDEM-05",
    /// With acks=all the answer waits for the in-sync replicas.
    /// Off: records are acknowledged that a failover loses.
    ReplicationWait = "IDEM-06",
    /// An exact repetition of a batch is answered from the window.
    /// Off: a retry is judged by its sequence, and its producer believes a written batch refused.
    DuplicateCheck = "IDEM-08",
    /// The last five batches of a producer are known again.
    /// Off: only the last one is, and the retries of a producer with more in flight are refused.
    DuplicateWindow = "IDEM-09",
    /// With acks=all the answer to a repetition waits as the original's does.
    /// Off: a retry acknowledges what is on no follower yet.
    DuplicateWait = "IDEM-10",
    /// A batch of a lower producer epoch than the last is refused.
    /// Off: a zombie writes after its successor.
    ProducerEpochFence = "IDEM-12",
    /// The first batch of a raised producer epoch has sequence 0.
    /// Off: a later batch overtakes the first one, which is lost.
    NewEpochSequence = "IDEM-13",
    /// Within a producer epoch the sequences have no gap and never go back.
    /// Off: a batch overtakes another, and one that has left the window is appended again.
    SequenceOrder = "IDEM-14",
    /// The sequence after the largest is 0.
    /// Off: the largest has no successor, and the producer is refused for good.
    SequenceWrap = "IDEM-15",
    /// After a marker the next batch of its producer epoch has sequence 0.
    /// Off: a later batch overtakes the first one.
    MarkedEpochSequence = "IDEM-17",
    /// A batch with a producer id has a sequence.
    /// Off: two batches without one pass for the same, and the second is lost.
    SequencePresence = "IDEM-18",
    /// A raised producer epoch forgets the batches of the one before.
    /// Off: a new batch passes for an old one with its sequences, and is lost.
    WindowOfOneEpoch = "IDEM-19",
    /// No plain batch of a producer with an open transaction.
    /// Off: a record inside the transaction stays visible when it is aborted.
    PlainBatchFence = "IDEM-20",
    /// Clients write to no internal topic.
    /// Off: a client's record stands among those of the coordinators.
    InternalTopicGate = "IDEM-24",
    /// Only an open transaction of the batch's own producer epoch spares the question.
    /// Off: a batch of the next transaction joins the one before.
    OpenTransactionEpoch = "VERIFY-02",
    /// The transaction coordinator is asked before a transaction begins on a partition.
    /// Off: a late batch opens a transaction that nobody ends.
    TransactionVerification = "VERIFY-04",
    /// A question for an earlier sequence lowers what may be appended first.
    /// Off: the batch that asked first is appended first, and the earlier one is lost.
    LowestSequence = "VERIFY-05",
    /// Clients read errors of a verification that they can retry.
    /// Off: they read the coordinator's own, and give up.
    VerificationErrorMap = "VERIFY-09",
    /// A transaction begins on a partition only with the guard of the question.
    /// Off: an answer that a marker overtook opens a transaction that nobody ends.
    VerificationGuardCheck = "VERIFY-12",
    /// A stale producer epoch is named before a missing guard.
    /// Off: a producer whose transaction timed out fails for good.
    StaleEpochBeforeGuard = "VERIFY-13",
    /// The marker of a transaction leaves the guard of the next one.
    /// Off: a producer that began its next transaction early fails for good.
    GuardOfNextTransaction = "VERIFY-14",
    /// The first sequence of a transactional producer (TV2) on a partition is 0.
    /// Off: a later batch overtakes the first one, which is refused for good.
    TransactionalFirstSequence = "VERIFY-15",
    /// No batch passes an earlier one whose question failed.
    /// Off: it is appended first, and the earlier one is lost.
    UnverifiedSequenceFirst = "VERIFY-16",
    /// A marker counts as written once the in-sync replicas have it.
    /// Off: a failover loses it, and the transaction stays open.
    MarkerReplication = "MARK-03",
    /// A marker of a lower producer epoch than the last is refused.
    /// Off: a late marker of an old transaction ends the present one.
    MarkerEpochFence = "MARK-04",
    /// A TV2 marker raises the producer epoch.
    /// Off: a late second copy ends the next transaction.
    MarkerEpochRise = "MARK-05",
    /// A TV2 marker may be repeated while nothing is open.
    /// Off: a coordinator whose answer was lost repeats it in vain.
    MarkerRepetition = "MARK-06",
    /// A marker of a lower coordinator epoch than the last is refused.
    /// Off: a coordinator that was replaced decides against its successor.
    CoordinatorEpochFence = "MARK-07",
    /// The high watermark never passes an in-sync replica.
    /// Off: it is the end of the leader's log, and what is acknowledged may be on one replica only.
    HighWatermarkInSync = "LSO-01",
    /// The last stable offset is the first offset of the oldest undecided transaction.
    /// Off: it is the high watermark, and undecided records are delivered.
    LastStableOffset = "LSO-03",
    /// A decided transaction holds the last stable offset until its marker is replicated.
    /// Off: its records are delivered and then taken back by a failover.
    UnreplicatedMarker = "LSO-04",
    /// The last stable offset does not pass the high watermark.
    /// Off: read_committed readers read what is on no follower yet.
    HighWatermarkBound = "LSO-06",
    /// An aborted transaction enters the index before it counts as decided.
    /// Off: its records are delivered.
    AbortIndex = "LSO-07",
    /// A fetch names every aborted transaction that reaches into its range.
    /// Off: it names those that begin there, and the rest of the others is delivered.
    AbortedTransactionList = "LSO-12",
    /// A fetch that waited names the aborted transactions of the moment when it is answered.
    /// Off: it names those of the moment when it came, and aborted records are delivered.
    AbortsOfWaitingFetch = "LSO-15",
    /// A search by timestamp finds nothing at or above the reader's bound.
    /// Off: it finds undecided records, and the consumer that seeks there waits below it.
    TimestampSearchBound = "LSO-18",
    /// A new leader tells no latest offset below its predecessor's high watermark.
    /// Off: the end of the log goes back, and a consumer with it.
    FreshLeaderOffset = "LSO-19",
    /// A producer with an open transaction does not expire.
    /// Off: its marker ends nothing, and the last stable offset stays for good.
    OpenTransactionExpiry = "RECOV-01",
    /// A snapshot of the producers from beyond the log's end is passed over.
    /// Off: batches that were lost pass for written.
    SnapshotBound = "RECOV-05",
    /// What follows a snapshot of the producers is replayed.
    /// Off: a retry after a crash is appended again.
    SnapshotReplay = "RECOV-06",
    /// A transaction that is open in a snapshot is open again.
    /// Off: undecided records are delivered after a restart.
    RestoredTransaction = "RECOV-08",
    /// Producers outlive their deleted records.
    /// Off: a retry of a deleted record is appended again, and a zombie is let in.
    ProducerRetention = "RECOV-17",
    /// A follower's log is cut where it parts from its leader's, epoch by epoch.
    /// Off: it is cut to the length of the leader's log, and what differs below that stays.
    EpochTruncation = "RECOV-18",
    /// A replica joins the in-sync set once it has all that is committed and all that its leader
    /// had when it was elected.
    /// Off: it joins with its first fetch, and may be elected without what is committed.
    InSyncCatchUp = "RECOV-20",
    /// Only a replica in sync is elected, unless `unclean.leader.election.enable` is true.
    /// Off: any live replica is elected, and what it lacks is lost.
    CleanElection = "RECOV-21",
    /// With fewer than `min.insync.replicas` in sync, acks=all is refused and the high watermark
    /// stays.
    /// Off: a single replica acknowledges.
    MinInSyncReplicas = "RECOV-22",
    /// One batch for each partition of a request.
    /// Off: the second is dropped and acknowledged.
    OneBatch = "BATCH-06",
    /// The CRC of a batch is right.
    /// Off: damaged records are stored and delivered.
    BatchChecksum = "BATCH-07",
    /// The counts of a batch agree, and no client writes control records.
    /// Off: a client ends a transaction for the readers, and offsets stay empty.
    BatchHeader = "BATCH-08",
    /// The records of a batch are as many as it says, and can be read.
    /// Off: readers meet records that they cannot pass.
    RecordWalk = "BATCH-09",
    /// Every record of a compacted topic has a key.
    /// Off: a record without one is acknowledged, and compaction drops it.
    CompactedTopicKey = "BATCH-11",
    /// Retention deletes nothing that is not on every in-sync replica.
    /// Off: the log's start passes the high watermark, and readers find no offset to read from.
    RetentionBound = "RETAIN-05",
    /// Compaction stops at the last stable offset.
    /// Off: an undecided record takes the place of a committed one, and its abort leaves nothing.
    CleaningBound = "CLEAN-03",
    /// An aborted record supersedes nothing.
    /// Off: the committed record of its key is removed, and nothing takes its place.
    AbortedRecordsPassedOver = "CLEAN-04",
    /// Compaction keeps a marker while anything of its transaction is left.
    /// Off: after a reload the transaction is open again, and the last stable offset stays for good.
    MarkerKept = "CLEAN-06",
    /// Tombstones and markers stay for `delete.retention.ms` after compaction met them.
    /// Off: they go at once, and a reader on its way keeps what was deleted.
    DeleteHorizon = "CLEAN-07",
    /// The last batch of a producer stays, if only without records.
    /// Off: a reload forgets its sequence, and a retry is appended again.
    LastBatchKept = "CLEAN-08",
    // coordinator.md
    /// One transition of a transactional id is in flight at a time.
    /// Off: a second one takes the place of the first, whose partitions are forgotten.
    OneTransitionAtATime = "STATE-02",
    /// A transition whose record was refused is given up.
    /// Off: it stays pending, and every request for the id reads 51 until the coordinator moves.
    PendingReset = "TLOG-10",
    /// The identity that a client expects to hold must be one that the id has or just had.
    /// Off: a stranger with the right epoch takes the id over.
    PlausibleIdentity = "INIT-09",
    /// An InitProducerId without identity ends the time in which an older one may be repeated.
    /// Off: a zombie that repeats its own is given the identity of its successor.
    InitForgetsRetries = "INIT-11",
    /// A repeated InitProducerId is given what the first one was given.
    /// Off: a producer whose answer was lost is fenced.
    InitRetry = "INIT-12",
    /// A fence that could not be written raises the epoch once, however often it is tried.
    /// Off: each try uses up an epoch, until none is left.
    FenceBumpsOnce = "INIT-14",
    /// A pending transition is looked at before the identity of who adds partitions.
    /// Off: a client that uses the identity it was promised reads 49 or 90, and gives up.
    PendingBeforeAdder = "ADDP-03",
    /// An added partition is answered for once the record of it is replicated.
    /// Off: a crash forgets partitions that have records, and nobody writes their marker.
    DurableAddition = "ADDP-05",
    /// An EndTxn up to v4 must carry the epoch of the id.
    /// Off: one with a later epoch ends the transaction.
    StrictEpochAtEnd = "END-03",
    /// An EndTxn v5 must carry the epoch of its transaction, or that before it as a retry.
    /// Off: a late one of an earlier transaction ends the one that is open.
    EndOfItsOwnTransaction = "END-04",
    /// A pending transition is looked at before the identity in EndTxn v5.
    /// Off: an empty abort right after a commit reads 90, and a sound producer gives up.
    PendingBeforeEnder = "END-05",
    /// A decision counts once its record is replicated: then come answer and markers.
    /// Off: a crash forgets a commit that was answered.
    DurableDecision = "END-06",
    /// EndTxn v5 is answered with the identity after completion.
    /// Off: a producer whose producer id was replaced goes on with the old one, and is fenced.
    IdentityAfterCompletion = "END-07",
    /// A TV2 producer may abort a transaction in which nothing was added.
    /// Off: one whose first record was lost reads 48, and gives up.
    EmptyAbort = "END-08",
    /// Every EndTxn v5 raises the epoch.
    /// Off: a late request of one transaction passes for one of the next.
    EpochPerTransaction = "END-10",
    /// An EndTxn v5 that replaced the producer id is known when it is repeated.
    /// Off: a producer whose answer was lost reads 49, and gives up.
    OverflowRetry = "END-11",
    /// A fence raises the epoch of a TV2 transaction once.
    /// Off: twice, so that the old producer cannot go on, and the last epoch but one wedges the id.
    SingleBump = "END-12",
    /// Answers to markers count in the term of the coordinator that sent them.
    /// Off: a refusal meant for the old term makes the new one give up its markers.
    MarkersOfOneTerm = "MARKOUT-03",
    /// A deleted partition needs no marker.
    /// Off: its transaction never completes.
    DeletedNeedsNoMarker = "MARKOUT-04",
    /// A partition without a leader is waited for.
    /// Off: it never gets its marker, and its readers stop there.
    LeaderlessWaits = "MARKOUT-05",
    /// Markers whose answer was lost are sent again.
    /// Off: their transaction never completes.
    LostMarkersSentAgain = "MARKOUT-06",
    /// Markers that were refused for a passing reason are sent again.
    /// Off: the transaction completes without them, and readers stop at its records.
    RefusedMarkersSentAgain = "MARKOUT-07",
    /// A transaction is complete when every marker is written.
    /// Off: the next one begins early, and a marker of the old one cuts it in two.
    CompleteAfterMarkers = "MARKOUT-09",
    /// A completion that could not be written is written again.
    /// Off: the transaction stays prepared, and every request for the id reads 51.
    CompletionRepeated = "MARKOUT-11",
    /// A coordinator's epoch is the leader epoch of its partition.
    /// Off: it is always 0, and a late marker of a former owner ends the next transaction.
    CoordinatorEpochOfTerm = "FAILOVER-01",
    /// A coordinator loads its log to the end.
    /// Off: it stops at the high watermark that it knows, and forgets what was acknowledged.
    LoadToLogEnd = "FAILOVER-02",
    /// A load carries on what it finds prepared.
    /// Off: its markers are never written, and the transaction never ends.
    PreparedResumed = "FAILOVER-04",
    /// While a coordinator loads, it decides nothing.
    /// Off: it knows no transactional id, gives a known one a new producer id, and fences nobody.
    LoadBeforeDecision = "FAILOVER-05",
    /// A coordinator that is replaced drops what it knows.
    /// Off: it vouches for transactions that have ended, and a late batch opens one for good.
    ResignationDropsCache = "FAILOVER-07",
    /// A transaction that lasts too long is aborted.
    /// Off: a producer that died holds readers back for ever.
    TimeoutAbort = "TIMEOUT-01",
    /// The abort of a transaction that lasts too long raises the epoch.
    /// Off: its producer goes on as if nothing had happened, and commits what is left.
    TimeoutBump = "TIMEOUT-02",
    /// A transaction's time counts from its first partition.
    /// Off: each partition that it adds extends it.
    TimeFromFirstPartition = "TIMEOUT-03",
    /// A transactional id expires only while no transaction is open.
    /// Off: an open transaction is forgotten, and nobody writes its markers.
    OpenNeverExpires = "TIMEOUT-05",
    /// A block of producer ids is given out once.
    /// Off: two producers have one identity, and the records of one count as copies of the other's.
    UniqueProducerIds = "PID-01",
    // groups.md
    /// An offset of a transaction is pending until the marker of its producer id.
    /// Off: it counts at once, and an abort does not take it back.
    PendingOffsets = "TXOFF-06",
    /// The group judges a transactional commit when it is appended, behind the verification.
    /// Off: it judges it on arrival, and a member that lost its partitions meanwhile still commits.
    GroupCheckAtAppend = "TXOFF-14",
    /// A member of a group that is gone may not commit (TXOFF-57).
    /// Off: its commit makes a new group of that name.
    UnknownGroupFencing = "TXOFF-21",
    /// A classic group takes commits of its members in the present generation only.
    /// Off: members that were removed or fenced still commit.
    CommitGenerationFencing = "TXOFF-22",
    /// A KIP-848 group takes commits of its members at their present epoch only (TXOFF-58).
    /// Off: a member that was removed, or whose partitions moved on, still commits.
    CommitEpochFencing = "TXOFF-28",
    /// An offset that is refused for its metadata leaves nothing behind.
    /// Off: it is written with the others of its request, and pending, though its client was told no.
    RefusedOffsetDropped = "TXOFF-30",
    /// The group coordinator answers when what it tells is replicated.
    /// Off: it answers at once, and a failover takes back what was acknowledged.
    AnswerWhenReplicated = "TXOFF-34",
    /// Of two commits of one partition the record that was appended later wins.
    /// Off: the later marker wins, and an older offset comes back.
    LaterCommitWins = "TXOFF-37",
    /// A marker is answered when its pending offsets are settled.
    /// Off: they are settled some time later, perhaps those of the next transaction with them.
    MarkerSettledBeforeAnswer = "TXOFF-40",
    /// A fetch that requires stable offsets is refused while a transaction may change them.
    /// Off: it finds the offset from before the transaction.
    UnstableOffsetRefusal = "TXOFF-46",
    /// A fetch that does not require stable offsets sees what is replicated.
    /// Off: it sees what a failover takes back.
    ReplicatedOffsetsBound = "TXOFF-49",
    /// A fetch that requires stable offsets is answered when all that it saw is replicated.
    /// Off: it is answered with what a failover takes back.
    StableFetchWait = "TXOFF-50",
    /// A member that joined a generation may commit plainly in it once it has its assignment.
    /// Off: it commits offsets of partitions that it had before.
    CommitAfterSync = "TXOFF-55",
    /// The offsets of a topic that a group is subscribed to are not deleted.
    /// Off: a group at work loses its place.
    SubscribedOffsetsKept = "TXOFF-62",
    /// The deletion of an offset takes pending ones with it.
    /// Off: the marker brings back what was deleted.
    PendingOffsetDeletion = "TXOFF-63",
    /// A group with members is not deleted.
    /// Off: its members and offsets are gone while they work.
    EmptyGroupDeletion = "TXOFF-65",
    /// The offsets of a deleted topic go with it.
    /// Off: a new topic of that name is read from the old one's offset on.
    DeletedTopicOffsets = "TXOFF-66",
    /// An offset with a pending successor does not expire.
    /// Off: its tombstone takes the pending one with it, and the commit brings nothing.
    PendingOffsetKept = "TXOFF-67",
    /// The age of an offset counts from when its group became empty, and not at all while the
    /// group is at work.
    /// Off: it counts from the commit, and a group that has just stopped loses its offsets.
    OffsetAge = "TXOFF-68",
    /// A group that has only pending offsets is not removed.
    /// Off: it is gone before its first commit is.
    PendingGroupKept = "TXOFF-69",
    /// A coordinator serves a group when its log is read.
    /// Off: it serves from what it knows, which is nothing.
    LoadBeforeService = "TXOFF-75",
    /// A join phase ends when its time is over, without those who did not come.
    /// Off: who came waits for them for good.
    JoinPhaseEnd = "GRP-20",
    /// The assignment of a generation comes from its own leader's SyncGroup.
    /// Off: a late one of a generation before is given out.
    SyncGenerationFencing = "GRP-24",
    /// An assignment is given out when it is replicated.
    /// Off: a failover brings back the one before, and partitions have two owners.
    DurableAssignment = "GRP-25",
    /// An assignment that a rebalance overtook is dropped.
    /// Off: the group is stable with it, and who joined meanwhile waits for good.
    OvertakenAssignment = "GRP-27",
    /// A member that does not fetch its assignment in time is removed.
    /// Off: the others wait for good for a leader that does not assign.
    SyncPhaseEnd = "GRP-28",
    /// A member that falls silent is removed.
    /// Off: its partitions stay with it for good.
    SessionExpiry = "GRP-31",
    /// A static member that comes back gets a new member id, which fences the old one.
    /// Off: it is given the old id, and two processes are one member.
    StaticMemberFencing = "GRP-36",
    /// A member of the classic protocol learns from its heartbeat that its consumer group moved on.
    /// Off: it stays where it is, and what it is to give up is given to nobody.
    ClassicMemberRejoin = "GRP-56",
    /// A member of the classic protocol that is told so and does not rejoin its consumer group in time
    /// is removed. Off: it keeps its partitions for as long as it sends heartbeats.
    ClassicMemberTimeout = "GRP-57",
    /// A heartbeat speaks for its member at the member's present epoch only.
    /// Off: a late one tells of partitions that the member has meanwhile been given.
    HeartbeatEpochFencing = "G848-10",
    /// The seat of a static member that did not leave is not given to another.
    /// Off: two processes own the same partitions.
    UnreleasedSeatRefusal = "G848-12",
    /// A member gives up partitions, and says so, before it is done with them.
    /// Off: they are free while it still reads them.
    RevocationBeforeRelease = "G848-18",
    /// A partition that a member holds is given to no other.
    /// Off: it has two holders.
    SingleHolder = "G848-19",
    /// A member that does not give up its partitions in time is removed.
    /// Off: whoever should have them waits for good.
    RevocationTimeout = "G848-22",
    /// A KIP-848 member that falls silent is removed.
    /// Off: its partitions stay with it for good.
    SilentMemberRemoval = "G848-24",
    // surface.md
    /// The end that ListOffsets tells a reader of committed records is one that its fetches reach.
    /// Off: it lies behind the open transaction, and who reads up to it waits or reads what is undone.
    CommittedEnd = "API-32",
    /// DeleteRecords reaches up to the high watermark.
    /// Off: it takes records that no replica has yet and that are acknowledged afterwards.
    DeletionBound = "API-44",
    /// An incremental fetch carries the session epoch that is next.
    /// Off: a late repetition moves the session back, and records are served again.
    FetchSessionEpoch = "FETCH-04",
    /// A fetch in another term than the replica's is refused.
    /// Off: a consumer with old metadata reads on where another history stands.
    LeaderEpochFencing = "FETCH-12",
    /// A fetch from outside the log is refused.
    /// Off: it is answered from the nearest offset inside, and nobody notices what is missing.
    ReadRange = "FETCH-14",
    /// A fetcher that saw records of a term which this log does not have is told where they part.
    /// Off: it reads on behind records that it never saw.
    DivergingEpoch = "FETCH-15",
    /// A read_committed fetch ends at the last stable offset (LSO-03).
    /// Off: it ends at the high watermark.
    LastStableOffsetBound = "FETCH-16",
    /// The first batch is served whole, however small the limits.
    /// Off: a reader with a smaller limit never gets past it.
    FirstBatchFits = "FETCH-23",
    /// A partition asked for by topic id is served from the topic with this id alone.
    /// Off: a session goes on in a topic of the same name that was created anew.
    TopicIdCheck = "FETCH-33",
    /// A connection is not read while one of its requests is in process (FRAME-06).
    /// Off: requests overtake each other, and answers come out of order.
    OneRequestInProcess = "FRAME-07",
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// The text names no rule that can be switched.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("no rule `{0}` can be switched off; `fencepost rules` lists those that can")]
pub struct UnknownRule(String);

impl FromStr for Rule {
    type Err = UnknownRule;

    fn from_str(text: &str) -> Result<Self, UnknownRule> {
        let mut all = Self::ALL.iter().copied();
        all.find(|rule| rule.id().eq_ignore_ascii_case(text))
            .ok_or_else(|| UnknownRule(text.to_owned()))
    }
}

/// The rules that are in force: all, but for those that were switched off.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Rules {
    off: [u128; 2],
}

const _: () = assert!(Rule::ALL.len() <= 256, "a set of rules has 256 places");

impl Rules {
    /// Nothing is switched off.
    pub const ALL_IN_FORCE: Self = Self { off: [0; 2] };

    /// Switches a rule off.
    pub fn without(&mut self, rule: Rule) {
        let (word, bit) = Self::place(rule);
        self.off[word] |= bit;
    }

    /// Whether a rule is in force.
    #[must_use]
    pub const fn is_on(self, rule: Rule) -> bool {
        let (word, bit) = Self::place(rule);
        self.off[word] & bit == 0
    }

    const fn place(rule: Rule) -> (usize, u128) {
        let index = rule as usize;
        (index / 128, 1 << (index % 128))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_known_by_its_id() {
        for rule in Rule::ALL {
            assert_eq!(rule.id().parse::<Rule>().as_ref(), Ok(rule));
        }
        assert!("IDEM-99".parse::<Rule>().is_err());
    }

    #[test]
    fn a_rule_that_is_switched_off_leaves_the_others_on() {
        for off in Rule::ALL {
            let mut rules = Rules::default();
            rules.without(*off);
            for rule in Rule::ALL {
                assert_eq!(rules.is_on(*rule), rule != off);
            }
        }
    }
}
