// What was traced of a device: a line for each request and response, which opens.
import * as api from './api.js';
import { el, show, Rows } from './dom.js';
import { clock, size } from './format.js';

function row() {
  const summary = el('summary');
  const text = el('pre');
  const element = el('li', null, el('details', null, summary, text));
  const update = (entry) => {
    element.className = entry.direction === 'request' ? 'asked' : 'told';
    show(summary, el('strong', null, entry.command), ` ${entry.direction}`,
      ' ', el('span', { class: 'faint' }, [
        entry.http_status && `HTTP ${entry.http_status}`, size(entry.bytes), entry.node,
        entry.content && 'with contents', entry.truncated && 'cut',
      ].filter(Boolean).join(' · ')), ' ', clock(entry.time));
    show(text, entry.undecodable ?? (entry.xml || 'no document'));
  };
  return { element, update };
}

export function trace(account, device) {
  const list = el('ol', { class: 'trace' });
  const rows = new Rows(list, (e) => `${e.time} ${e.command} ${e.direction}`, row);
  const element = el('section', { hidden: true, 'aria-labelledby': 'trace' },
    el('h2', { id: 'trace' }, 'Trace'), list);
  let seen; // what was fetched last: until when the device was traced

  // While there is no trace it is fetched once only: it may be long.
  async function refresh(tracing, signal) {
    const state = tracing?.until ?? null;
    if (!tracing && seen === state) return;
    const { trace: entries } = await api.get(['accounts', account, 'devices', device, 'trace'], {}, signal);
    seen = state;
    rows.update(entries);
    element.hidden = !entries.length && !tracing;
  }

  return { element, refresh };
}
