use super::*;

/// Version 3: topics `t` and `u`, data `d`, owned `t-0` and `t-2`, generation 7, rack `r`.
const SUBSCRIPTION: &[u8] = b"\x00\x03\x00\x00\x00\x02\x00\x01t\x00\x01u\x00\x00\x00\x01d\
    \x00\x00\x00\x01\x00\x01t\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x02\
    \x00\x00\x00\x07\x00\x01r";

/// Version 1: `t-0` and `t-1`, without data.
const ASSIGNMENT: &[u8] = b"\x00\x01\x00\x00\x00\x01\x00\x01t\x00\x00\x00\x02\
    \x00\x00\x00\x00\x00\x00\x00\x01\xff\xff\xff\xff";

fn owned(subscription: &[u8]) -> Vec<String> {
    let owned = Subscription::decode(subscription).unwrap().owned;
    owned.iter().map(|(topic, partition)| format!("{topic}-{partition}")).collect()
}

#[test]
fn grp_52_a_subscription_is_read_in_its_version() {
    let read = Subscription::decode(SUBSCRIPTION).unwrap();
    assert_eq!(read.topics, ["t".into(), "u".into()].into());
    assert_eq!(read.rack.as_deref(), Some("r"));
    assert_eq!(owned(SUBSCRIPTION), ["t-0", "t-2"]);
    let with_version = |version: &[u8]| [version, &SUBSCRIPTION[2..]].concat();
    assert_eq!(Subscription::decode(&with_version(&[0, 0])).unwrap().owned, []);
    assert_eq!(Subscription::decode(&with_version(&[0, 2])).unwrap().rack, None);
    assert_eq!(Subscription::decode(&with_version(&[0, 9])), Ok(read), "as version 3");
    let negative = Subscription::decode(&with_version(&[0xff, 0xff]));
    assert_eq!(negative, Err(Malformed::Version(-1)));
}

#[test]
fn grp_52_a_subscription_cut_anywhere_is_malformed() {
    for end in 0..SUBSCRIPTION.len() {
        assert!(Subscription::decode(&SUBSCRIPTION[..end]).is_err(), "cut at {end}");
    }
    for end in 1..ASSIGNMENT.len() {
        assert!(Assignment::decode(&ASSIGNMENT[..end]).is_err(), "cut at {end}");
    }
    let huge = b"\x00\x00\x7f\xff\xff\xff";
    assert_eq!(Subscription::decode(huge), Err(Malformed::Length(i32::MAX.into())));
    assert_eq!(Assignment::decode(huge), Err(Malformed::Length(i32::MAX.into())));
}

#[test]
fn grp_55_an_assignment_is_written_in_the_version_of_the_subscription() {
    let read = Assignment::decode(ASSIGNMENT).unwrap();
    assert!(!read.has_user_data);
    assert_eq!(read.encode(b"\x00\x01").as_deref(), Ok(ASSIGNMENT));
    assert_eq!(read.encode(SUBSCRIPTION).unwrap()[..2], [0, 3]);
    assert_eq!(read.encode(b"\x00\x7f").unwrap()[..2], [0, 3]);
    assert_eq!(read.encode(b"\x00"), Err(Malformed::Truncated));
    assert_eq!(read.encode(b"\x80\x00"), Err(Malformed::Version(i16::MIN)));
    assert_eq!(Assignment::decode(b""), Ok(Assignment::default()));
    let data = [&ASSIGNMENT[..ASSIGNMENT.len() - 4], b"\x00\x00\x00\x01d"].concat();
    assert!(Assignment::decode(&data).unwrap().has_user_data);
}
