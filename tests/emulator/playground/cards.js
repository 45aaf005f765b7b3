// Turns the recorded entries into cards. A pure function, so a reload shows the same.
//
// All calls of one invocation of a function share a trace. A CloudEvent names the trace of its event; any
// other trace belongs to the request to the bridge that was under way at the time.

import { account } from './difference.js';
import { heard, identifierIn, kept, nameOf, newDeal } from './mapping.js';
import { changes as changesBetween } from './pointer.js';

const READS = ['GetOpportunity', 'GetAwsOpportunitySummary', 'GetSecretValue', 'ListOpportunities'];
// The function that carries out patches that had waited.
const WOKEN = 'patch-opportunity';
// The outcomes of a write that may have landed, even without an answer.
const LANDED = ['done', 'not answered', 'InternalServerException'];

export const isRead = (call) => READS.includes(call.operation);

/** Whether a patch was written, whole or in part. */
export const isWritten = (card) => ['updated', 'updated-in-part'].includes(card.answered ?? card.outcome);

/** Whether an event tells how a patch ended that had waited for a review. */
export const isOfPatch = (event) => Boolean(event?.type?.startsWith('opportunity-bridge.patch.'));

/** The trace of a CloudEvent's `traceparent`, as X-Ray writes it. */
function traceOf(event) {
  const root = event?.traceparent?.split('-')[1];
  return root && `1-${root.slice(0, 8)}-${root.slice(8)}`;
}

/** The opportunity that a request to the bridge names. */
function identifierOf(bridgeRequest, mapping) {
  if (isRecord(bridgeRequest)) return identifierIn(mapping, bridgeRequest.body);
  const inPath = /^\/opportunities\/([^/?]+)/.exec(bridgeRequest.target)?.[1];
  return inPath ?? bridgeRequest.body?.Identifier ?? '';
}

/** Whether a request to the bridge carries a CRM record. */
export const isRecord = (bridgeRequest) => /^\/crm(\?|$)/.test(bridgeRequest.target);

/** All entries as cards, the newest first. */
export function tell(entries, mapping) {
  const invocations = new Map();
  const events = new Map();
  const bridgeRequests = [];
  const others = [];
  // Events that the CRM received again.
  const again = [];
  // What came of patches that had waited, and what the CRM did with the events of how they ended.
  const woken = [];
  const verdicts = new Map();
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
    } else if (kind === 'delivery' && it.function === WOKEN) {
      woken.push({ delivery: it, verdict: verdicts.get(it.answer?.id), end: at, number });
    } else if (kind === 'delivery') {
      const card = events.get(it.event);
      if (card) Object.assign(card, { delivery: it, end: at, trace: traceOf(it.answer) });
    } else if (kind === 'receipt' && isOfPatch(it.event)) {
      verdicts.set(it.event.id, it.verdict);
    } else if (kind === 'receipt') {
      const card = events.get(it.event.eventid);
      const heard = { receipt: it, end: at, trace: traceOf(it.event) };
      if (card && !card.receipt) Object.assign(card, heard);
      else again.push({ ...heard, kind: 'out', key: `d${number}`, at, number, ...known(it.event), calls: [] });
    } else if (kind === 'bridgeRequest' && it.method !== 'GET') {
      bridgeRequests.push({ ...it, end: at, at: Date.parse(it.startedAt), number });
    }
  });
  for (const card of events.values()) {
    const found = invocations.get(card.trace);
    if (found) card.calls = found.calls;
    invocations.delete(card.trace);
  }
  const patches = [
    ...woken.map((it) => wokenCard(it, invocations)), ...bridgeRequests.map((it) => bridgeRequestCard(it, invocations, mapping)),
  ];
  const cards = [...events.values(), ...again, ...patches, ...others];
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

function bridgeRequestCard(bridgeRequest, invocations, mapping) {
  const { at, end, number, method, status } = bridgeRequest;
  const answer = bridgeRequest.answer ?? {};
  const outcome = method === 'DELETE' && status === 204 ? 'withdrawn' : answer.outcome ?? (answer.type ?? '').split('/').pop();
  const told = { at, end, number, identifier: identifierOf(bridgeRequest, mapping), bridgeRequest, outcome, isRefused: status >= 400 };
  return patchCard(told, answer, invocations);
}

/** What came of a patch that had waited: an event named it, and the bridge carried it out, or not. */
function wokenCard({ delivery, verdict, end, number }, invocations) {
  const { answer: event, identifier, startedAt, isDelivered, reason } = delivery;
  const { answer, problem, errors, outcome } = event?.data ?? {};
  const told = {
    at: Date.parse(startedAt),
    end,
    number,
    identifier,
    isWoken: true,
    ended: event,
    isTold: isDelivered,
    reason,
    outcome: verdict === 'duplicate' ? verdict : outcome ?? 'waits on',
    answered: answer?.outcome,
    isRefused: !answer,
  };
  return patchCard(told, answer ?? problem ?? { errors }, invocations);
}

/** A card about a patch: the calls that were made for it, and what its answer says. */
function patchCard(told, answer, invocations) {
  const { at, end, number, identifier } = told;
  const isMine = ({ calls }) => calls[0].at >= at - 1 && calls.at(-1).at <= end + 1
    && calls.some((call) => call.identifier === identifier || call.operation === 'GetSecretValue');
  const mine = [...invocations.values()].find(isMine);
  if (mine) invocations.delete(mine.trace);
  const calls = mine?.calls ?? [];
  const errors = answer.errors ?? [];
  const card = {
    ...told,
    kind: 'in',
    key: mine ? `t${mine.trace}` : `p${number}`,
    trace: mine?.trace,
    calls,
    changes: answer.changes ?? [],
    skipped: answer.skipped ?? [],
    errors,
    findings: [...errors, ...(answer.warnings ?? [])],
    adjustments: answer.adjustments ?? [],
  };
  const read = calls.findLast((it) => it.operation === 'GetOpportunity' && it.outcome === 'done'
    && it.number < (lastWrite(calls)?.number ?? Infinity));
  const sent = lastWrite(calls)?.body ?? answer.request;
  if (read && sent) {
    Object.assign(card, { read: read.answer, sent });
    if (!card.isRefused) card.account = account(read.answer, sent, card.changes, card.adjustments);
  }
  return card;
}

const lastWrite = (calls) => calls.findLast((it) => it.operation === 'UpdateOpportunity'
  && it.outcome !== 'ConflictException') ?? calls.findLast((it) => it.operation === 'UpdateOpportunity');

function tellEvent(card, byTrace, mapping) {
  const { receipt, delivery, fault } = card;
  if (receipt) {
    card.changes = changesOf(receipt).map((it) => ({ ...it, field: nameOf(mapping, it.pointer) }));
    card.origin = receipt.event.data.origin?.actor;
  }
  const author = card.cause && byTrace.get(card.cause.trace);
  card.author = author || card.origin === 'bridge' ? 'bridge' : 'other';
  const isLost = fault === 'lost' || (delivery && !delivery.isDelivered);
  card.outcome = isLost ? 'lost' : receipt?.verdict ?? 'on its way';
  // An echo holds only the CRM's own changes. What somebody else changed meanwhile is news.
  const own = author?.changes?.map((it) => it.pointer);
  const isEcho = author && (!own || card.changes?.every((it) => own.includes(it.pointer)));
  if (card.outcome === 'applied' && (card.origin === 'bridge' || isEcho)) card.outcome = 'echo';
}

/** What an event changes: as it says itself, if it says so since the one that the CRM has; else by comparison. */
function changesOf({ before, event }) {
  if (!before) return [];
  const { changes, since, opportunity } = event.data;
  if (changes && since === before.sequence) {
    return changes.map((it) => ({ ...it, pointer: it.pointer.replace(/^\/opportunity(?=\/)/, '') }));
  }
  return changesBetween(before.data.opportunity ?? null, opportunity ?? null)
    // A field without a value is null after a write, and missing before.
    .filter((it) => it.pointer !== '/LastModifiedDate' && (it.before ?? null) !== (it.after ?? null));
}

/** The CRM's deals, by opportunity: what events and the sales team have put into them. */
export function deals(known, entries, mapping) {
  const first = new Map(Object.entries(known).map(([id, deal]) => [id, deal.event]));
  const receipts = entries.filter(({ kind, it }) => kind === 'receipt' && !isOfPatch(it.event)).map(({ it }) => it);
  for (const { before, event } of receipts.reverse()) first.set(event.subject, before ?? event);
  const result = new Map([...first].map(([id, event]) => [id, newDeal(mapping, event)]));
  for (const { kind, it } of entries) {
    if (kind === 'receipt' && it.verdict === 'applied' && !isOfPatch(it.event)) {
      result.set(it.event.subject, heard(mapping, result.get(it.event.subject), it.event));
    }
    if (kind === 'bridgeRequest' && isRecord(it) && ['updated', 'updated-in-part', 'unchanged'].includes(it.answer?.outcome)) {
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
  if (card.outcome === 'waits on') {
    return card.reason
      ? `It could not be carried out: ${card.reason}. It waits on, until the next event.`
      : 'The review still closes the field, or the patch was withdrawn. Nothing is written.';
  }
  if (!card.bridgeRequest && !card.isWoken) return 'The bridge is at work.';
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
  parked: 'The review closes the field for now. The patch waits, and is carried out when the review is over.',
  withdrawn: 'The patch waits no more. Nothing is written.',
  applied: 'The review is over, so the patch that had waited was carried out, as if it had just come. The CRM is told.',
  overtaken: 'Somebody has changed the field since the patch was parked. Their edit stays: nothing is written.',
  refused: 'The review is over, and the patch that had waited is refused like one that has just come.',
  expired: 'The patch has waited for 30 days. Nothing is written.',
  duplicate: 'How the patch ended is told again. The CRM drops it: it has seen its id.',
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
  const into = cards.filter((it) => it.kind === 'in');
  const out = cards.filter((it) => it.kind === 'out');
  return {
    patches: into.filter((it) => it.bridgeRequest && it.bridgeRequest.method !== 'DELETE').length,
    writes: into.filter(isWritten).length,
    told: out.filter((it) => ['applied', 'echo'].includes(it.outcome)).length,
    dropped: out.filter((it) => ['duplicate', 'late'].includes(it.outcome)).length,
    kept: into.reduce((sum, it) => sum + (it.account?.kept ?? 0), 0),
    lost: into.reduce((sum, it) => sum + (it.account?.lost.length ?? 0), 0),
  };
}
