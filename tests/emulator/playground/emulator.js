// A client of the emulator's control API: see the README beside it.

/** Calls the control API; returns the JSON of the response, or null if it has none. */
export async function control(method, path, body) {
  const answer = await fetch(`/_control/${path}`, {
    method,
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(JSON.parse(text).detail);
  return text ? JSON.parse(text) : null;
}

/** The bridge's mapping, served beside the page. */
export const mappingFile = async () => (await fetch('mapping.json')).json();

const KINDS = ['request', 'event', 'delivery', 'invocation', 'bridgeRequest', 'receipt'];

/**
 * Follows everything that happens, from the beginning and in order, as `{number, kind, at, it}`. The
 * backlog comes in one piece, so that the page is drawn once.
 */
export function follow(onEntries, onState) {
  const source = new EventSource('/_control/events');
  let waiting = [];
  const flush = () => {
    const entries = waiting;
    waiting = [];
    onEntries(entries);
  };
  for (const kind of KINDS) {
    source.addEventListener(kind, (message) => {
      const data = JSON.parse(message.data);
      if (waiting.length === 0) setTimeout(flush, 0);
      waiting.push({ number: Number(message.lastEventId), kind, at: Date.parse(data.at), it: data[kind] });
    });
  }
  source.addEventListener('open', () => onState(true));
  source.addEventListener('error', () => onState(false));
}
