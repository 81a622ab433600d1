// EndTxn takes effect, and its answer is lost: the client asks again, and there is one copy of the record.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import confluent from '@confluentinc/kafka-javascript'
import { withCluster } from '../src/cluster.js'

const { Kafka } = confluent.KafkaJS

const PLAN = `
  [[fault]]
  name = "answer lost"
  on = "EndTxn"
  client = "orders"
  when = "applied"
  do = "disconnect"
`

test('a commit whose answer is lost is made once', { timeout: 60_000 }, () =>
  withCluster({ topics: { orders: 1 } }, async cluster => {
    await cluster.addFaults(PLAN)
    const kafka = new Kafka({ 'bootstrap.servers': cluster.bootstrapServers, 'client.id': 'orders', log_level: 0 })
    const producer = kafka.producer({ 'transactional.id': 'orders-1' })
    await producer.connect()
    try {
      await transaction(producer, 'order 1') // its EndTxn meets the fault, and is sent again
      const { fired, matched } = await cluster.hit('answer lost')
      assert.ok(fired === 1 && matched >= 2, `it fired ${fired} times and matched ${matched} requests`)
      await transaction(producer, 'order 2') // the producer can go on
    } finally {
      await producer.disconnect()
    }
    assert.deepEqual(await committed(kafka, 'order 2'), ['order 1', 'order 2'])
  }))

async function transaction(producer, value) {
  await producer.transaction()
  await producer.send({ topic: 'orders', messages: [{ value }] })
  await producer.commit()
}

/** What read_committed shows, up to and with the value `until`. */
async function committed(kafka, until) {
  const consumer = kafka.consumer({
    'group.id': 'reader',
    'isolation.level': 'read_committed',
    'auto.offset.reset': 'earliest',
  })
  await consumer.connect()
  const values = []
  try {
    await consumer.subscribe({ topics: ['orders'] })
    await new Promise(resolve => consumer.run({
      eachMessage: async ({ message }) => {
        values.push(message.value.toString())
        if (values.includes(until)) resolve()
      },
    }))
  } finally {
    await consumer.disconnect()
  }
  return values
}
