// The layer itself, with tests that are right and tests that are wrong.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UnmetFaults, start, withCluster } from '../src/cluster.js'

const PLAN = { fault: [{ name: 'lost', on: 'EndTxn', do: 'disconnect' }] }
const NEVER = new UnmetFaults('fault `lost`: never fired, matched nothing')

test('a fault that never fired fails the test', () =>
  assert.rejects(withCluster({ faults: PLAN }, async () => {}), NEVER))

test('one that is never to fire does not', () =>
  withCluster({ faults: { fault: [{ ...PLAN.fault[0], fires: 0 }] } }, async () => {}))

test('it may be allowed not to fire', () =>
  withCluster({ faults: PLAN, allowUnfired: true }, async cluster =>
    assert.deepEqual((await cluster.faults()).map(fault => fault.name), ['lost'])))

test('a failure of the test itself is what is told', () =>
  assert.rejects(withCluster({ faults: PLAN }, async () => { throw new Error('wrong') }), { message: 'wrong' }))

test('a shared cluster is reset after each test', async () => {
  const cluster = await start({ brokers: 3 })
  try {
    await assert.rejects(cluster.resetAfter(async () => {
      await cluster.crash(1)
      await cluster.addFaults(PLAN)
    }), NEVER)
    assert.deepEqual((await cluster.ask('/brokers')).map(broker => broker.state), ['up', 'up', 'up'])
    assert.deepEqual(await cluster.faults(), [])
  } finally {
    await cluster.stop()
  }
})

test('what is refused says why', () => withCluster({}, cluster =>
  assert.rejects(cluster.addFaults('[[fault]]\non = "EndTx"\ndo = "lose"\n'), /422.*did you mean `EndTxn`/)))

test('a bad option is told, with stderr', () =>
  assert.rejects(start({ config: { 'no.such.setting': 1 } }), /fencepost is not ready: it ended[^]*no\.such\.setting/))

test('a program that is not there is told', () =>
  assert.rejects(start({ program: './no-such-program' }), /cannot start `\.\/no-such-program`.*environment variable/))

test('a process that ended early is told', async () => {
  const cluster = await start()
  await cluster.end()
  await assert.rejects(cluster.faults(), /fencepost ended with SIGKILL/)
  await assert.rejects(cluster.stop(), /fencepost ended: before it was told to, SIGKILL/)
})
