// Elements. Text goes in as text nodes only: names come from phones, and may be anything.

const SVG = 'http://www.w3.org/2000/svg';

function fill(element, properties, children) {
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (typeof value === 'function') element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, '');
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child != null && child !== false));
  return element;
}

// el('td', { class: 'number', click: handler }, 'text', element, ...): null children are left out.
export function el(name, properties, ...children) {
  return fill(document.createElement(name), properties, children);
}

export function svg(name, properties, ...children) {
  return fill(document.createElementNS(SVG, name), properties, children);
}

// Has the element show the same children as before, but leaves it alone where nothing changed, so
// that focus, selection and scroll position stay.
export function show(element, ...children) {
  const fresh = el('div', null, ...children);
  const same = element.childNodes.length === fresh.childNodes.length &&
    [...element.childNodes].every((node, i) => node.isEqualNode(fresh.childNodes[i]));
  if (!same) element.replaceChildren(...fresh.childNodes);
}

// A row of a table. columns: { title, name (a class), show(item) }; more: cells after them.
export function tableRow(columns, ...more) {
  const contents = columns.map(() => el('div'));
  const cells = columns.map(({ name, title }, i) =>
    el('td', { class: name, 'data-title': title }, contents[i]));
  return {
    element: el('tr', null, cells, more),
    update: (item) => contents.forEach((content, i) => show(content, columns[i].show(item))),
  };
}

// Rows by key: those that stay keep their elements, and what is in them their focus. make(item)
// gives { element, update(item) }.
export class Rows {
  constructor(parent, keyOf, make) {
    Object.assign(this, { parent, keyOf, make, rows: new Map() });
  }

  update(items) {
    const focused = document.activeElement;
    const kept = new Map();
    for (const item of items) {
      const key = this.keyOf(item);
      const row = this.rows.get(key) ?? this.make(item);
      row.update(item);
      kept.set(key, row);
    }
    for (const [key, row] of this.rows) if (!kept.has(key)) row.element.remove();
    let place = this.parent.firstElementChild;
    for (const { element } of kept.values()) {
      if (element === place) place = place.nextElementSibling;
      else this.parent.insertBefore(element, place);
    }
    this.rows = kept;
    if (focused !== document.activeElement && this.parent.contains(focused)) focused.focus();
  }
}
