// How numbers, times and actions are said.
import { el } from './dom.js';

const number = new Intl.NumberFormat('en');
const day = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'medium', hourCycle: 'h23' });
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const UNITS = [['day', 86400], ['hour', 3600], ['minute', 60]];

export const count = (value) => (value == null ? '–' : number.format(value));

export function plural(value, one, many = `${one}s`) {
  return `${count(value)} ${value === 1 ? one : many}`;
}

export function size(bytes) {
  if (bytes == null) return '–';
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1e6) return `${number.format(Math.round(bytes / 100) / 10)} kB`;
  return `${number.format(Math.round(bytes / 1e5) / 10)} MB`;
}

export function duration(milliseconds) {
  if (milliseconds == null) return '0 ms';
  if (milliseconds < 1000) return `${milliseconds} ms`;
  if (milliseconds < 60000) return `${Math.round(milliseconds / 100) / 10} s`;
  const seconds = Math.round(milliseconds / 1000);
  return `${Math.floor(seconds / 60)} min${seconds % 60 ? ` ${seconds % 60} s` : ''}`;
}

// "3 minutes ago". The clocks of server and browser differ: what is just ahead is now.
export function ago(time) {
  const seconds = (new Date(time) - Date.now()) / 1000;
  for (const [unit, length] of UNITS) {
    if (Math.abs(seconds) >= length) return relative.format(Math.trunc(seconds / length), unit);
  }
  return seconds > -10 ? 'now' : 'less than a minute ago';
}

export function when(time, text = ago(time)) {
  if (!time) return el('span', { class: 'faint' }, 'never');
  return el('time', { datetime: time, title: day.format(new Date(time)) }, text);
}

export const moment = (time) => day.format(new Date(time));

export const clock = (time) => when(time, moment(time));

const ACTIONS = {
  'account.reset': 'Reset account',
  'device.reset': 'Reset device',
  'folder.reset': 'Reset folder',
  'device.remove': 'Remove device',
  'device.suspend': 'Suspend device',
  'device.resume': 'Resume device',
  'device.wipe': 'Erase phone',
  'device.wipe_cancel': 'Cancel erasing',
  'device.wiped': 'Phone is erased',
  'device.wipe_failed': 'Erasing failed',
  'device.release': 'Release device',
  'device.provision': 'Provision anew',
  'device.retry': 'Retry item',
  'device.trace': 'Trace device',
  'device.trace_off': 'End trace',
  'folder.approve': 'Approve mass change',
  'folder.reject': 'Reject mass change',
  'device.profile': 'Set profile',
  'device.purge': 'Purge devices',
  'throttle.release': 'Release limit',
  'access.set': 'Decide about device',
  'access.forget': 'Forget decision',
  'access.import': 'Import decisions',
  'access.adopt': 'Allow known devices',
  'access.rule.set': 'Set rule',
  'access.rule.delete': 'Delete rule',
  'undo': 'Undo',
};

export const action = (name) => ACTIONS[name] ?? name ?? '–';

// A phone in a few words, whatever it told of itself.
function phoneWords(device) {
  const words = [device.friendly_name, device.model ?? device.type, device.os].filter(Boolean);
  return words.length ? [...new Set(words)] : [device.user_agent].filter(Boolean);
}

export const phone = (device) => phoneWords(device).join(' · ');

// Each word in its own direction: one that turns the writing around turns no other.
export function phoneShown(device) {
  const words = phoneWords(device);
  if (!words.length) return el('span', { class: 'faint' }, 'not told');
  return words.flatMap((word, i) => [i ? ' · ' : null, el('bdi', null, word)]);
}
