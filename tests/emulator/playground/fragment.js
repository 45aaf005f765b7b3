// What the user has chosen and typed, kept in the address bar: a link shows what its sender saw, and a
// reload loses nothing.

const DEFAULTS = {
  opportunity: '',
  form: 'merge',
  patch: '',
  dry: '',
  lenient: '',
  unsigned: '',
  naive: '',
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

window.addEventListener('hashchange', () => {
  values = read();
  listeners.forEach((listener) => listener(Object.keys(values)));
});
