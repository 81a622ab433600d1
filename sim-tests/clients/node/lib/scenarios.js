// The common list, in its order.
'use strict'

const { roundTrip, idempotent } = require('./records')
const { commitAndAbort, interleavedProducers, openTransactionHoldsBack } = require('./visibility')
const { zombieFenced, killedMidTransaction, transactionTimeout } = require('./fencing')
const { pipeline } = require('./pipeline')
const { oneLargeTransaction, fiftyProducers } = require('./volume')

const scenarios = {}
for (const codec of ['none', 'gzip', 'snappy', 'lz4', 'zstd']) {
  scenarios[`round-trip-${codec}`] = client => roundTrip(client, codec)
}
scenarios['idempotent-10000'] = idempotent
scenarios['commit-and-abort'] = commitAndAbort
scenarios['interleaved-producers'] = interleavedProducers
scenarios['open-transaction-holds-back'] = openTransactionHoldsBack
scenarios['zombie-fenced'] = zombieFenced
scenarios['consume-transform-produce'] = client => pipeline(client, 'classic')
scenarios['consume-transform-produce-consumer-protocol'] = client => pipeline(client, 'consumer')
scenarios['killed-mid-transaction'] = killedMidTransaction
scenarios['transaction-timeout'] = transactionTimeout
scenarios['transaction-100000'] = oneLargeTransaction
scenarios['fifty-producers'] = fiftyProducers
scenarios['admin'] = client => client.administer()

module.exports = { scenarios }
