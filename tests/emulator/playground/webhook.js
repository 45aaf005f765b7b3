// Calls the function's webhook as any CRM would: signed by Standard Webhooks.

const FORMS = { merge: 'application/merge-patch+json', json: 'application/json-patch+json', crm: 'application/json' };

const bytes = (text) => new TextEncoder().encode(text);
const fromBase64 = (text) => Uint8Array.from(atob(text), (it) => it.charCodeAt(0));
const toBase64 = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)));

/** Signs a body now; returns the headers. */
export async function signature(secret, body) {
  const id = `msg_${crypto.randomUUID().replaceAll('-', '')}`;
  const timestamp = String(Math.floor(Date.now() / 1000));
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const key = await crypto.subtle.importKey(
    'raw', fromBase64(secret.replace(/^whsec_/, '')), algorithm, false, ['sign'],
  );
  const signed = await crypto.subtle.sign('HMAC', key, bytes(`${id}.${timestamp}.${body}`));
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${toBase64(signed)}`,
  };
}

/** The request for a patch or a CRM record, unsigned: `{method, path, headers, body}`. */
export function request({ identifier, form, body, dry, lenient, skip, wait }) {
  // The signature covers only the body, so a body that names its opportunity goes to a path that does not.
  const isAddressed = form === 'merge' && /"Identifier"\s*:/.test(body);
  const prefer = [lenient && 'handling=lenient', skip && 'locked=skip', wait && 'respond-async'].filter(Boolean).join(', ');
  const query = dry ? '?dry_run=true' : '';
  const patched = isAddressed ? '/opportunities' : `/opportunities/${identifier}`;
  return {
    method: isAddressed || form === 'crm' ? 'POST' : 'PATCH',
    path: (form === 'crm' ? '/crm' : patched) + query,
    headers: { 'content-type': FORMS[form], ...(prefer ? { prefer } : {}) },
    body,
  };
}

/** Sends a request to the bridge; returns `{status, answer}`. */
export async function send({ method, path, headers, body }, secret) {
  const signed = secret ? await signature(secret, body) : {};
  const answer = await fetch(`/_bridge${path}`, { method, headers: { ...headers, ...signed }, body: body || undefined });
  const text = await answer.text();
  let json = null;
  try {
    json = JSON.parse(text);
  } catch {
    // Without JSON, the status has to do.
  }
  return { status: answer.status, answer: json };
}

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

/** The same as a command. It signs when it runs, because a signature is valid for five minutes. */
export function curl({ method, path, headers, body }, url, secret) {
  const given = Object.entries(headers).map(([name, value]) => `  -H '${name}: ${value}' \\`);
  const sent = `curl --silent --show-error -X ${method} ${quoted(url + path)} \\`;
  if (!secret) return [sent, ...given, `  -d ${quoted(body)}`].join('\n');
  return [
    `SECRET=${secret}`,
    `body=${quoted(body)}`,
    'id="msg_$(openssl rand -hex 8)"',
    'timestamp=$(date +%s)',
    `key=$(printf %s "\${SECRET#whsec_}" | openssl base64 -d -A | od -An -v -tx1 | tr -d ' \\n')`,
    'signature=$(printf %s "$id.$timestamp.$body" |',
    '  openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" -binary | openssl base64 -A)',
    sent,
    ...given,
    '  -H "webhook-id: $id" -H "webhook-timestamp: $timestamp" -H "webhook-signature: v1,$signature" \\',
    '  -d "$body"',
  ].join('\n');
}
