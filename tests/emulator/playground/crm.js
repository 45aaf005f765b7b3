// The third column: a deal by the CRM's own names, and the events that the CRM was sent.

import { announce, byId, clock, h } from './dom.js';
import { FIELDS, fieldAt, record, webhookBody } from './deal.js';
import { field, pending } from './form.js';
import { choose, chosen, chosenObject, chooseObject } from './fragment.js';
import { explain } from './story.js';
import { pillOfOutcome } from './timeline.js';
import { request, send } from './webhook.js';

const MAX_EVENTS = 12;
let form;
let secret = '';

function build() {
  const edit = (name, value) => {
    chooseObject('deal', { ...chosenObject('deal'), [name]: value });
  };
  const kinds = (it) => ({
    name: it.crm,
    label: it.label,
    hint: it.crm,
    options: it.values?.map(([, crm]) => crm),
    isLong: it.isLong,
    type: it.as === 'date' ? 'date' : 'text',
  });
  const editable = FIELDS.filter((it) => it.to !== 'crm').map((it) => [it, field(kinds(it), edit)]);
  const facts = h('dl.facts', {});
  const name = h('h3', {});
  const button = h('button.primary', { type: 'submit' }, 'Save the deal');
  const undo = h('button', { type: 'button', onclick: () => chooseObject('deal', {}) }, 'Undo');
  const result = h('p', { role: 'status', id: 'deal-result' });
  const naive = h('input', { type: 'checkbox', id: 'naive', onchange: () => choose({ naive: naive.checked ? '1' : '' }) });
  const element = h('form', { id: 'deal-form', 'aria-label': 'The deal in the CRM' },
    editable.map(([, it]) => it.element), h('div.buttons', {}, button, undo), result, facts,
    h('label.check', {}, naive, 'Answer every event with the whole deal, as a careless CRM does'));
  element.addEventListener('submit', async (event) => {
    event.preventDefault();
    await save();
  });
  byId('deal').replaceChildren(h('div.heading', {}, name), element);
  form = { editable, facts, name, button, undo, result, naive };
}

async function save() {
  form.button.disabled = true;
  const edits = Object.keys(chosenObject('deal'));
  try {
    const { status, answer } = await dealChanges(chosen('opportunity'), chosenObject('deal'));
    form.result.textContent = status < 300 ? `The bridge says: ${answer.outcome}` : `The bridge says ${status}: ${answer?.title}`;
    if (status < 300) {
      const left = Object.entries(chosenObject('deal')).filter(([name]) => !edits.includes(name));
      chooseObject('deal', Object.fromEntries(left));
    }
  } catch (error) {
    form.result.textContent = error.message;
  }
  announce(form.result.textContent);
  form.button.disabled = false;
}

/** The CRM's webhook: sends what was edited of a deal, and only that. */
export function dealChanges(identifier, edits) {
  return send(request({ identifier, form: 'merge', body: webhookBody(identifier, edits) }), secret);
}

export function drawCrm(shown) {
  secret = shown.secret;
  if (!form) build();
  const id = chosen('opportunity');
  const opportunity = shown.deals.get(id);
  const deal = opportunity ? record(opportunity) : {};
  const edits = pending(chosenObject('deal'), deal);
  const refused = refusalOf(shown.cards, id, edits);
  form.name.textContent = deal.dealname ?? 'The CRM has no such deal yet';
  for (const [{ crm, aws }, it] of form.editable) {
    it.show(deal[crm] ?? '', edits[crm], crm in edits ? refused.get(aws) : '');
  }
  form.facts.replaceChildren(...FIELDS.filter((it) => it.to === 'crm').map((it) => [
    h('dt', {}, it.label), h('dd', {}, String(deal[it.crm] ?? '')),
  ]).flat());
  const isEdited = Object.keys(edits).length > 0;
  form.button.disabled = !isEdited;
  form.undo.hidden = !isEdited;
  form.naive.checked = Boolean(chosen('naive'));
  drawInbox(shown.cards.filter((it) => it.kind === 'out'), shown.opportunities);
  answerNaively(shown);
}

/** What the bridge found wrong with the edits when they were sent last, by place. */
function refusalOf(cards, id, edits) {
  const last = cards.find((it) => it.passage && it.identifier === id);
  if (!last?.isRefused) return new Map();
  const isSent = Object.keys(edits).length > 0 && last.passage.body?.Identifier === id;
  const findings = isSent ? last.passage.answer?.errors ?? [] : [];
  return new Map(findings.map((it) => [fieldAt(it.pointer)?.aws ?? it.pointer, it.detail]));
}

function drawInbox(events, opportunities) {
  const all = events.filter((it) => it.outcome !== 'on its way').slice(0, MAX_EVENTS).map((card) => h('li', {},
    h('time', {}, clock(card.end ?? card.at)),
    h('span', {}, opportunities.get(card.identifier)?.Customer.Account.CompanyName ?? card.identifier),
    pillOfOutcome(card),
    card.outcome === 'applied' ? null : h('span.rule', {}, card.outcome === 'lost' ? 'The CRM never heard of it.' : explain(card))));
  const waiting = events.filter((it) => it.outcome === 'on its way').length;
  byId('inbox').replaceChildren(
    h('h3', {}, 'What the CRM was told'),
    all.length || waiting
      ? h('ul.inbox', {}, waiting ? h('li', {}, `${waiting} on its way`) : null, all)
      : h('p.sub', {}, 'No event yet. The rule for each: apply it if its sequence is greater than the greatest seen.'),
  );
}

let answered = null;

/** A CRM that sends back whatever it hears, which ends well because what changes nothing is not written. */
function answerNaively({ cards }) {
  const taken = cards.filter((it) => ['applied', 'echo'].includes(it.outcome)).map((it) => it.event);
  const fresh = answered ? taken.filter((it) => !answered.has(it)) : [];
  answered = new Set(taken);
  if (!chosen('naive')) return;
  for (const event of fresh) {
    const { receipt, identifier } = cards.find((it) => it.event === event);
    const all = record(receipt.event.data.opportunity);
    const known = FIELDS.filter((it) => it.to !== 'crm').map((it) => [it.crm, all[it.crm]]);
    dealChanges(identifier, Object.fromEntries(known));
  }
}
