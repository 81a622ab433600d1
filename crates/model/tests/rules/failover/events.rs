//! What a cluster that observes itself tells of crashes, elections and truncation.

use super::*;
use crate::events::told;

#[test]
fn recov_18_a_crash_an_election_and_the_cut_of_the_former_leader() {
    let mut world = world(2);
    world.cluster.observe(true);
    assert_eq!(append(&mut world, 0, -1, 0), (0, 0));
    assert_eq!(told(&mut world), ["appended a-0 0..0 by 7,0", "HW a-0 1", "LSO a-0 1"]);
    world.isolate(1);
    assert_eq!(append(&mut world, 0, 1, 1), (0, 1));
    assert_eq!(told(&mut world), ["appended a-0 1..1 by 7,0"]);
    world.crash(0);
    assert_eq!(told(&mut world), ["0 crashed", "a-0 led by 1 in 1"]);
    world.release();
    world.restart(0);
    assert_eq!(told(&mut world), ["0 restarted", "a-0 at 0 cut from 2 to 1"]);
    world.stop(0);
    assert_eq!(told(&mut world), ["0 stopped"]);
    world.crash(1);
    assert_eq!(told(&mut world), ["1 crashed", "a-0 without leader"]);
}
