//! Brokers that offer less than their release has.

use fencepost_engine::{Engine, Output};
use fencepost_faults::Plan;
use fencepost_ids::Timestamp;
use fencepost_model::ClusterConfig;
use fencepost_wire::messages::ApiVersionsResponse;
use fencepost_wire::{ApiKey, ApiVersionsRequest, Release, Response, StrBytes};

use crate::play::{Client, Heard, Play, commit, end_code};

fn offering(offer: &str) -> Play {
    Play::with(&format!(
        "[[fault]]\nname = \"old\"\non = \"ApiVersions\"\nevery = 1\nwhen = \"applied\"\n\
         do = {{ offer = {offer} }}\n"
    ))
}

fn versions(play: &mut Play, client: Client, version: i16) -> ApiVersionsResponse {
    let name = StrBytes::from_static_str("test");
    let request = ApiVersionsRequest {
        client_software_name: name.clone(),
        client_software_version: name,
        ..ApiVersionsRequest::default()
    };
    let Response::ApiVersions(answer) = play.call(client, version, request) else { panic!() };
    answer
}

/// The versions of an API in an answer.
fn of(answer: &ApiVersionsResponse, api: ApiKey) -> Option<(i16, i16)> {
    let entry = answer.api_keys.iter().find(|entry| entry.api_key == api.code())?;
    Some((entry.min_version, entry.max_version))
}

const LESS: &str = "{ AddPartitionsToTxn = \"none\", EndTxn = { from = 1, to = 3 } }";

#[test]
fn api_01_an_answer_offers_what_the_plan_leaves_of_it() {
    for version in [0, 4] {
        let mut play = offering(LESS);
        let client = play.client("a");
        let answer = versions(&mut play, client, version);
        assert_eq!(answer.api_keys.len(), ApiKey::ALL.len() - 1);
        assert_eq!(of(&answer, ApiKey::AddPartitionsToTxn), None);
        assert_eq!(of(&answer, ApiKey::EndTxn), Some((1, 3)));
        assert_eq!(of(&answer, ApiKey::AddOffsetsToTxn), Some((0, 4)));
        assert_eq!(answer.finalized_features.is_empty(), version == 0);
    }
}

#[test]
fn frame_10_what_was_not_offered_closes_the_connection_that_asks_for_it() {
    for (version, says) in [(4, "EndTxn v4 is not served: 1 to 3 are"), (0, "EndTxn v0 is")] {
        let mut play = offering(LESS);
        let setup = play.client("setup");
        let identity = play.begin(setup);
        let client = play.client("a");
        versions(&mut play, client, 4);
        play.told.clear();
        play.ask(client, version, commit(identity));
        let reason = play.told.iter().find_map(|told| match told {
            Output::Close { reason, .. } => Some(reason.clone()),
            _ => None,
        });
        assert!(reason.expect("it is closed").starts_with(says));
        assert_eq!((play.heard(client), play.state()), (vec![Heard::Close], "Ongoing"));
        assert_eq!(play.engine.look().broker_of(client.0), None);
        // Who was offered nothing less may ask for it, and who asks for what was offered is answered.
        let client = play.client("b");
        versions(&mut play, client, 4);
        assert_eq!(end_code(&play.call(client, 3, commit(identity))), 0);
        assert_eq!(end_code(&play.call(setup, 4, commit(identity))), 0);
    }
}

#[test]
fn frame_09_an_api_that_was_not_offered_closes_the_connection_that_asks_for_it() {
    let mut play = offering(LESS);
    let setup = play.client("setup");
    let identity = play.init(setup);
    let client = play.client("a");
    versions(&mut play, client, 4);
    play.ask(client, 3, crate::play::add(identity));
    assert_eq!((play.heard(client), play.state()), (vec![Heard::Close], "Empty"));
}

#[test]
fn api_09_a_version_of_api_versions_that_is_not_offered_is_answered_in_version_0() {
    let mut play = offering("{ ApiVersions = { from = 0, to = 2 }, EndTxn = 3 }");
    let client = play.client("a");
    let answer = versions(&mut play, client, 4);
    assert_eq!((answer.error_code, answer.api_keys.len()), (35, 1));
    assert_eq!(of(&answer, ApiKey::ApiVersions), Some((0, 2)));
    let answer = versions(&mut play, client, 2);
    assert_eq!((answer.error_code, of(&answer, ApiKey::EndTxn)), (0, Some((3, 3))));
    assert_eq!(of(&answer, ApiKey::ApiVersions), Some((0, 2)));
    assert_eq!(play.fired("old"), 2);
}

#[test]
fn versions_that_the_release_has_not_are_refused() {
    let check = |offer: &str| {
        let text = format!(
            "[[fault]]\nname = \"old\"\non = \"ApiVersions\"\nwhen = \"applied\"\ndo = {{ offer = {offer} }}\n"
        );
        let plan = Plan::from_toml(&text).expect("a plan knows no release");
        let mut config = ClusterConfig::new(1);
        config.release = Release::V4_2;
        Engine::new(config, Timestamp(0)).check_faults(&plan)
    };
    // Version 6 came with 4.4.
    let refused = check("{ TxnOffsetCommit = { from = 0, to = 6 } }").expect_err("it is 4.2");
    assert_eq!(
        refused.to_string(),
        "fault `old`: Kafka 4.2 does not answer `TxnOffsetCommit` v0 to 6: 0 to 5 can be offered"
    );
    assert!(check("{ TxnOffsetCommit = { from = 0 } }").is_ok());
}
