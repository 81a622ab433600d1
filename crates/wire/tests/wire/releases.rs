//! The version ranges of each release.

use std::str::FromStr;

use fencepost_wire::{ApiKey, Release};

#[test]
fn api_01_every_release_is_known_by_its_name() {
    for release in Release::ALL {
        assert_eq!(Release::from_str(&release.to_string()).as_ref(), Ok(release));
    }
    assert_eq!(
        Release::from_str("2.8").unwrap_err().to_string(),
        "unknown Kafka version `2.8`: expected 3.9, 4.0, 4.1, 4.2, 4.3 or 4.4"
    );
}

#[test]
fn api_02_produce_is_advertised_from_0_and_served_from_3() {
    for (release, last) in Release::ALL.iter().zip([11, 12, 13, 13, 13, 13]) {
        assert_eq!(release.versions(ApiKey::Produce), 0..=last);
        for version in 0..=2 {
            assert!(!release.serves(ApiKey::Produce, version));
        }
        assert!(release.serves(ApiKey::Produce, 3) && release.serves(ApiKey::Produce, last));
        assert!(!release.serves(ApiKey::Produce, last + 1));
    }
}

#[test]
fn api_03_and_grp_06_join_group_is_advertised_from_0() {
    for release in Release::ALL {
        assert_eq!(release.versions(ApiKey::JoinGroup), 0..=9);
    }
}
