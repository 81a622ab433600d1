// The arguments, and one line of standard output for each scenario.
'use strict'

const { parseArgs } = require('node:util')
const { NotApplicable, CheckFailed } = require('./check')
const { scenarios } = require('./scenarios')
const { CHILD, childWithOpenTransaction } = require('./fencing')

const SCENARIO_MS = 60000

/** With a reason why the client is missing, every scenario is N/A. */
function main(loadClient, missing) {
  const { values } = parseArgs({
    options: {
      bootstrap: { type: 'string' },
      scenario: { type: 'string', multiple: true },
      'transaction-version': { type: 'string' },
      prefix: { type: 'string', default: 'node' },
      [CHILD]: { type: 'string' },
    },
  })
  if (!values.bootstrap) {
    console.error('--bootstrap is missing')
    process.exit(2)
  }
  const names = values.scenario ?? Object.keys(scenarios)
  if (missing) {
    for (const name of names) console.log(`N/A ${name} ${missing}`)
    return
  }
  const Client = loadClient()
  const brokers = values.bootstrap.split(',')
  if (values[CHILD]) {
    childWithOpenTransaction(new Client(brokers, values.prefix), values[CHILD])
    return
  }
  runAll(Client, brokers, values, names)
    .then(failed => process.exit(failed ? 1 : 0))
}

async function runAll(Client, brokers, { prefix, 'transaction-version': transactionVersion }, names) {
  let failed = false
  for (const name of names) {
    const client = new Client(brokers, `${prefix}-${name}`, transactionVersion)
    const start = Date.now()
    const line = await outcome(scenarios[name], client)
    await bounded(client.close(), 10000).catch(e => console.error(`closing: ${e}`))
    const millis = Date.now() - start
    if (line.verdict === 'N/A') {
      console.log(`N/A ${name} ${line.reason}`)
    } else {
      console.log(`${line.verdict} ${name} ${millis}${line.reason ? ` ${line.reason}` : ''}`)
    }
    failed ||= line.verdict === 'FAIL'
  }
  return failed
}

async function outcome(scenario, client) {
  if (!scenario) return { verdict: 'N/A', reason: 'no such scenario in this program' }
  try {
    // A scenario may return a note: what this client cannot do of it.
    const note = await bounded(scenario(client), SCENARIO_MS)
    return { verdict: 'PASS', reason: note }
  } catch (e) {
    if (e instanceof NotApplicable) return { verdict: 'N/A', reason: e.message }
    console.error(e)
    const text = e instanceof CheckFailed ? e.message : String(e)
    return { verdict: 'FAIL', reason: text.replace(/\s+/g, ' ') }
  }
}

function bounded(promise, millis) {
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new CheckFailed(`not done after ${millis / 1000} s`)), millis)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

module.exports = { main }
