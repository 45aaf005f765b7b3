// Elements without a template language: what comes from an opportunity is text, and never markup.

/** An element: `h('button.primary', {type: 'button', onclick}, 'Send')`. */
export function h(name, properties = {}, ...children) {
  const [tag, ...classes] = name.split('.');
  const element = document.createElement(tag);
  if (classes.length) element.className = classes.join(' ');
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
    else if (key === 'dataset') Object.assign(element.dataset, value);
    else if (key in element && !key.startsWith('aria') && key !== 'role') element[key] = value;
    else element.setAttribute(key, value === true ? '' : value);
  }
  element.append(...children.flat(Infinity).filter((it) => it !== null && it !== undefined && it !== false));
  return element;
}

/** The element with an id. */
export const byId = (id) => document.getElementById(id);

/** Tells a screen reader what has happened. */
export function announce(text) {
  byId('announcement').textContent = text;
}

/** Marks an element as changed, for as long as the style sheet says. */
export function flash(element) {
  element.classList.remove('flash');
  void element.offsetWidth; // Without it the animation would not start again.
  element.classList.add('flash');
}

/** A value on one line, as JSON says it; texts without quotes. */
export function shown(value) {
  if (value === undefined || value === null) return 'nothing';
  if (typeof value === 'string') return value === '' ? 'empty' : value;
  return JSON.stringify(value);
}

/** A moment, by the clock on the wall. */
export function clock(at) {
  return new Date(at).toLocaleTimeString('en-GB');
}

/** A button that copies what `text` gives. */
export function copyButton(label, text) {
  const button = h('button.quiet', { type: 'button' }, label);
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(text());
    button.textContent = 'Copied';
    announce('Copied');
    setTimeout(() => { button.textContent = label; }, 1500);
  });
  return button;
}
