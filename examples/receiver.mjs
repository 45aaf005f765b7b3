// Receives the bridge's CloudEvents by the rule of the README: node receiver.mjs [PORT]

import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'

const states = {} // by opportunity; a CRM keeps each with its record and writes both in one transaction

/** The state of an opportunity after an event; `missing` is what to GET on the function URL, by path. */
export function receive(state, event) {
  if (event.sequence === undefined) return state // it tells how a patch ended that had waited for a review, and not what AWS has
  if (event.sequence <= (state.sequence ?? '')) return state
  const newer = { ...state, sequence: event.sequence }
  if (event.id === state.id) return newer
  const { opportunity, awsSummary, problems = [] } = event.data
  const path = `/opportunities/${event.subject}`
  // What has a `field` is left out of `crm` alone, and what is malformed is there.
  const isMissing = ({ code, field }) => code !== 'malformed' && field === undefined
  const pointers = problems.filter(isMissing).map(({ pointer }) => pointer)
  const missing = {}
  if (pointers.some((pointer) => pointer.startsWith('/opportunity'))) missing.opportunity = path
  if (pointers.includes('/awsSummary')) missing.awsSummary = `${path}/aws-summary`
  if (opportunity) newer.opportunity = opportunity
  if (awsSummary) newer.awsSummary = awsSummary
  return { ...newer, id: event.id, missing }
}

/** The state with a missing document, unless an event was applied since the state that asked for it. */
export function fetched(state, asked, name, document) {
  return state.id === asked.id ? { ...state, [name]: document } : state
}

async function webhook(request, response) {
  const event = JSON.parse(Buffer.concat(await request.toArray()))
  const before = states[event.subject] ?? {}
  const after = (states[event.subject] = receive(before, event))
  const outcome = after.id === before.id ? 'dropped' : 'applied'
  console.log(event.subject, outcome, JSON.stringify(after.missing ?? {}))
  response.writeHead(204).end() // also where it is dropped: any other answer brings it again, or loses it
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const server = createServer((request, response) =>
    webhook(request, response).catch(() => response.writeHead(400).end()),
  )
  server.listen(Number(process.argv[2] ?? 0), '127.0.0.1', () =>
    console.log(`http://127.0.0.1:${server.address().port}/`),
  )
}
