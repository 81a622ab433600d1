"""A fencepost cluster for each test."""

from pytest_fencepost.cluster import Cluster, FencepostError, UnmetFaults

__all__ = ["Cluster", "FencepostError", "UnmetFaults"]
