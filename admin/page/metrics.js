// Prometheus text, where the server offers it: figures of the overview.
import * as api from './api.js';

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;
const WINDOW = 60000; // milliseconds that a rate looks back
const KEPT = 120; // samples

export function parse(text) {
  const samples = [];
  for (const line of text.split('\n')) {
    const match = line.startsWith('#') ? null : LINE.exec(line);
    if (!match) continue;
    const labels = {};
    for (const [, name, value] of (match[2] ?? '').matchAll(LABEL)) labels[name] = value;
    samples.push({ name: match[1], labels, value: Number(match[3]) });
  }
  return samples;
}

function sum(samples, name, wants = () => true) {
  const found = samples.filter((sample) => sample.name === name && wants(sample.labels));
  return found.length ? found.reduce((total, { value }) => total + value, 0) : null;
}

const history = [];

// Per minute, over the last minute or what there is of it; null until there are two samples. A
// counter that fell was that of a server that has been restarted.
function rate(member) {
  const last = history.at(-1);
  const first = history.find(({ time }) => last.time - time <= WINDOW);
  if (!first || first === last) return null;
  return Math.max(0, (last[member] ?? 0) - (first[member] ?? 0)) / (last.time - first.time) * 60000;
}

// Rates from one sample to the next, for a line.
export function course(member) {
  return history.slice(1).map((sample, i) =>
    Math.max(0, (sample[member] ?? 0) - (history[i][member] ?? 0)) /
      (sample.time - history[i].time) * 60000);
}

// Status by which a command says that the server is to blame, MS-ASCMD 2.2.2 and 2.2.3.177.
const SERVER_ERRORS = { Sync: [5], Ping: [8], FolderSync: [6, 11] };
const COMMON_ERRORS = [110, 111];

function isError({ command, status }) {
  return [...(SERVER_ERRORS[command] ?? []), ...COMMON_ERRORS].includes(Number(status));
}

// { syncs, errors } of the httpd that answers, per minute; null where it is not known yet.
export async function figures(signal) {
  const samples = parse(await api.text(['metrics'], signal));
  history.push({
    time: performance.now(),
    syncs: sum(samples, 'mobilesync_requests_total', ({ command }) => command === 'Sync'),
    errors: sum(samples, 'mobilesync_requests_total', isError) +
      sum(samples, 'mobilesync_unavailable_total'),
  });
  if (history.length > KEPT) history.shift();
  return { syncs: rate('syncs'), errors: rate('errors') };
}
