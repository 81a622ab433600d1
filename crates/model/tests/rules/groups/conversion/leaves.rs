//! LeaveGroup to a KIP-848 group.

use super::*;

#[test]
fn grp_58_members_of_either_protocol_leave_one_by_one() {
    let mut world = world(1);
    let client = world.connect(0);
    let member = mixed(&mut world, client);
    beat(&mut world, client, joining("B"));
    let (seat, _) = admit(&mut world, client, seated(""));
    let epoch = described(&mut world, client).1;
    let leaving = [
        ("nobody", None),
        ("", None),
        ("", Some("nobody")),
        (&*seat, Some("nobody")),
        ("A", Some("i")),
        ("B", None),
        ("B", None),
        ("", Some("i")),
    ];
    let answers = leave(&mut world, client, &leaving);
    assert_eq!(answers, [25, 25, 25, 25, 82, 0, 0, 0]);
    let (_, after, _, members) = described(&mut world, client);
    assert_eq!(after, epoch + 1, "one step for all of them");
    assert_eq!(members.into_keys().collect::<Vec<_>>(), ["A".to_owned(), member.clone()]);
    assert_eq!(leave(&mut world, client, &[(&member, None)]), [0]);
    assert_eq!(described(&mut world, client).3.len(), 1);
}

#[test]
fn grp_58_below_version_3_the_one_member_is_the_response() {
    let mut world = world(1);
    let client = world.connect(0);
    let member = mixed(&mut world, client);
    let mut leave = |member: &str| {
        let request =
            LeaveGroupRequest::default().with_group_id(group(GROUP)).with_member_id(text(member));
        match world.call(client, 2, request) {
            Response::LeaveGroup(response) => response.error_code,
            other => panic!("not a LeaveGroup response: {other:?}"),
        }
    };
    assert_eq!([leave("nobody"), leave(&member), leave(&member)], [25, 0, 25]);
}
