// Consume, transform, produce: outputs and offsets in one transaction, with a rebalance in the middle.
'use strict'

const { sameList, isTrue, eventually, CheckFailed } = require('./check')

const INPUTS = 600
const PARTITIONS = 4

async function pipeline(client, groupProtocol) {
  client.needsGroupProtocol(groupProtocol)
  const input = await client.topic('input', PARTITIONS)
  const output = await client.topic('output', PARTITIONS)
  const group = client.named('group')
  const source = await client.producer({})
  await source.send(input, inputs(0, INPUTS / 2))

  const join = name => member(client, { name, groupProtocol, group, input, output })
  const first = await join('first')
  await eventually('the first member works alone', true, () => first.alive() && first.done >= INPUTS / 4)
  const second = await join('second')
  await eventually('the second member shares the partitions', [2, 2], () => {
    isTrue('both members live', first.alive() && second.alive())
    return [first.assigned(), second.assigned()]
  })
  await source.send(input, inputs(INPUTS / 2, INPUTS))
  await eventually('the outputs of all inputs', INPUTS, () => {
    isTrue('both members live', first.alive() && second.alive())
    return first.done + second.done
  })
  await first.close()
  await second.close()
  isTrue(`both members did some (${first.done}, ${second.done})`, first.done > 0 && second.done > 0)

  const outputs = await client.readAll('read_committed', INPUTS, output)
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const expected = []
    for (let i = partition; i < INPUTS; i += PARTITIONS) expected.push(`OUT-${i}`)
    sameList(`outputs of partition ${partition}`, expected,
      outputs.filter(record => record.partition === partition).map(record => record.value))
  }
  const end = String(INPUTS / PARTITIONS)
  await eventually('committed offsets', [[0, end], [1, end], [2, end], [3, end]],
    () => client.committed(group, input))
}

function inputs(from, to) {
  const records = []
  for (let i = from; i < to; i++) records.push({ partition: i % PARTITIONS, value: `in-${i}` })
  return records
}

/** A group member with its own transactional producer; it makes one transaction of each batch. */
async function member(client, { name, groupProtocol, group, input, output }) {
  const producer = await client.producer({ transactionalId: client.named(name) })
  const state = { done: 0, failure: null }
  const consumer = await client.groupConsumer({ group, groupProtocol, topic: input }, async batch => {
    try {
      const transaction = await producer.transaction()
      await transaction.send(output, batch.values.map(value => (
        { partition: batch.partition, value: value.replace('in-', 'OUT-') })))
      try {
        await transaction.sendOffsets(consumer, group, input, batch.partition, batch.nextOffset)
        await transaction.commit()
      } catch (e) {
        if (!client.isStaleMember(e)) throw e
        // The group moved on between the fetch and the commit: the work is void and is read again.
        await transaction.abort()
        return false
      }
      state.done += batch.values.length
      return true
    } catch (e) {
      state.failure = e
      throw e
    }
  })
  return {
    get done() { return state.done },
    alive() {
      if (state.failure) throw new CheckFailed(`member ${name}: ${state.failure}`)
      return true
    },
    assigned: () => consumer.assigned(),
    close: () => consumer.close(),
  }
}

module.exports = { pipeline }
