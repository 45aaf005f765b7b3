// Keeps the deal as a CRM would, by the bridge's own mapping: `mapping.json` is the file that the functions
// started with.
//
// The functions alone translate fields and values between the CRM and the opportunity. This module does
// what a CRM does: it keeps fields, shows them to people, and sends edits under the mapping's names.

import { valueAt, withValueAt } from './pointer.js';

// A row with this prefix goes only to AWS, and only if it changed. The deal's own field has the name
// without the prefix.
const SENT_WHEN_CHANGED = /^changed_/i;
// What people read instead of a name.
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
/** The pointer to a row's field in a record: the mapping has a name or a JSON Pointer. */
const place = (name) => (name.startsWith('/') ? name : `/${escaped(name)}`);

/** A CRM's name, for people: `hs_next_step` is `Next step`. */
export function label(name) {
  if (LABELS[name]) return LABELS[name];
  const words = name.replace(/^(aws|hs)_/i, '').replace(/__c$/, '').replace(/([a-z])([A-Z])/g, '$1 $2');
  const text = words.replaceAll(/[_/]/g, ' ').trim().toLowerCase();
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The mapping, with what the page needs to know of it. */
export function understood(mapping) {
  const rows = mapping.fields.filter((it) => it.aws);
  const told = rows.filter((it) => it.to === 'crm');
  const fields = rows.filter((it) => it.to !== 'crm').map((row) => {
    const name = row.crm.replace(SENT_WHEN_CHANGED, '');
    // Another field beside the deal's own may show AWS's value.
    const neighbour = name === row.crm ? undefined : told.find((it) => it.aws === row.aws);
    return { ...row, name, sentAs: row.crm, label: label(name), told: neighbour?.crm };
  });
  const neighbours = fields.map((it) => it.told);
  return { ...mapping, editable: fields, shown: told.filter((it) => !neighbours.includes(it.crm)) };
}

const DAY = /^\d{4}-\d\d-\d\d$/;

/** What an input shows for the CRM's value. */
export function forPeople({ as }, value) {
  if (value === undefined || value === null || value === '') return '';
  const isTime = as === 'date-ms' && !Number.isNaN(Number(value));
  return isTime ? new Date(Number(value)).toISOString().slice(0, 10) : String(value);
}

/** The CRM's value for what somebody typed. */
export function forCrm({ as }, text) {
  return as === 'date-ms' && DAY.test(text) ? String(Date.parse(text)) : text;
}

/** The deal's value in a field, as people read it. */
export const shownValue = (deal, row, name = row.crm) => forPeople(row, valueAt(deal, place(name)));

/** The record that the CRM's webhook sends: the edited fields, and those that the mapping wants with them. */
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

/** The value of a field in a sent record. */
export const sentValue = (mapping, body, field) => valueAt(body, mapping.receive.record + place(field.sentAs));

/** A new deal from an event: the sales team's own fields start with AWS's values. */
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

/** The deal after an event: `data.crm` is the message to the CRM's API, with the fields in it. */
export function heard(mapping, deal, event) {
  const record = valueAt(event.data.crm, mapping.send.record) ?? {};
  return { ...deal, ...record };
}

/** The deal after sending a record: it keeps what the sales team typed. */
export function kept(mapping, deal, body) {
  return mapping.editable.reduce((it, field) => {
    const value = sentValue(mapping, body, field);
    return value === undefined ? it : withValueAt(it, place(field.name), value);
  }, deal ?? {});
}

/** The fields that an event changed in the deal, and that the CRM sends whoever changed them. */
export function sendable(mapping, before, after) {
  return mapping.editable.filter((it) => shownValue(before, it, it.name) !== shownValue(after, it, it.name));
}

/** The CRM's name, in events, for a pointer in the opportunity. */
export const nameOf = (mapping, pointer) =>
  mapping.fields.find((it) => it.aws === pointer && it.to !== 'aws')?.crm;
