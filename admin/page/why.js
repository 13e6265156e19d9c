// Why a device has an item or lacks it: asked when somebody wants to know, not again and again.
import * as api from './api.js';
import { el } from './dom.js';
import { clock, count, plural, size } from './format.js';

const VERDICTS = {
  held: ['good', 'the phone has it'],
  given: ['good', 'given, not confirmed yet'],
  waiting: ['odd', 'comes with one of the next Syncs'],
  change_waiting: ['odd', 'a change waits'],
  removal_waiting: ['odd', 'its removal waits'],
  filtered: ['idle', 'older than the phone wants'],
  quarantined: ['bad', 'cannot be rendered'],
  left_out: ['odd', 'left out, or removed on the phone'],
  gone: ['idle', 'neither side has it'],
};

const verdict = (name) => {
  const [kind, text] = VERDICTS[name] ?? ['idle', name];
  return el('span', { class: `badge ${kind}` }, text);
};

function facts(rows) {
  return el('dl', { class: 'facts' }, rows.filter(([, value]) => value != null && value !== '')
    .map(([name, value]) => el('div', null, el('dt', null, name), el('dd', null, value))));
}

function itemAnswer(answer) {
  return [
    el('p', null, el('code', null, answer.item), ' ', verdict(answer.verdict)),
    el('p', null, answer.explanation, '.'),
    facts([
      ['On the server', answer.on_server ? `yes, ${size(answer.size)}` : 'no'],
      ['On the phone', answer.on_device ? 'yes' : 'no'],
      ['Date', answer.date && clock(answer.date)],
      ['Reason', answer.quarantined?.reason],
    ]),
  ];
}

function folderAnswer(answer, explain) {
  const numbers = Object.entries(answer.on_server).filter(([, number]) => number);
  return [
    el('ul', { class: 'counts' }, numbers.map(([name, number]) =>
      el('li', null, el('strong', null, count(number)), ' ', verdict(name)))),
    numbers.length === 0 && el('p', null, 'The folder is empty on the server.'),
    !answer.all_examined && el('p', { class: 'faint' }, 'There are more; only the newest were looked at.'),
    el('p', null, answer.not_on_device.length
      ? `${plural(answer.not_on_device.length, 'item is', 'items are')} not on the phone as the server has them, newest first:`
      : 'The phone has everything that it asked for.'),
    answer.not_on_device.length > 0 && el('ul', { class: 'counts' }, answer.not_on_device.map((item) =>
      el('li', null,
        el('button', { type: 'button', class: 'small', click: () => explain(item.item) },
          el('code', null, item.item)),
        ' ', verdict(item.verdict), ' ',
        el('span', { class: 'faint' }, clock(item.date), ', ', size(item.size), ' ',
          item.quarantined?.reason ?? '')))),
  ];
}

// { element, folder(id, name): explains a folder }
export function why(account, device) {
  const path = ['accounts', account, 'devices', device, 'why'];
  const answer = el('div', { class: 'card', role: 'status', hidden: true });
  const input = el('input', {
    id: 'item', autocomplete: 'off', spellcheck: 'false', placeholder: 'ServerId, such as 5:1:1234',
  });
  const form = el('form', {
    class: 'bar', submit: (event) => { event.preventDefault(); item(input.value.trim()); },
  },
  el('label', { for: 'item' }, 'Item'), input, el('button', { type: 'submit' }, 'Explain'));
  const element = el('section', { 'aria-labelledby': 'why' },
    el('h2', { id: 'why', tabindex: '-1' }, 'Why is an item on the phone, or is not?'), form, answer);

  async function ask(query, title, render) {
    answer.hidden = false;
    answer.replaceChildren(el('p', { class: 'faint' }, 'Asking the server …'));
    try {
      const shown = render(await api.get(path, query));
      answer.replaceChildren(...[el('h3', null, title), ...shown].filter(Boolean));
    } catch (problem) {
      answer.replaceChildren(el('h3', null, title), el('p', { class: 'wrong' }, problem.message));
    }
  }

  function item(id) {
    if (!id) {
      input.focus();
      return;
    }
    input.value = id;
    ask({ item: id }, 'This item', itemAnswer);
  }

  function folder(id, name) {
    ask({ folder: id }, `Folder ${name}`, (shown) => folderAnswer(shown, item));
    element.querySelector('h2').focus();
    element.scrollIntoView({ block: 'start' });
  }

  return { element, folder };
}
