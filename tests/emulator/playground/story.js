// From what was recorded to what is told: a pure function of the entries, so that a reload tells the same.
//
// All calls of one invocation of a function have one trace. Which trace is an event's is said by the
// CloudEvent that came of it; any other is of the request to the bridge that was under way meanwhile.

import { account } from './difference.js';
import { changes as changesBetween, withValueAt } from './pointer.js';

const READS = ['GetOpportunity', 'GetAwsOpportunitySummary', 'GetSecretValue', 'ListOpportunities'];
// How a write ends that may have landed, although nobody was told.
const LANDED = ['done', 'not answered', 'InternalServerException'];

export const isRead = (call) => READS.includes(call.operation);

/** The trace of a CloudEvent's `traceparent`, as X-Ray writes it. */
function traceOf(event) {
  const root = event?.traceparent?.split('-')[1];
  return root && `1-${root.slice(0, 8)}-${root.slice(8)}`;
}

/** The opportunity that a request to the bridge is about. */
function identifierOf(passage) {
  const inPath = /^\/opportunities\/([^/?]+)/.exec(passage.target)?.[1];
  return inPath ?? passage.body?.Identifier ?? '';
}

/** Tells all entries as cards, the newest first. */
export function tell(entries) {
  const invocations = new Map();
  const events = new Map();
  const passages = [];
  const others = [];
  // Events that the CRM was sent once more.
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
  const cards = [...events.values(), ...again, ...passages.map((it) => passageCard(it, invocations)), ...others];
  for (const { trace, calls } of invocations.values()) {
    // Either it is under way, or it was called by somebody else than this page.
    const isOfAnEvent = calls.some((call) => call.operation === 'GetAwsOpportunitySummary');
    if (!isOfAnEvent && calls.some((call) => call.identifier && call.operation !== 'GetSecretValue')) {
      const identifier = calls.at(-1).identifier;
      cards.push({ kind: 'in', key: `t${trace}`, at: calls[0].at, number: calls[0].number, calls, trace, identifier });
    }
  }
  const byTrace = new Map(cards.filter((it) => it.kind === 'in').map((it) => [it.trace, it]));
  for (const card of [...events.values(), ...again]) tellEvent(card, byTrace);
  return cards.sort((a, b) => b.at - a.at || b.number - a.number);
}

const known = (event) => ({ event: event.eventid ?? event.id, identifier: event.subject });

/** The write that an event tells of: it is recorded right after it. */
function causeOf(entries, index) {
  const { identifier } = entries[index].it;
  const next = entries.slice(index + 1, index + 4).find((it) => it.kind !== 'event');
  if (next?.kind !== 'request' || next.it.identifier !== identifier) return null;
  return !isRead(next.it) && LANDED.includes(next.it.outcome) ? next.it : null;
}

function passageCard(passage, invocations) {
  const identifier = identifierOf(passage);
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

function tellEvent(card, byTrace) {
  const { receipt, delivery, fault } = card;
  if (receipt) {
    card.changes = changesBetween(receipt.before?.data?.opportunity ?? null, receipt.event.data.opportunity ?? null)
      .filter((it) => it.pointer !== '/LastModifiedDate');
    if (!receipt.before) card.changes = [];
  }
  card.author = card.cause && byTrace.get(card.cause.trace) ? 'bridge' : 'other';
  const isLost = fault === 'lost' || (delivery && !delivery.isDelivered);
  card.outcome = isLost ? 'lost' : receipt?.verdict ?? 'on its way';
  if (card.outcome === 'applied' && card.author === 'bridge') card.outcome = 'echo';
}

/** What the CRM holds, by opportunity: what it was told, and what it wrote itself. */
export function deals(known, entries) {
  const result = new Map(Object.entries(known).map(([id, deal]) => [id, deal.event.data.opportunity]));
  for (const { kind, it } of entries) {
    if (kind === 'receipt' && it.verdict === 'applied' && it.event.data.opportunity) {
      result.set(it.event.subject, it.event.data.opportunity);
    }
    if (kind === 'passage' && it.answer?.outcome === 'updated') {
      const id = it.answer.identifier;
      const document = it.answer.changes.reduce(
        (deal, { pointer, after }) => withValueAt(deal, pointer, after), result.get(id),
      );
      result.set(id, document);
    }
  }
  return result;
}

/** What a card says to somebody who sees it for the first time. */
export function explain(card) {
  if (card.kind === 'out') return EVENT_NOTES[card.outcome];
  if (card.kind === 'other') return 'A call by another client of Partner Central.';
  if (!card.passage) return 'The bridge is at work.';
  const failures = card.calls.filter((it) => !isRead(it)).map((it) => it.outcome);
  if (card.outcome === 'updated' && failures.includes('not answered')) {
    return 'The write landed and its answer was lost. The bridge read again, found its own edit, and did not write it twice.';
  }
  if (card.outcome === 'updated' && failures.includes('ConflictException')) {
    return 'Somebody else wrote in between. The bridge read again and applied the patch to what it found: both edits are kept.';
  }
  if (card.outcome === 'updated' && failures.some((it) => it !== 'done')) {
    return 'Partner Central failed at first. The bridge tried again.';
  }
  return NOTES[card.outcome];
}

const NOTES = {
  updated: 'Only the patch was sent in. The whole opportunity was written back, because what an update omits is deleted.',
  unchanged: 'All of it is there already. Nothing is written: no event, no loop.',
  'dry-run': 'Everything but the write: this is what a real call would do.',
  'opportunity-locked': 'AWS’s review closes this field. The bridge says so before AWS does, and nothing is written.',
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
  applied: 'The event names an opportunity. The bridge read it, and the CRM was sent all of it.',
  echo: 'The CRM’s own edit comes back. The deal holds these values already: nothing is left to change, and nothing is sent.',
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
    writes: into.filter((it) => it.outcome === 'updated').length,
    told: out.filter((it) => ['applied', 'echo'].includes(it.outcome)).length,
    dropped: out.filter((it) => ['duplicate', 'late'].includes(it.outcome)).length,
    kept: into.reduce((sum, it) => sum + (it.account?.kept ?? 0), 0),
    lost: into.reduce((sum, it) => sum + (it.account?.lost.length ?? 0), 0),
  };
}
