// Access control: what was decided about devices, the rules, and what they come to.
import * as api from './api.js';
import { ask, changed, facts, notice } from './dialog.js';
import { el, show, tableRow, Rows } from './dom.js';
import { link } from './links.js';
import { plural, when } from './format.js';

const MOST = 1000; // devices that are fetched of the list
const STATUSES = { allow: 'Allowed', quarantine: 'In quarantine', block: 'Blocked' };
const KINDS = { allow: 'good', quarantine: 'odd', block: 'bad' };
const PROPERTIES = [
  ['device', 'Device id'], ['type', 'Type'], ['model', 'Model'], ['os', 'OS'],
  ['agent', 'User agent'], ['domain', 'Domain of the account'],
];
const MODES = {
  disabled: 'Access control is disabled: every device may synchronise, whatever stands here.',
  permissive: 'Devices that nothing says anything about may synchronise.',
  interactive: 'Devices that nothing says anything about wait in quarantine for a decision.',
  strict: 'Devices that nothing says anything about are blocked.',
};

export const accessBadge = (status) =>
  el('span', { class: `badge ${KINDS[status] ?? 'odd'}` }, STATUSES[status] ?? status);

// "Blocked by root, 5 minutes ago: lost"
export function accessShown({ status, by, actor, since, reason, rule }) {
  return [accessBadge(status), actor ? ` by ${actor}` : rule ? ` by rule ${rule}` : ` by the ${by}`,
    since ? [', ', when(since)] : null, reason ? `: ${reason}` : null].flat().filter(Boolean);
}

// What a dry run said.
function planned(plan) {
  const shown = plan.changed.slice(0, 5).map(({ account, device, from, to }) =>
    [`${device} of ${account}`, `${STATUSES[from]} → ${STATUSES[to]}`]);
  return facts([['Devices with another status by it', String(plan.devices_changed)], ...shown,
    plan.devices_changed > shown.length ? ['and', `${plan.devices_changed - shown.length} more`] : null,
    plan.mode === 'disabled' ? ['Effect', 'none while access control is disabled'] : null].filter(Boolean));
}

async function change(question, send, path, query, said) {
  const answer = await ask({
    show: planned,
    ...question,
    plan: () => send(path, { dry_run: 1, ...query() }),
    run: () => send(path, { dry_run: 0, ...query() }),
  });
  if (!answer) return;
  notice(said);
  changed();
}

const LATER = 'Its SyncState goes when it comes, and it synchronises what it may see then from the beginning. Nothing is deleted on the server.';

export function decide(status, account, device) {
  const reason = el('input', { id: 'reason', maxlength: '100', autocomplete: 'off' });
  const words = { allow: 'Allow', quarantine: 'Quarantine', block: 'Block' }[status];
  return change({
    title: `${words} device ${device}?`,
    text: [status === 'allow' ? 'The phone may synchronise.'
      : 'All that the phone sees is a message that explains; mail that is written on it cannot be sent.', LATER],
    fields: el('div', { class: 'field' },
      el('label', { for: 'reason' }, 'Reason, for other administrators'), reason),
    button: `${words} device`,
    danger: status === 'block',
  }, api.post, ['access', 'devices', device],
  () => ({ status, account, reason: reason.value || null }), `Device ${device}: ${STATUSES[status].toLowerCase()}.`);
}

function forget({ device, account }) {
  return change({
    title: `Decide nothing about ${device}?`,
    text: ['What was decided is forgotten: rules and mode count.', LATER],
    button: 'Forget',
  }, api.remove, ['access', 'devices', device], () => ({ account }), `Nothing is decided about ${device}.`);
}

async function addRule() {
  const input = (id, type = 'text') => el('input', { id, type, autocomplete: 'off', spellcheck: 'false' });
  const order = input('order', 'number');
  order.value = '10';
  const status = el('select', { id: 'status' }, ['block', 'quarantine', 'allow'].map((value) =>
    el('option', { value }, STATUSES[value].toLowerCase())));
  const inputs = PROPERTIES.map(([name]) => [name, input(name)]);
  const path = ['access', 'rules'];
  const values = () => ({
    order: order.value,
    status: status.value,
    ...Object.fromEntries(inputs.map(([name, { value }]) => [name, value || null])),
  });
  const isRight = await ask({
    title: 'Add a rule',
    text: ['Devices that fit all that is filled in: regular expressions for the whole value, in any case of letters; the domain as it is. The rule with the least order that fits counts.'],
    fields: el('div', { class: 'field pairs' }, [
      ['order', 'Order', order], ['status', 'What becomes of them', status],
      ...PROPERTIES.map(([name, title], i) => [name, title, inputs[i][1]]),
    ].map(([name, title, field]) => el('div', null, el('label', { for: name }, title), field))),
    button: 'Continue',
    run: () => api.post(path, { dry_run: 1, ...values() }),
  });
  if (!isRight) return;
  await change({
    title: 'Set this rule?',
    text: [LATER],
    button: 'Set rule',
    danger: status.value === 'block',
  }, api.post, path, values, 'The rule is set.');
}

function deleteRule({ rule }) {
  return change({
    title: `Delete rule ${rule}?`,
    text: ['Devices that it was about are what the other rules or the mode say.', LATER],
    button: 'Delete rule',
    danger: true,
  }, api.remove, ['access', 'rules', rule], () => ({}), 'The rule is deleted.');
}

const DEVICES = [
  {
    title: 'Device',
    show: (d) => (d.account ? el('a', { href: link.device(d.account, d.device) }, d.device) : d.device),
  },
  { title: 'Account', show: (d) => (d.account ? el('a', { href: link.account(d.account) }, d.account) : 'any') },
  { title: 'Status', show: accessShown },
  { title: 'Type', show: (d) => d.type ?? '–' },
];

const RULES = [
  { title: 'Order', show: (r) => String(r.order) },
  { title: 'Status', show: (r) => accessBadge(r.status) },
  {
    title: 'About',
    show: (r) => PROPERTIES.filter(([name]) => r[name]).flatMap(([name, title], i) =>
      [i ? ' · ' : null, `${title}: `, el('code', null, r[name])]),
  },
  { title: 'By', show: (r) => [r.actor ?? '–', ', ', when(r.since)] },
];

const small = (text, label, click) =>
  el('button', { type: 'button', class: 'small', 'aria-label': label, click }, text);

function deviceRow(first) {
  const buttons = first.actor
    ? [small('Forget', `Forget what was decided about ${first.device}`, () => forget(first))]
    : [small('Allow', `Allow ${first.device}`, () => decide('allow', first.account, first.device)),
      small('Block', `Block ${first.device}`, () => decide('block', first.account, first.device))];
  return tableRow(DEVICES, el('td', { class: 'do' }, buttons));
}

const ruleRow = (first) => tableRow(RULES, el('td', { class: 'do' },
  small('Delete', `Delete rule ${first.rule}`, () => deleteRule(first))));

const head = (columns) => el('thead', null, el('tr', null,
  columns.map(({ title }) => el('th', { scope: 'col' }, title)),
  el('th', null, el('span', { class: 'hidden' }, 'Action'))));

export function access() {
  const devices = el('tbody');
  const rules = el('tbody');
  const deviceRows = new Rows(devices, (d) => `${d.device}\n${d.account}\n${d.actor}`, deviceRow);
  const ruleRows = new Rows(rules, (r) => r.rule, ruleRow);
  const note = el('p', { class: 'faint', role: 'status' });
  const status = el('select', { id: 'shown', change: changed },
    el('option', { value: '' }, 'all'), Object.entries(STATUSES).map(([value, text]) =>
      el('option', { value }, text.toLowerCase())));
  return {
    title: 'Access',
    element: el('div', null, el('h1', { tabindex: '-1' }, 'Access'), note,
      el('section', { 'aria-labelledby': 'rules' }, el('h2', { id: 'rules' }, 'Rules'),
        el('div', { class: 'buttons left' }, el('button', { type: 'button', click: addRule }, 'Add rule …')),
        el('div', { class: 'sheet' }, el('table', { class: 'rules' }, head(RULES), rules))),
      el('section', { 'aria-labelledby': 'decisions' }, el('h2', { id: 'decisions' }, 'Devices'),
        el('div', { class: 'bar' }, el('label', { for: 'shown' }, 'Shown'), status),
        el('div', { class: 'sheet' }, el('table', { class: 'access' }, head(DEVICES), devices)))),
    async refresh(signal) {
      const [about, ruled, listed] = await Promise.all([
        api.get(['access'], {}, signal), api.get(['access', 'rules'], {}, signal),
        api.pages(['access', 'devices'], 'devices', { status: status.value || null }, MOST, signal)]);
      ruleRows.update(ruled.rules);
      deviceRows.update(listed.list);
      show(note, `${MODES[about.mode]} ${plural(listed.list.length, 'device')}${listed.isComplete ? '' : ' and more'}.`);
    },
  };
}
