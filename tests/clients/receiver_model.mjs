// Runs the receiver in JavaScript through the orders that receiver_model.py enumerated. They come on
// standard input, and the number of orders and those that end in another state go to standard output.

import { text } from 'node:stream/consumers'
import { isDeepStrictEqual } from 'node:util'
import { fetched, receive } from '../../examples/receiver.mjs'

function endState({ documents, events }, order, isLate) {
  let state = {}
  let pending = []
  const store = () => {
    for (const [asked, name, document] of pending) state = fetched(state, asked, name, document)
    pending = []
  }
  for (const [number, now] of order) {
    const before = state
    state = receive(state, events[number])
    if (state.id !== before.id) {
      const after = state
      pending.push(...Object.keys(state.missing).map((name) => [after, name, documents[now][name]]))
    }
    if (!isLate) store()
  }
  store()
  return { opportunity: state.opportunity, awsSummary: state.awsSummary }
}

const result = { orders: 0, wrong: [] }
for (const scenario of JSON.parse(await text(process.stdin))) {
  for (const order of scenario.orders) {
    for (const isLate of [false, true]) {
      result.orders += 1
      const end = endState(scenario, order, isLate)
      if (!isDeepStrictEqual(end, scenario.documents.at(-1))) result.wrong.push([scenario.name, order, isLate, end])
    }
  }
}
console.log(JSON.stringify({ ...result, wrong: result.wrong.slice(0, 5) }))
