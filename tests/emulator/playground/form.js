// Forms that stay up to date while somebody types: a field with an edit keeps it, all others show the
// current value.

import { flash, h, withCode } from './dom.js';

let ids = 0;

/** A field with its label: `{name, label, hint, options, isLong, type}`; `onedit` gets its value. An option
 * is a text, or a value and a text. */
export function field({ name, label, hint, options, isLong, type = 'text' }, onedit) {
  ids += 1;
  const id = `field-${ids}`;
  const common = { id, name, autocomplete: 'off', 'aria-describedby': `${id}-finding` };
  let input;
  if (options) input = h('select', common, options.map((it) => [it].flat()).map(([value, text = value]) => h('option', { value }, text)));
  else if (isLong) input = h('textarea', { ...common, rows: 2 });
  else input = h('input', { ...common, type });
  input.addEventListener('input', () => onedit(name, input.value));
  const finding = h('p.finding', { id: `${id}-finding` });
  const note = h('p.beside', {});
  const element = h('div.field', {},
    h('label', { htmlFor: id }, label, hint && h('span.mono', {}, hint)), input, note, finding);
  let before;
  return {
    element,
    /** Shows the current value or its edit, what is wrong with it (`wrong`), and a note (`beside`). */
    show(value, edit, wrong = '', beside = '') {
      const isEdited = edit !== undefined && edit !== value;
      const text = String((isEdited ? edit : value) ?? '');
      if (options && text && ![...input.options].some((it) => it.value === text)) {
        input.append(h('option', { value: text }, text));
      }
      if (input.value !== text) input.value = text;
      if (before !== undefined && before !== value && !isEdited) flash(element);
      before = value;
      if (note.textContent && note.textContent !== beside) flash(note);
      note.textContent = beside;
      element.classList.toggle('edited', isEdited && !wrong);
      element.classList.toggle('wrong', Boolean(wrong));
      input.setAttribute('aria-invalid', String(Boolean(wrong)));
      if (finding.textContent !== wrong.replaceAll('`', '')) finding.replaceChildren(...withCode(wrong));
    },
  };
}

/** The edits that still differ from the current values. */
export function pending(edits, values) {
  return Object.fromEntries(Object.entries(edits).filter(([name, value]) => value !== (values[name] ?? '')));
}
