//! What a cluster that observes itself tells of groups and their offsets.

use fencepost_wire::messages::DeleteGroupsRequest;

use super::*;
use crate::events::told;

fn observed() -> (World, Client) {
    let mut world = world(1);
    world.cluster.observe(true);
    let client = world.connect(0);
    (world, client)
}

#[test]
fn txoff_36_to_38_offsets_are_pending_until_a_marker_keeps_or_drops_them() {
    for (end, outcome) in [(End::Commit, "materialised"), (End::Abort, "dropped")] {
        let (mut world, client) = observed();
        commit(&mut world, client, 5);
        assert_eq!(told(&mut world), ["committed g t-0=5", "g classic Empty 0 with 0"]);
        txn_commit(&mut world, client, 7, 9);
        assert_eq!(told(&mut world), ["pending g t-0=9 of 7"]);
        marker(&mut world, client, 7, end);
        let marked = format!("marker __consumer_offsets-0 2 {end:?} of 7,0");
        assert_eq!(told(&mut world), [marked, format!("{outcome} g t-0=9 of 7")]);
    }
}

#[test]
fn txoff_37_a_pending_offset_that_a_later_commit_overtook_is_dropped() {
    let (mut world, client) = observed();
    txn_commit(&mut world, client, 7, 9);
    commit(&mut world, client, 20);
    told(&mut world);
    marker(&mut world, client, 7, End::Commit);
    assert_eq!(told(&mut world)[1..], ["dropped g t-0=9 of 7"]);
}

#[test]
fn grp_01_a_group_tells_its_states_and_generations_and_that_it_is_gone() {
    let (mut world, client) = observed();
    let member = stable(&mut world, client);
    assert_eq!(
        told(&mut world),
        [
            "g classic PreparingRebalance 0 with 1",
            "g classic CompletingRebalance 1 with 1",
            "g classic Stable 1 with 1"
        ]
    );
    assert_eq!(heartbeat(&mut world, client, who(1, &member)), 0);
    assert_eq!(told(&mut world), Vec::<String>::new(), "as at the end of the last step");
    world.advance(10_000);
    assert_eq!(told(&mut world), ["g classic Empty 2 with 0"], "GRP-31");
    let request = DeleteGroupsRequest::default().with_groups_names(vec![group(GROUP)]);
    world.call(client, 2, request);
    assert_eq!(told(&mut world), ["g gone"]);
}
