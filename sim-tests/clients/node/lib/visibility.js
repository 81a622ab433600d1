// What each isolation level shows of committed, aborted and open transactions.
'use strict'

const { sameList } = require('./check')

const values = (partition, ...texts) => texts.map(value => ({ partition, value }))

/** Three transactions over three partitions of two topics; the middle one is aborted. */
async function commitAndAbort(client) {
  const two = await client.topic('two', 2)
  const one = await client.topic('one', 1)
  const producer = await client.producer({ transactionalId: client.named('producer') })
  for (const name of ['first', 'aborted', 'third']) {
    const transaction = await producer.transaction()
    await transaction.send(two, [...values(0, `${name}-a`, `${name}-b`), ...values(1, `${name}-c`, `${name}-d`)])
    await transaction.send(one, values(0, `${name}-e`, `${name}-f`))
    await (name === 'aborted' ? transaction.abort() : transaction.commit())
  }
  const places = [[two, 0, 'a', 'b'], [two, 1, 'c', 'd'], [one, 0, 'e', 'f']]
  const committed = await client.readAll('read_committed', 12, two, one)
  const all = await client.readAll('read_uncommitted', 18, two, one)
  for (const [topic, partition, x, y] of places) {
    // Two records and a marker for each transaction.
    expect(committed, topic, partition, [`0 first-${x}`, `1 first-${y}`, `6 third-${x}`, `7 third-${y}`])
    expect(all, topic, partition,
      [`0 first-${x}`, `1 first-${y}`, `3 aborted-${x}`, `4 aborted-${y}`, `6 third-${x}`, `7 third-${y}`])
  }
}

/** Two producers alternate on the same partitions; one commits, one aborts, then the other way round. */
async function interleavedProducers(client) {
  const topic = await client.topic('topic', 2)
  const left = await client.producer({ transactionalId: client.named('left') })
  const right = await client.producer({ transactionalId: client.named('right') })
  for (let round = 0; round < 2; round++) {
    const ofLeft = await left.transaction()
    const ofRight = await right.transaction()
    for (let turn = 0; turn < 3; turn++) {
      for (let partition = 0; partition < 2; partition++) {
        await ofLeft.send(topic, values(partition, `left-${round}${turn}`))
        await ofRight.send(topic, values(partition, `right-${round}${turn}`))
      }
    }
    await (round === 0 ? ofLeft : ofRight).commit()
    await (round === 0 ? ofRight : ofLeft).abort()
    await client.settled(topic, 8 * (round + 1))
  }
  const committed = await client.readAll('read_committed', 12, topic)
  const all = await client.readAll('read_uncommitted', 24, topic)
  for (let partition = 0; partition < 2; partition++) {
    expect(committed, topic, partition,
      ['0 left-00', '2 left-01', '4 left-02', '9 right-10', '11 right-11', '13 right-12'])
    expect(all, topic, partition,
      ['0 left-00', '1 right-00', '2 left-01', '3 right-01', '4 left-02', '5 right-02',
        '8 left-10', '9 right-10', '10 left-11', '11 right-11', '12 left-12', '13 right-12'])
  }
}

/** A committed transaction stays hidden behind an earlier open one. */
async function openTransactionHoldsBack(client) {
  const topic = await client.topic('topic', 1)
  const opener = await client.producer({ transactionalId: client.named('open') })
  const later = await client.producer({ transactionalId: client.named('later') })
  const first = await later.transaction()
  await first.send(topic, values(0, 'before'))
  await first.commit()
  await client.settled(topic, 2)

  const open = await opener.transaction()
  await open.send(topic, values(0, 'open-1', 'open-2'))
  const second = await later.transaction()
  await second.send(topic, values(0, 'later-1', 'later-2'))
  await second.commit()

  await client.expectEnds(topic, { read_committed: 2, read_uncommitted: 7 })
  const all = ['0 before', '2 open-1', '3 open-2', '4 later-1', '5 later-2']
  expect(await client.readAll('read_uncommitted', all.length, topic), topic, 0, all)
  const watched = await client.watch('read_committed', topic)
  await watched.threeEmptyFetches()
  sameList('read_committed while open', ['0 before'], watched.records.map(line))

  await open.commit()
  await watched.untilCount(all.length)
  sameList('read_committed after the commit', all, watched.records.map(line))
  await watched.close()
  await client.expectEnds(topic, { read_committed: 8, read_uncommitted: 8 })
}

function expect(records, topic, partition, lines) {
  const got = records.filter(record => record.topic === topic && record.partition === partition)
  sameList(`${topic}-${partition}`, lines, got.map(line))
}

const line = record => `${record.offset} ${record.value}`

module.exports = { commitAndAbort, interleavedProducers, openTransactionHoldsBack, values }
