// Keeps what the user chose and typed in the address bar: a link shows what its sender saw, and a reload
// loses nothing.

const DEFAULTS = {
  opportunity: '',
  form: 'merge',
  patch: '',
  dry: '',
  lenient: '',
  skip: '',
  wait: '',
  unsigned: '',
  relay: '',
  seller: '',
  deal: '',
  open: '',
};

const listeners = [];
let values = read();

function read() {
  const fragment = new URLSearchParams(window.location.hash.slice(1));
  return Object.fromEntries(Object.entries(DEFAULTS).map(([name, it]) => [name, fragment.get(name) ?? it]));
}

export const chosen = (name) => values[name];

/** Sets values by name, and notifies the listeners. */
export function choose(changed) {
  values = { ...values, ...changed };
  const told = Object.entries(values).filter(([name, value]) => value !== DEFAULTS[name]);
  const fragment = new URLSearchParams(told).toString();
  window.history.replaceState(null, '', fragment ? `#${fragment}` : window.location.pathname);
  listeners.forEach((listener) => listener(Object.keys(changed)));
}

/** Calls the listener with the names of the changed values, at every change. */
export function whenChosen(listener) {
  listeners.push(listener);
}

/** An object kept under one name, such as the edits of a form. */
export function chosenObject(name) {
  try {
    return JSON.parse(values[name] || '{}');
  } catch {
    return {};
  }
}

export function chooseObject(name, object) {
  choose({ [name]: Object.keys(object).length ? JSON.stringify(object) : '' });
}

/** Keeps in the link, by its key, whether a `details` element is unfolded. */
export function bound(key, details) {
  const others = () => values.open.split(' ').filter((it) => it && it !== key);
  const isOpen = () => values.open.split(' ').includes(key);
  details.open = isOpen();
  details.addEventListener('toggle', () => {
    if (details.open === isOpen()) return;
    choose({ open: [...others(), ...(details.open ? [key] : [])].join(' ') });
  });
  return details;
}

window.addEventListener('hashchange', () => {
  values = read();
  listeners.forEach((listener) => listener(Object.keys(values)));
});
