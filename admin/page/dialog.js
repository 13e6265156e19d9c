// Questions before something is changed, and the notice after it with its Undo.
import { el } from './dom.js';
import * as api from './api.js';
import { action as actionName, clock, plural, size } from './format.js';

export function facts(rows) {
  return el('dl', { class: 'facts' }, rows.map(([name, value]) =>
    el('div', null, el('dt', null, name), el('dd', null, value))));
}

// What a dry run said.
function planned(plan) {
  const isRemoval = plan.action === 'device.remove';
  const megabytes = plan.estimated_mb == null ? 'not known' : `up to ${size(plan.estimated_mb * 1e6)}`;
  return facts([
    ['Devices', String(plan.devices?.length ?? 0)],
    ['Folders', String(plan.folders ?? 0)],
    ['Items', String(plan.items ?? 0)],
    ['To download again', isRemoval ? 'nothing, unless the phone comes back' : megabytes],
  ]);
}

/* Shows what would happen and asks. question: { title, text, button, danger, typed (what has to be
 * typed first), fields (elements to fill in), plan() (a dry run, if there is one yet; what it answers
 * is shown by show(answer)), run() }. The answer of run(); null when it was cancelled. */
export function ask(question) {
  return new Promise((resolve) => {
    let answer = null;
    const cancel = el('button', { type: 'button', click: () => dialog.close() }, 'Cancel');
    const confirm = el('button', {
      type: 'button', class: question.danger ? 'danger' : 'primary', disabled: true, click: run,
    }, question.button);
    const plan = el('div', { class: 'plan', 'aria-live': 'polite' }, el('p', { class: 'faint' }, 'Asking the server …'));
    const trouble = el('p', { class: 'wrong', role: 'alert' });
    const input = question.typed && el('input', {
      id: 'typed', autocomplete: 'off', autocapitalize: 'off', spellcheck: 'false',
      input: () => { ready(); },
      keydown: (event) => { if (event.key === 'Enter' && !confirm.disabled) run(); },
    });
    const dialog = el('dialog', {
      'aria-labelledby': 'dialog-title', close: () => { dialog.remove(); resolve(answer); },
    },
    el('h2', { id: 'dialog-title' }, question.title),
    question.text.map((text) => el('p', null, text)),
    question.plan && plan, question.fields,
    input && el('label', { for: 'typed' }, 'To confirm, type the device id ',
      el('code', null, question.typed)),
    input, trouble, el('div', { class: 'buttons' }, cancel, confirm));

    let isPlanned = !question.plan;
    let isRunning = false;
    function ready() {
      confirm.disabled = isRunning || !isPlanned || (input && input.value !== question.typed);
    }
    async function run() {
      isRunning = true;
      ready();
      trouble.textContent = '';
      try {
        answer = await question.run();
        dialog.close();
      } catch (error) {
        trouble.textContent = error.message;
        isRunning = false;
        ready();
      }
    }
    async function look() {
      try {
        const shown = (question.show ?? planned)(await question.plan());
        isPlanned = shown.isPossible ?? true;
        plan.replaceChildren(shown.element ?? shown);
      } catch (error) {
        plan.replaceChildren();
        trouble.textContent = error.message;
      }
      ready();
    }
    document.body.append(dialog);
    dialog.showModal();
    (input ?? dialog.querySelector('.field input') ?? cancel).focus();
    if (question.plan) look();
    else ready();
  });
}

// -- the notice --

export function notice(text, undo, label = 'Undo') {
  const place = document.getElementById('notice');
  const close = () => place.replaceChildren();
  const button = undo &&
    el('button', { type: 'button', click: () => { close(); undo(); } }, label);
  place.replaceChildren(...[el('span', null, text), button,
    el('button', { type: 'button', class: 'quiet', 'aria-label': 'Close this notice', click: close }, '✕')].filter(Boolean));
  // The keyboard is at the Undo at once; the button that was pressed may be gone.
  place.querySelector('button').focus();
}

// On the way elsewhere: one that offers an Undo stays.
export function dropNotice() {
  const place = document.getElementById('notice');
  if (place.querySelectorAll('button').length < 2) place.replaceChildren();
}

// -- what can be done --

const CHANGED = new Event('mobilesync-changed');
export const changed = () => document.dispatchEvent(CHANGED);

function describe(answer) {
  return `${plural(answer.folders, 'folder')}, ${plural(answer.items, 'item')}`;
}

async function change(question, path, send, said) {
  const answer = await ask({
    ...question,
    plan: () => send(path, { dry_run: 1 }),
    run: () => send(path, { dry_run: 0 }),
  });
  if (!answer) return null;
  const account = path[1];
  notice(`${said}: ${describe(answer)}.`, answer.undo && (() => undoNow(account, answer.undo)));
  changed();
  return answer;
}

const AGAIN = 'Nothing is deleted, neither on the server nor on the phone.';

export function resetDevice(account, device) {
  return change({
    title: `Reset device ${device}?`,
    text: [`${account}’s phone begins again: it is told to synchronise from the beginning and downloads everything once more.`, AGAIN],
    button: 'Reset device',
  }, ['accounts', account, 'devices', device, 'reset'], api.post, `Device ${device} is reset`);
}

export function resetFolder(account, device, folder, name) {
  return change({
    title: `Reset folder ${name}?`,
    text: [`The phone ${device} downloads this folder once more; its other folders go on.`, AGAIN],
    button: 'Reset folder',
  }, ['accounts', account, 'devices', device, 'folders', folder, 'reset'], api.post, `Folder ${name} is reset`);
}

export function resetAccount(account) {
  return change({
    title: `Reset all devices of ${account}?`,
    text: ['All phones of the account are told to synchronise from the beginning, and download everything once more.', AGAIN],
    button: 'Reset account',
  }, ['accounts', account, 'reset'], api.post, `All devices of ${account} are reset`);
}

export function removeDevice(account, device) {
  return change({
    title: `Remove device ${device}?`,
    text: [
      'Its SyncState and whole history are removed from this server.',
      'The phone keeps what it has. If it connects again, it is a new device that begins from the beginning.',
    ],
    button: 'Remove device',
    danger: true,
    typed: device,
  }, ['accounts', account, 'devices', device], api.remove, `Device ${device} is removed`);
}

// -- suspension --

export async function resume(account, device) {
  const path = ['accounts', account, 'devices', device, 'resume'];
  const answer = await ask({
    title: `Resume device ${device}?`,
    text: ['The phone goes on where it was, as soon as it asks again.'],
    button: 'Resume device',
    show: (plan) => facts([['Suspended now', plan.suspended ? 'yes' : 'no']]),
    plan: () => api.post(path, { dry_run: 1 }),
    run: () => api.post(path, { dry_run: 0 }),
  });
  if (!answer) return;
  notice(`Device ${device} is resumed.`);
  changed();
}

export async function wipe(account, device, protocol) {
  const path = ['accounts', account, 'devices', device, 'wipe'];
  const reason = el('input', { id: 'reason', maxlength: '100', autocomplete: 'off' });
  const only = el('input', { id: 'only', type: 'checkbox', disabled: !(Number(protocol) >= 16.1) });
  const scope = () => (only.checked ? 'account_only' : 'device');
  const answer = await ask({
    title: `Erase phone ${device}?`,
    text: [
      'The phone erases everything that is on it, photos and the data of other accounts too, and restores its factory settings. That cannot be undone.',
      'This is no removal of its SyncState: for that there are Reset device and Remove device.',
    ],
    fields: el('div', { class: 'field' },
      el('label', { for: 'reason' }, 'Reason, for other administrators'), reason,
      el('label', { for: 'only', class: 'check' }, only, only.disabled
        ? `only this account: for that the phone would have to speak protocol 16.1, not ${protocol ?? 'an unknown one'}`
        : 'only this account, and what the phone has of it')),
    button: 'Erase phone',
    danger: true,
    typed: device,
    show: (plan) => facts([['Is to be erased already', plan.wipe ? 'yes' : 'no'], ['Then', 'blocked until it is released']]),
    plan: () => api.post(path, { dry_run: 1 }),
    run: () => api.post(path, { dry_run: 0, scope: scope(), reason: reason.value || null }),
  });
  if (!answer) return;
  notice(`Phone ${device} is told to erase ${answer.wipe?.scope === 'account' ? 'the account' : 'itself'}.`,
    () => cancelWipe(account, device), 'Cancel erasing');
  changed();
}

export async function cancelWipe(account, device) {
  const path = ['accounts', account, 'devices', device, 'wipe'];
  const answer = await ask({
    title: `Do not erase phone ${device}?`,
    text: ['The phone is not told to erase itself any more. If it was told already, it may be erasing itself now.'],
    button: 'Cancel erasing',
    show: (plan) => facts([['Was told already', plan.wipe?.sent ? 'yes' : 'no']]),
    plan: () => api.remove(path, { dry_run: 1 }),
    run: () => api.remove(path, { dry_run: 0 }),
  });
  if (!answer) return;
  notice(`Phone ${device} is not to be erased.`);
  changed();
}

export async function releaseDevice(account, device) {
  const path = ['accounts', account, 'devices', device, 'release'];
  const answer = await ask({
    title: `Release device ${device}?`,
    text: ['The phone was erased. Released, it may be set up again and synchronise.'],
    button: 'Release device',
    show: (plan) => facts([['Blocked now', plan.wipe ? 'yes' : 'no']]),
    plan: () => api.post(path, { dry_run: 1 }),
    run: () => api.post(path, { dry_run: 0 }),
  });
  if (!answer) return;
  notice(`Device ${device} is released.`);
  changed();
}

export async function provision(account, device) {
  const path = ['accounts', account, 'devices', device, 'provision'];
  const answer = await ask({
    title: `Have device ${device} provision anew?`,
    text: ['The phone is sent its policy again and has to acknowledge it; until then it does not synchronise. It does so by itself.'],
    button: 'Provision anew',
    show: (plan) => facts([['Has acknowledged it now', plan.changes ? 'yes' : 'no']]),
    plan: () => api.post(path, { dry_run: 1 }),
    run: () => api.post(path, { dry_run: 0 }),
  });
  if (!answer) return;
  notice(`Device ${device} has to provision anew.`);
  changed();
}

export async function suspend(account, device) {
  const path = ['accounts', account, 'devices', device, 'suspend'];
  const reason = el('input', { id: 'reason', maxlength: '100', autocomplete: 'off' });
  const answer = await ask({
    title: `Suspend device ${device}?`,
    text: ['The phone is told to come back later, again and again, until it is resumed. It keeps what it has, and so does the server; nothing is lost, and it goes on where it was.'],
    fields: el('div', { class: 'field' },
      el('label', { for: 'reason' }, 'Reason, for other administrators'), reason),
    button: 'Suspend device',
    show: (plan) => facts([['Suspended now', plan.suspended ? 'yes' : 'no'], ['Until', 'it is resumed']]),
    plan: () => api.post(path, { dry_run: 1 }),
    run: () => api.post(path, { dry_run: 0, reason: reason.value || null }),
  });
  if (!answer) return;
  notice(`Device ${device} is suspended.`, () => resumeNow(account, device), 'Resume');
  changed();
}

async function resumeNow(account, device) {
  try {
    await api.post(['accounts', account, 'devices', device, 'resume'], { dry_run: 0 });
    notice(`Device ${device} is resumed.`);
  } catch (error) {
    notice(`It could not be resumed: ${error.message}`);
  }
  changed();
}

// -- mass changes --

const DECISIONS = {
  approve: {
    text: 'What the phone wanted to remove is removed as soon as it tries again. For a while nothing is counted.',
    button: 'Approve',
    said: 'is approved; the phone’s next try is done.',
  },
  reject: {
    text: 'Nothing is removed. The folder synchronises from the beginning, so that what the phone removed on its own comes back to it.',
    button: 'Reject',
    said: 'is rejected; the folder synchronises from the beginning.',
  },
};

export async function decide(account, device, pause, what) {
  const path = ['accounts', account, 'devices', device, 'folders', pause.folder, what];
  const { text, button, said } = DECISIONS[what];
  const answer = await ask({
    title: `${button} the removal of ${pause.removals} items of ${pause.name}?`,
    text: [text],
    button,
    show: () => facts([['Items to be removed', String(pause.removals)], ['Items of the folder', String(pause.items)]]),
    plan: () => api.post(path, { dry_run: 1 }),
    run: () => api.post(path, { dry_run: 0 }),
  });
  if (!answer) return;
  notice(`The removal ${said}`);
  changed();
}

// -- profile --

const PROFILE = [
  ['protocol', 'Newest protocol that is announced, such as 14.1'],
  ['heartbeat', 'Seconds that it may wait at most'],
  ['window', 'Items in a Sync response at most'],
  ['truncation', 'Bytes that bodies are truncated to at least'],
];

// Fields that are emptied: as for others of its kind.
export async function profile(account, device, now) {
  const path = ['accounts', account, 'devices', device, 'profile'];
  const inputs = PROFILE.map(([name, label]) => [name, label, el('input', {
    id: name, autocomplete: 'off', placeholder: now[name] ?? 'none',
    value: now.overrides.includes(name) ? now[name] ?? 'none' : '',
  })]);
  const values = () => Object.fromEntries(inputs.map(([name, , input]) => [name, input.value || 'default']));
  const answer = await ask({
    title: `Profile of device ${device}`,
    text: ['What is done differently for this device alone; “none” is no limit. An empty field is what others of its kind have. A phone asks for the protocol when it begins anew: reset it to have it do so.'],
    fields: el('div', { class: 'field' }, inputs.flatMap(([name, label, input]) =>
      [el('label', { for: name }, label), input])),
    button: 'Set profile',
    show: () => facts([['Known as', now.client ?? 'no client in particular']]),
    plan: () => api.post(path, { dry_run: 1, ...values() }),
    run: () => api.post(path, { dry_run: 0, ...values() }),
  });
  if (!answer) return;
  notice(`The profile of device ${device} is set.`);
  changed();
}

// -- limits --

// throttle null: all.
export async function releaseThrottle(throttle) {
  const path = throttle ? ['throttles', throttle.id] : ['throttles'];
  const who = throttle && (throttle.device ?? throttle.account ?? throttle.address);
  const answer = await ask({
    title: throttle ? `Release ${who}?` : 'Release all that are held back?',
    text: [throttle ? 'What it did before no longer counts: it is let through at once.'
      : 'What they did before no longer counts, and passwords that were refused are tried again.'],
    button: throttle ? 'Release' : 'Release all',
    show: (plan) => facts([['Held back', String(plan.throttles)]]),
    plan: () => api.remove(path, { dry_run: 1 }),
    run: () => api.remove(path, { dry_run: 0 }),
  });
  if (!answer) return;
  notice(throttle ? `${who} is released.` : 'All are released.');
  changed();
}

// -- quarantine, trace --

export async function retry(account, device, item) {
  const path = ['accounts', account, 'devices', device, 'retry'];
  const answer = await ask({
    title: 'Try this item once more?',
    text: ['The phone’s next Sync tries to give it. If it still cannot be rendered it is quarantined again; everything else goes on meanwhile.'],
    button: 'Retry',
    show: (plan) => facts([['Item', item], ['Items', String(plan.items)]]),
    plan: () => api.post(path, { dry_run: 1, item }),
    run: () => api.post(path, { dry_run: 0, item }),
  });
  if (!answer) return;
  notice('It is tried with the next Sync.');
  changed();
}

export async function startTrace(account, device) {
  const path = ['accounts', account, 'devices', device, 'trace'];
  const minutes = el('input', { id: 'minutes', type: 'number', min: '1', max: '1440', value: '15' });
  const content = el('input', { id: 'content', type: 'checkbox' });
  const query = () => ({ minutes: minutes.value, content: content.checked ? 1 : 0 });
  const answer = await ask({
    title: `Trace device ${device}?`,
    text: ['What the phone asks and is answered is kept as XML for a day: contents, subjects and addresses only as their length. It ends by itself.'],
    fields: el('div', { class: 'field' },
      el('label', { for: 'minutes' }, 'Minutes'), minutes,
      el('label', { for: 'content', class: 'check' }, content,
        'with contents, subjects and addresses (the audit says who asked for them)')),
    button: 'Start trace',
    show: (plan) => facts([['Would end', clock(plan.until)]]),
    plan: () => api.post(path, { dry_run: 1 }),
    run: () => api.post(path, { dry_run: 0, ...query() }),
  });
  if (!answer) return;
  notice(`Device ${device} is traced${answer.content ? ', with contents' : ''}.`,
    () => stopTrace(account, device), 'Stop');
  changed();
}

export async function stopTrace(account, device) {
  try {
    await api.remove(['accounts', account, 'devices', device, 'trace'], { dry_run: 0 });
    notice('The trace has ended.');
  } catch (error) {
    notice(`It could not be ended: ${error.message}`);
  }
  changed();
}

async function undoNow(account, id) {
  try {
    const answer = await api.post(['accounts', account, 'undo', id], { dry_run: 0 });
    notice(`${actionName(answer.of?.action)} is undone.`);
  } catch (error) {
    notice(`It could not be undone: ${error.message}`);
  }
  changed();
}

function undoPlan(answer) {
  const devices = answer.of.devices ?? [];
  const begun = answer.begun_anew ?? [];
  const element = facts([
    ['Devices', devices.join(', ') || '–'],
    ['Possible', answer.possible ? 'yes' : `no: ${begun.join(', ')} has begun anew since`],
  ]);
  return { element, isPossible: answer.possible };
}

export async function undo(account, id, what) {
  const path = ['accounts', account, 'undo', id];
  const answer = await ask({
    title: `Undo: ${actionName(what)} of ${account}?`,
    text: ['What was moved aside is brought back, and the phone goes on where it was.'],
    button: 'Undo',
    show: undoPlan,
    plan: () => api.post(path, { dry_run: 1 }),
    run: () => api.post(path, { dry_run: 0 }),
  });
  if (!answer) return;
  notice(`${actionName(what)} is undone.`);
  changed();
}
