// The administration that @confluentinc/kafka-javascript has. It has nothing for configurations, for setting a
// group's offsets, or for transactions and their producers.
'use strict'

const confluent = require('@confluentinc/kafka-javascript')
const { equal, isTrue, raises, eventually } = require('./check')

const { ErrorCodes, ConsumerGroupStates, ConsumerGroupTypes } = confluent.KafkaJS

async function administer(client) {
  const admin = await client.admin()
  const topic = client.named('topic')
  equal('created', true, await admin.createTopics({
    topics: [{ topic, numPartitions: 3, replicationFactor: 1,
      configEntries: [{ name: 'retention.ms', value: '86400000' }] }],
  }))
  // Like kafkajs, it answers "false" for a topic that exists.
  equal('created again', false, await admin.createTopics({ topics: [{ topic, numPartitions: 3 }] }))
  const refused = await admin.createTopics({ topics: [{ topic: 'bad name!', numPartitions: 1 }] }).catch(error => error)
  equal('a bad name', [ErrorCodes.ERR_TOPIC_EXCEPTION], refused.errors?.map(({ code }) => code))
  await eventually('the topic is listed', true, async () => (await admin.listTopics()).includes(topic))
  await eventually('partitions', [0, 1, 2], () => partitions(admin, topic))

  await records(client, admin, topic)
  await groups(client, admin, topic)
  await addPartitions(client, topic)
  await eventually('partitions after', [0, 1, 2, 3, 4], () => partitions(admin, topic))

  await admin.deleteTopics({ topics: [topic] })
  await eventually('the topic is gone', false, async () => (await admin.listTopics()).includes(topic))
  await raises('delete it again', { code: ErrorCodes.ERR_UNKNOWN_TOPIC_OR_PART },
    admin.deleteTopics({ topics: [topic] }))
  return client.lacks.administration
}

async function partitions(admin, topic) {
  const [described] = await admin.fetchTopicMetadata({ topics: [topic] })
  return described.partitions.map(({ partitionId }) => partitionId).sort()
}

/** The promisified API has no createPartitions; the lower one has. */
async function addPartitions(client, topic) {
  const admin = confluent.AdminClient.create({ 'bootstrap.servers': client.brokers.join(','), log_level: 0 })
  const increaseTo = count => new Promise((resolve, reject) =>
    admin.createPartitions(topic, count, error => (error ? reject(error) : resolve())))
  try {
    await increaseTo(5)
    await raises('fewer partitions', { code: ErrorCodes.ERR_INVALID_PARTITIONS }, increaseTo(4))
  } finally {
    admin.disconnect()
  }
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
  const [deleted] = await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '4' }] })
  equal('low watermark', { topic, partition: 0, lowWatermark: 4 },
    { topic: deleted.topic, partition: deleted.partition, lowWatermark: Number(deleted.lowWatermark) })
  equal('offsets after deletion', { low: '4', high: '10' }, await offsets(admin, topic))
  await raises('delete past the end', { name: 'KafkaJSDeleteTopicRecordsError' },
    admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '11' }] }))
  const left = (await client.readAll('read_committed', 6, topic)).map(record => record.value)
  equal('records left', ['record-4', 'record-5', 'record-6', 'record-7', 'record-8', 'record-9'], left)
}

async function offsets(admin, topic) {
  const { low, high } = (await admin.fetchTopicOffsets(topic)).find(({ partition }) => partition === 0)
  return { low, high }
}

async function groups(client, admin, topic) {
  for (const [groupProtocol, type, assignor] of [
    ['classic', ConsumerGroupTypes.CLASSIC, 'range'], ['consumer', ConsumerGroupTypes.CONSUMER, 'uniform']]) {
    const group = client.named(`${groupProtocol}-group`)
    const consumer = await client.groupConsumer({ group, groupProtocol, topic }, async () => true)
    await eventually('assignment', 3, () => consumer.assigned())
    await consumer.consumer.commitOffsets([{ topic, partition: 1, offset: '7' }])
    await eventually('listed', [{ state: ConsumerGroupStates.STABLE, type }], async () =>
      (await admin.listGroups({ matchConsumerGroupTypes: [type] })).groups
        .filter(({ groupId }) => groupId === group).map(({ state, type: listed }) => ({ state, type: listed })))
    const [described] = (await admin.describeGroups([group])).groups
    equal('description', { state: ConsumerGroupStates.STABLE, type, assignor, members: 1 }, {
      state: described.state, type: described.type, assignor: described.partitionAssignor,
      members: described.members.length,
    })
    await raises('delete a group with members', { name: 'KafkaJSDeleteGroupsError' }, admin.deleteGroups([group]))
    await consumer.close()

    await eventually('state without members', ConsumerGroupStates.EMPTY,
      async () => (await admin.describeGroups([group])).groups[0].state)
    equal('committed offsets', [[1, '7']], await client.committed(group, topic))
    await admin.deleteGroups([group])
    await eventually('not listed any more', [], async () =>
      (await admin.listGroups()).groups.filter(({ groupId }) => groupId === group))
    await raises('delete it again', { name: 'KafkaJSDeleteGroupsError' }, admin.deleteGroups([group]))
  }
}

module.exports = { administer }
