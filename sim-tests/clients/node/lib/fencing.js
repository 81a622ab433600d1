// Producers that come too late: replaced, killed, or past their transaction's time.
'use strict'

const { spawn } = require('node:child_process')
const { once } = require('node:events')
const { createInterface } = require('node:readline')
const { equal, sameList, raises } = require('./check')
const { values } = require('./visibility')

/** The option that makes the program a child which opens a transaction and waits to be killed. */
const CHILD = 'child-with-open-transaction'

/** A successor aborts the open transaction; the zombie learns it by its commit, or by its next send. */
async function zombieFenced(client) {
  const topic = await client.topic('topic', 1)
  for (const by of ['commit', 'send']) {
    const transactionalId = client.named(`by-${by}`)
    const zombie = await client.producer({ transactionalId })
    const stale = await zombie.transaction()
    await stale.send(topic, values(0, `zombie-by-${by}`))

    const successor = await client.producer({ transactionalId })
    const transaction = await successor.transaction()
    await transaction.send(topic, values(0, `successor-by-${by}`))
    if (by === 'commit') {
      await raises("the zombie's commit", client.errors.fencedByCommit, stale.commit())
    } else {
      await raises("the zombie's send", client.errors.fencedBySend, stale.send(topic, values(0, 'too late')))
      await raises("the zombie's abort", client.errors.fencedByAbort, stale.abort())
    }
    await transaction.commit()
  }
  await sees(client, 'read_committed', topic, ['successor-by-commit', 'successor-by-send'])
  await sees(client, 'read_uncommitted', topic,
    ['zombie-by-commit', 'successor-by-commit', 'zombie-by-send', 'successor-by-send'])
}

/** A process killed inside a transaction neither shows its records nor holds back its successor's. */
async function killedMidTransaction(client) {
  const topic = await client.topic('topic', 1)
  const transactionalId = client.named('producer')
  const child = spawn(process.execPath, [process.argv[1], '--bootstrap', client.brokers.join(','),
    '--prefix', transactionalId, `--${CHILD}`, topic], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  try {
    const [word] = await Promise.race([once(createInterface(child.stdout), 'line'), exited])
    equal("the child's word", 'flushed', word)
  } finally {
    child.kill('SIGKILL')
  }
  equal("the child's end", [null, 'SIGKILL'], await exited)

  await sees(client, 'read_committed', topic, [])
  const successor = await client.producer({ transactionalId })
  const transaction = await successor.transaction()
  await transaction.send(topic, values(0, 'successor-1', 'successor-2'))
  await transaction.commit()
  await sees(client, 'read_committed', topic, ['successor-1', 'successor-2'])
  await sees(client, 'read_uncommitted', topic, ['child-1', 'child-2', 'successor-1', 'successor-2'])
}

/** The child's whole life: the client's name is its transactional id. */
async function childWithOpenTransaction(client, topic) {
  const producer = await client.producer({ transactionalId: client.name })
  const transaction = await producer.transaction()
  await transaction.send(topic, values(0, 'child-1', 'child-2'))
  console.log('flushed')
  setTimeout(() => process.exit(1), 60000)
}

/**
 * The coordinator aborts transactions that took too long; three late producers find out by three calls.
 * Neither client speaks EndTxn v5, so both are fenced for good at either transaction version.
 */
async function transactionTimeout(client) {
  const topic = await client.topic('topic', 3)
  const late = []
  for (let partition = 0; partition < 3; partition++) {
    const producer = await client.producer({
      transactionalId: client.named(`late-${partition}`), transactionTimeout: 1000,
    })
    const transaction = await producer.transaction()
    await transaction.send(topic, values(partition, `late-${partition}`))
    late.push(transaction)
  }
  const other = await client.producer({ transactionalId: client.named('other') })
  const transaction = await other.transaction()
  await transaction.send(topic, [0, 1, 2].flatMap(partition => values(partition, `other-${partition}`)))
  await transaction.commit()

  const watched = await client.watch('read_committed', topic)
  await watched.untilCount(3)
  sameList('read_committed', ['other-0', 'other-1', 'other-2'], watched.records.map(record => record.value).sort())
  await watched.close()

  await raises('the late commit', client.errors.lateCommit, late[0].commit())
  await raises('the late abort', client.errors.lateAbort, late[1].abort())
  await raises('the late send', client.errors.lateSend, late[2].send(topic, values(2, 'too late')))

  const successor = await client.producer({ transactionalId: client.named('late-0') })
  const next = await successor.transaction()
  await next.send(topic, values(0, 'successor'))
  await next.commit()
  const after = (await client.readAll('read_committed', 4, topic)).map(record => record.value)
  sameList('read_committed, after', ['other-0', 'other-1', 'other-2', 'successor'], after.sort())
  return client.lacks.recovery
}

async function sees(client, isolation, topic, expected) {
  const got = (await client.readAll(isolation, expected.length, topic)).map(record => record.value)
  sameList(isolation, expected, got)
}

module.exports = { CHILD, zombieFenced, killedMidTransaction, childWithOpenTransaction, transactionTimeout }
