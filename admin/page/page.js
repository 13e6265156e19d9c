// Which view is shown, and that it stays up to date.
import * as api from './api.js';
import { access } from './access.js';
import { audit } from './audit.js';
import { device } from './device.js';
import { account, overview } from './devices.js';
import * as dialog from './dialog.js';
import { el, show } from './dom.js';
import { throttles } from './throttles.js';

const INTERVAL = 3000; // milliseconds
const BURDEN = 10; // a server that takes long is asked less often: at most a tenth of the time

const main = document.getElementById('main');
const live = document.getElementById('live');
const trouble = document.getElementById('trouble');

let view = null;
let timer = 0;
let request = null;
let fresh = null;

function route() {
  const [, name = '', ...names] = location.hash.slice(1).split('/');
  let decoded;
  try {
    decoded = names.map(decodeURIComponent);
  } catch {
    return overview();
  }
  if (name === 'access') return access();
  if (name === 'audit') return audit();
  if (name === 'throttles') return throttles();
  if (name === 'account' && decoded.length === 1) return account(decoded[0]);
  if (name === 'device' && decoded.length === 2) return device(...decoded);
  return overview();
}

function tell(problem) {
  const time = fresh?.toLocaleTimeString('en', { hour12: false });
  trouble.hidden = !problem;
  show(trouble, problem ? `${problem.message.replace(/\.?$/, '.')} ${time ? `This is what there was at ${time}.` : ''}` : '');
  live.className = problem ? 'stale' : 'fresh';
  show(live, problem ? 'not up to date' : 'live');
}

// Asks at once, and then again and again; one request at a time.
async function refresh() {
  clearTimeout(timer);
  request?.abort();
  const mine = request = new AbortController();
  const began = performance.now();
  try {
    await view.refresh(mine.signal);
    if (mine !== request) return;
    fresh = new Date();
    tell(null);
    main.dataset.state = 'shown';
  } catch (error) {
    if (mine !== request) return;
    if (!(error instanceof api.Problem)) console.error(error);
    tell(error);
  }
  const pause = Math.max(INTERVAL, BURDEN * (performance.now() - began));
  timer = setTimeout(() => { if (!document.hidden) refresh(); }, pause);
}

function navigate(event) {
  if (location.hash === '#main') { // the skip link
    main.focus();
    return;
  }
  view = route();
  document.title = `${view.title} – mobilesync`;
  for (const link of document.querySelectorAll('nav a')) {
    if (link.hash === (location.hash || '#/')) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  delete main.dataset.state;
  main.replaceChildren(view.element);
  document.querySelector('dialog')?.close();
  dialog.dropNotice();
  if (event) {
    main.querySelector('h1').focus({ preventScroll: true });
    scrollTo(0, 0);
  }
  refresh();
}

addEventListener('hashchange', navigate);
document.addEventListener('mobilesync-changed', refresh);
document.addEventListener('visibilitychange', () => { if (!document.hidden) refresh(); });
show(live, el('span', null, '…'));
navigate(null);
