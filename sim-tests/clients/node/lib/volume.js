// Large transactions and many producers.
'use strict'

const { equal, sameList } = require('./check')

/** One transaction of 100,000 records of 100 bytes. */
async function oneLargeTransaction(client) {
  const topic = await client.topic('topic', 1)
  const producer = await client.producer({ transactionalId: client.named('producer') })
  const transaction = await producer.transaction()
  const text = i => String(i).padStart(100, '0')
  for (let first = 0; first < 100000; first += 5000) {
    const records = []
    for (let i = first; i < first + 5000; i++) records.push({ partition: 0, value: text(i) })
    await transaction.send(topic, records)
  }
  await transaction.commit()
  const got = await client.readAll('read_committed', 100000, topic)
  equal('records', 100000, got.length)
  got.forEach((record, i) => {
    if (record.value !== text(i)) equal(`value at offset ${record.offset}`, text(i), record.value)
  })
}

/** Fifty producers at once, each with a committed, an aborted and a committed transaction. */
async function fiftyProducers(client) {
  const topic = await client.topic('topic', 3)
  let turn = Promise.resolve()
  const numbers = Array.from({ length: 50 }, (_, number) => number)
  await Promise.all(numbers.map(async number => {
    const producer = await client.producer({ transactionalId: client.named(`producer-${number}`) })
    const begin = async round => {
      const transaction = await producer.transaction()
      await transaction.send(topic, records(number, round))
      return transaction
    }
    // The third transaction has begun only when the markers of the aborted one are written.
    const abortAndGoOn = async () => {
      await (await begin(1)).abort()
      return begin(2)
    }
    await (await begin(0)).commit()
    turn = client.lacks.overlappingAborts ? turn.then(abortAndGoOn) : abortAndGoOn()
    await (await turn).commit()
  }))
  const expected = numbers.flatMap(number => [...records(number, 0), ...records(number, 2)])
    .map(record => `${record.partition} ${record.value}`)
  const got = (await client.readAll('read_committed', expected.length, topic))
    .map(record => `${record.partition} ${record.value}`)
  sameList('read_committed', expected.sort(), got.sort())
  return client.lacks.overlappingAborts
}

function records(number, round) {
  return [0, 1, 2, 3, 4].map(i => ({ partition: i % 3, value: `${number}/${round}/${i}` }))
}

module.exports = { oneLargeTransaction, fiftyProducers }
