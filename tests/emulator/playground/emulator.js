// The emulator's control API, which is all that this page uses: see the README beside it.

/** Asks the control API; gives the JSON of the answer, or null where it has none. */
export async function control(method, path, body) {
  const answer = await fetch(`/_control/${path}`, {
    method,
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(JSON.parse(text).detail);
  return text ? JSON.parse(text) : null;
}

const KINDS = ['request', 'event', 'delivery', 'invocation', 'passage', 'receipt'];

/**
 * Everything that has happened and will, in order, as `{number, kind, at, it}`. What has piled up comes
 * in one piece, so that the page is drawn once.
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
