// The first column: opportunities as AWS holds them, and buttons that play AWS.

import { announce, byId, h, shown as text } from './dom.js';
import { control } from './emulator.js';
import { field, pending } from './form.js';
import { bound, choose, chosen, chosenObject, chooseObject } from './url-state.js';
import { mergePatch, valueAt } from './pointer.js';

const STAGES = [
  'Prospect', 'Qualified', 'Technical Validation', 'Business Validation', 'Committed', 'Launched', 'Closed Lost',
];
const MEMBERS = [
  { name: '/LifeCycle/Stage', label: 'Stage', options: STAGES },
  { name: '/LifeCycle/NextSteps', label: 'NextSteps', isLong: true },
  { name: '/LifeCycle/TargetCloseDate', label: 'TargetCloseDate', type: 'date' },
  { name: '/Project/Title', label: 'Title' },
];
const FACTS = [
  ['CompanyName', '/Customer/Account/CompanyName'],
  ['Industry', '/Customer/Account/Industry'],
  ['PartnerOpportunityIdentifier', '/PartnerOpportunityIdentifier'],
  ['LastModifiedDate', '/LastModifiedDate'],
];
const REVIEW = [
  { step: 'submit', label: 'Submitted', from: ['Pending Submission', 'Action Required'] },
  { step: 'start', label: 'In review', from: ['Submitted'] },
  { step: 'approve', label: 'Approved', from: ['Submitted', 'In review'] },
  { step: 'require-action', label: 'Sent back', from: ['Submitted', 'In review'], comments: 'Tell us more about the problem' },
  { step: 'reject', label: 'Rejected', from: ['Submitted', 'In review'], reason: 'Customer problem unclear' },
];
const EDIT_BETWEEN = { 'concurrent-edit': { Project: { AdditionalComments: 'A seller of AWS was here first' } } };
/** What can go wrong with the next write. */
export const WRITE_FAULTS = [
  { label: 'Lose its answer', fault: 'answer-lost' },
  { label: 'Answer 500', fault: 'internal-server' },
  { label: 'Throttle it', fault: 'throttling' },
  { label: 'Let a seller write first', fault: EDIT_BETWEEN },
];
const EVENT_FAULTS = [
  { label: 'Lose it', fault: 'lost' },
  { label: 'Send it twice', fault: 'doubled' },
  { label: 'Send it late', fault: { late: 4000 } },
];

export function pillOfReview(status) {
  const kind = { Approved: 'good', Rejected: 'bad', 'Action Required': 'warn' }[status];
  return h(kind ? `span.pill.${kind}` : 'span.pill', {}, status);
}

export function drawPartnerCentral(shown, refreshFaults) {
  drawList(shown);
  drawOpportunity(shown);
  drawFaults(shown, refreshFaults);
}

const buttons = new Map();

function drawList({ opportunities }) {
  const list = byId('opportunities');
  for (const it of opportunities.values()) {
    if (!buttons.has(it.Id)) {
      const onclick = () => choose({ opportunity: it.Id, seller: '', deal: '' });
      const button = h('button', { type: 'button', onclick });
      buttons.set(it.Id, button);
      list.append(h('li', {}, button));
    }
    const button = buttons.get(it.Id);
    const isChosen = it.Id === chosen('opportunity');
    if (isChosen && button.getAttribute('aria-pressed') !== 'true') showInList(list, button);
    button.setAttribute('aria-pressed', String(isChosen));
    if (button.dataset.date === it.LastModifiedDate) continue;
    button.dataset.date = it.LastModifiedDate;
    button.replaceChildren(
      h('span.name', {}, it.Customer.Account.CompanyName),
      h('span.stage', {}, it.LifeCycle.Stage),
      pillOfReview(it.LifeCycle.ReviewStatus),
    );
  }
}

/** Scrolls only the list: `scrollIntoView` would move the page as well. */
function showInList(list, button) {
  requestAnimationFrame(() => {
    const top = button.offsetTop - list.offsetTop;
    if (top < list.scrollTop || top + button.offsetHeight > list.scrollTop + list.clientHeight) list.scrollTop = top - button.offsetHeight;
  });
}

let form;

function buildOpportunity() {
  const edit = (name, value) => chooseObject('seller', { ...chosenObject('seller'), [name]: value });
  const fields = MEMBERS.map((member) => [member.name, field(member, edit)]);
  const name = h('h3', {});
  const id = h('span.mono', {});
  const status = h('span', {});
  const facts = h('dl.facts', {});
  const save = h('button.primary', { type: 'submit' }, 'Save as AWS’s seller');
  const steps = REVIEW.map((it) => {
    const onclick = () => review(it);
    return [it, h('button.quiet', { type: 'button', onclick }, it.label)];
  });
  const onsubmit = (event) => {
    event.preventDefault();
    saveEdits();
  };
  const element = h('form', { id: 'seller-form', onsubmit, 'aria-label': 'The opportunity in Partner Central' },
    fields.map(([, it]) => it.element), h('div.buttons', {}, save), facts);
  byId('opportunity').replaceChildren(
    h('div.heading', {}, name, id),
    element,
    h('div.group', { role: 'group', 'aria-labelledby': 'review-title' },
      h('h4', { id: 'review-title' }, 'AWS’s review: ', status), h('div.buttons', {}, steps.map(([, it]) => it))),
    bound('document', h('details.group', {}, h('summary', {}, 'The whole document'),
      h('pre', { tabIndex: 0, id: 'document', role: 'region', 'aria-label': 'The opportunity as JSON' }))),
  );
  form = { fields, name, id, status, facts, save, steps };
}

function drawOpportunity({ opportunity }) {
  if (!form) buildOpportunity();
  const edits = chosenObject('seller');
  form.name.textContent = opportunity.Customer.Account.CompanyName;
  form.id.textContent = opportunity.Id;
  form.status.replaceChildren(pillOfReview(opportunity.LifeCycle.ReviewStatus));
  for (const [name, it] of form.fields) it.show(valueAt(opportunity, name) ?? '', edits[name]);
  form.facts.replaceChildren(...FACTS.map(([label, pointer]) => h('div', {},
    h('dt', {}, label), h('dd', {}, text(valueAt(opportunity, pointer))))));
  form.save.disabled = Object.keys(pendingEdits(opportunity)).length === 0;
  for (const [{ from }, button] of form.steps) button.disabled = !from.includes(opportunity.LifeCycle.ReviewStatus);
  byId('document').textContent = JSON.stringify(opportunity, null, 2);
}

const pendingEdits = (opportunity) => pending(
  chosenObject('seller'),
  Object.fromEntries(MEMBERS.map(({ name }) => [name, valueAt(opportunity, name)])),
);

async function saveEdits() {
  const id = chosen('opportunity');
  await sellerEdits(id, chosenObject('seller'));
  chooseObject('seller', {});
}

/** Changes values, by pointer, as AWS's seller. */
export async function sellerEdits(id, values) {
  await control('PATCH', `opportunities/${id}`, mergePatch(values));
  announce(`AWS’s seller has changed ${id}`);
}

async function review({ step, label, comments, reason }) {
  const id = chosen('opportunity');
  await control('POST', `opportunities/${id}/review`, { step, comments, reason });
  announce(`The review of ${id}: ${label}`);
}

let faults;

function drawFaults({ faults: requests, eventFaults }, refresh) {
  if (!faults) {
    const inject = (path, body) => async () => {
      await control('POST', path, body);
      await refresh();
    };
    const clear = async () => {
      await Promise.all([control('DELETE', 'faults'), control('DELETE', 'event-faults')]);
      await refresh();
    };
    const waiting = h('p', { id: 'waiting-faults', role: 'status' });
    const clearing = h('button.quiet', { type: 'button', onclick: clear }, 'Nothing');
    const group = (title, all, path, more) => h('div.group', { role: 'group', 'aria-label': title },
      h('p', {}, title), h('div.buttons', {}, all.map(({ label, fault }) =>
        h('button.quiet', { type: 'button', onclick: inject(path, { ...more, fault }) }, label))));
    byId('faults').replaceChildren(
      h('h3', {}, 'What should go wrong?'),
      group('With the next write to Partner Central', WRITE_FAULTS, 'faults', { operation: 'UpdateOpportunity' }),
      group('With the next event', EVENT_FAULTS, 'event-faults', {}),
      h('div.group.buttons', {}, waiting, clearing),
    );
    faults = { waiting, clearing };
  }
  const labels = [...named(requests, WRITE_FAULTS, 'write'), ...named(eventFaults, EVENT_FAULTS, 'event')];
  faults.waiting.replaceChildren(...(labels.length ? ['Next to go wrong: ', ...labels] : ['Nothing will go wrong.']));
  faults.clearing.hidden = labels.length === 0;
}

function named(waiting, known, what) {
  return waiting.map(({ times, fault }) => {
    const it = known.find((one) => JSON.stringify(one.fault) === JSON.stringify(fault));
    const label = it?.label ?? text(fault);
    return h('span.pill.warn', {}, `${what}: ${label.toLowerCase()}${times > 1 ? ` × ${times}` : ''}`);
  });
}
