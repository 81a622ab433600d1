// The administration that kafkajs has. It has nothing for transactions and their producers, and of alterations
// of configurations only the whole replacement (AlterConfigs).
'use strict'

const { ConfigResourceTypes } = require('kafkajs')
const { equal, isTrue, raises, eventually } = require('./check')

const protocolError = type => ({ name: 'KafkaJSProtocolError', type })

async function administer(client) {
  const admin = await client.admin()
  const topic = client.named('topic')
  isTrue('the cluster has nodes', (await admin.describeCluster()).brokers.length > 0)

  equal('created', true, await admin.createTopics({
    topics: [{ topic, numPartitions: 3, replicationFactor: 1,
      configEntries: [{ name: 'retention.ms', value: '86400000' }] }],
  }))
  // kafkajs answers "false" for a topic that exists.
  equal('created again', false, await admin.createTopics({ topics: [{ topic, numPartitions: 3 }] }))
  await raises('a bad name', { name: 'KafkaJSAggregateError' },
    admin.createTopics({ topics: [{ topic: 'bad name!', numPartitions: 1 }] }))
  isTrue('the topic is listed', (await admin.listTopics()).includes(topic))
  equal('partitions', [0, 1, 2], await partitions(admin, topic))
  await raises('describe what is unknown', protocolError('UNKNOWN_TOPIC_OR_PARTITION'),
    admin.fetchTopicMetadata({ topics: [client.named('unknown')] }))

  equal('retention.ms', '86400000', await config(admin, topic, 'retention.ms'))
  await replaceConfig(admin, topic)

  await records(client, admin, topic)
  await groups(client, admin, topic)

  await admin.createPartitions({ topicPartitions: [{ topic, count: 5 }] })
  await eventually('partitions after', [0, 1, 2, 3, 4], () => partitions(admin, topic))
  await raises('fewer partitions', protocolError('INVALID_PARTITIONS'),
    admin.createPartitions({ topicPartitions: [{ topic, count: 4 }] }))

  await admin.deleteTopics({ topics: [topic] })
  await eventually('the topic is gone', false, async () => (await admin.listTopics()).includes(topic))
  // kafkajs takes the error for stale metadata and asks until it has no retries left.
  await raises('delete it again', { name: 'KafkaJSNumberOfRetriesExceeded',
    message: 'This server does not host this topic-partition' }, admin.deleteTopics({ topics: [topic] }))
  return client.lacks.administration
}

async function partitions(admin, topic) {
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
  return topics[0].partitions.map(({ partitionId }) => partitionId).sort()
}

async function config(admin, topic, name) {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false, resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configNames: [name] }] })
  return resources[0].configEntries.find(entry => entry.configName === name).configValue
}

/** kafkajs knows only the old AlterConfigs (33), which replaces all of a topic's settings. */
async function replaceConfig(admin, topic) {
  await admin.alterConfigs({ validateOnly: false, resources: [
    { type: ConfigResourceTypes.TOPIC, name: topic, configEntries: [{ name: 'retention.ms', value: '7200000' }] }] })
  await eventually('retention.ms set', '7200000', () => config(admin, topic, 'retention.ms'))
}

async function records(client, admin, topic) {
  const producer = await client.producer({ idempotent: true })
  const first = Date.now() - 60_000
  const sent = []
  for (let i = 0; i < 10; i++) {
    sent.push({ partition: 0, value: `record-${i}`, timestamp: String(first + i) })
  }
  await producer.send(topic, sent)
  equal('offsets', { low: '0', high: '10' }, await offsets(admin, topic))
  equal('offset by timestamp', '3', (await admin.fetchTopicOffsetsByTimestamp(topic, first + 3))
    .find(({ partition }) => partition === 0).offset)
  await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '4' }] })
  equal('offsets after deletion', { low: '4', high: '10' }, await offsets(admin, topic))
  await raises('delete past the end', { name: 'KafkaJSNonRetriableError', message: 'Error while deleting records' },
    admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '11' }] }))
  const left = (await client.readAll('read_committed', 6, topic)).map(record => record.value)
  equal('records left', ['record-4', 'record-5', 'record-6', 'record-7', 'record-8', 'record-9'], left)
}

async function offsets(admin, topic) {
  const { low, high } = (await admin.fetchTopicOffsets(topic)).find(({ partition }) => partition === 0)
  return { low, high }
}

async function groups(client, admin, topic) {
  const group = client.named('group')
  const consumer = await client.groupConsumer({ group, topic }, async () => false)
  await eventually('assignment', 3, () => consumer.assigned())
  await eventually('listed', [{ groupId: group, protocolType: 'consumer' }], async () =>
    (await admin.listGroups()).groups.filter(({ groupId }) => groupId === group))
  const [described] = (await admin.describeGroups([group])).groups
  equal('description', { state: 'Stable', protocol: 'RoundRobinAssigner', members: 1 },
    { state: described.state, protocol: described.protocol, members: described.members.length })
  await raises('delete a group with members', { name: 'KafkaJSDeleteGroupsError' }, admin.deleteGroups([group]))
  await consumer.close()

  await eventually('state without members', 'Empty', async () => (await admin.describeGroups([group])).groups[0].state)
  // kafkajs does it by a paused consumer that sleeps its five seconds of a fetch.
  await admin.setOffsets({ groupId: group, topic, partitions: [{ partition: 0, offset: '7' }] })
  equal('offsets set', [[0, '7'], [1, '-1'], [2, '-1']], await client.committed(group, topic))
  await admin.deleteGroups([group])
  equal('state of the deleted group', 'Dead', (await admin.describeGroups([group])).groups[0].state)
  await raises('delete it again', { name: 'KafkaJSDeleteGroupsError' }, admin.deleteGroups([group]))
}

module.exports = { administer }
