// A process of fencepost, and its control API.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

const READY = /^fencepost ready bootstrap\.servers=(\S+) control=(\S+)$/
const READY_MS = 20_000
const STOP_MS = 10_000
const REQUEST_MS = 40_000
const STDERR_CHARS = 16 * 1024
const SNAPSHOT = 'before each test'

/** Fencepost did not start or end as it should, or refused what it was asked. */
export class FencepostError extends Error {
  name = 'FencepostError'
}

/** A fault of the test never fired, so that the test shows less than it says, or not as often as it is to. */
export class UnmetFaults extends Error {
  name = 'UnmetFaults'
}

/**
 * Runs a test on a cluster of its own, and ends it. A fault that never fired fails the test, unless `allowUnfired` is
 * given. If the test fails, what fencepost wrote to stderr is printed.
 */
export async function withCluster(options, test) {
  const cluster = await start(options)
  let failure
  try {
    await cluster.strictly(test, options.allowUnfired)
  } catch (error) {
    failure = error
  }
  try {
    await cluster.stop()
  } catch (error) {
    failure ??= error
  }
  if (failure !== undefined) throw failure
}

/**
 * Starts a cluster and waits until it is ready. Options: `program`, `brokers`, `topics` (the partitions of each),
 * `config` (broker settings by Kafka's names), `faults` (a plan, as for `addFaults`), `args` (others of `fencepost
 * serve`).
 */
export async function start({ program, brokers = 1, topics = {}, config = {}, faults, args = [] } = {}) {
  const cluster = new Cluster(program ?? (process.env.FENCEPOST || 'fencepost'), [
    'serve', '--port', '0', '--control-port', '0', '--brokers', String(brokers),
    ...Object.entries(topics).flatMap(([name, partitions]) => ['--topic', `${name}:${partitions}`]),
    ...Object.entries(config).flatMap(([name, value]) => ['--config', `${name}=${value}`]),
    ...args,
  ])
  try {
    await cluster.ready()
    if (faults !== undefined) await cluster.addFaults(faults)
  } catch (error) {
    await cluster.end()
    throw error
  }
  return cluster
}

/** A cluster of brokers that clients find at `bootstrapServers`; `control` is the URL of its control API. */
export class Cluster {
  #child
  #closed
  #stderr = ''
  #failure
  #kill = () => this.#child.kill('SIGKILL')

  /** To be made by `start`. */
  constructor(program, args) {
    this.program = program
    this.#child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    this.#child.stderr.setEncoding('utf8').on('data', text => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_CHARS)
    })
    this.#child.on('error', error => { this.#failure = error })
    this.#closed = new Promise(resolve => this.#child.once('close', resolve))
    process.once('exit', this.#kill)
  }

  async ready() {
    const lines = createInterface({ input: this.#child.stdout })
    const told = await first([
      once(lines, 'line').then(([line]) => line),
      this.#closed.then(() => 'it ended'),
    ], READY_MS) ?? `nothing was printed within ${READY_MS / 1000} s`
    if (this.#failure !== undefined) {
      throw new FencepostError(`cannot start \`${this.program}\`: ${this.#failure.message}; name the program with the `
        + 'option `program` or in the environment variable FENCEPOST')
    }
    const found = READY.exec(told)
    if (found === null) throw new FencepostError(`fencepost is not ready: ${told}\n${this.#stderr}`)
    this.bootstrapServers = found[1]
    this.control = found[2]
  }

  // The control API

  /** What the control API answers: to POST if there is a body (TOML as text, else made JSON), else to GET. */
  async ask(path, body, method = body === undefined ? 'GET' : 'POST') {
    const request = { method, signal: AbortSignal.timeout(REQUEST_MS) }
    if (body !== undefined) {
      const isText = typeof body === 'string'
      request.headers = { 'content-type': isText ? 'application/toml' : 'application/json' }
      request.body = isText ? body : JSON.stringify(body)
    }
    let response
    try {
      response = await fetch(this.control + path, request)
    } catch (error) {
      throw new FencepostError(
        `${method} ${path}: ${error.message}; ${this.#state()}\n${this.#stderr}`, { cause: error })
    }
    if (!response.ok) throw new FencepostError(`${method} ${path}: ${response.status} ${await response.text()}`)
    return response.json()
  }

  /** Adds a plan: text in TOML, or an object as in `{ fault: [{ on: 'EndTxn', do: 'disconnect' }] }`. */
  addFaults(plan) {
    return this.ask('/faults', plan)
  }

  /** Every fault, with how many requests it `matched`, and how often it `fired`. */
  faults() {
    return this.ask('/faults')
  }

  removeFault(name) {
    return this.ask(`/faults/${encodeURIComponent(name)}`, undefined, 'DELETE')
  }

  /** Waits until a fault has fired so many times, those before included; at most 25 seconds. */
  hit(name, { times = 1, withinMs = 10_000 } = {}) {
    return this.ask(`/faults/${encodeURIComponent(name)}/hits?times=${times}&within_ms=${withinMs}`)
  }

  held() {
    return this.ask('/held')
  }

  release(number) {
    return this.#post(`/held/${number}/release`)
  }

  raise(event) {
    return this.#post(`/raised/${encodeURIComponent(event)}`)
  }

  crash(broker) {
    return this.#post(`/brokers/${broker}/crash`)
  }

  stopBroker(broker) {
    return this.#post(`/brokers/${broker}/stop`)
  }

  restart(broker) {
    return this.#post(`/brokers/${broker}/restart`)
  }

  elect(topic, partition, leader) {
    return this.ask(`/topics/${encodeURIComponent(topic)}/partitions/${partition}/elect`, { leader })
  }

  moveTransaction(transactionalId, broker) {
    return this.ask(`/transactions/${encodeURIComponent(transactionalId)}/coordinator`, { broker })
  }

  moveGroup(group, broker) {
    return this.ask(`/groups/${encodeURIComponent(group)}/coordinator`, { broker })
  }

  transaction(transactionalId) {
    return this.ask(`/transactions/${encodeURIComponent(transactionalId)}`)
  }

  group(name) {
    return this.ask(`/groups/${encodeURIComponent(name)}`)
  }

  /** A page of a partition's log, with what became of the transaction of each batch. */
  log(topic, partition = 0, { from = 0, limit = 100 } = {}) {
    return this.ask(`/topics/${encodeURIComponent(topic)}/partitions/${partition}/log?from=${from}&limit=${limit}`)
  }

  /** Moves a manual clock (`args: ['--clock', 'manual']`). */
  advance(ms) {
    return this.ask('/clock/advance', { ms })
  }

  snapshot(name) {
    return this.ask(`/snapshots/${encodeURIComponent(name)}`, undefined, 'PUT')
  }

  /** Goes back to a snapshot. Clients that live through it are lost: give each test clients of its own. */
  reset(name) {
    return this.#post(`/snapshots/${encodeURIComponent(name)}/reset`)
  }

  #post(path) {
    return this.ask(path, undefined, 'POST')
  }

  // Strictness

  /** Throws `UnmetFaults` if a fault never fired, or not as often as its `fires` says. */
  async verify() {
    const unmet = (await this.faults()).filter(fault => !fault.as_expected)
    if (unmet.length === 0) return
    throw new UnmetFaults(unmet.map(({ name, summary }) => `fault \`${name}\`: ${summary}`).join('; '))
  }

  /** Runs a test on this cluster, and has it fail for a fault that never fired; then prints stderr. */
  async strictly(test, allowUnfired = false) {
    try {
      await test(this)
      if (!allowUnfired) await this.verify()
    } catch (error) {
      if (this.#stderr !== '') console.error(`fencepost's stderr:\n${this.#stderr}`)
      throw error
    }
  }

  /** The same on a cluster that several tests share: afterwards it is again as it was before. */
  async resetAfter(test, { allowUnfired = false } = {}) {
    await this.snapshot(SNAPSHOT)
    try {
      await this.strictly(test, allowUnfired)
    } finally {
      await this.reset(SNAPSHOT)
    }
  }

  // The process

  /** The last of what fencepost wrote to stderr. */
  stderr() {
    return this.#stderr
  }

  /** Ends the process, which must have lived until now and must end well. */
  async stop() {
    const isEarly = this.#child.exitCode !== null || this.#child.signalCode !== null
    this.#child.kill('SIGTERM')
    const code = await first([this.#closed], STOP_MS)
    await this.end()
    if (isEarly || code !== 0) {
      const when = isEarly ? 'before it was told to, ' : ''
      const how = code === undefined ? `not within ${STOP_MS / 1000} s` : (code ?? this.#child.signalCode)
      throw new FencepostError(`fencepost ended: ${when}${how}\n${this.#stderr}`)
    }
  }

  async end() {
    this.#kill()
    // What the program itself may have started does not keep these open.
    this.#child.stdout.destroy()
    this.#child.stderr.destroy()
    await this.#closed
    process.off('exit', this.#kill)
  }

  #state() {
    const { exitCode, signalCode } = this.#child
    const code = exitCode ?? signalCode
    return code === null ? 'fencepost runs' : `fencepost ended with ${code}`
  }
}

/** The first of these to come, or undefined after so many milliseconds. */
async function first(promises, ms) {
  let timer
  const late = new Promise(resolve => { timer = setTimeout(resolve, ms) })
  try {
    return await Promise.race([...promises, late])
  } finally {
    clearTimeout(timer)
  }
}
