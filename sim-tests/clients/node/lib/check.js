// Exact expectations.
'use strict'

const { isDeepStrictEqual, inspect } = require('node:util')

/** An expectation that was not met. */
class CheckFailed extends Error {}

/** Thrown by a scenario that this client cannot run; the message is the reason. */
class NotApplicable extends Error {}

const show = value => inspect(value, { depth: 6, breakLength: Infinity })

function equal(what, expected, got) {
  if (!isDeepStrictEqual(expected, got)) {
    throw new CheckFailed(`${what}: expected ${show(expected)}, got ${show(got)}`)
  }
}

/** Compares arrays and reports the first place where they differ. */
function sameList(what, expected, got) {
  for (let i = 0; i < Math.min(expected.length, got.length); i++) {
    equal(`${what} [${i}]`, expected[i], got[i])
  }
  equal(`${what} count`, expected.length, got.length)
}

function isTrue(what, holds) {
  if (!holds) throw new CheckFailed(`${what} does not hold`)
}

/** The promise must be rejected with an error that has exactly these properties. */
async function raises(what, properties, promise) {
  let error
  try {
    await promise
  } catch (e) {
    error = e
  }
  if (error === undefined) throw new CheckFailed(`${what}: expected ${show(properties)}, but it succeeded`)
  const got = Object.fromEntries(Object.keys(properties).map(name => [name, error[name]]))
  if (!isDeepStrictEqual(properties, got)) {
    throw new CheckFailed(`${what}: expected ${show(properties)}, got ${show(got)} (${error})`)
  }
}

/** Asks until the answer is the expected one; a thrown error is an answer too, by its message. */
async function eventually(what, expected, question) {
  const deadline = Date.now() + 15000
  let last
  do {
    try {
      last = await question()
    } catch (e) {
      if (e instanceof CheckFailed) throw e
      last = String(e)
    }
    if (isDeepStrictEqual(expected, last)) return
    await new Promise(resolve => setTimeout(resolve, 20))
  } while (Date.now() < deadline)
  equal(`${what} after 15 s`, expected, last)
}

module.exports = { CheckFailed, NotApplicable, equal, sameList, isTrue, raises, eventually }
