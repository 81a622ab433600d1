//! The configuration of a cluster, and the header of a trace.

use fencepost_ids::{BrokerId, Rule, Rules};
use fencepost_model::{BrokerConfig, ClusterConfig, NewTopic, ProducerIdBlocks, SettingError};
use fencepost_trace as trace;
use thiserror::Error;

/// A header whose configuration no cluster of this version can have.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum BadHeader {
    /// The release is not known.
    #[error("there is no Kafka release `{0}`")]
    Release(String),
    /// The release has no such level.
    #[error("the release has no transaction.version {0}")]
    TransactionVersion(i16),
    /// A setting is not known, or has another range.
    #[error("{0}")]
    Setting(#[from] SettingError),
    /// A rule is not known.
    #[error("there is no rule `{0}`")]
    Rule(String),
    /// The brokers are none, too many, or not by rising ids.
    #[error("the brokers are not one to a thousand, by rising ids from 0 on")]
    Brokers,
    /// A topic cannot be created.
    #[error("topic `{name}`: {problem}")]
    Topic {
        /// Its name.
        name: String,
        /// Why not.
        problem: String,
    },
}

/// The most brokers that a trace may ask for.
const BROKERS_MAX: usize = 1000;

/// A configuration as a trace holds it.
#[must_use]
pub fn recorded_config(config: &ClusterConfig) -> trace::Config {
    let ClusterConfig {
        brokers,
        release,
        transaction_version,
        settings,
        topics,
        seed,
        rules,
        producer_id_blocks,
    } = config;
    let broker = |it: &BrokerConfig| trace::Broker {
        id: it.id.0,
        host: it.host.as_ref().to_owned(),
        port: it.port,
    };
    let topic = |it: &NewTopic| trace::Topic {
        name: it.name.to_string(),
        partitions: it.partitions,
        replicas: it.replication_factor,
    };
    let settings = settings.entries().map(|(name, value)| (name.to_owned(), value));
    trace::Config {
        release: release.to_string(),
        transaction_version: *transaction_version,
        seed: *seed,
        brokers: brokers.iter().map(broker).collect(),
        settings: settings.collect(),
        topics: topics.iter().map(topic).collect(),
        without: off(*rules).map(|rule| rule.id().to_owned()).collect(),
        producer_id_blocks: match producer_id_blocks {
            ProducerIdBlocks::AtHand => trace::ProducerIdBlocks::AtHand,
            ProducerIdBlocks::AskedFor => trace::ProducerIdBlocks::AskedFor,
        },
    }
}

fn off(rules: Rules) -> impl Iterator<Item = Rule> {
    Rule::ALL.iter().copied().filter(move |rule| !rules.is_on(*rule))
}

/// The configuration that a trace holds.
///
/// # Errors
/// No cluster of this version can have it.
pub fn config_of(recorded: &trace::Config) -> Result<ClusterConfig, BadHeader> {
    let is_rising = recorded.brokers.is_sorted_by(|a, b| a.id < b.id);
    let is_first_known = recorded.brokers.first().is_some_and(|first| first.id >= 0);
    if !is_rising || !is_first_known || recorded.brokers.len() > BROKERS_MAX {
        return Err(BadHeader::Brokers);
    }
    let release = recorded.release.parse();
    let release = release.map_err(|_| BadHeader::Release(recorded.release.clone()))?;
    let mut config = ClusterConfig::new(1);
    config.release = release;
    if !release.transaction_versions().contains(&recorded.transaction_version) {
        return Err(BadHeader::TransactionVersion(recorded.transaction_version));
    }
    config.transaction_version = recorded.transaction_version;
    config.seed = recorded.seed;
    let broker = |it: &trace::Broker| BrokerConfig {
        id: BrokerId(it.id),
        host: it.host.as_str().into(),
        port: it.port,
    };
    config.brokers = recorded.brokers.iter().map(broker).collect();
    for (name, value) in &recorded.settings {
        config.settings.set(name, value)?;
    }
    for topic in &recorded.topics {
        let new = NewTopic {
            name: topic.name.as_str().into(),
            partitions: topic.partitions,
            replication_factor: topic.replicas,
        };
        let bad = |problem| BadHeader::Topic { name: topic.name.clone(), problem };
        config.check_topic(&new).map_err(bad)?;
        config.topics.push(new);
    }
    for id in &recorded.without {
        config.rules.without(id.parse().map_err(|_| BadHeader::Rule(id.clone()))?);
    }
    config.producer_id_blocks = match recorded.producer_id_blocks {
        trace::ProducerIdBlocks::AtHand => ProducerIdBlocks::AtHand,
        trace::ProducerIdBlocks::AskedFor => ProducerIdBlocks::AskedFor,
    };
    Ok(config)
}

#[cfg(test)]
mod tests {
    use fencepost_wire::Release;

    use super::*;

    #[test]
    fn a_configuration_is_the_same_after_a_recording() {
        let mut config = ClusterConfig::new(3);
        assert_eq!(config_of(&recorded_config(&config)), Ok(config.clone()));
        config.release = Release::V3_9;
        config.transaction_version = 0;
        config.seed = 42;
        config.rules.without(Rule::TimeoutAbort);
        config.producer_id_blocks = ProducerIdBlocks::AskedFor;
        for (name, value) in [
            ("log.cleaner.min.cleanable.ratio", "0.125"),
            ("log.cleanup.policy", "compact,delete"),
            ("compression.type", "zstd"),
            ("auto.create.topics.enable", "false"),
            ("group.consumer.assignors", "range"),
            ("connections.max.idle.ms", "-1"),
        ] {
            config.settings.set(name, value).unwrap();
        }
        config.topics.push(NewTopic {
            name: "orders".into(),
            partitions: None,
            replication_factor: Some(2),
        });
        assert_eq!(config_of(&recorded_config(&config)), Ok(config));
    }

    #[test]
    fn what_no_cluster_can_have_is_refused() {
        let config = recorded_config(&ClusterConfig::new(2));
        let refused = |change: fn(&mut trace::Config)| {
            let mut changed = config.clone();
            change(&mut changed);
            config_of(&changed).unwrap_err().to_string()
        };
        assert_eq!(refused(|it| it.release = "5".to_owned()), "there is no Kafka release `5`");
        assert_eq!(
            refused(|it| it.transaction_version = 9),
            "the release has no transaction.version 9"
        );
        assert_eq!(refused(|it| it.without.push("X-1".to_owned())), "there is no rule `X-1`");
        let brokers = "the brokers are not one to a thousand, by rising ids from 0 on";
        assert_eq!(refused(|it| it.brokers.clear()), brokers);
        assert_eq!(refused(|it| it.brokers.reverse()), brokers);
        assert!(refused(|it| _ = it.settings.insert("x".to_owned(), String::new())).contains('x'));
        let topic = trace::Topic { name: "..".to_owned(), partitions: None, replicas: None };
        let mut changed = config.clone();
        changed.topics.push(topic);
        assert!(matches!(config_of(&changed), Err(BadHeader::Topic { .. })));
    }
}
