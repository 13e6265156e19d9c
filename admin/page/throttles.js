// Who is held back by the limits of the server that answers, with a Release for each.
import * as api from './api.js';
import * as dialog from './dialog.js';
import { link } from './links.js';
import { el, show, tableRow, Rows } from './dom.js';
import { count, plural, when } from './format.js';

function whom({ account, device, address }) {
  if (device) return [el('a', { href: link.device(account, device) }, device), ' of ', account];
  return account ? el('a', { href: link.account(account) }, account) : address;
}

const WHAT = { requests: 'too many requests', logins: 'failed logins' };

const COLUMNS = [
  { name: 'whom', title: 'Whom', show: (t) => [whom(t)].flat() },
  { name: 'what', title: 'Why', show: (t) => WHAT[t.what] ?? t.what },
  { name: 'refused', title: 'Refused', show: (t) => count(t.refused) },
  { name: 'since', title: 'Since', show: (t) => when(t.since) },
  { name: 'until', title: 'Let through', show: (t) => when(t.until) },
];

function row(first) {
  const release = el('button', {
    type: 'button', class: 'small',
    'aria-label': `Release ${first.device ?? first.account ?? first.address}`,
    click: () => dialog.releaseThrottle(first),
  }, 'Release');
  return tableRow(COLUMNS, el('td', { class: 'do' }, release));
}

export function throttles() {
  const body = el('tbody');
  const rows = new Rows(body, ({ id }) => id, row);
  const note = el('p', { class: 'faint', role: 'status' });
  return {
    title: 'Limits',
    element: el('div', null, el('h1', { tabindex: '-1' }, 'Limits'), note,
      el('div', { class: 'buttons left' },
        el('button', { type: 'button', click: () => dialog.releaseThrottle(null) }, 'Release all')),
      el('div', { class: 'sheet' }, el('table', { class: 'throttles' },
        el('thead', null, el('tr', null, COLUMNS.map(({ title }) => el('th', { scope: 'col' }, title)),
          el('th', null, el('span', { class: 'hidden' }, 'Release')))), body))),
    async refresh(signal) {
      const { node, throttles: list } = await api.get(['throttles'], {}, signal);
      rows.update(list);
      show(note, `${list.length ? plural(list.length, 'limit is', 'limits are') : 'No limit is'} reached at ${node}.`);
    },
  };
}
