// kafkajs, with the face that the scenarios use.
//
// What it cannot do, and what that means here:
// - it has neither KIP-848 nor group metadata in a transaction (TxnOffsetCommit v1), nor stable offset fetches;
// - it speaks EndTxn v1, in which every fencing is INVALID_PRODUCER_EPOCH;
// - it takes the aborted transactions of a fetch to be ordered by their first offsets, while a broker orders them
//   by their last: of two that overlap in one partition it may show records, so aborts take turns where they could;
// - to read at all it needs a group.
'use strict'

const { Kafka, CompressionTypes, CompressionCodecs, logLevel } = require('kafkajs')
const zstd = require('@bokuweb/zstd-wasm')
const LZ4 = require('kafkajs-lz4')
const Snappy = require('kafkajs-snappy')
const { CheckFailed, NotApplicable, equal, eventually } = require('./check')
const { administer } = require('./kafkajs-admin')

CompressionCodecs[CompressionTypes.Snappy] = Snappy
CompressionCodecs[CompressionTypes.LZ4] = new LZ4().codec
let zstdReady
CompressionCodecs[CompressionTypes.ZSTD] = () => ({
  async compress(encoder) {
    await (zstdReady ??= zstd.init())
    return Buffer.from(zstd.compress(encoder.buffer, 3))
  },
  async decompress(buffer) {
    await (zstdReady ??= zstd.init())
    return Buffer.from(zstd.decompress(buffer))
  },
})

const CODECS = {
  none: CompressionTypes.None,
  gzip: CompressionTypes.GZIP,
  snappy: CompressionTypes.Snappy,
  lz4: CompressionTypes.LZ4,
  zstd: CompressionTypes.ZSTD,
}

const STALE_EPOCH = { name: 'KafkaJSProtocolError', type: 'INVALID_PRODUCER_EPOCH', code: 47 }

class KafkajsClient {
  constructor(brokers, name, transactionVersion) {
    this.brokers = brokers
    this.name = name
    this.lacks = {
      overlappingAborts: 'one abort at a time: kafkajs shows records of aborted transactions that overlap',
      recovery: transactionVersion === '2' ? 'fenced for good: kafkajs speaks EndTxn 1 at most' : undefined,
      administration: 'without single changes of configurations, deleted group offsets, transactions and producers',
    }
    this.readers = 0
    this.opened = []
    this.codecs = Object.keys(CODECS)
    this.emptyValue = ''
    this.kafka = new Kafka({
      brokers,
      clientId: name,
      logLevel: logLevel.NOTHING,
      retry: { initialRetryTime: 20, maxRetryTime: 500, retries: 20 },
    })
  }

  get errors() {
    return {
      fencedByCommit: STALE_EPOCH,
      fencedBySend: STALE_EPOCH,
      fencedByAbort: STALE_EPOCH,
      lateCommit: STALE_EPOCH,
      lateAbort: STALE_EPOCH,
      lateSend: STALE_EPOCH,
    }
  }

  named(suffix) {
    return `${this.name}-${suffix}`
  }

  async connected(client) {
    this.opened.push(client)
    await client.connect()
    return client
  }

  async admin() {
    this.theAdmin ??= await this.connected(this.kafka.admin({ retry: { initialRetryTime: 20, retries: 5 } }))
    return this.theAdmin
  }

  administer() {
    return administer(this)
  }

  async topic(suffix, partitions) {
    const topic = this.named(suffix)
    equal('topic created', true,
      await (await this.admin()).createTopics({ topics: [{ topic, numPartitions: partitions }] }))
    return topic
  }

  async producer({ transactionalId, idempotent, compression, transactionTimeout }) {
    const transactional = transactionalId !== undefined
    const producer = await this.connected(this.kafka.producer({
      transactionalId,
      transactionTimeout,
      idempotent: idempotent || transactional,
      maxInFlightRequests: 1,
      retry: { initialRetryTime: 20, maxRetryTime: 500, retries: 20 },
    }))
    const send = sender => (topic, records) =>
      sender.send({ topic, messages: records, compression: CODECS[compression ?? 'none'] })
    return {
      send: send(producer),
      async transaction() {
        const transaction = await producer.transaction()
        return {
          send: send(transaction),
          sendOffsets: (consumer, group, topic, partition, offset) => transaction.sendOffsets({
            consumerGroupId: group, topics: [{ topic, partitions: [{ partition, offset }] }],
          }),
          commit: () => transaction.commit(),
          abort: () => transaction.abort(),
        }
      },
    }
  }

  /** A reader of all partitions, by a group of its own since kafkajs has no other way. */
  async watch(isolation, ...topics) {
    const consumer = await this.connected(this.kafka.consumer({
      ...GROUP, groupId: this.named(`reader-${++this.readers}`), readUncommitted: isolation === 'read_uncommitted',
    }))
    const watched = { records: [], positions: {}, fetches: 0, close: () => consumer.disconnect() }
    consumer.on(consumer.events.FETCH, () => { watched.fetches++ })
    consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => {
      watched.positions[`${payload.topic}-${payload.partition}`] =
        { position: Number(payload.lastOffset) + 1, high: Number(payload.highWatermark) }
    })
    watched.untilCount = count => eventually('records read', true, () => watched.records.length >= count)
    watched.threeEmptyFetches = async () => {
      let seen
      let from
      await eventually('three fetches without a record', true, () => {
        if (seen !== watched.records.length || seen === 0) {
          seen = watched.records.length
          from = watched.fetches
        }
        return watched.fetches >= from + 3
      })
    }
    await consumer.subscribe({ topics, fromBeginning: true })
    await consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch }) => {
        for (const message of batch.messages) watched.records.push(seen(batch, message))
      },
    })
    return watched
  }

  /**
   * Reads at least this many records, and on to the last stable offset of every partition. The count is needed
   * because a commit is answered before its markers are written.
   */
  async readAll(isolation, count, ...topics) {
    const watched = await this.watch(isolation, ...topics)
    await watched.untilCount(count)
    const ends = await this.lastStableOffsets(topics)
    await eventually('partitions read to the end', [], () =>
      Object.keys(ends).filter(at => ends[at] > (watched.positions[at]?.position ?? 0)))
    await watched.close()
    return watched.records
  }

  /** ListOffsets of kafkajs is always read_committed. */
  async lastStableOffsets(topics) {
    const ends = {}
    for (const topic of topics) {
      for (const { partition, high } of await (await this.admin()).fetchTopicOffsets(topic)) {
        ends[`${topic}-${partition}`] = Number(high)
      }
    }
    return ends
  }

  /** Waits for the markers: until the last stable offset of every partition is the given one. */
  async settled(topic, end) {
    await eventually('last stable offsets', true, async () =>
      Object.values(await this.lastStableOffsets([topic])).every(offset => offset === end))
  }

  async expectEnds(topic, ends) {
    await eventually('last stable offset', { [`${topic}-0`]: ends.read_committed },
      () => this.lastStableOffsets([topic]))
    const watched = await this.watch('read_uncommitted', topic)
    await eventually('high watermark', ends.read_uncommitted, () => watched.positions[`${topic}-0`]?.high)
    await watched.close()
  }

  needsGroupProtocol(protocol) {
    if (protocol !== 'classic') throw new NotApplicable('kafkajs has no consumer group protocol of KIP-848')
  }

  /** kafkajs sends no group metadata, so no broker can tell it that its member is stale. */
  isStaleMember() {
    return false
  }

  async groupConsumer({ group, topic }, onBatch) {
    const consumer = await this.connected(this.kafka.consumer({ ...GROUP, groupId: group }))
    let assigned = 0
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      assigned = payload.memberAssignment[topic]?.length ?? 0
    })
    const handle = { assigned: () => assigned, close: () => consumer.disconnect() }
    await consumer.subscribe({ topics: [topic], fromBeginning: true })
    await consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch, heartbeat }) => {
        const last = batch.messages[batch.messages.length - 1]
        const nextOffset = String(Number(last.offset) + 1)
        const values = batch.messages.map(message => message.value.toString())
        if (!await onBatch({ partition: batch.partition, values, nextOffset })) return
        // Without stable offset fetches (KIP-447) a rebalance could read the offset from before the commit.
        await eventually('the committed offset is visible', nextOffset, async () =>
          (await this.committed(group, topic)).find(([partition]) => partition === batch.partition)[1])
        await heartbeat()
      },
    })
    consumer.on(consumer.events.CRASH, ({ payload }) => console.error(payload.error))
    return handle
  }

  async committed(group, topic) {
    const [{ partitions }] = await (await this.admin()).fetchOffsets({ groupId: group, topics: [topic] })
    return partitions.map(({ partition, offset }) => [partition, offset]).sort()
  }

  async close() {
    const results = await Promise.allSettled(this.opened.map(client => client.disconnect()))
    const failed = results.find(result => result.status === 'rejected')
    if (failed) throw new CheckFailed(`disconnecting: ${failed.reason}`)
  }
}

const GROUP = {
  sessionTimeout: 6000,
  rebalanceTimeout: 6000,
  heartbeatInterval: 100,
  maxWaitTimeInMs: 50,
}

function seen(batch, message) {
  const headers = {}
  for (const [name, value] of Object.entries(message.headers)) {
    headers[name] = Array.isArray(value) ? value.map(String) : String(value)
  }
  return {
    topic: batch.topic,
    partition: batch.partition,
    offset: Number(message.offset),
    key: message.key === null ? null : message.key.toString(),
    value: message.value === null ? null : message.value.toString(),
    headers,
    timestamp: message.timestamp,
  }
}

module.exports = { KafkajsClient }
