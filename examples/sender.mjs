// Changes an opportunity with a request signed by Standard Webhooks, and prints the answer.
//
// WEBHOOK_SECRET=whsec_… node sender.mjs URL O7654321 '{"LifeCycle": {"NextSteps": "Call back"}}'

import { createHmac, randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'

/** The headers that prove who sent a body, and when. */
export function sign(secret, messageId, timestamp, body) {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  const signature = createHmac('sha256', key).update(`${messageId}.${timestamp}.${body}`).digest('base64')
  return {
    'webhook-id': messageId,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': `v1,${signature}`,
  }
}

/** The answer. `Identifier` is in the body, because the signature covers that. */
export function send(url, secret, identifier, patch) {
  const body = JSON.stringify({ Identifier: identifier, ...patch })
  // To send it once more, keep the id and sign anew: the timestamp is good for five minutes.
  const signature = sign(secret, `msg_${randomBytes(12).toString('hex')}`, Math.floor(Date.now() / 1000), body)
  return fetch(`${url.replace(/\/$/, '')}/opportunities`, {
    method: 'POST',
    headers: { ...signature, 'content-type': 'application/merge-patch+json' },
    body,
  })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [url, identifier, patch] = process.argv.slice(2)
  const answer = await send(url, process.env.WEBHOOK_SECRET, identifier, JSON.parse(patch))
  console.log(answer.status, await answer.text())
  process.exitCode = answer.ok ? 0 : 1
}
