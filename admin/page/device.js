// One device: what it is, its folders, its last exchanges, and what can be done.
import { accessShown, decide } from './access.js';
import * as api from './api.js';
import * as dialog from './dialog.js';
import { stateBadge, undoList } from './devices.js';
import { link } from './links.js';
import { el, show, tableRow, Rows } from './dom.js';
import { ago, clock, count, duration, phoneShown, size, when } from './format.js';
import { trace } from './trace.js';
import { why } from './why.js';

// What the Status of a command means, MS-ASCMD 2.2.3.177; those that are not here are shown bare.
const STATUS = {
  Sync: { 3: 'begin again', 4: 'malformed', 5: 'server error', 6: 'item refused', 7: 'conflict',
    8: 'item is gone', 9: 'mailbox full', 12: 'folders changed', 13: 'which folders?',
    14: 'other waiting time', 16: 'try again' },
  Ping: { 1: 'nothing new', 2: 'something new', 3: 'which folders?', 4: 'malformed',
    5: 'other heartbeat', 6: 'too many folders', 7: 'folders changed', 8: 'server error' },
  FolderSync: { 6: 'server error', 9: 'begin again', 10: 'malformed', 11: 'error', 12: 'error' },
};

function status(exchange, value) {
  if (!value) return null;
  const text = STATUS[exchange.command]?.[value] ?? (value === 1 ? 'done' : null);
  return text ? `Status ${value}: ${text}` : `Status ${value}`;
}

// good, odd (the phone was told something) or bad.
function kind(exchange) {
  const isMeant = exchange.hung_up || exchange.fault === 'SUSPENDED'; // the phone's doing, or ours
  if (!isMeant && (exchange.error || exchange.http_status >= 500)) return 'bad';
  const good = exchange.command === 'Ping' ? [1, 2] : [1];
  const values = [exchange.status, ...exchange.folders.map((folder) => folder.status)];
  const isOdd = values.some((value) => value && !good.includes(value)) ||
    exchange.http_status >= 400 || exchange.hung_up || exchange.folders.some((f) => f.quarantined);
  return isOdd ? 'odd' : 'good';
}

function counts(folder) {
  const given = [['add', '+'], ['change', '~'], ['delete', '−']]
    .filter(([name]) => folder[name]).map(([name, sign]) => `${sign}${folder[name]}`);
  const asked = ['add', 'change', 'delete'].filter((name) => folder[`client_${name}`])
    .map((name) => `${folder[`client_${name}`]} × ${name}`);
  return [
    given.length ? `given ${given.join(' ')}` : null,
    asked.length ? `phone: ${asked.join(', ')}` : null,
    folder.quarantined ? `${folder.quarantined} left out` : null,
    folder.repeated ? 'repeated' : null,
    folder.more_available ? 'more to come' : null,
  ].filter(Boolean);
}

function exchangeFolder(exchange, folder, names) {
  const said = folder.status === 1 ? null : status(exchange, folder.status);
  const keys = folder.next_sync_key && folder.next_sync_key !== folder.sync_key
    ? `${folder.sync_key} → ${folder.next_sync_key}` : folder.sync_key;
  const name = folder.folder == null ? 'folder list' : names.get(folder.folder) ?? folder.folder;
  return el('li', null, el('strong', null, name), ' ',
    [said, ...counts(folder)].filter(Boolean).join(' · '),
    keys && el('code', { class: 'key' }, keys));
}

function heartbeat({ heartbeat: granted, heartbeat_asked: asked }) {
  if (!granted && !asked) return null;
  return granted === asked || !granted ? `heartbeat ${asked} s` : `heartbeat ${granted} s, asked for ${asked} s`;
}

function exchangeRow(names) {
  const element = el('li');
  const update = (exchange) => {
    element.className = kind(exchange);
    const facts = [
      status(exchange, exchange.status),
      heartbeat(exchange),
      exchange.http_status >= 400 && `HTTP ${exchange.http_status}`,
      exchange.hung_up && 'the phone hung up',
      duration(exchange.duration_ms),
      `${size(exchange.bytes_in ?? 0)} in, ${size(exchange.bytes_out ?? 0)} out`,
      exchange.node,
    ].filter(Boolean);
    show(element,
      el('div', { class: 'what' }, el('strong', null, exchange.command ?? 'unknown command'),
        when(exchange.time)),
      el('div', { class: 'faint' }, facts.join(' · ')),
      exchange.folders.length > 0 && el('ul', null,
        exchange.folders.map((folder) => exchangeFolder(exchange, folder, names))),
      exchange.error && !exchange.hung_up && el('div', { class: 'wrong' }, exchange.error));
  };
  return { element, update };
}

// -- folders --

const FOLDER_COLUMNS = [
  { title: 'Folder', show: (f) => f.name ?? f.folder },
  { title: 'Class', show: (f) => f.class ?? '–' },
  { title: 'Items', show: (f) => (f.synchronised ? count(f.items) : '–') },
  { title: 'Pending', show: (f) => pending(f) },
  { title: 'State', show: (f) => (f.synchronised ? size(f.bytes) : '–') },
  {
    title: 'Sync key',
    show: (f) => (f.sync_key ? el('code', { class: 'key' }, f.sync_key) : '–'),
  },
];

// What the phone synchronises first, each in the order of the names.
const inOrder = (folders) => folders.toSorted((a, b) => b.synchronised - a.synchronised ||
  (a.name ?? a.folder).localeCompare(b.name ?? b.folder));

function pending(folder) {
  if (folder.damaged) return el('span', { class: 'wrong' }, 'damaged: ', folder.damaged);
  if (!folder.synchronised) return el('span', { class: 'faint' }, 'not synchronised');
  const list = [['add', '+'], ['change', '~'], ['delete', '−']]
    .filter(([name]) => folder.pending[name]).map(([name, sign]) => `${sign}${folder.pending[name]}`);
  if (folder.more_available || !folder.complete) list.push('more to come');
  return list.join(' ') || 'none';
}

function folderRow(account, device, explain) {
  return (first) => {
    const button = el('button', {
      type: 'button', class: 'small',
      'aria-label': `Reset folder ${first.name ?? first.folder}`,
      click: () => dialog.resetFolder(account, device, first.folder, first.name ?? first.folder),
    }, 'Reset folder');
    const question = el('button', {
      type: 'button', class: 'small', 'aria-label': `Why: folder ${first.name ?? first.folder}`,
      click: () => explain(first.folder, first.name ?? first.folder),
    }, 'Why?');
    const row = tableRow(FOLDER_COLUMNS, el('td', { class: 'do' }, question, button));
    const update = (folder) => {
      row.update(folder);
      button.hidden = question.hidden = !folder.synchronised;
    };
    return { element: row.element, update };
  };
}

// -- items that cannot be rendered --

const QUARANTINE_COLUMNS = [
  { title: 'Item', show: (q) => el('code', null, q.item) },
  { title: 'Folder', show: (q) => q.folder },
  { title: 'Reason', show: (q) => q.reason },
  { title: 'Tried', show: (q) => [when(q.time), q.tries > 1 && ` (${q.tries} times)`].filter(Boolean) },
];

function quarantine(account, device) {
  const body = el('tbody');
  const rows = new Rows(body, (q) => q.item, (first) => {
    const button = el('button', {
      type: 'button', class: 'small', 'aria-label': `Retry ${first.item}`,
      click: () => dialog.retry(account, device, first.item),
    }, 'Retry');
    const row = tableRow(QUARANTINE_COLUMNS, el('td', { class: 'do' }, button));
    const update = (item) => {
      row.update(item);
      button.disabled = item.retry_waiting;
      show(button, item.retry_waiting ? 'waits for a Sync' : 'Retry');
    };
    return { element: row.element, update };
  });
  const element = el('section', { hidden: true, 'aria-labelledby': 'quarantine' },
    el('h2', { id: 'quarantine' }, 'Quarantined items'),
    el('p', { class: 'faint' }, 'They cannot be rendered, and are left out so that everything else goes on.'),
    el('div', { class: 'sheet' }, el('table', null,
      el('thead', null, el('tr', null, QUARANTINE_COLUMNS.map(({ title }) =>
        el('th', { scope: 'col' }, title)), el('th', null, el('span', { class: 'hidden' }, 'Action')))), body)));
  const update = (folders) => {
    const items = folders.flatMap((folder) => (folder.quarantined ?? [])
      .map((item) => ({ ...item, folder: folder.name ?? folder.folder })));
    rows.update(items);
    element.hidden = !items.length;
  };
  return { element, update };
}

// -- the device --

function waits({ parked, ping }) {
  if (parked) {
    return [`since ${ago(parked.since)}, for ${duration(parked.heartbeat * 1000)}, at `,
      el('strong', null, parked.node), parked.command === 'Sync' ? ' (Sync)' : null,
      parked.heartbeat !== parked.heartbeat_asked
        ? ` (asked for ${duration(parked.heartbeat_asked * 1000)})` : null].filter(Boolean);
  }
  if (!ping?.last) return 'not now, and no Ping yet';
  return ['not now; last Ping ', when(ping.last),
    ping.heartbeat_asked ? `, of ${duration(ping.heartbeat_asked * 1000)}` : null,
    ping.node ? `, at ${ping.node}` : null].filter(Boolean);
}

function wipeShown(wipe) {
  const what = wipe.scope === 'account' ? 'The account on this phone' : 'This phone';
  const asked = [', asked by ', wipe.by ?? '–', ', ', when(wipe.since), wipe.reason ? `: ${wipe.reason}` : ''];
  if (wipe.done) return [el('strong', null, `${what} is erased`), ', ', when(wipe.done), '; it is blocked until it is released', ...asked];
  return [el('strong', null, `${what} is to be erased`),
    wipe.failed ? [', but it says that it cannot, ', when(wipe.failed)] : null,
    wipe.sent ? ['; told ', when(wipe.sent)] : '; it does not know yet', asked].flat().filter(Boolean);
}

// What an administrator has to know before anything else.
function banners(shown, account, id) {
  const { suspended, throttled, tracing, wipe } = shown;
  const paused = shown.paused.map((pause) => ({
    ...pause, name: shown.folders.find((f) => f.folder === pause.folder)?.name ?? pause.folder,
  }));
  return [
    wipe && el('li', { class: 'odd' }, el('span', null, wipeShown(wipe))),
    ...paused.map((pause) => el('li', { class: 'odd' }, el('span', null,
      el('strong', null, `Folder ${pause.name} is paused`), ' since ', when(pause.since),
      `: the phone wants to remove ${count(pause.removals)} of ${count(pause.items)} items `),
    el('span', null, [['approve', 'Approve'], ['reject', 'Reject']].flatMap(([what, text]) => [' ',
      el('button', { type: 'button', class: 'small', click: () => dialog.decide(account, id, pause, what) }, text)])))),
    suspended && el('li', { class: 'odd' }, el('span', null, el('strong', null, 'Suspended'),
      ' by ', suspended.by ?? '–', ', ', when(suspended.since), suspended.reason ? `: ${suspended.reason}` : '')),
    throttled && el('li', { class: 'odd' }, el('span', null, el('strong', null, 'Held back'),
      ' for too many requests, let through ', when(throttled.until), ': ', el('a', { href: '#/throttles' }, 'Limits'))),
    tracing && el('li', { class: 'odd' }, el('span', null, el('strong', null, 'Traced'),
      ' until ', clock(tracing.until), tracing.content ? ', with contents' : '')),
  ].filter(Boolean);
}

// What is done differently for it.
function profileWords({ client, protocol, heartbeat: seconds, window, truncation, overrides }) {
  const words = [
    client,
    protocol && `protocol at most ${protocol}`,
    seconds && `waits at most ${duration(seconds * 1000)}`,
    window && `at most ${window} items at once`,
    truncation && `bodies of at least ${size(Number(truncation))}`,
    overrides.length && `set for this device: ${overrides.join(', ')}`,
  ].filter(Boolean);
  return words.join(' · ') || null;
}

function policyShown({ name, acknowledged, time, current }) {
  if (!name) return 'none any more';
  if (!acknowledged) return `${name}: not acknowledged yet`;
  return [`${name}: ${acknowledged} `, when(time), current ? null : ', to be acknowledged anew'].filter(Boolean);
}

function facts(device) {
  const rows = [
    ['State', stateBadge(device)],
    ['Access', device.access && accessShown(device.access)],
    ['Last seen', when(device.last_seen)],
    ['Last Sync', device.last_sync !== undefined && when(device.last_sync)],
    ['First seen', device.first_seen && clock(device.first_seen)],
    ['Waits for mail', waits(device)],
    ['Items', count(device.items)],
    ['Bytes of state', size(device.bytes)],
    ['Policy', device.policy && policyShown(device.policy)],
    ['Protocol', device.protocol],
    ['Profile', device.profile && profileWords(device.profile)],
    ['User agent', device.user_agent],
    ['Type', device.type],
    ['Language', device.language],
    ['Operator', device.operator],
    ['Phone number', device.phone_number],
    ['IMEI', device.imei],
  ];
  return rows.filter(([, value]) => value).map(([name, value]) =>
    el('div', null, el('dt', null, name), el('dd', null, value)));
}

export function device(account, id) {
  const what = el('p', { class: 'faint' });
  const list = el('dl', { class: 'facts wide' });
  const undo = el('ul', { class: 'undo' });
  const body = el('tbody');
  const reasons = why(account, id);
  const traced = trace(account, id);
  const broken = quarantine(account, id);
  const notes = el('ul', { class: 'undo' });
  const folders = new Rows(body, (f) => f.folder, folderRow(account, id, reasons.folder));
  const names = new Map();
  const timeline = el('ol', { class: 'timeline' });
  const exchanges = new Rows(timeline, (e) => `${e.time} ${e.command} ${e.bytes_in}`,
    () => exchangeRow(names));
  const story = el('section', { hidden: true, 'aria-labelledby': 'story' },
    el('h2', { id: 'story' }, 'Last exchanges'), timeline);
  const gone = el('p', { class: 'card', hidden: true },
    'This device is not on the server: it was removed, or never synchronised.');
  const there = el('div', null, list,
    el('section', { 'aria-labelledby': 'folders' }, el('h2', { id: 'folders' }, 'Folders'),
      el('div', { class: 'sheet' }, el('table', { class: 'folders' },
        el('thead', null, el('tr', null, FOLDER_COLUMNS.map(({ title }) =>
          el('th', { scope: 'col' }, title)), el('th', null, el('span', { class: 'hidden' }, 'Action')))),
        body))), broken.element, reasons.element, traced.element, story);
  const suspension = el('button', {
    type: 'button',
    click: () => (suspension.dataset.suspended ? dialog.resume : dialog.suspend)(account, id),
  });
  let wiped = null; // what is noted of a wipe
  let protocol = null;
  const wiping = el('button', {
    type: 'button', class: 'danger',
    click: () => {
      if (!wiped) dialog.wipe(account, id, protocol);
      else (wiped.done ? dialog.releaseDevice : dialog.cancelWipe)(account, id);
    },
  });
  const provisioning = el('button', {
    type: 'button', click: () => dialog.provision(account, id),
  }, 'Provision anew');
  const tracing = el('button', {
    type: 'button',
    click: () => (tracing.dataset.on ? dialog.stopTrace : dialog.startTrace)(account, id),
  });
  const allowing = el('button', {
    type: 'button', click: () => decide(allowing.dataset.status, account, id),
  });
  const blocking = el('button', {
    type: 'button', class: 'danger', click: () => decide('block', account, id),
  }, 'Block device');
  let profile = null;
  const group = (caption, ...members) => el('div', { role: 'group', 'aria-label': caption },
    el('p', { class: 'faint', 'aria-hidden': 'true' }, caption), el('div', null, members));
  const buttons = el('div', { class: 'groups' },
    group('SyncState',
      el('button', { type: 'button', click: () => dialog.resetDevice(account, id) }, 'Reset device'),
      suspension,
      el('button', { type: 'button', class: 'danger', click: () => dialog.removeDevice(account, id) },
        'Remove device')),
    group('Access', allowing, blocking),
    group('Support', tracing,
      el('button', { type: 'button', click: () => dialog.profile(account, id, profile) }, 'Profile …'),
      el('a', {
        class: 'button', href: api.url(['accounts', account, 'devices', id, 'bundle']),
        download: 'mobilesync-bundle.json',
      }, 'Support bundle')),
    group('Phone', provisioning, wiping));

  async function refreshGone(signal) {
    const { undo: entries } = await api.get(['accounts', account, 'undo'], {}, signal);
    show(undo, undoList(entries.filter((entry) => entry.devices.includes(id)), account));
  }

  return {
    title: id,
    element: el('div', null,
      el('p', { class: 'way' }, el('a', { href: '#/' }, 'Devices'), ' / ',
        el('a', { href: link.account(account) }, account), ' /'),
      el('h1', { tabindex: '-1' }, id), what, buttons, notes, undo, gone, there),
    async refresh(signal) {
      const path = ['accounts', account, 'devices', id];
      const offer = await api.offer(signal);
      const shown = await api.get(path, {}, signal).catch((problem) => {
        if (problem.status === 404) return null;
        throw problem;
      });
      gone.hidden = Boolean(shown);
      there.hidden = buttons.hidden = notes.hidden = !shown;
      if (!shown) return refreshGone(signal);
      show(what, phoneShown(shown));
      profile = shown.profile;
      show(notes, banners(shown, account, id));
      suspension.dataset.suspended = shown.suspended ? '1' : '';
      show(suspension, shown.suspended ? 'Resume device' : 'Suspend device');
      ({ wipe: wiped, protocol } = shown);
      show(wiping, !wiped ? 'Erase phone …' : wiped.done ? 'Release device' : 'Cancel erasing');
      allowing.dataset.status = shown.access?.status === 'allow' ? 'quarantine' : 'allow';
      show(allowing, shown.access?.status === 'allow' ? 'Quarantine device' : 'Allow device');
      blocking.hidden = shown.access?.status === 'block';
      provisioning.hidden = !shown.policy?.current;
      tracing.dataset.on = shown.tracing ? '1' : '';
      show(tracing, shown.tracing ? 'Stop trace' : 'Trace …');
      broken.update(shown.folders);
      show(list, facts(shown));
      show(undo, undoList(shown.undo, account));
      for (const folder of shown.folders) names.set(folder.folder, folder.name);
      folders.update(inOrder(shown.folders));
      if (!offer.has('GET /accounts/*/devices/*/exchanges')) return undefined;
      await traced.refresh(shown.tracing, signal);
      const last = await api.get([...path, 'exchanges'], {}, signal);
      exchanges.update(last.exchanges);
      story.hidden = !last.exchanges.length;
      return undefined;
    },
  };
}
