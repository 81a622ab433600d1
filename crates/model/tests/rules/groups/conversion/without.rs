//! What goes wrong without a rule of the classic members of KIP-848 groups.

use super::*;

#[test]
fn grp_56_untold_a_classic_member_keeps_what_it_should_give_up() {
    let run = |off| {
        let mut world = world_without(off, 1, &[]);
        let client = world.connect(0);
        let member = classic_group(&mut world, client);
        check(&mut world, client, joining("B"), Ok((2, Some(vec![]))));
        for _ in 0..5 {
            // A member joins again when, and only when, it is told so.
            if heartbeat(&mut world, client, who(1, &member)) == 27 {
                admit(&mut world, client, classic(&member));
            }
            world.advance(1_000);
        }
        shown(&beat(&mut world, client, quiet("B", 2))).unwrap().1
    };
    shows(Rule::ClassicMemberRejoin, run, Some(vec![2]), None);
}

#[test]
fn grp_57_untimed_a_classic_member_that_never_rejoins_keeps_its_partitions() {
    let run = |off| {
        let mut world = world_without(off, 1, &[]);
        let client = world.connect(0);
        let member = classic_group(&mut world, client);
        check(&mut world, client, joining("B"), Ok((2, Some(vec![]))));
        for _ in 0..61 {
            heartbeat(&mut world, client, who(1, &member));
            beat(&mut world, client, quiet("B", 2));
            world.advance(1_000);
        }
        let epoch = described(&mut world, client).3["B"];
        shown(&beat(&mut world, client, quiet("B", epoch))).unwrap();
        describe(&mut world, client, GROUP).groups[0]
            .members
            .iter()
            .find(|member| *member.member_id == *"B")
            .map(|member| {
                member.assignment.topic_partitions.iter().map(|t| t.partitions.len()).sum()
            })
    };
    shows(Rule::ClassicMemberTimeout, run, Some(3_usize), Some(0));
}
