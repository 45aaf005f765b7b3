// Three things to try first: by hand, or shown at a click. Done is what the record says was done.

import { announce, byId, h } from './dom.js';
import { control } from './emulator.js';
import { choose, chosen } from './fragment.js';
import { dealChanges } from './crm.js';
import { sellerEdits } from './partner-central.js';

const isUnanswered = (card) => card.outcome === 'updated' && card.calls.some((it) => it.outcome === 'not answered');

const HINTS = [
  {
    title: 'AWS’s seller changes something',
    todo: 'In Partner Central, change the stage and save. The event names only the opportunity; the CRM gets all of it.',
    done: 'The event named only the opportunity. The bridge read all of it, and the CRM’s deal followed.',
    isDone: (cards) => cards.some((it) => it.outcome === 'applied' && it.author === 'other'),
    show: async ({ opportunity }) => {
      const stages = ['Qualified', 'Technical Validation', 'Business Validation', 'Committed'];
      const next = stages[(stages.indexOf(opportunity.LifeCycle.Stage) + 1) % stages.length];
      await sellerEdits(opportunity.Id, { '/LifeCycle/Stage': next });
    },
  },
  {
    title: 'The CRM changes something',
    todo: 'In the CRM, edit the next step and save. One field is sent; the whole opportunity is written back.',
    done: 'One field was sent. The whole opportunity was written back, so that no other field was deleted.',
    isDone: (cards) => cards.some((it) => it.outcome === 'updated'),
    show: ({ opportunity }) => dealChanges(opportunity.Id, { next_step: `Agreed with the customer at ${time()}` }),
  },
  {
    title: 'Something goes wrong',
    todo: 'Under Partner Central, press “Lose its answer”, then save the deal once more. Was it written? Twice?',
    done: 'The answer to the write was lost. The bridge read again, found its own edit, and wrote once.',
    isDone: (cards) => cards.some(isUnanswered),
    show: async ({ opportunity }) => {
      await control('POST', 'faults', { operation: 'UpdateOpportunity', fault: 'answer-lost' });
      await dealChanges(opportunity.Id, { next_step: `Confirmed in writing at ${time()}` });
    },
  },
];

/** The opportunity that is chosen, or another where AWS's review leaves nothing to show. */
function open({ opportunities }) {
  const isOpen = (it) => it?.LifeCycle.ReviewStatus === 'Approved' && it.LifeCycle.Stage !== 'Closed Lost';
  const own = opportunities.get(chosen('opportunity'));
  if (isOpen(own)) return own;
  const other = [...opportunities.values()].find(isOpen) ?? own;
  choose({ opportunity: other.Id, seller: '', deal: '' });
  return other;
}

const time = () => new Date().toLocaleTimeString('en-GB');

let drawn;

export function drawGuide(shown) {
  if (!drawn) {
    drawn = HINTS.map((hint, position) => {
      const number = h('span.number', { 'aria-hidden': 'true' }, String(position + 1));
      const title = h('h3', {}, hint.title);
      const text = h('p', {}, hint.todo);
      const button = h('button.quiet', { type: 'button', 'aria-label': `Show me: ${hint.title}` }, 'Show me');
      button.addEventListener('click', async () => {
        button.disabled = true;
        try {
          await hint.show({ opportunity: open(shown) });
        } catch (error) {
          announce(error.message);
        } finally {
          button.disabled = false;
        }
      });
      const element = h('li', {}, number, title, text, h('div.actions', {}, button));
      byId('guide').append(element);
      return { hint, element, number, text, position };
    });
  }
  for (const { hint, element, number, text, position } of drawn) {
    const isDone = hint.isDone(shown.cards);
    element.classList.toggle('done', isDone);
    number.textContent = isDone ? '✓' : String(position + 1);
    const said = isDone ? hint.done : hint.todo;
    if (text.textContent !== said) text.textContent = said;
  }
}
