// A patch of one's own, signed and sent as a CRM would.

import { announce, byId, copyButton, h } from './dom.js';
import { choose, chosen, whenChosen } from './fragment.js';
import { curl, request, send } from './webhook.js';

const pretty = (value) => JSON.stringify(value, null, 2);
const EXAMPLES = [
  { label: 'One field', form: 'merge', patch: { LifeCycle: { NextSteps: 'Sign on Monday' } } },
  { label: 'A field that the review closes', form: 'merge', patch: { Project: { Title: 'Another title' } } },
  { label: 'A misspelt field', form: 'merge', patch: { LifeCycle: { Stge: 'Committed' } } },
  {
    label: 'Test, then replace',
    form: 'json',
    patch: [
      { op: 'test', path: '/LifeCycle/ReviewStatus', value: 'Approved' },
      { op: 'replace', path: '/LifeCycle/NextSteps', value: 'Only while it is approved' },
    ],
  },
];
const OPTIONS = [
  ['dry', 'Dry run: everything but the write'],
  ['lenient', 'Lenient: leave unknown fields and locks to AWS'],
  ['unsigned', 'Do not sign it'],
];

let editor;

function build(shown) {
  const text = h('textarea.code', {
    id: 'patch', spellcheck: false, oninput: () => choose({ patch: text.value }),
  });
  const form = (value, label) => h('label', {},
    h('input', { type: 'radio', name: 'form', value, onchange: () => choose({ form: value }) }), h('span', {}, label));
  const forms = h('div.segments', { role: 'radiogroup', 'aria-label': 'Form of the patch' },
    form('merge', 'Merge patch'), form('json', 'JSON Patch'));
  const examples = EXAMPLES.map(({ label, form: its, patch }) => h('button.quiet', {
    type: 'button', onclick: () => choose({ form: its, patch: pretty(patch) }),
  }, label));
  const options = OPTIONS.map(([name, label]) => {
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
    h('details', {}, h('summary', {}, 'The same with curl'), command, copyButton('Copy', () => command.textContent)),
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
    if (byId('editor').open && !chosen('patch')) choose({ patch: pretty(EXAMPLES[0].patch) });
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
});

export function drawEditor(shown) {
  if (!editor) build(shown);
  if (editor.text.value !== chosen('patch')) editor.text.value = chosen('patch');
  for (const [name, input] of editor.options) input.checked = Boolean(chosen(name));
  document.querySelectorAll('input[name=form]').forEach((it) => { it.checked = it.value === chosen('form'); });
  editor.button.textContent = `${chosen('unsigned') ? 'Send' : 'Sign and send'}${chosen('dry') ? ' a dry run' : ''}`;
  const { method, path } = current();
  byId('patch-target').textContent = `${method} ${path}`;
  const secret = chosen('unsigned') ? '' : shown.secret;
  editor.command.textContent = curl(current(), shown.settings.bridge, secret);
}
