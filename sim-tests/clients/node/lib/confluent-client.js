// @confluentinc/kafka-javascript, with the face that the scenarios use: the promisified API for producers, group
// members and administration, and the lower one for readers, which assigns partitions and reports their ends.
'use strict'

const confluent = require('@confluentinc/kafka-javascript')
const { CheckFailed, equal, eventually } = require('./check')
const { administer } = require('./confluent-admin')

const { Kafka, ErrorCodes, IsolationLevel } = confluent.KafkaJS

/** What librdkafka says of a producer that was replaced: by the end of a transaction, and by a record's delivery. */
const FENCED = { code: ErrorCodes.ERR__FENCED }
const STALE_EPOCH = { code: ErrorCodes.ERR_INVALID_PRODUCER_EPOCH }

class ConfluentClient {
  constructor(brokers, name, transactionVersion) {
    this.brokers = brokers
    this.name = name
    this.lacks = {
      values: 'without empty values, which the binding sends as null',
      recovery: transactionVersion === '2' ? 'fenced for good: this librdkafka speaks no EndTxn 5' : undefined,
      administration: 'without configurations, alteration of group offsets, transactions and producers',
    }
    this.opened = []
    this.codecs = ['none', ...confluent.features]
    // The binding sends an empty value as null.
    this.emptyValue = 'not empty'
    this.kafka = new Kafka({
      'bootstrap.servers': brokers.join(','),
      'client.id': name,
      'reconnect.backoff.ms': 20,
      'retry.backoff.ms': 20,
      log_level: 0,
    })
  }

  get errors() {
    return {
      fencedByCommit: FENCED,
      fencedBySend: STALE_EPOCH,
      fencedByAbort: FENCED,
      lateCommit: FENCED,
      lateAbort: FENCED,
      lateSend: STALE_EPOCH,
    }
  }

  named(suffix) {
    return `${this.name}-${suffix}`
  }

  async connected(client) {
    this.opened.push(() => client.disconnect())
    await client.connect()
    return client
  }

  async admin() {
    this.theAdmin ??= await this.connected(this.kafka.admin())
    return this.theAdmin
  }

  administer() {
    return administer(this)
  }

  async topic(suffix, partitions) {
    const topic = this.named(suffix)
    const admin = await this.admin()
    equal('topic created', true, await admin.createTopics({ topics: [{ topic, numPartitions: partitions }] }))
    await eventually('partitions of the new topic', partitions, async () =>
      (await admin.fetchTopicMetadata({ topics: [topic] }))[0].partitions.length)
    return topic
  }

  async producer({ transactionalId, idempotent, compression, transactionTimeout }) {
    const config = {
      'linger.ms': 2,
      'enable.idempotence': idempotent || transactionalId !== undefined,
      'compression.codec': compression ?? 'none',
    }
    if (transactionalId !== undefined) config['transactional.id'] = transactionalId
    if (transactionTimeout !== undefined) config['transaction.timeout.ms'] = transactionTimeout
    const producer = await this.connected(this.kafka.producer(config))
    const send = (topic, records) => 
      // The client rewrites the messages that it is given.
      producer.send({ topic, messages: records.map(record => ({ ...record })) })
    return {
      send,
      async transaction() {
        await producer.transaction()
        return {
          send,
          sendOffsets: (consumer, group, topic, partition, offset) => producer.sendOffsets({
            consumer: consumer.consumer, topics: [{ topic, partitions: [{ partition, offset }] }],
          }),
          commit: () => producer.commit(),
          abort: () => producer.abort(),
        }
      },
    }
  }

  /** A reader that is assigned all partitions; `ends` holds the position at which each was last at its end. */
  async watch(isolation, ...topics) {
    const consumer = new confluent.KafkaConsumer({
      'bootstrap.servers': this.brokers.join(','),
      'group.id': this.named('reader'),
      'isolation.level': isolation,
      'enable.auto.commit': false,
      'enable.partition.eof': true,
      'fetch.wait.max.ms': 50,
      log_level: 0,
    }, { 'auto.offset.reset': 'earliest' })
    const watched = { records: [], ends: {}, eofs: 0 }
    let failure
    consumer.on('partition.eof', ({ topic, partition, offset }) => {
      watched.ends[`${topic}-${partition}`] = Number(offset)
      watched.eofs++
    })
    await new Promise((resolve, reject) => consumer.connect({}, error => (error ? reject(error) : resolve())))
    const assignment = []
    for (const topic of topics) {
      const [{ partitions }] = await (await this.admin()).fetchTopicMetadata({ topics: [topic] })
      for (const { partitionId } of partitions) assignment.push({ topic, partition: partitionId, offset: 0 })
    }
    consumer.assign(assignment)
    consumer.setDefaultConsumeTimeout(20)

    let closing = false
    const poll = () => new Promise((resolve, reject) => consumer.consume(5000, (error, messages) =>
      (error ? reject(error) : resolve(messages))))
    const polling = (async () => {
      while (!closing) watched.records.push(...(await poll()).map(seen))
    })().catch(error => { failure = error })
    watched.untilCount = count => eventually('records read', true, () => {
      if (failure) throw new CheckFailed(`reading: ${failure}`)
      return watched.records.length >= count
    })
    watched.untilEnds = () => eventually('partitions at their ends', assignment.length,
      () => Object.keys(watched.ends).length)
    // An end is reported once; that nothing follows it is seen by the fetches that go on.
    watched.threeEmptyFetches = async () => {
      await watched.untilEnds()
      for (let i = 0; i < 3; i++) equal('records past the end', [], await poll())
    }
    watched.close = async () => {
      if (closing) return
      closing = true
      await polling
      await new Promise(resolve => consumer.disconnect(resolve))
    }
    this.opened.push(() => watched.close())
    return watched
  }

  /** Reads at least this many records, and on to the end of every partition for this isolation level. */
  async readAll(isolation, count, ...topics) {
    const watched = await this.watch(isolation, ...topics)
    await watched.untilCount(count)
    await watched.untilEnds()
    await watched.close()
    return watched.records
  }

  /** Waits for the markers: until the last stable offset of every partition is the given one. */
  async settled(topic, end) {
    const admin = await this.admin()
    await eventually('last stable offsets', true, async () =>
      (await admin.fetchTopicOffsets(topic, { isolationLevel: IsolationLevel.READ_COMMITTED }))
        .every(({ high }) => high === String(end)))
  }

  async expectEnds(topic, ends) {
    const admin = await this.admin()
    for (const [isolation, level] of [
      ['read_committed', IsolationLevel.READ_COMMITTED], ['read_uncommitted', IsolationLevel.READ_UNCOMMITTED]]) {
      await eventually(`end, ${isolation}`, String(ends[isolation]), async () =>
        (await admin.fetchTopicOffsets(topic, { isolationLevel: level }))[0].high)
    }
  }

  needsGroupProtocol() {}

  /** An abortable error of the transaction: its member's generation or epoch has passed. */
  isStaleMember(error) {
    return error.abortable === true
  }

  async groupConsumer({ group, groupProtocol, topic }, onBatch) {
    const config = {
      'group.id': group,
      'group.protocol': groupProtocol ?? 'classic',
      'auto.offset.reset': 'earliest',
      'enable.auto.commit': false,
      'isolation.level': 'read_committed',
      'fetch.wait.max.ms': 50,
      'js.consumer.max.batch.size': 20,
    }
    if (config['group.protocol'] === 'classic') {
      Object.assign(config, { 'session.timeout.ms': 6000, 'heartbeat.interval.ms': 100 })
    }
    const consumer = await this.connected(this.kafka.consumer(config))
    await consumer.subscribe({ topics: [topic] })
    const handle = {
      consumer,
      assigned: () => consumer.assignment().length,
      close: () => consumer.disconnect(),
    }
    await consumer.run({
      eachBatchAutoResolve: true,
      eachBatch: async ({ batch }) => {
        const values = batch.messages.map(message => message.value.toString())
        const nextOffset = String(Number(batch.lastOffset()) + 1)
        if (!await onBatch({ partition: batch.partition, values, nextOffset })) {
          consumer.seek({ topic, partition: batch.partition, offset: batch.firstOffset() })
        }
      },
    })
    return handle
  }

  async committed(group, topic) {
    const [{ partitions }] = await (await this.admin()).fetchOffsets({ groupId: group, topics: [topic] })
    return partitions.map(({ partition, offset }) => [partition, offset]).sort()
  }

  async close() {
    const results = await Promise.allSettled(this.opened.map(close => close()))
    const failed = results.find(result => result.status === 'rejected')
    if (failed) throw new CheckFailed(`disconnecting: ${failed.reason}`)
  }
}

function seen(message) {
  const headers = {}
  for (const header of message.headers ?? []) {
    const [[name, value]] = Object.entries(header)
    if (!(name in headers)) headers[name] = String(value)
    else headers[name] = [headers[name], String(value)].flat()
  }
  return {
    topic: message.topic,
    partition: message.partition,
    offset: Number(message.offset),
    key: message.key === null || message.key === undefined ? null : message.key.toString(),
    value: message.value === null ? null : message.value.toString(),
    headers,
    timestamp: String(message.timestamp),
  }
}

module.exports = { ConfluentClient }
