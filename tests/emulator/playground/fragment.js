// What the user has chosen and typed, kept in the address bar: a link shows what its sender saw, and a
// reload loses nothing.

const DEFAULTS = {
  opportunity: '',
  form: 'merge',
  patch: '',
  dry: '',
  lenient: '',
  skip: '',
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

/** Chooses values by name, and tells who has asked to be told. */
export function choose(changed) {
  values = { ...values, ...changed };
  const told = Object.entries(values).filter(([name, value]) => value !== DEFAULTS[name]);
  const fragment = new URLSearchParams(told).toString();
  window.history.replaceState(null, '', fragment ? `#${fragment}` : window.location.pathname);
  listeners.forEach((listener) => listener(Object.keys(changed)));
}

/** Calls with the names of what was chosen, now and whenever it changes. */
export function whenChosen(listener) {
  listeners.push(listener);
}

/** An object that is kept under one name, such as the edits of a form. */
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

/** What is unfolded, by its key: `bound` keeps a `details` element as the link has it. */
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
