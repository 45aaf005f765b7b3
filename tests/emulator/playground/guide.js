// Three things to try first, by hand or at a click. Each is done once the record shows it.

import { announce, byId, h } from './dom.js';
import { control } from './emulator.js';
import { choose, chosen } from './url-state.js';
import { dealEdits } from './crm.js';
import { sellerEdits } from './partner-central.js';
import { isWritten } from './cards.js';

const isUnanswered = (card) => isWritten(card) && card.calls.some((it) => it.outcome === 'not answered');

const HINTS = [
  {
    title: 'AWS’s seller changes something',
    todo: 'In Partner Central, change the stage and save. The event names only the opportunity; the CRM gets all of it.',
    done: 'The event named only the opportunity. The bridge read all of it, and the deal in the CRM now shows AWS’s new stage.',
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
    done: 'One field was sent. Partner Central deletes what an update leaves out, so the bridge wrote all of it back: nothing is lost.',
    isDone: (cards) => cards.some(isWritten),
    show: ({ opportunity, shown }) => changeNextStep(shown, opportunity, `Agreed with the customer at ${time()}`),
  },
  {
    title: 'Something goes wrong',
    todo: 'At the end of the first column, press “Lose its answer”. Then edit the deal and save. Was it written? Twice?',
    done: 'The write’s answer was lost. Who just tries again may overwrite somebody. The bridge looked, found its edit, and wrote once.',
    isDone: (cards) => cards.some(isUnanswered),
    show: async ({ opportunity, shown }) => {
      await control('POST', 'faults', { operation: 'UpdateOpportunity', fault: 'answer-lost' });
      await changeNextStep(shown, opportunity, `Confirmed in writing at ${time()}`);
    },
  },
];

/** The chosen opportunity, or another one if AWS's review leaves nothing to show there. */
function open({ opportunities }) {
  const isOpen = (it) => it?.LifeCycle.ReviewStatus === 'Approved' && it.LifeCycle.Stage !== 'Closed Lost';
  const own = opportunities.get(chosen('opportunity'));
  if (isOpen(own)) return own;
  const other = [...opportunities.values()].find(isOpen) ?? own;
  choose({ opportunity: other.Id, seller: '', deal: '' });
  return other;
}

/** Edits the deal's next step as the sales team would, whatever the CRM calls it. */
async function changeNextStep(shown, opportunity, text) {
  const field = shown.mapping.editable.find((it) => it.aws === '/LifeCycle/NextSteps');
  await dealEdits(shown, opportunity.Id, { [field.name]: text });
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
          await hint.show({ opportunity: open(shown), shown });
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
