// The overview: figures, and the table of devices, of all accounts or of one.
import * as api from './api.js';
import * as dialog from './dialog.js';
import { el, show, svg, tableRow, Rows } from './dom.js';
import { action, ago, count, phone, phoneShown, plural, when } from './format.js';
import { link } from './links.js';
import * as metrics from './metrics.js';

const MOST = 1000; // devices that are fetched; where there are more, the search asks the server
const FOUND = 200; // devices that such a search shows
const TYPING = 400; // milliseconds after which what was typed is searched for
const SHOWN = 200; // rows at first, and with each "more"
const LATELY = 15 * 60 * 1000;

const isLate = (device) => device.last_seen && Date.now() - new Date(device.last_seen) < LATELY;

export function state(device) {
  if (device.wipe) return device.wipe.done ? ['bad', 'Erased'] : ['bad', 'To be erased'];
  if (device.suspended) return ['suspended', 'Suspended'];
  if (device.access?.status === 'block') return ['bad', 'Blocked'];
  if (device.access?.status === 'quarantine') return ['odd', 'In quarantine'];
  if (device.parked) return ['good', 'Waiting'];
  if (device.state === 'empty') return ['odd', 'No SyncState'];
  return isLate(device) ? ['good', 'Active'] : ['idle', 'Idle'];
}

export function stateBadge(device) {
  const [kind, text] = state(device);
  return el('span', { class: `badge ${kind}` }, text);
}

// With where it waits, and what is wrong.
function stateShown(device) {
  return [stateBadge(device),
    device.parked && el('span', { class: 'faint' }, ' ', device.parked.node),
    device.quarantined > 0 && [' ', el('span', { class: 'badge bad' }, `${device.quarantined} quarantined`)],
  ].flat().filter(Boolean);
}

const COLUMNS = [
  {
    name: 'device',
    title: 'Device',
    sort: (d) => d.device,
    show: (d) => el('a', { href: link.device(d.account, d.device) }, d.device),
  },
  {
    name: 'account',
    title: 'Account',
    sort: (d) => d.account,
    show: (d) => el('a', { href: link.account(d.account) }, d.account),
  },
  {
    name: 'phone',
    title: 'Phone',
    sort: phone,
    show: phoneShown,
  },
  { name: 'protocol', title: 'Protocol', sort: (d) => d.protocol, show: (d) => d.protocol ?? '–' },
  {
    name: 'folders',
    title: 'Folders',
    sort: (d) => d.synchronised_folders,
    show: (d) => count(d.synchronised_folders),
  },
  {
    name: 'seen',
    title: 'Last seen',
    sort: (d) => -new Date(d.last_seen ?? 0),
    show: (d) => when(d.last_seen),
  },
  { name: 'state', title: 'State', sort: (d) => state(d)[1], show: stateShown },
];

const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

function compare(a, b) {
  return typeof a === 'number' && typeof b === 'number' ? a - b
    : collator.compare(a ?? '', b ?? '');
}

// What stays while one looks at something else.
const kept = { search: '', column: 'account', descending: false };

function matches(device, words) {
  const text = [device.device, device.account, phone(device), device.user_agent,
    device.phone_number, device.protocol, state(device)[1]].join('\n').toLowerCase();
  return words.every((word) => text.includes(word));
}

class DeviceTable {
  constructor(options) {
    this.columns = COLUMNS.filter(({ name }) => name !== options.without);
    this.devices = [];
    this.limit = SHOWN;
    this.heads = new Map(this.columns.map((column) => [column.name, this.head(column)]));
    this.body = el('tbody');
    this.rows = new Rows(this.body, (d) => `${d.account}\n${d.device}`, () => tableRow(this.columns));
    this.summary = el('p', { class: 'faint', role: 'status' });
    this.more = el('button', {
      type: 'button', hidden: true, click: () => { this.limit += SHOWN; this.render(); },
    }, 'Show more');
    this.search = el('input', {
      type: 'search', id: 'search', placeholder: 'Account, device, model …', autocomplete: 'off',
      spellcheck: 'false',
      input: () => {
        kept.search = this.search.value;
        this.limit = SHOWN;
        this.render();
        if (this.isComplete !== false) return;
        clearTimeout(this.typing); // the server has more than is here
        this.typing = setTimeout(() => document.dispatchEvent(new Event('mobilesync-changed')), TYPING);
      },
    });
    this.search.value = kept.search;
    this.element = el('section', { 'aria-label': 'Devices' },
      el('div', { class: 'bar' },
        el('label', { for: 'search' }, 'Search'), this.search, this.summary),
      el('div', { class: 'sheet' },
        el('table', { class: 'devices' },
          el('thead', null, el('tr', null, [...this.heads.values()])), this.body)),
      this.more);
  }

  head({ name, title }) {
    return el('th', { scope: 'col', class: name },
      el('button', { type: 'button', click: () => this.sort(name) }, title));
  }

  sort(name) {
    kept.descending = kept.column === name && !kept.descending;
    kept.column = name;
    this.render();
  }

  render() {
    const words = this.search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const column = this.columns.find(({ name }) => name === kept.column) ?? this.columns[0];
    const sign = kept.descending ? -1 : 1;
    const found = this.devices.filter((device) => matches(device, words))
      .sort((a, b) => sign * compare(column.sort(a), column.sort(b)) ||
        compare(a.account, b.account) || compare(a.device, b.device));
    for (const [name, head] of this.heads) {
      if (name !== column.name) head.removeAttribute('aria-sort');
      else head.setAttribute('aria-sort', kept.descending ? 'descending' : 'ascending');
    }
    this.rows.update(found.slice(0, this.limit));
    this.more.hidden = found.length <= this.limit;
    show(this.summary, this.describe(found.length, words.length > 0));
  }

  describe(found, isSearch) {
    const all = plural(this.devices.length, 'device');
    if (this.searched) {
      return kept.search.trim() !== this.searched ? 'Searching all devices …'
        : this.hasMore ? `the first ${count(found)} found of all devices` : `${count(found)} found of all devices`;
    }
    if (this.isComplete === false) return `the first ${all}; the search looks through all`;
    if (!this.devices.length) return 'No device has synchronised yet.';
    return isSearch ? `${count(found)} of ${all}` : all;
  }

  // isComplete: there are no others. searched: what the server was asked for, hasMore of that.
  update(devices, isComplete, searched = '', hasMore = false) {
    Object.assign(this, { devices, isComplete, searched, hasMore });
    this.render();
  }
}

// -- figures --

function line(values) {
  const top = Math.max(...values, 1);
  const points = values.map((value, i) =>
    `${(i / Math.max(values.length - 1, 1) * 100).toFixed(1)},${(23 - value / top * 22).toFixed(1)}`);
  return svg('svg', { class: 'line', viewBox: '0 0 100 24', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
    svg('polyline', { points: points.join(' ') }));
}

function tile(title, value, note, course) {
  return el('div', { class: 'tile' }, el('dt', null, title), el('dd', null, value),
    note && el('dd', { class: 'faint' }, note), course?.length > 1 && el('dd', null, line(course)));
}

// How many wait, on all nodes.
function parkedTile(parked) {
  const nodes = parked.nodes.filter(({ pings, syncs }) => pings + syncs);
  const note = !parked.complete ? 'a server did not answer in time'
    : nodes.length > 3 ? `on ${nodes.length} servers`
    : nodes.map(({ node, pings, syncs }) => (nodes.length > 1 ? `${node}: ${count(pings + syncs)}` : `at ${node}`)).join(' · ');
  return tile('Waiting phones', count(parked.pings + parked.syncs), note || 'for new mail');
}

function tiles(devices, isComplete, figures, parked) {
  const lately = devices.filter(isLate).length;
  const more = isComplete ? '' : '+';
  const list = [
    tile('Accounts', count(new Set(devices.map(({ account }) => account)).size) + more),
    tile('Devices', count(devices.length) + more, `${count(lately)}${more} seen in 15 minutes`),
  ];
  const empty = devices.filter((device) => device.state === 'empty').length;
  list.push(tile('Without SyncState', count(empty), empty ? 'they begin anew' : 'all are in step'));
  const suspended = devices.filter((device) => device.suspended).length;
  if (suspended) list.push(tile('Suspended', count(suspended) + more, 'until they are resumed'));
  const wipes = devices.filter((device) => device.wipe && !device.wipe.done).length;
  if (wipes) list.push(tile('To be erased', count(wipes) + more, 'they have not said so yet'));
  if (parked) list.push(parkedTile(parked));
  if (!figures) return list;
  const perMinute = (value) => (value == null ? '…' : count(Math.round(value * 10) / 10));
  list.push(tile('Syncs a minute', perMinute(figures.syncs), null, metrics.course('syncs')),
    tile('Errors a minute', perMinute(figures.errors), null, metrics.course('errors')));
  return list;
}

export function overview() {
  const table = new DeviceTable({});
  let all = []; // what there is without a search
  let isMany = false; // more than that
  const figures = el('dl', { class: 'tiles' });
  return {
    title: 'Devices',
    element: el('div', null, el('h1', { tabindex: '-1' }, 'Devices'), figures, table.element),
    async refresh(signal) {
      const offer = await api.offer(signal);
      const search = isMany ? kept.search.trim() : '';
      const [{ list, isComplete }, numbers, parked] = await Promise.all([
        api.pages(['devices'], 'devices', search ? { search } : {}, search ? FOUND : MOST, signal),
        offer.has('GET /metrics') ? metrics.figures(signal) : null,
        offer.has('GET /parked') ? api.get(['parked'], {}, signal) : null,
      ]);
      if (!search) {
        all = list;
        isMany = !isComplete;
      }
      show(figures, tiles(all, !isMany, numbers, parked));
      table.update(list, !isMany, search, search && !isComplete);
    },
  };
}

// -- one account --

export function undoList(entries, account) {
  return entries.map((entry) => el('li', null,
    el('span', null, action(entry.action), ' by ', entry.actor ?? '–', ', ', when(entry.time),
      el('span', { class: 'faint' }, ' (ends ', when(entry.undo_until, ago(entry.undo_until)), ')')),
    el('button', {
      type: 'button', click: () => dialog.undo(account, entry.undo, entry.action),
    }, 'Undo')));
}

export function account(name) {
  const table = new DeviceTable({ without: 'account' });
  const undo = el('ul', { class: 'undo' });
  return {
    title: name,
    element: el('div', null,
      el('p', { class: 'way' }, el('a', { href: '#/' }, 'Devices'), ' / '),
      el('h1', { tabindex: '-1' }, name),
      el('div', { class: 'buttons left' },
        el('button', { type: 'button', click: () => dialog.resetAccount(name) }, 'Reset account')),
      undo, table.element),
    async refresh(signal) {
      const [{ undo: entries }, list] = await Promise.all([
        api.get(['accounts', name, 'undo'], {}, signal),
        api.get(['accounts', name], {}, signal).then(({ devices }) => devices, (problem) => {
          if (problem.status === 404) return []; // the last device was removed
          throw problem;
        }),
      ]);
      show(undo, undoList(entries, name));
      table.update(list);
    },
  };
}
