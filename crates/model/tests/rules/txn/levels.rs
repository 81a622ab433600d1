//! What the finalized level of `transaction.version` decides, and what each request's own version
//! does.

use super::driver::World;

/// Every value about `id` in the coordinators' log.
fn values(world: &mut World, id: &str) -> Vec<Vec<u8>> {
    let broker = world.coordinator(id);
    let mut values = Vec::new();
    for partition in 0..5 {
        let request = crate::fetch::request(0, 0, &[("__transaction_state", partition, 0)]);
        let answer = world.call(broker, 12, request);
        let records: Vec<u8> =
            crate::fetch::partitions(answer)[0].records.iter().flatten().copied().collect();
        for at in 0..records.len() {
            if let Some(rest) = records[at..].strip_prefix(id.as_bytes()) {
                // A zigzag varint of one or two bytes, for a value shorter than 8192.
                let (first, second) = (usize::from(rest[0]), usize::from(rest[1]));
                let (length, begin) =
                    if first < 0x80 { (first, 1) } else { (first & 0x7f | second << 7, 2) };
                values.push(rest[begin..begin + length / 2].to_vec());
            }
        }
    }
    values
}

/// FEAT-03: by the level, the version of the values and the path of internal aborts; by the
/// version of a request alone, everything else.
#[test]
fn feat_03_a_level_decides_values_and_internal_aborts_and_no_request() {
    for level in 0..=2 {
        let mut world = World::new(1, level);
        let id = "an-id-that-stands-out";
        assert_eq!(world.init(id, None), "0,0");

        // TVr 0: partitions are added, and an end keeps the epoch.
        assert_eq!(world.produce(id, 11, (0, 0), 0, 0), "120", "level {level}: not added");
        assert_eq!(world.add(id, (0, 0), &[0]), "0");
        assert_eq!(world.produce(id, 11, (0, 0), 0, 0), "0");
        assert_eq!(world.end(id, 4, (0, 0), true), "-1,-1");
        assert_eq!(world.describe(id), "CompleteCommit 0,0");

        // TVr 2: Produce adds its partition, and an end bumps. A value of version 0 has no place for
        // that (TLOG-09).
        let ends = ["35 51", "0 0,1", "0 0,1"][usize::try_from(level).unwrap()];
        let produced = world.produce(id, 12, (0, 0), 1, 0);
        let ended = world.end(id, 5, (0, 0), true);
        assert_eq!(format!("{produced} {ended}"), ends, "level {level}");

        let versions: Vec<_> =
            values(&mut world, id).iter().map(|value| [value[0], value[1]]).collect();
        assert!(versions.len() >= 4);
        let expected = [0, u8::from(level > 0)];
        assert!(versions.iter().all(|version| *version == expected), "{level}: {versions:?}");
    }
}

/// FEAT-03: a newcomer aborts what is open on the path of the level, which the record of the abort
/// names in a tagged field (TLOG-06).
#[test]
fn feat_03_internal_aborts_take_the_path_of_the_level() {
    for (level, path) in [(0, None), (1, None), (2, Some(2))] {
        let mut world = World::new(1, level);
        let id = "an-id-that-stands-out";
        assert_eq!(world.init(id, None), "0,0");
        assert_eq!(world.add(id, (0, 0), &[0]), "0");
        assert_eq!(world.produce(id, 11, (0, 0), 0, 0), "0");
        assert_eq!(world.init(id, None), "51");
        let values = values(&mut world, id);
        // Behind the version, the identity and the timeout stands the status: 3 is PrepareAbort.
        let abort = values.iter().find(|value| value[16] == 3).expect("the abort");
        let tag = abort.windows(4).rev().find(|bytes| bytes[..3] == [2, 2, 0]);
        assert_eq!(tag.map(|bytes| bytes[3]), path, "level {level}: {abort:?}");
    }
}
