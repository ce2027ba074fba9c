// Building elements. Text that people read comes as say("key", {...}) and follows the
// language by itself; text from the office or the candidate comes as a plain string.
// No string is ever parsed as HTML here (see clean.js for the paper's content).

import { translate } from "./language.js";

const saying = new WeakMap(); // Text node -> {key, parameters}
const labelled = new WeakMap(); // Element -> Map(attribute -> {key, parameters})

// A text node in the page's language.
export function say(key, parameters = {}) {
  const node = document.createTextNode(translate(key, parameters));
  saying.set(node, { key, parameters });
  return node;
}

// Let `element` hold exactly this sentence; touches the page only where it changes.
export function tell(element, key, parameters = {}) {
  const text = translate(key, parameters);
  const node = element.firstChild;
  if (element.childNodes.length === 1 && saying.has(node)) {
    saying.set(node, { key, parameters });
    if (node.data !== text) node.data = text;
    return;
  }
  element.replaceChildren(say(key, parameters));
}

// Let `element` hold exactly this plain string.
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// Give an attribute (aria-label, title, placeholder) a sentence in the page's language.
export function label(element, attribute, key, parameters = {}) {
  if (!labelled.has(element)) labelled.set(element, new Map());
  labelled.get(element).set(attribute, { key, parameters });
  element.setAttribute(attribute, translate(key, parameters));
}

// h("button", {class: "primary", on: {click}, label: ["aria-label", "key"]}, say("key"))
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) set(element, name, value);
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

function set(element, name, value) {
  if (name === "on") {
    for (const [event, listener] of Object.entries(value))
      element.addEventListener(event, listener);
  } else if (name === "label") {
    label(element, ...value);
  } else if (value === true) {
    element.setAttribute(name, "");
  } else if (value !== false && value !== null && value !== undefined) {
    element.setAttribute(name, value);
  }
}

// Say everything again, after the language has changed.
export function retranslate(root = document.documentElement) {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
  for (let node = walker.currentNode; node; node = walker.nextNode()) {
    const said = saying.get(node);
    if (said) node.data = translate(said.key, said.parameters);
    for (const [attribute, { key, parameters }] of labelled.get(node) ?? [])
      node.setAttribute(attribute, translate(key, parameters));
  }
}

// Show or hide; hidden elements are out of reach of the keyboard and of screen readers.
export function show(element, visible) {
  element.hidden = !visible;
}
