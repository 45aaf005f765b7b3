// What was read from Partner Central against what was sent back: the proof that nothing is lost.

import { isWithin, leaves } from './pointer.js';

// What `GetOpportunity` gives and `UpdateOpportunity` does not take.
const READ_ONLY = ['/Arn', '/CreatedDate', '/Id', '/OpportunityTeam', '/RelatedEntityIdentifiers'];
// What `UpdateOpportunity` is told besides.
const ADDRESS = ['/Identifier', '/Catalog'];
// How many lines are shown around a difference.
const CONTEXT = 2;

const isAmong = (pointer, pointers) => pointers.some((it) => isWithin(pointer, it) || isWithin(it, pointer));

/**
 * Counts what became of each value that was read: `kept` as it was, `changed` by the patch, `readOnly`
 * and so not sent, and `lost`, the list of those that are gone or different for no reason at all.
 */
export function account(read, sent, changes, adjustments = []) {
  const [before, after] = [leaves(read), leaves(sent)];
  const meant = [...changes, ...adjustments].map((it) => it.pointer);
  const result = { kept: 0, changed: 0, readOnly: 0, lost: [] };
  for (const [pointer, value] of before) {
    if (isAmong(pointer, READ_ONLY) || pointer.endsWith('/__type')) result.readOnly += 1;
    else if (isAmong(pointer, meant)) result.changed += 1;
    else if (JSON.stringify(after.get(pointer)) === JSON.stringify(value)) result.kept += 1;
    else result.lost.push(pointer);
  }
  for (const pointer of after.keys()) {
    if (!before.has(pointer) && !isAmong(pointer, [...meant, ...ADDRESS])) result.lost.push(pointer);
  }
  return result;
}

const lines = (document) => JSON.stringify(document, null, 2).split('\n');
const bare = (line) => line.replace(/,$/, '');

/** The lines of both documents as `{sign, text}`, where `sign` is `+`, `-`, a space, or `…` for a gap. */
export function difference(read, sent) {
  const [old, fresh] = [lines(read), lines(sent)];
  // How long the longest common subsequence is from each pair of lines on.
  const common = Array.from({ length: old.length + 1 }, () => new Uint16Array(fresh.length + 1));
  for (let i = old.length - 1; i >= 0; i -= 1) {
    for (let j = fresh.length - 1; j >= 0; j -= 1) {
      common[i][j] = bare(old[i]) === bare(fresh[j])
        ? common[i + 1][j + 1] + 1
        : Math.max(common[i + 1][j], common[i][j + 1]);
    }
  }
  const all = [];
  let [i, j] = [0, 0];
  while (i < old.length || j < fresh.length) {
    if (i < old.length && j < fresh.length && bare(old[i]) === bare(fresh[j])) {
      all.push({ sign: ' ', text: fresh[j] });
      [i, j] = [i + 1, j + 1];
    } else if (j >= fresh.length || (i < old.length && common[i + 1][j] >= common[i][j + 1])) {
      all.push({ sign: '-', text: old[i] });
      i += 1;
    } else {
      all.push({ sign: '+', text: fresh[j] });
      j += 1;
    }
  }
  return folded(all);
}

function folded(all) {
  const isNear = all.map((_, at) =>
    all.slice(Math.max(0, at - CONTEXT), at + CONTEXT + 1).some((line) => line.sign !== ' '));
  const result = [];
  for (let at = 0; at < all.length; at += 1) {
    if (isNear[at]) {
      result.push(all[at]);
      continue;
    }
    let end = at;
    while (end < all.length && !isNear[end]) end += 1;
    result.push({ sign: '…', text: `${end - at} lines as they were` });
    at = end - 1;
  }
  return result;
}
