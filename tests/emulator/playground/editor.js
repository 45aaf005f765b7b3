// Signs and sends the user's own patch or record, as a CRM would.

import { announce, byId, copyButton, h } from './dom.js';
import { bound, choose, chosen, whenChosen } from './url-state.js';
import { webhookRecord } from './mapping.js';
import { curl, request, send } from './webhook.js';

const pretty = (value) => JSON.stringify(value, null, 2);
const FORMS = [['merge', 'Merge patch'], ['json', 'JSON Patch'], ['crm', 'CRM record']];
const EXAMPLES = [
  { label: 'One field', form: 'merge', patch: { LifeCycle: { NextSteps: 'Sign on Monday' } } },
  { label: 'A field that the review closes', form: 'merge', patch: { Project: { Title: 'Another title' } } },
  {
    label: 'A closed field and an open one',
    form: 'merge',
    patch: { Project: { Title: 'Another title' }, LifeCycle: { NextSteps: 'Written beside a closed field' } },
  },
  { label: 'A misspelt field', form: 'merge', patch: { LifeCycle: { Stge: 'Committed' } } },
  {
    label: 'Test, then replace',
    form: 'json',
    patch: [
      { op: 'test', path: '/LifeCycle/ReviewStatus', value: 'Approved' },
      { op: 'replace', path: '/LifeCycle/NextSteps', value: 'Only while it is approved' },
    ],
  },
  { label: 'By the CRM’s names', form: 'crm', edits: { '/LifeCycle/NextSteps': 'Sign on Monday' } },
  { label: 'A stage that nobody knows', form: 'crm', edits: { '/LifeCycle/Stage': 'thirdcall' } },
];
const OPTIONS = [
  ['dry', 'Dry run: everything but the write'],
  ['lenient', 'Lenient: leave unknown fields and locks to AWS'],
  ['skip', 'Skip locked fields and write the rest'],
  ['wait', 'Wait for the review, if it closes a field of this merge patch'],
  ['unsigned', 'Do not sign it'],
];

let editor;

/** The text of an example, for the chosen opportunity. */
function example({ patch, edits }, { mapping, deals }) {
  if (patch) return pretty(patch);
  const id = chosen('opportunity');
  const named = Object.entries(edits).map(([aws, value]) => [mapping.editable.find((it) => it.aws === aws)?.name, value]);
  return pretty(webhookRecord(mapping, id, deals.get(id), Object.fromEntries(named)));
}

function build(shown) {
  const text = h('textarea.code', {
    id: 'patch', spellcheck: false, oninput: () => choose({ patch: text.value }),
  });
  const load = (it) => choose({ form: it.form, patch: example(it, shown) });
  // Keeps what the user typed, but replaces an example by one of the chosen form.
  const change = (form) => {
    const isExample = EXAMPLES.some((it) => example(it, shown) === chosen('patch'));
    if (isExample || !chosen('patch')) load(EXAMPLES.find((it) => it.form === form));
    else choose({ form });
  };
  const form = ([value, label]) => h('label', {},
    h('input', { type: 'radio', name: 'form', value, onchange: () => change(value) }), h('span', {}, label));
  const forms = h('div.segments', { role: 'radiogroup', 'aria-label': 'Form of the patch' }, FORMS.map(form));
  const examples = EXAMPLES.map((it) => h('button.quiet', { type: 'button', onclick: () => load(it) }, it.label));
  const options = OPTIONS.filter(([name]) => name !== 'wait' || shown.settings.isParking).map(([name, label]) => {
    const input = h('input', { type: 'checkbox', name, onchange: () => choose({ [name]: input.checked ? '1' : '' }) });
    return [name, input, h('label.check', {}, input, label)];
  });
  const button = h('button.primary', { type: 'submit' }, 'Sign and send');
  const result = h('p', { role: 'status', id: 'patch-result' });
  const command = h('pre', { id: 'curl', tabIndex: 0, role: 'region', 'aria-label': 'The same as a command' });
  byId('patch-form').replaceChildren(
    h('div.buttons', {}, forms, h('span.mono', { id: 'patch-target' })),
    h('div', {}, h('label', { htmlFor: 'patch' }, 'What should change'), text),
    h('div.buttons', { role: 'group', 'aria-label': 'Examples' }, examples),
    h('div', {}, options.map(([, , it]) => it)),
    h('div.buttons', {}, button, result),
    bound('curl', h('details', {}, h('summary', {}, 'The same with curl'), command,
      copyButton('Copy', () => command.textContent))),
  );
  byId('patch-form').addEventListener('submit', async (event) => {
    event.preventDefault();
    button.disabled = true;
    result.textContent = 'Sending…';
    try {
      const { status, answer } = await send(current(), chosen('unsigned') ? '' : shown.secret);
      result.textContent = `${status} ${answer?.outcome ?? answer?.title ?? ''}`;
    } catch (error) {
      result.textContent = error.message;
    } finally {
      button.disabled = false;
      announce(result.textContent);
    }
  });
  byId('editor').addEventListener('toggle', () => {
    if (byId('editor').open && !chosen('patch')) load(EXAMPLES.find((it) => it.form === chosen('form')));
  });
  editor = { text, options, button, command };
  if (chosen('patch')) byId('editor').open = true;
  whenChosen((names) => {
    if (names.includes('patch') && chosen('patch')) byId('editor').open = true;
  });
}

const current = () => request({
  identifier: chosen('opportunity'),
  form: chosen('form'),
  body: chosen('patch'),
  dry: chosen('dry'),
  lenient: chosen('lenient'),
  skip: chosen('skip'),
  wait: canWait() && chosen('wait'),
});

const canWait = () => chosen('form') === 'merge';

export function drawEditor(shown) {
  if (!editor) build(shown);
  if (editor.text.value !== chosen('patch')) editor.text.value = chosen('patch');
  for (const [name, input] of editor.options) {
    input.checked = Boolean(chosen(name));
    input.disabled = name === 'wait' && !canWait();
  }
  document.querySelectorAll('input[name=form]').forEach((it) => { it.checked = it.value === chosen('form'); });
  editor.button.textContent = `${chosen('unsigned') ? 'Send' : 'Sign and send'}${chosen('dry') ? ' a dry run' : ''}`;
  const { method, path } = current();
  byId('patch-target').textContent = `${method} ${path}`;
  const secret = chosen('unsigned') ? '' : shown.secret;
  editor.command.textContent = curl(current(), shown.settings.bridge, secret);
}
