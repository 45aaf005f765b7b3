// The patches that wait for AWS's review, as the bridge lists them, and how those ended that had waited.

import { announce, byId, clock, h } from './dom.js';
import { chosen } from './url-state.js';
import { isOfPatch } from './cards.js';
import { changes, pillOfOutcome } from './timeline.js';
import { send } from './webhook.js';

const MAX_ENDED = 5;
let asked = 0;
let drawn = '';

/** Whether something has happened after which others may wait than before. */
export const isAboutParked = ({ kind, it }) => (kind === 'bridgeRequest' && (it.answer?.outcome === 'parked' || it.method === 'DELETE'))
  || (kind === 'delivery' && isOfPatch(it.answer));

/** Asks the bridge what waits for the chosen opportunity. */
export async function refreshParked(shown, draw) {
  if (!shown.settings.isParking) return;
  asked += 1;
  const [identifier, mine] = [chosen('opportunity'), asked];
  if (identifier !== shown.waiting.identifier) shown.waiting = { identifier, parked: [] };
  const { answer } = await send({ method: 'GET', path: path(identifier), headers: {}, body: '' }, shown.secret);
  // Only the answer to the last question counts.
  if (mine !== asked) return;
  shown.waiting = { identifier, parked: answer?.parked ?? [], problem: answer?.title };
  draw();
}

const path = (identifier) => `/opportunities/${identifier}/parked`;

export function drawParked(shown) {
  const { settings, waiting, cards } = shown;
  const identifier = chosen('opportunity');
  const panel = byId('parked');
  panel.hidden = !settings.isParking;
  const { parked = [], problem } = waiting.identifier === identifier ? waiting : {};
  const ended = cards.filter((it) => it.identifier === identifier && it.ended).slice(0, MAX_ENDED);
  const version = JSON.stringify([identifier, parked, problem, ended.map((it) => [it.key, it.outcome])]);
  if (panel.hidden || version === drawn) return;
  drawn = version;
  const isEmpty = parked.length + ended.length === 0;
  const none = 'None. A merge patch waits if you send it with “Wait for the review”, and the review closes its field.';
  const hint = problem ? `The bridge does not say: ${problem}` : isEmpty ? none : '';
  byId('parked-hint').textContent = hint;
  byId('parked-list').replaceChildren(...parked.map((it) => one(shown, identifier, it)), ...ended.map(end));
}

function one({ secret }, identifier, { patch, parkedAt, reviewStatus, changes: wanted }) {
  const onclick = ({ target }) => {
    target.disabled = true;
    return withdraw(secret, identifier, patch);
  };
  const label = `Withdraw the change of ${wanted.map((it) => it.pointer).join(', ')}`;
  return h('li', {},
    h('p', {}, h('span.pill.warn', {}, 'waits'), ` since ${clock(parkedAt)}, when the review was “${reviewStatus}”`),
    changes({ kind: 'in', changes: wanted }),
    h('button.quiet', { type: 'button', 'aria-label': label, onclick }, 'Withdraw'));
}

function end(card) {
  const { parkedAt, endedAt, changes: wanted } = card.ended.data;
  return h('li', {},
    h('p', {}, pillOfOutcome(card), ` waited from ${clock(parkedAt)} to ${clock(endedAt)}`),
    changes({ kind: 'in', changes: wanted }),
    card.errors.length ? h('p.sub', {}, `${card.outcome}: ${card.errors.map((it) => it.pointer).join(', ')}`) : null);
}

async function withdraw(secret, identifier, patch) {
  // A signature does not cover the path, so the body names the patch.
  const body = JSON.stringify({ withdraw: patch });
  const headers = { 'content-type': 'application/json' };
  const { status, answer } = await send({ method: 'DELETE', path: `${path(identifier)}/${patch}`, headers, body }, secret);
  announce(status === 204 ? 'The patch is withdrawn' : `The bridge says ${status}: ${answer?.title}`);
  byId('parked-title').focus();
}
