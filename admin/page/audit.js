// Who did what, with an Undo where there may be one.
import * as api from './api.js';
import * as dialog from './dialog.js';
import { link } from './links.js';
import { el, show, tableRow, Rows } from './dom.js';
import { action, clock, moment, plural } from './format.js';

const UNDO_TIME = 24 * 3600 * 1000;
const LIMIT = 100;

function scope(entry) {
  const parts = [];
  if (entry.devices > 1) parts.push(plural(entry.devices, 'device'));
  if (entry.status) parts.push(entry.status);
  if (entry.rule) parts.push(`rule ${entry.rule}`);
  if (entry.folder) parts.push(`folder ${entry.folder}`);
  else if (entry.folders != null) parts.push(plural(entry.folders, 'folder'));
  if (entry.items != null) parts.push(plural(entry.items, 'item'));
  if (entry.content === 'shown') parts.push('with contents');
  if (entry.until) parts.push(`until ${moment(entry.until)}`);
  if (entry.address) parts.push(entry.address);
  if (entry.why) parts.push(entry.why);
  return parts.join(', ') || '–';
}

function outcome(entry) {
  const kind = { done: 'good', failed: 'bad' }[entry.outcome] ?? 'odd';
  return [el('span', { class: `badge ${kind}` }, entry.outcome),
    entry.reason && el('span', { class: 'faint' }, ' ', entry.reason)];
}

const COLUMNS = [
  { name: 'time', title: 'Time', show: (e) => clock(e.time) },
  { name: 'who', title: 'Who', show: (e) => [e.actor ?? '–', el('span', { class: 'faint' }, ' ', e.remote ?? '')] },
  { name: 'action', title: 'Action', show: (e) => action(e.action) },
  {
    name: 'account',
    title: 'Account',
    show: (e) => (e.account ? el('a', { href: link.account(e.account) }, e.account) : '–'),
  },
  {
    name: 'device',
    title: 'Device',
    show: (e) => (e.device && e.account ? el('a', { href: link.device(e.account, e.device) }, e.device) : e.device ?? (e.account ? 'all' : '–')),
  },
  { name: 'what', title: 'What', show: scope },
  { title: 'Outcome', show: outcome },
];

function row(first) {
  const undo = el('button', {
    type: 'button', class: 'small',
    'aria-label': `Undo: ${action(first.action)} of ${first.account}`,
    click: () => dialog.undo(first.account, first.undo, first.action),
  }, 'Undo');
  const { element, update } = tableRow(COLUMNS, el('td', { class: 'do' }, undo));
  return { element, update: (entry) => { update(entry); undo.hidden = !entry.canUndo; } };
}

// Ids are those of a Redis stream: milliseconds-number.
function compareIds(a, b) {
  const [time, number] = a.split('-');
  const [otherTime, otherNumber] = b.split('-');
  return time - otherTime || number - otherNumber;
}

// Which entries may have an Undo: the server decides in its dry run whether it is possible still.
function markUndo(entries) {
  const undone = new Set(entries.filter((e) => e.action === 'undo' && e.outcome === 'done' && !e.device)
    .map((e) => e.undo));
  for (const entry of entries) {
    entry.canUndo = Boolean(entry.undo) && entry.action !== 'undo' && entry.outcome === 'done' &&
      Date.now() - new Date(entry.time) < UNDO_TIME && !undone.has(entry.undo);
  }
}

export function audit() {
  const body = el('tbody');
  const rows = new Rows(body, (entry) => entry.id, row);
  const note = el('p', { class: 'faint', role: 'status' });
  const entries = new Map(); // by id, all that were seen
  let next; // where the oldest page ended; null: at the beginning
  const more = el('button', { type: 'button', hidden: true, click: () => load() }, 'Show older');

  function take(page) {
    for (const entry of page.entries) entries.set(entry.id, entry);
    const list = [...entries.values()].sort((a, b) => compareIds(b.id, a.id));
    markUndo(list);
    rows.update(list);
    show(note, list.length ? '' : 'Nothing has been done yet.');
    more.hidden = !next;
  }

  async function load() {
    try {
      const page = await api.get(['audit'], { limit: LIMIT, before: next });
      next = page.next;
      take(page);
    } catch (error) {
      dialog.notice(error.message);
    }
  }

  return {
    title: 'Audit',
    element: el('div', null, el('h1', { tabindex: '-1' }, 'Audit'), note,
      el('div', { class: 'sheet' }, el('table', { class: 'audit' },
        el('thead', null, el('tr', null, COLUMNS.map(({ title }) => el('th', { scope: 'col' }, title)),
          el('th', null, el('span', { class: 'hidden' }, 'Undo')))), body)), more),
    async refresh(signal) {
      const page = await api.get(['audit'], { limit: LIMIT }, signal);
      if (next === undefined) next = page.next;
      take(page);
    },
  };
}
