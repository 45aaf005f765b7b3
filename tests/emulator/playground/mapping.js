// The deal as the CRM keeps it, by the bridge's own mapping: `mapping.json` is the file that the functions
// were started with.
//
// What a field stands for in the opportunity, and which value for which, the functions alone decide. Here is
// what a CRM does: it keeps fields, shows them to people, and sends what was edited by the mapping's names.

import { valueAt, withValueAt } from './pointer.js';

// A row that goes to AWS alone is sent only where it is what changed. The samples say so in its name, and
// the deal's own field has the name without it.
const SENT_WHEN_CHANGED = /^changed_/i;
// What people read in place of a name.
const LABELS = {
  closedate: 'Close date',
  dealstage: 'Deal stage',
  appointmentscheduled: 'Appointment scheduled',
  qualifiedtobuy: 'Qualified to buy',
  presentationscheduled: 'Presentation scheduled',
  decisionmakerboughtin: 'Decision maker bought in',
  contractsent: 'Contract sent',
  closedwon: 'Closed won',
  closedlost: 'Closed lost',
};

const escaped = (name) => name.replaceAll('~', '~0').replaceAll('/', '~1');
/** Where a row's field is in a record: the mapping writes a name, or a JSON Pointer. */
const place = (name) => (name.startsWith('/') ? name : `/${escaped(name)}`);

/** A name of the CRM's for people: `hs_next_step` is `Next step`. */
export function label(name) {
  if (LABELS[name]) return LABELS[name];
  const words = name.replace(/^(aws|hs)_/i, '').replace(/__c$/, '').replace(/([a-z])([A-Z])/g, '$1 $2');
  const text = words.replaceAll(/[_/]/g, ' ').trim().toLowerCase();
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The mapping with what the page asks of it. */
export function understood(mapping) {
  const rows = mapping.fields.filter((it) => it.aws);
  const told = rows.filter((it) => it.to === 'crm');
  const fields = rows.filter((it) => it.to !== 'crm').map((row) => {
    const name = row.crm.replace(SENT_WHEN_CHANGED, '');
    // A field of the deal's own may have a neighbour that shows what AWS says.
    const neighbour = name === row.crm ? undefined : told.find((it) => it.aws === row.aws);
    return { ...row, name, sentAs: row.crm, label: label(name), told: neighbour?.crm };
  });
  const neighbours = fields.map((it) => it.told);
  return { ...mapping, editable: fields, shown: told.filter((it) => !neighbours.includes(it.crm)) };
}

const DAY = /^\d{4}-\d\d-\d\d$/;

/** What an input shows for what the CRM keeps. */
export function forPeople({ as }, value) {
  if (value === undefined || value === null || value === '') return '';
  const isTime = as === 'date-ms' && !Number.isNaN(Number(value));
  return isTime ? new Date(Number(value)).toISOString().slice(0, 10) : String(value);
}

/** What the CRM keeps for what was typed. */
export function forCrm({ as }, text) {
  return as === 'date-ms' && DAY.test(text) ? String(Date.parse(text)) : text;
}

/** What the deal has in a field, as people read it. */
export const shownValue = (deal, row, name = row.crm) => forPeople(row, valueAt(deal, place(name)));

/** What the CRM's webhook sends of edited fields, by name: these, and whatever the mapping wants beside them. */
export function webhookRecord(mapping, identifier, deal, edits) {
  const isEdited = ({ name }) => name in edits;
  const partners = mapping.editable.filter(isEdited).map((it) => it.aws);
  const companions = mapping.editable.filter((it) => partners.includes(it.with) && shownValue(deal, it, it.name));
  const sent = new Set([...mapping.editable.filter(isEdited), ...companions]);
  let body = withValueAt({}, mapping.receive.id, identifier);
  for (const field of sent) {
    const text = edits[field.name] ?? shownValue(deal, field, field.name);
    body = withValueAt(body, mapping.receive.record + place(field.sentAs), forCrm(field, text));
  }
  return body;
}

/** The opportunity that a record names. */
export const identifierIn = (mapping, body) => valueAt(body, mapping.receive.id) ?? '';

/** What a record that was sent has in a field. */
export const sentValue = (mapping, body, field) => valueAt(body, mapping.receive.record + place(field.sentAs));

/** A deal that is made of an event: the sales team's own fields begin with what AWS says. */
export function newDeal(mapping, event) {
  let deal = heard(mapping, {}, event);
  for (const field of mapping.editable.filter((it) => it.told)) {
    const told = valueAt(deal, place(field.told));
    const pair = field.values?.find(([aws]) => aws === told);
    const isAmount = field.times && told !== undefined && told !== '';
    const own = pair ? pair[1] : isAmount ? String(Number((told * field.times).toFixed(2))) : told;
    deal = withValueAt(deal, place(field.name), own);
  }
  return deal;
}

/** The deal after an event: `data.crm` is the message to the CRM's API, and has the fields in it. */
export function heard(mapping, deal, event) {
  const record = valueAt(event.data.crm, mapping.send.record) ?? {};
  return { ...deal, ...record };
}

/** The deal after a record that was sent: what the sales team has typed, it keeps. */
export function kept(mapping, deal, body) {
  return mapping.editable.reduce((it, field) => {
    const value = sentValue(mapping, body, field);
    return value === undefined ? it : withValueAt(it, place(field.name), value);
  }, deal ?? {});
}

/** The names of the fields that an event has changed in the deal and that the CRM sends whoever changed them. */
export function sendable(mapping, before, after) {
  return mapping.editable.filter((it) => shownValue(before, it, it.name) !== shownValue(after, it, it.name));
}

/** The CRM's name for a place in the opportunity, on its way out. */
export const nameOf = (mapping, pointer) =>
  mapping.fields.find((it) => it.aws === pointer && it.to !== 'aws')?.crm;
