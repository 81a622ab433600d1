"""A fencepost cluster for each test."""

from pytest_fencepost.cluster import Cluster, FaultNeverFired, FencepostError

__all__ = ["Cluster", "FaultNeverFired", "FencepostError"]
