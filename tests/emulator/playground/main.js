// Puts the page together: takes what the emulator records, and lets each column draw its part.

import { announce, byId } from './dom.js';
import { control, follow, mappingFile } from './emulator.js';
import { choose, chosen, whenChosen } from './url-state.js';
import { deals, isRead, score, tell } from './cards.js';
import { drawCrm } from './crm.js';
import { drawEditor } from './editor.js';
import { drawGuide } from './guide.js';
import { understood } from './mapping.js';
import { drawParked, isAboutParked, refreshParked } from './parked.js';
import { drawPartnerCentral } from './partner-central.js';
import { drawScore, drawTimeline } from './timeline.js';

/** All that the columns show. */
const shown = {
  settings: { bridge: '', secrets: {} },
  mapping: null,
  secret: '',
  opportunities: new Map(),
  faults: [],
  eventFaults: [],
  entries: [],
  known: {},
  cards: [],
  deals: new Map(),
  waiting: { identifier: '', parked: [] },
  get opportunity() {
    return this.opportunities.get(chosen('opportunity'));
  },
};

function draw() {
  if (!shown.opportunity) return;
  shown.cards = tell(shown.entries, shown.mapping);
  shown.deals = deals(shown.known, shown.entries, shown.mapping);
  drawGuide(shown);
  drawPartnerCentral(shown, refreshFaults);
  drawScore(score(shown.cards));
  drawTimeline(shown.cards, shown);
  drawEditor(shown);
  drawCrm(shown);
  drawParked(shown);
}

async function refreshFaults() {
  [shown.faults, shown.eventFaults] = await Promise.all([
    control('GET', 'faults'), control('GET', 'event-faults'),
  ]);
  draw();
}

async function refreshOpportunities(identifiers) {
  const known = [...identifiers].filter((id) => shown.opportunities.has(id));
  const fresh = await Promise.all(known.map((id) => control('GET', `opportunities/${id}`)));
  fresh.forEach((it) => shown.opportunities.set(it.Id, it));
  if (fresh.length) draw();
}

function take(entries) {
  // The numbers start over if the emulator has.
  if (entries[0].number <= (shown.entries.at(-1)?.number ?? -1)) shown.entries = [];
  shown.entries.push(...entries);
  draw();
  const changed = entries.filter(({ kind, it }) => kind === 'event' || (kind === 'request' && !isRead(it)));
  refreshOpportunities(new Set(changed.map(({ it }) => it.identifier)));
  if (entries.some(({ kind }) => kind === 'request' || kind === 'event')) refreshFaults();
  if (entries.some(isAboutParked)) refreshParked(shown, draw);
}

async function start() {
  const [settings, opportunities, known, mapping] = await Promise.all([
    control('GET', 'settings'), control('GET', 'opportunities'), control('GET', 'deals'), mappingFile(),
  ]);
  shown.mapping = understood(mapping);
  shown.settings = settings;
  shown.secret = Object.values(settings.secrets)[0] ?? '';
  shown.known = known;
  opportunities.forEach((it) => shown.opportunities.set(it.Id, it));
  if (!shown.opportunity) {
    const approved = opportunities.find((it) => it.LifeCycle.ReviewStatus === 'Approved');
    choose({ opportunity: (approved ?? opportunities[0]).Id });
  }
  whenChosen(() => {
    draw();
    if (chosen('opportunity') !== shown.waiting.identifier) refreshParked(shown, draw);
  });
  await Promise.all([refreshFaults(), refreshParked(shown, draw)]);
  follow(take, (isLive) => {
    const state = byId('connection');
    state.textContent = isLive ? 'live' : 'not connected';
    state.classList.toggle('live', isLive);
  });
}

byId('skip').addEventListener('click', (event) => {
  event.preventDefault();
  byId('bridge').focus();
});

start().catch((error) => {
  byId('connection').textContent = `cannot start: ${error.message}`;
  announce(error.message);
});
