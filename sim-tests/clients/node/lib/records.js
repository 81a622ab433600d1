// What a record carries, and the order of many.
'use strict'

const { NotApplicable, equal, sameList } = require('./check')

// Of today, so that retention leaves the records alone.
const FIRST_TIMESTAMP = Date.now() - 60_000

/** 200 records over 3 partitions come back as they were sent, under one codec. */
async function roundTrip(client, codec) {
  if (!client.codecs.includes(codec)) throw new NotApplicable(`this build of the client has no ${codec}`)
  const topic = await client.topic('topic', 3)
  const sent = []
  for (let i = 0; i < 200; i++) {
    sent.push({
      partition: i % 3,
      key: i % 7 === 0 ? null : `key-${i}`,
      value: i % 11 === 0 ? client.emptyValue : i % 13 === 0 ? null : `value-${i}-${'fence post '.repeat(20)}`,
      headers: headers(i),
      timestamp: String(FIRST_TIMESTAMP + 1000 * i),
    })
  }
  const producer = await client.producer({ compression: codec })
  await producer.send(topic, sent)
  const got = (await client.readAll('read_committed', 200, topic)).map(record => ({
    partition: record.partition,
    key: record.key,
    value: record.value,
    headers: record.headers,
    timestamp: record.timestamp,
  }))
  // Both sorts are stable: the order within a partition stays the log's.
  const byPartition = (a, b) => a.partition - b.partition
  sameList('record', sent.sort(byPartition), got.sort(byPartition))
  return client.lacks.values
}

/** Both clients name headers by an object, so that equal keys always stand together. */
function headers(i) {
  switch (i % 4) {
    case 0: return {}
    case 1: return { trace: `${i}` }
    case 2: return { twice: ['a', 'b'], other: `${i}` }
    default: return { empty: '' }
  }
}

/** Ten thousand records of an idempotent producer, exactly once and in order. */
async function idempotent(client) {
  const topic = await client.topic('topic', 1)
  const producer = await client.producer({ idempotent: true })
  for (let first = 0; first < 10000; first += 200) {
    const records = []
    for (let i = first; i < first + 200; i++) records.push({ partition: 0, value: `record-${i}` })
    await producer.send(topic, records)
  }
  const got = await client.readAll('read_committed', 10000, topic)
  equal('records', 10000, got.length)
  got.forEach((record, i) => {
    equal('offset', i, record.offset)
    equal('value', `record-${i}`, record.value)
  })
}

module.exports = { roundTrip, idempotent }
