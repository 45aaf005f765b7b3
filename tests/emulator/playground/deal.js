// The CRM's names for what AWS calls otherwise: the only place on this page that knows both.
//
// `aws` is the place in the opportunity, `values` are pairs of AWS's value and the CRM's, `to: 'crm'` is
// what the CRM only shows.

import { mergePatch, valueAt } from './pointer.js';

export const FIELDS = [
  { crm: 'dealname', label: 'Deal name', aws: '/Project/Title' },
  { crm: 'company', label: 'Company', aws: '/Customer/Account/CompanyName' },
  {
    crm: 'dealstage',
    label: 'Deal stage',
    aws: '/LifeCycle/Stage',
    values: [
      ['Prospect', 'Appointment scheduled'],
      ['Qualified', 'Qualified to buy'],
      ['Technical Validation', 'Presentation scheduled'],
      ['Business Validation', 'Decision maker bought in'],
      ['Committed', 'Contract sent'],
      ['Launched', 'Closed won'],
      ['Closed Lost', 'Closed lost'],
    ],
  },
  { crm: 'closedate', label: 'Close date', aws: '/LifeCycle/TargetCloseDate', as: 'date' },
  { crm: 'next_step', label: 'Next step', aws: '/LifeCycle/NextSteps', isLong: true },
  { crm: 'amount', label: 'Monthly amount', aws: '/Project/ExpectedCustomerSpend/0/Amount', to: 'crm' },
  { crm: 'aws_review_status', label: 'AWS review', aws: '/LifeCycle/ReviewStatus', to: 'crm' },
];

/** The CRM's value of one field. */
function valueOf(field, opportunity) {
  const value = valueAt(opportunity, field.aws);
  const pair = field.values?.find(([aws]) => aws === value);
  return pair ? pair[1] : value ?? '';
}

/** An opportunity as the CRM's record. */
export function record(opportunity) {
  return Object.fromEntries(FIELDS.map((field) => [field.crm, valueOf(field, opportunity)]));
}

/** What the CRM's webhook sends for edited fields of a record. */
export function webhookBody(identifier, edited) {
  const values = Object.entries(edited).map(([name, value]) => {
    const field = FIELDS.find((it) => it.crm === name);
    const pair = field.values?.find(([, crm]) => crm === value);
    return [field.aws, pair ? pair[0] : value];
  });
  return JSON.stringify({ Identifier: identifier, ...mergePatch(Object.fromEntries(values)) });
}

/** The CRM's field for a place in the opportunity. */
export const fieldAt = (pointer) => FIELDS.find((it) => it.aws === pointer);
