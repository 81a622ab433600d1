//! Empty groups of either kind, which the other protocol takes over.

use super::*;

#[test]
fn grp_63_a_classic_member_without_an_id_takes_over_an_empty_consumer_group() {
    let mut world = world(3);
    let client = world.connect(0);
    beat(&mut world, client, joining("A"));
    assert_eq!(commit_as(&mut world, client, 9, who(1, "A"), &[("t", 0, 5)]), [0]);
    check(&mut world, client, quiet("A", -1), Ok((-1, None)));
    let before = batches(&mut world, client).len();
    let response = join_now(&mut world, client, 4, classic(""));
    assert_eq!(response.error_code, 79);
    let after = batches(&mut world, client);
    assert_eq!(after.len(), before + 1, "its tombstones and the new record are one batch");
    assert_eq!(after[before], ["-6", "-4", "-3", "2"]);
    assert_eq!(classic_state(&mut world, client), Ok(("Empty".to_owned(), BTreeMap::new())));
    assert_eq!(fetch(&mut world, client, true), Ok(5));
    world.crash(0);
    world.advance(0);
    let client = world.connect(1);
    assert_eq!(classic_state(&mut world, client), Ok(("Empty".to_owned(), BTreeMap::new())));
    assert_eq!(fetch(&mut world, client, true), Ok(5));
}

#[test]
fn grp_63_a_refused_classic_member_makes_the_coordinator_forget_an_empty_consumer_group() {
    let mut world = world(3);
    let client = world.connect(0);
    beat(&mut world, client, joining("A"));
    assert_eq!(commit_as(&mut world, client, 9, who(1, "A"), &[("t", 0, 5)]), [0]);
    check(&mut world, client, quiet("A", -1), Ok((-1, None)));
    assert_eq!(beat(&mut world, client, quiet("A", 1)).error_code, 25, "the group is there");
    let before = batches(&mut world, client).len();
    assert_eq!(join_now(&mut world, client, 3, classic("A")).error_code, 25);
    assert_eq!(batches(&mut world, client).len(), before, "nothing is written");
    assert_eq!(beat(&mut world, client, quiet("A", 1)).error_code, 69);
    assert_eq!(commit_as(&mut world, client, 8, who(1, "A"), &[("t", 0, 6)]), [22]);
    assert_eq!(fetch(&mut world, client, true), Ok(-1), "offsets of no group");
    world.crash(0);
    world.advance(0);
    let client = world.connect(1);
    assert_eq!(described(&mut world, client).0, "Empty", "a load finds it again");
    assert_eq!(join_now(&mut world, client, 3, classic("A")).error_code, 25);
    check(&mut world, client, joining("A"), Ok((1, Some(vec![0, 1, 2]))));
    assert_eq!(fetch(&mut world, client, true), Ok(5), "they come back with the group");
    world.crash(1);
    world.advance(0);
    let client = world.connect(2);
    check(&mut world, client, quiet("A", 1), Ok((1, None)));
}

#[test]
fn grp_63_a_consumer_member_takes_over_an_empty_classic_group() {
    let mut world = world(3);
    let client = world.connect(0);
    let member = classic_group(&mut world, client);
    assert_eq!(commit_as(&mut world, client, 8, who(1, &member), &[("t", 0, 5)]), [0]);
    assert_eq!(leave(&mut world, client, &[(&member, None)]), [0]);
    world.advance(0);
    let before = batches(&mut world, client).len();
    check(&mut world, client, joining("A"), Ok((1, Some(vec![0, 1, 2]))));
    let after = batches(&mut world, client);
    assert_eq!(after.len(), before + 1);
    assert_eq!(after[before], ["-2", "5", "3", "7", "6", "8"]);
    assert_eq!(classic_state(&mut world, client), Err(69));
    world.crash(0);
    world.advance(0);
    let client = world.connect(1);
    check(&mut world, client, quiet("A", 1), Ok((1, None)));
    assert_eq!(fetch(&mut world, client, true), Ok(5));
}

#[test]
fn grp_63_requests_of_classic_members_to_an_empty_consumer_group_answer_25() {
    let mut world = world(1);
    let client = world.connect(0);
    beat(&mut world, client, joining("A"));
    check(&mut world, client, quiet("A", -1), Ok((-1, None)));
    assert_eq!(sync(&mut world, client, who(1, "A")).0, 25);
    assert_eq!(heartbeat(&mut world, client, who(1, "A")), 25);
    assert_eq!(leave(&mut world, client, &[("A", None)]), [25]);
}
