// Turns the recorded entries into cards. A pure function, so a reload shows the same.
//
// All calls of one invocation of a function share a trace. A CloudEvent names the trace of its event; any
// other trace belongs to the request to the bridge that was under way at the time.

import { account } from './difference.js';
import { heard, identifierIn, kept, nameOf, newDeal } from './mapping.js';
import { changes as changesBetween } from './pointer.js';

const READS = ['GetOpportunity', 'GetAwsOpportunitySummary', 'GetSecretValue', 'ListOpportunities'];
// The outcomes of a write that may have landed, even without an answer.
const LANDED = ['done', 'not answered', 'InternalServerException'];

export const isRead = (call) => READS.includes(call.operation);

/** Whether a patch was written, whole or in part. */
export const isWritten = (card) => ['updated', 'updated-in-part'].includes(card.outcome);

/** The trace of a CloudEvent's `traceparent`, as X-Ray writes it. */
function traceOf(event) {
  const root = event?.traceparent?.split('-')[1];
  return root && `1-${root.slice(0, 8)}-${root.slice(8)}`;
}

/** The opportunity that a request to the bridge names. */
function identifierOf(passage, mapping) {
  if (isRecord(passage)) return identifierIn(mapping, passage.body);
  const inPath = /^\/opportunities\/([^/?]+)/.exec(passage.target)?.[1];
  return inPath ?? passage.body?.Identifier ?? '';
}

/** Whether a request to the bridge carries a CRM record. */
export const isRecord = (passage) => /^\/crm(\?|$)/.test(passage.target);

/** All entries as cards, the newest first. */
export function tell(entries, mapping) {
  const invocations = new Map();
  const events = new Map();
  const passages = [];
  const others = [];
  // Events that the CRM received again.
  const again = [];
  entries.forEach(({ kind, at, number, it }, index) => {
    if (kind === 'request') {
      const call = { ...it, at, number };
      if (!it.trace) others.push({ kind: 'other', key: `r${number}`, at, number, call });
      else if (invocations.has(it.trace)) invocations.get(it.trace).calls.push(call);
      else invocations.set(it.trace, { trace: it.trace, calls: [call] });
    } else if (kind === 'event') {
      const cause = causeOf(entries, index);
      const key = `e${it.event}`;
      events.set(it.event, { kind: 'out', key, at, number, ...it, cause, calls: [] });
    } else if (kind === 'delivery') {
      const card = events.get(it.event);
      if (card) Object.assign(card, { delivery: it, end: at, trace: traceOf(it.answer) });
    } else if (kind === 'receipt') {
      const card = events.get(it.event.eventid);
      const heard = { receipt: it, end: at, trace: traceOf(it.event) };
      if (card && !card.receipt) Object.assign(card, heard);
      else again.push({ ...heard, kind: 'out', key: `d${number}`, at, number, ...known(it.event), calls: [] });
    } else if (kind === 'passage') {
      passages.push({ ...it, end: at, at: Date.parse(it.startedAt), number });
    }
  });
  for (const card of events.values()) {
    const found = invocations.get(card.trace);
    if (found) card.calls = found.calls;
    invocations.delete(card.trace);
  }
  const cards = [...events.values(), ...again, ...passages.map((it) => passageCard(it, invocations, mapping)), ...others];
  for (const { trace, calls } of invocations.values()) {
    // It is still under way, or not from this page.
    const isOfAnEvent = calls.some((call) => call.operation === 'GetAwsOpportunitySummary');
    if (!isOfAnEvent && calls.some((call) => call.identifier && call.operation !== 'GetSecretValue')) {
      const identifier = calls.at(-1).identifier;
      cards.push({ kind: 'in', key: `t${trace}`, at: calls[0].at, number: calls[0].number, calls, trace, identifier });
    }
  }
  const byTrace = new Map(cards.filter((it) => it.kind === 'in').map((it) => [it.trace, it]));
  for (const card of [...events.values(), ...again]) tellEvent(card, byTrace, mapping);
  return cards.sort((a, b) => b.at - a.at || b.number - a.number);
}

const known = (event) => ({ event: event.eventid ?? event.id, identifier: event.subject });

/** The write that caused an event: it is recorded right after the event. */
function causeOf(entries, index) {
  const { identifier } = entries[index].it;
  const next = entries.slice(index + 1, index + 4).find((it) => it.kind !== 'event');
  if (next?.kind !== 'request' || next.it.identifier !== identifier) return null;
  return !isRead(next.it) && LANDED.includes(next.it.outcome) ? next.it : null;
}

function passageCard(passage, invocations, mapping) {
  const identifier = identifierOf(passage, mapping);
  const isMine = ({ calls }) => calls[0].at >= passage.at - 1 && calls.at(-1).at <= passage.end + 1
    && calls.some((call) => call.identifier === identifier || call.operation === 'GetSecretValue');
  const mine = [...invocations.values()].find(isMine);
  if (mine) invocations.delete(mine.trace);
  const calls = mine?.calls ?? [];
  const answer = passage.answer ?? {};
  const card = {
    kind: 'in',
    key: mine ? `t${mine.trace}` : `p${passage.number}`,
    trace: mine?.trace,
    at: passage.at,
    end: passage.end,
    number: passage.number,
    identifier,
    passage,
    calls,
    outcome: answer.outcome ?? (answer.type ?? '').split('/').pop(),
    isRefused: passage.status >= 400,
    changes: answer.changes ?? [],
    skipped: answer.skipped ?? [],
    findings: [...(answer.errors ?? []), ...(answer.warnings ?? [])],
    adjustments: answer.adjustments ?? [],
  };
  const read = calls.findLast((it) => it.operation === 'GetOpportunity' && it.outcome === 'done'
    && it.number < (lastWrite(calls)?.number ?? Infinity));
  const sent = lastWrite(calls)?.body ?? answer.request;
  if (read && sent) {
    Object.assign(card, { read: read.answer, sent });
    if (!card.isRefused) card.account = account(read.answer, sent, card.changes, card.adjustments);
  }
  card.landed = calls.filter((it) => !isRead(it) && it.outcome === 'done').length;
  return card;
}

const lastWrite = (calls) => calls.findLast((it) => it.operation === 'UpdateOpportunity'
  && it.outcome !== 'ConflictException') ?? calls.findLast((it) => it.operation === 'UpdateOpportunity');

function tellEvent(card, byTrace, mapping) {
  const { receipt, delivery, fault } = card;
  if (receipt) {
    const changes = changesBetween(receipt.before?.data?.opportunity ?? null, receipt.event.data.opportunity ?? null)
      // A field without a value is null after a write, and missing before.
      .filter((it) => it.pointer !== '/LastModifiedDate' && (it.before ?? null) !== (it.after ?? null))
      .map((it) => ({ ...it, field: nameOf(mapping, it.pointer) }));
    card.changes = receipt.before ? changes : [];
  }
  const author = card.cause && byTrace.get(card.cause.trace);
  card.author = author ? 'bridge' : 'other';
  const isLost = fault === 'lost' || (delivery && !delivery.isDelivered);
  card.outcome = isLost ? 'lost' : receipt?.verdict ?? 'on its way';
  // An echo holds only the CRM's own changes. What somebody else changed meanwhile is news.
  const own = (author?.changes ?? []).map((it) => it.pointer);
  const isEcho = author && (!author.passage || card.changes?.every((it) => own.includes(it.pointer)));
  if (card.outcome === 'applied' && isEcho) card.outcome = 'echo';
}

/** The CRM's deals, by opportunity: what events and the sales team have put into them. */
export function deals(known, entries, mapping) {
  const first = new Map(Object.entries(known).map(([id, deal]) => [id, deal.event]));
  const receipts = entries.filter(({ kind }) => kind === 'receipt').map(({ it }) => it);
  for (const { before, event } of receipts.reverse()) first.set(event.subject, before ?? event);
  const result = new Map([...first].map(([id, event]) => [id, newDeal(mapping, event)]));
  for (const { kind, it } of entries) {
    if (kind === 'receipt' && it.verdict === 'applied') {
      result.set(it.event.subject, heard(mapping, result.get(it.event.subject), it.event));
    }
    if (kind === 'passage' && isRecord(it) && ['updated', 'updated-in-part', 'unchanged', 'parked'].includes(it.answer?.outcome)) {
      const id = identifierIn(mapping, it.body);
      result.set(id, kept(mapping, result.get(id), it.body));
    }
  }
  return result;
}

/** Explains a card to somebody who sees it for the first time. */
export function explain(card) {
  if (card.kind === 'out') return EVENT_NOTES[card.outcome];
  if (card.kind === 'other') return 'A call by another client of Partner Central.';
  if (!card.passage) return 'The bridge is at work.';
  const failures = card.calls.filter((it) => !isRead(it)).map((it) => it.outcome);
  if (isWritten(card) && failures.includes('not answered')) {
    return 'The write landed and its answer was lost. The bridge read again, found its own edit, and did not write it twice.';
  }
  if (isWritten(card) && failures.includes('ConflictException')) {
    return 'Somebody else wrote in between. The bridge read again and applied the patch to what it found: both edits are kept.';
  }
  if (isWritten(card) && failures.some((it) => it !== 'done')) {
    return 'Partner Central failed at first. The bridge tried again.';
  }
  return NOTES[card.outcome];
}

const NOTES = {
  updated: 'Only the edit was sent in. The whole opportunity was written back, because Partner Central deletes what an update omits.',
  'updated-in-part': 'AWS’s review closes part of the patch. The bridge skipped that part, named above, and wrote the rest.',
  unchanged: 'All of it is there already. Nothing is written: no event, no loop.',
  'dry-run': 'Everything but the write: this is what a real call would do.',
  'opportunity-locked': 'AWS’s review closes this field. The bridge says so before AWS does, and nothing is written.',
  'locked-for-now': 'AWS’s review closes this field. Nothing is written, and the CRM is told when to send it again.',
  unauthorized: 'Nobody gets in without a valid signature. Partner Central was not asked at all.',
  'invalid-patch': 'Nothing is written. Every finding names its place.',
  'test-failed': 'The opportunity is not as the patch expects it. Nothing is written.',
  'precondition-failed': 'The opportunity was changed since it was read. Nothing is written.',
  throttled: 'AWS’s quota is used up. Nothing is written; the answer says when to try again.',
  unavailable: 'Partner Central does not answer. The bridge says whether anything was written.',
  unconfirmed: 'Nobody knows whether the write landed. The bridge does not guess, and does not write twice.',
  parked: 'The review closes the field for now. The edit waits, and is carried out when the review opens it.',
};

const EVENT_NOTES = {
  applied: 'Partner Central’s event says only which opportunity has changed. The bridge read it, and the CRM was sent all of it.',
  echo: 'The CRM’s own edit comes back, as AWS holds it now. There is nothing in it for the CRM to send: no loop.',
  duplicate: 'Dropped by the rule: its id is that of the last event applied for this opportunity.',
  late: 'Dropped by the rule: its sequence is not greater than the greatest seen for this opportunity.',
  lost: 'Nobody hears of this change. The next event brings it: each carries the whole opportunity.',
  'on its way': 'The bridge reads the opportunity.',
};

/** The numbers above the timeline. */
export function score(cards) {
  const into = cards.filter((it) => it.passage);
  const out = cards.filter((it) => it.kind === 'out');
  return {
    patches: into.length,
    writes: into.filter(isWritten).length,
    told: out.filter((it) => ['applied', 'echo'].includes(it.outcome)).length,
    dropped: out.filter((it) => ['duplicate', 'late'].includes(it.outcome)).length,
    kept: into.reduce((sum, it) => sum + (it.account?.kept ?? 0), 0),
    lost: into.reduce((sum, it) => sum + (it.account?.lost.length ?? 0), 0),
  };
}
