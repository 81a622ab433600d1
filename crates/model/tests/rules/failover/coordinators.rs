//! Transaction coordinators that change (FAILOVER-01, FAILOVER-08, FAILOVER-10).
