// The second column: what the bridge did, step by step, the newest first.

import { byId, clock, h, shown as text, withCode } from './dom.js';
import { difference } from './difference.js';
import { bound } from './url-state.js';
import { explain, isRead } from './cards.js';

const MAX_CARDS = 100;
const OUTCOMES = {
  updated: 'good', 'updated-in-part': 'warn', applied: 'good', echo: 'calm', unchanged: 'calm', 'dry-run': 'calm', duplicate: 'calm',
  late: 'calm', parked: 'warn', withdrawn: 'calm', overtaken: 'warn', expired: 'warn', 'waits on': 'warn', 'on its way': 'warn', lost: 'bad',
};
const CALLS = {
  GetOpportunity: 'read', GetAwsOpportunitySummary: 'read summary', GetSecretValue: 'secret', UpdateOpportunity: 'write',
};

export function pillOfOutcome(card) {
  const kind = OUTCOMES[card.outcome] ?? (card.outcome ? 'bad' : 'warn');
  const before = card.isWoken ? 'patch ' : card.isRefused ? `${card.bridgeRequest.status} ` : '';
  return h(`span.pill.${kind}`, {}, before + (card.outcome || 'at work').replaceAll('-', ' '));
}

export function drawScore({ patches, writes, told, dropped, kept, lost }) {
  const pair = (name, value) => h('div', {}, h('dt', {}, name), h('dd', {}, String(value)));
  byId('score').replaceChildren(
    pair(`of ${patches} ${patches === 1 ? 'patch' : 'patches'} written`, writes),
    pair('events the CRM took', told),
    pair('duplicates and late events dropped', dropped),
    pair(`fields lost, of ${kept + lost} written back`, lost),
  );
}

const drawn = new Map();

export function drawTimeline(cards, { opportunities }) {
  const list = byId('timeline');
  const some = cards.slice(0, MAX_CARDS);
  if (some.length === 0) {
    list.replaceChildren(h('li.empty', {}, h('p', {}, 'Nothing has happened yet.'),
      h('p', {}, 'Change something on either side, or let one of the three cards above show you.')));
    return;
  }
  const isFirst = drawn.size === 0;
  list.querySelector('.empty')?.remove();
  const keys = new Set(some.map((it) => it.key));
  for (const [key, { element }] of drawn) {
    if (keys.has(key)) continue;
    element.remove();
    drawn.delete(key);
  }
  some.forEach((card, position) => {
    const version = JSON.stringify([card.outcome, card.end, card.calls?.length, card.author]);
    let known = drawn.get(card.key);
    if (known?.version !== version) {
      const element = h(`li.${card.kind}`, { dataset: { key: card.key } }, content(card, opportunities));
      if (known) known.element.replaceWith(element);
      else if (!isFirst) element.classList.add('new');
      known = { version, element };
      drawn.set(card.key, known);
    }
    if (list.children[position] !== known.element) list.insertBefore(known.element, list.children[position] ?? null);
  });
}

function content(card, opportunities) {
  const company = opportunities.get(card.identifier)?.Customer.Account.CompanyName;
  const took = card.end ? ` · ${Math.max(1, card.end - card.at)} ms` : '';
  return [
    h('div.head', {},
      h('h4', {}, title(card)),
      card.kind === 'other' ? h('span.pill', {}, card.call.outcome) : pillOfOutcome(card),
      h('span.when', {}, clock(card.at) + took)),
    h('p.sub', {}, [company, card.identifier, subtitle(card)].filter(Boolean).join(' · ')),
    card.kind === 'other' ? null : steps(card),
    changes(card),
    skipped(card),
    findings(card),
    h('p.note', {}, explain(card)),
    accountOf(card),
    ...unfolding(card),
  ];
}

function title(card) {
  if (card.kind === 'other') return card.call.operation || 'A request';
  if (card.isWoken) return 'Parked patch → Partner Central';
  if (card.kind === 'in') return 'CRM → Partner Central';
  return 'Partner Central → CRM';
}

function subtitle(card) {
  if (card.bridgeRequest) return `${card.bridgeRequest.method} ${card.bridgeRequest.target}`;
  if (card.ended) return `parked at ${clock(card.ended.data.parkedAt)}`;
  if (card.kind !== 'out') return '';
  const after = card.author === 'bridge' ? 'after the CRM’s own edit' : 'after an edit in Partner Central';
  // `other` is also what the bridge says of an event that came before it had noted its own write.
  return ['aws', 'bridge'].includes(card.origin) ? `${after} · origin: ${card.origin}` : after;
}

function steps(card) {
  const after = (at) => h('small', {}, `+${Math.max(0, at - card.at)} ms`);
  const step = (kind, label, at, title) => h(`li.${kind}`, { title }, label, at && after(at));
  const calls = card.calls.map((call) => {
    const isDone = call.outcome === 'done';
    const label = CALLS[call.operation] ?? call.operation;
    return step(isDone ? 'good' : 'bad', isDone ? label : `${label}: ${call.outcome}`, call.at, call.operation);
  });
  let all;
  if (card.kind === 'out') {
    const isOver = card.outcome !== 'on its way';
    const end = card.outcome === 'lost' ? 'bad' : 'good';
    const ends = { applied: 'CRM updated', echo: 'CRM has it', duplicate: 'CRM dropped it', late: 'CRM dropped it', lost: 'lost' };
    all = [step('good', 'event'), ...calls, isOver && step(end, ends[card.outcome], card.end)];
  } else {
    const isLetIn = card.outcome !== 'unauthorized';
    const firstWrite = card.calls.findIndex((it) => !isRead(it));
    const isReviewed = card.calls.some((it) => it.operation === 'GetOpportunity' && it.outcome === 'done');
    const judged = card.isRefused && firstWrite < 0 ? 'bad' : 'good';
    const review = isReviewed ? [step(judged, 'merge and review')] : [];
    const at = firstWrite < 0 ? calls.length : firstWrite;
    all = [
      card.isWoken ? step('good', 'event') : step(isLetIn ? 'good' : 'bad', isLetIn ? 'signature' : 'no valid signature'),
      ...calls.slice(0, at), ...review, ...calls.slice(at),
      card.ended && step(card.isTold ? 'good' : 'bad', card.isTold ? 'CRM told' : 'CRM not told', card.end),
      card.bridgeRequest && step(card.isRefused ? 'bad' : 'good', `answer ${card.bridgeRequest.status}`, card.end),
    ];
  }
  const count = card.calls.filter((it) => it.operation !== 'GetSecretValue');
  const [reads, writes] = [count.filter(isRead).length, count.filter((it) => !isRead(it)).length];
  const told = `Calls to Partner Central: ${reads + writes}, of which ${writes} ${writes === 1 ? 'write' : 'writes'}`;
  return [
    h('ol.steps', { 'aria-label': 'Steps' }, all),
    h('p.hidden', {}, told),
  ];
}

/** The changes of a card, or of a patch that waits. */
export function changes(card) {
  if (!card.changes?.length) return null;
  return h('ul.changes', { 'aria-label': 'Changes' }, card.changes.map(({ pointer, field, before, after }) => h('li', {},
    h('code', {}, names(card, pointer, field)), h('del', {}, text(before)), ' → ', h('ins', {}, text(after)))));
}

/** What `Prefer: locked=skip` left out: the value kept, the value wanted, and why. */
function skipped(card) {
  if (!card.skipped?.length) return null;
  const one = ({ pointer, field, code, detail, before, wanted }) => h('li.warning', {},
    h('code', {}, `${names(card, pointer, field)} · ${code}`),
    `kept: ${text(before)} · wanted: `, h('del', {}, text(wanted)), h('p', {}, withCode(detail)));
  return h('ul.changes.findings', { 'aria-label': 'Skipped' }, card.skipped.map(one));
}

/** Both names of a field, in the direction in which the value went. */
function names(card, pointer, field) {
  if (!field) return pointer;
  return card.kind === 'in' ? `${field} → ${pointer}` : `${pointer} → ${field}`;
}

function findings(card) {
  if (!card.findings?.length && !card.adjustments?.length) return null;
  const one = (it) => h(card.errors.includes(it) ? 'li' : 'li.warning', {},
    h('code', {}, `${names(card, it.pointer || 'the patch', it.field)} · ${it.code ?? 'adjusted'}`), withCode(it.detail ?? ''),
    it.suggestion ? ` Nearest is ${text(it.suggestion)}.` : '');
  return h('ul.changes.findings', { 'aria-label': 'Findings' }, [...card.findings, ...card.adjustments].map(one));
}

function accountOf(card) {
  const calls = (card.calls ?? []).filter((it) => it.operation !== 'GetSecretValue');
  if (card.kind === 'other') return null;
  const writes = calls.filter((it) => !isRead(it)).length;
  const told = [`${calls.length - writes} ${calls.length - writes === 1 ? 'read' : 'reads'}, ${writes} ${writes === 1 ? 'write' : 'writes'}`];
  if (card.account) {
    const { kept, readOnly, lost } = card.account;
    told.push(`${kept} values sent back as they were`, `${readOnly} read-only left out`);
    return h('p.account', {}, `${told.join(' · ')} · `,
      h(lost.length ? 'strong.lost' : 'strong', {}, lost.length ? `lost: ${lost.join(', ')}` : 'none lost'));
  }
  return h('p.account', {}, told.join(' · '));
}

function unfolding(card) {
  const all = [];
  if (card.read && card.sent) {
    all.push(['diff', 'The body sent against the body read', () => diff(card.read, card.sent)]);
  }
  if (card.bridgeRequest) {
    const { method, target, headers, body, status, answerHeaders, answer } = card.bridgeRequest;
    const given = (all, names) => names.filter((it) => all[it]).map((it) => `${it}: ${all[it]}\n`).join('');
    const asked = given(headers, ['content-type', 'prefer', 'if-match', 'webhook-id', 'webhook-timestamp', 'webhook-signature']);
    const answered = given(answerHeaders, ['content-type', 'etag', 'location', 'retry-after', 'preference-applied']);
    all.push(['raw', 'Request and answer', () => json(
      `${method} ${target}\n${asked}\n${JSON.stringify(body, null, 2)}\n\n${status}\n${answered}\n${JSON.stringify(answer, null, 2)}`,
      'Request and answer')]);
  }
  const event = card.ended ?? card.receipt?.event ?? card.delivery?.answer;
  if (event) all.push(['event', 'The CloudEvent', () => json(JSON.stringify(event, null, 2), 'The CloudEvent')]);
  return all.map(([name, label, build]) => details(`${card.key}.${name}`, label, build));
}

function details(key, label, build) {
  const element = bound(key, h('details', {}, h('summary', {}, label)));
  const fill = () => element.open && element.children.length === 1 && element.append(build());
  fill();
  element.addEventListener('toggle', fill);
  return element;
}

const json = (content, label) => h('pre', { tabIndex: 0, role: 'group', 'aria-label': label }, content);

const READ_ONLY_LINE = /^ {2}"(Arn|CreatedDate|Id|OpportunityTeam|RelatedEntityIdentifiers|Identifier|Catalog)"/;

function diff(read, sent) {
  let isAside = false;
  const all = difference(read, sent).map(({ sign, text: line }) => {
    // A read-only list or object stays read-only to its end.
    if (/^ {2}\S/.test(line) && !/^ {2}[\]}]/.test(line)) isAside = READ_ONLY_LINE.test(line);
    const kind = sign === '…' ? 'gap' : sign === ' ' ? '' : isAside ? 'aside' : sign === '+' ? 'plus' : 'minus';
    const said = sign === '…' ? `   ⋯ ${line}` : `${sign} ${line}`;
    return h(kind ? `span.${kind}` : 'span', {}, said);
  });
  return h('div', {},
    h('p.sub', {}, 'Grey lines address the opportunity or are read-only, and have no place in an update.'),
    h('pre.diff', { tabIndex: 0, role: 'group', 'aria-label': 'Difference' }, all));
}
