// The third column: a deal in the CRM's own names, and the events that the CRM received.
//
// It follows the recipe in docs/crm.md: it sends the edited fields, and only those, to `POST /crm`, and
// copies the record in each event's `data.crm` into the deal.

import { announce, byId, clock, h } from './dom.js';
import { field, pending } from './form.js';
import { bound, choose, chosen, chosenObject, chooseObject } from './url-state.js';
import { forCrm, label, sendable, sentValue, shownValue, webhookRecord } from './mapping.js';
import { deals, explain, isRecord } from './cards.js';
import { pillOfOutcome } from './timeline.js';
import { request, send } from './webhook.js';

const MAX_EVENTS = 12;
// What a sales team edits most comes first; the other fields are folded.
const FIRST = ['/LifeCycle/Stage', '/LifeCycle/NextSteps', '/LifeCycle/TargetCloseDate', '/Project/ExpectedCustomerSpend/0/Amount'];
const LONG = ['/LifeCycle/NextSteps', '/Project/AdditionalComments'];
let form;

function build(shown) {
  const { mapping } = shown;
  const edit = (name, value) => chooseObject('deal', { ...chosenObject('deal'), [name]: value });
  const kinds = (it) => ({
    name: it.name,
    label: it.label,
    hint: it.name,
    options: it.values?.map(([, crm]) => [crm, label(String(crm))])
      ?? (it.as === 'boolean' ? [['', 'not said'], ['true', 'yes'], ['false', 'no']] : undefined),
    isLong: LONG.includes(it.aws),
    type: it.as?.startsWith('date') ? 'date' : 'text',
  });
  const editable = mapping.editable.map((it) => [it, field(kinds(it), edit)]);
  const order = ([it]) => (FIRST.includes(it.aws) ? FIRST.indexOf(it.aws) : FIRST.length);
  const sorted = [...editable].sort((a, b) => order(a) - order(b));
  const elements = (all) => all.map(([, it]) => it.element);
  const name = h('h3', {});
  const button = h('button.primary', { type: 'submit' }, 'Save the deal');
  const undo = h('button', { type: 'button', onclick: () => chooseObject('deal', {}) }, 'Undo');
  const result = h('p', { role: 'status', id: 'deal-result' });
  const waits = h('p.waits', { id: 'waiting-edit', role: 'status' });
  const relay = h('input', { type: 'checkbox', onchange: () => choose({ relay: relay.checked ? '1' : '' }) });
  const more = bound('more', h('details.more', {}, h('summary', {}, 'More fields'),
    h('div.form', {}, elements(sorted.filter((it) => order(it) === FIRST.length)))));
  const element = h('form', { id: 'deal-form', 'aria-label': 'The deal in the CRM' },
    elements(sorted.filter((it) => order(it) < FIRST.length)), more,
    h('div.buttons', {}, button, undo), waits, result,
    h('label.check', {}, relay, 'Send AWS’s changes back to AWS, as many workflows do. Will it loop?'));
  element.addEventListener('submit', async (event) => {
    event.preventDefault();
    await save(shown);
  });
  const facts = h('dl.facts', {});
  byId('deal').replaceChildren(
    h('div.heading', {}, name), element,
    bound('aws', h('details.group', {}, h('summary', {}, 'More from AWS'), facts)),
    bound('mapping', h('details.group', {}, h('summary', {}, 'The mapping'), table(mapping))),
  );
  byId('crm-name').textContent = `Play ${crmName(mapping)} here`;
  form = { editable, facts, name, button, undo, result, waits, relay };
}

const crmName = ({ crm }) => ({ hubspot: 'HubSpot', salesforce: 'Salesforce' })[crm] ?? crm;

/** The mapping's rows, for people to read. */
function table(mapping) {
  const arrow = { aws: '→', crm: '←' };
  return h('div', {},
    h('p.sub', {}, 'One file, no code: the CRM’s field, and its place in the opportunity.'),
    h('ul.rows', {}, mapping.fields.map((it) => h('li', {},
      h('code', {}, it.crm), ` ${arrow[it.to ?? (it.from && 'crm')] ?? '↔'} `, h('code', {}, it.aws ?? `the event’s ${it.from}`)))));
}

async function save(shown) {
  form.button.disabled = true;
  const [id, sent] = [chosen('opportunity'), chosenObject('deal')];
  try {
    const { status, answer } = await dealEdits(shown, id, pending(sent, valuesOf(shown, id)));
    form.result.textContent = status < 300 ? `The bridge says: ${answer.outcome}` : `The bridge says ${status}: ${answer?.title}`;
    if (status < 300) {
      const left = Object.entries(chosenObject('deal')).filter(([name, value]) => sent[name] !== value);
      chooseObject('deal', Object.fromEntries(left));
    }
  } catch (error) {
    form.result.textContent = error.message;
  }
  announce(form.result.textContent);
  form.button.disabled = false;
}

/** The CRM's webhook: sends the edited fields of a deal, and only those. */
export function dealEdits({ mapping, deals: all, secret }, identifier, edits) {
  const record = webhookRecord(mapping, identifier, all.get(identifier), edits);
  return send(request({ form: 'crm', body: JSON.stringify(record) }), secret);
}

/** The deal's value in each field that people edit. */
function valuesOf({ mapping, deals: all }, id) {
  const deal = all.get(id);
  return Object.fromEntries(mapping.editable.map((it) => [it.name, shownValue(deal, it, it.name)]));
}

export function drawCrm(shown) {
  if (!form) build(shown);
  const { mapping } = shown;
  const id = chosen('opportunity');
  const deal = shown.deals.get(id);
  const values = valuesOf(shown, id);
  const edits = pending(chosenObject('deal'), values);
  const { refused, isWaiting, after } = refusalOf(shown, id, edits);
  const title = mapping.shown.find((it) => it.aws === '/Project/Title');
  form.name.textContent = deal ? (title && shownValue(deal, title)) || 'The deal' : 'The CRM has no such deal yet';
  for (const [it, input] of form.editable) {
    const says = it.told && shownValue(deal, it, it.told);
    input.show(values[it.name], edits[it.name], refused.get(it.name), says ? `AWS’s ${label(it.told).toLowerCase()}: ${says}` : '');
  }
  form.facts.replaceChildren(...mapping.shown.map((it) => h('div', {},
    h('dt', {}, label(it.crm)), h('dd', {}, shownValue(deal, it) || '–'))));
  const isEdited = Object.keys(edits).length > 0;
  form.button.disabled = !isEdited;
  form.button.textContent = isWaiting ? 'Send it again now' : 'Save the deal';
  form.waits.replaceChildren(...(isWaiting
    ? [h('span.pill.warn', {}, 'waits'), ` A CRM sends it again by itself. The bridge says when: ${inWords(after)}.`] : []));
  form.undo.hidden = !isEdited;
  form.relay.checked = Boolean(chosen('relay'));
  drawInbox(shown.cards.filter((it) => it.kind === 'out' || it.ended), shown.opportunities);
  sendOn(shown);
}

const inWords = (seconds) => (seconds >= 60 ? `in ${Math.round(seconds / 60)} minutes` : `in ${seconds} seconds`);

/** What the bridge last found wrong with these edits, by field, and whether they wait. */
function refusalOf({ cards, mapping }, id, edits) {
  const edited = mapping.editable.filter((it) => it.name in edits);
  const isIn = (body) => (it) => String(sentValue(mapping, body, it)) === forCrm(it, edits[it.name]);
  const isOfThese = ({ body }) => edited.some(isIn(body));
  const last = cards.find((it) => it.bridgeRequest && isRecord(it.bridgeRequest) && it.identifier === id && isOfThese(it.bridgeRequest));
  if (!last?.isRefused) return { refused: new Map(), isWaiting: false };
  const { body, answer, answerHeaders } = last.bridgeRequest;
  const sent = edited.filter(isIn(body));
  const finding = (it) => answer?.errors?.find((error) => error.field === it.sentAs)?.detail;
  return {
    refused: new Map(sent.map((it) => [it.name, finding(it)])),
    isWaiting: last.outcome === 'locked-for-now',
    after: Number(answerHeaders['retry-after']),
  };
}

function drawInbox(events, opportunities) {
  const all = events.filter((it) => it.outcome !== 'on its way').slice(0, MAX_EVENTS).map((card) => h('li', {},
    h('time', {}, clock(card.end ?? card.at)),
    h('span', {}, opportunities.get(card.identifier)?.Customer.Account.CompanyName ?? card.identifier),
    pillOfOutcome(card),
    card.outcome === 'applied' && !card.ended ? null : h('span.rule', {}, card.outcome === 'lost' ? 'The CRM never heard of it.' : explain(card))));
  const waiting = events.filter((it) => it.outcome === 'on its way').length;
  byId('inbox').replaceChildren(
    h('h3', {}, 'What the CRM was told'),
    all.length || waiting
      ? h('ul.inbox', {}, waiting ? h('li', {}, `${waiting} on its way`) : null, all)
      : h('p.sub', {}, 'No event yet. The rule for each: apply it if its sequence is greater than the greatest seen.'),
  );
}

let seen = null;

/** A CRM that sends every change of a deal. It does not loop: the bridge writes only what differs. */
function sendOn(shown) {
  const { cards, entries, known, mapping } = shown;
  const taken = cards.filter((it) => it.kind === 'out' && ['applied', 'echo'].includes(it.outcome)).map((it) => it.event);
  const fresh = seen ? taken.filter((it) => !seen.has(it)) : [];
  seen = new Set(taken);
  if (!chosen('relay')) return;
  for (const event of fresh) {
    const at = entries.findIndex(({ kind, it }) => kind === 'receipt' && it.event.eventid === event);
    const { subject } = entries[at].it.event;
    const [before, after] = [at, at + 1].map((end) => deals(known, entries.slice(0, end), mapping).get(subject));
    const fields = sendable(mapping, before, after).map((it) => [it.name, shownValue(after, it, it.name)]);
    if (fields.length) dealEdits(shown, subject, Object.fromEntries(fields));
  }
}
