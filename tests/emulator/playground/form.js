// Forms that survive what happens meanwhile: a field that is being edited keeps the edit, all others show
// what is true now.

import { flash, h } from './dom.js';

let ids = 0;

/** A field with its label: `{name, label, hint, options, isLong, type}`; `onedit` gets its value. */
export function field({ name, label, hint, options, isLong, type = 'text' }, onedit) {
  ids += 1;
  const id = `field-${ids}`;
  const common = { id, name, autocomplete: 'off', 'aria-describedby': `${id}-finding` };
  let input;
  if (options) input = h('select', common, options.map((it) => h('option', { value: it }, it)));
  else if (isLong) input = h('textarea', { ...common, rows: 2 });
  else input = h('input', { ...common, type });
  input.addEventListener('input', () => onedit(name, input.value));
  const finding = h('p.finding', { id: `${id}-finding` });
  const element = h('div.field', {}, h('label', { htmlFor: id }, label, hint && h('span.mono', {}, hint)), input, finding);
  let before;
  return {
    element,
    /** Shows the value that is true now, or the edit of it, and what is wrong with that. */
    show(value, edit, wrong = '') {
      const isEdited = edit !== undefined && edit !== value;
      const text = String((isEdited ? edit : value) ?? '');
      if (options && text && ![...input.options].some((it) => it.value === text)) {
        input.append(h('option', { value: text }, text));
      }
      if (input.value !== text) input.value = text;
      if (before !== undefined && before !== value && !isEdited) flash(element);
      before = value;
      element.classList.toggle('edited', isEdited && !wrong);
      element.classList.toggle('wrong', Boolean(wrong));
      input.setAttribute('aria-invalid', String(Boolean(wrong)));
      finding.textContent = wrong;
    },
  };
}

/** The edits that still differ from what is true now. */
export function pending(edits, values) {
  return Object.fromEntries(Object.entries(edits).filter(([name, value]) => value !== (values[name] ?? '')));
}
